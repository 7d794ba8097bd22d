import type { StoredBoot } from '../store/timeline-schema.ts';
import type { Boot } from '../timeline/boot.ts';
import { bootFromJson, bootToJson } from '../timeline/boot-json.ts';
import type { MachineRecord } from '../timeline/ledger.ts';

/** A boot as the store keeps it. */
export function storedOf(record: MachineRecord, boot: Boot): StoredBoot {
  const { id: machine, weight, ip, uuid, arch, kind } = record;
  return {
    ...(boot.row !== undefined && { id: boot.row }),
    ...{ machine, weight, began: boot.began, last: boot.last, detail: bootToJson(boot) },
    ...(ip !== undefined && { ip }),
    ...(uuid !== undefined && { uuid: uuid.toLowerCase() }),
    ...(arch !== undefined && { arch }),
    ...(kind !== undefined && { kind }),
  };
}

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2})+$/;

/** A machine with the one boot that its row has; undefined for what makes no sense. */
export function recordOf({
  id: row,
  machine,
  weight,
  began,
  last,
  ip,
  uuid,
  arch,
  kind,
  detail,
}: StoredBoot): MachineRecord | undefined {
  const boot = bootFromJson(detail, { began, last, row });
  if (!boot) return undefined;
  return {
    ...{ id: machine, boots: [boot], weight: weight === 0 || weight === 1 ? weight : 2 },
    // An address that is written without dots and with six colons is one of IPv6: those have more digits between them.
    ...(MAC.test(machine) && { mac: machine }),
    ...(ip !== undefined && { ip }),
    ...(uuid !== undefined && { uuid }),
    ...(arch !== undefined && { arch }),
    ...((kind === 'http' || kind === 'raspberry-pi' || kind === 'u-boot') && { kind }),
  };
}
