import { ARCHS, type Arch, archCode, archOf } from '../boot/arch-table.ts';
import { FIRMWARES, type Firmware, type RomIdentity } from '../client/rom-identity.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { type Mac, macBytes } from '../lib/mac.ts';

/** Whose manners a machine may have. */
export const SELFTEST_FIRMWARES: readonly string[] = FIRMWARES;

/** Short names of the usual architectures, beside those of the table. */
const SHORT: Readonly<Record<string, number>> = {
  bios: 0,
  'ia32-efi': 6,
  'x64-efi': 7,
  'arm32-efi': 10,
  'arm64-efi': 11,
  'ia32-http': 15,
  'x64-http': 16,
  'arm64-http': 19,
};

/** All names that {@link selftestArch} knows. */
export const SELFTEST_ARCHS: readonly string[] = [...Object.keys(SHORT), ...ARCHS.map(({ name }) => name)];

/** The code of a name or a number; undefined when it is neither. */
export function selftestArch(text: string): number | undefined {
  return SHORT[text.toLowerCase()] ?? archCode(text);
}

export type MachineQuestion = { readonly arch?: number; readonly firmware?: string };

/**
 * Firmware and architecture, each from the other where only one is named; BIOS where none is. A string says why they do not go
 * together.
 */
export function kindOfMachine(asked: MachineQuestion): { firmware: Firmware; arch: number } | string {
  const named = FIRMWARES.find((each) => each === asked.firmware);
  const firmware = named ?? (asked.arch === undefined ? 'bios' : firmwareOf(archOf(asked.arch)));
  if (firmware === undefined)
    return `No firmware is known here for ${archOf(asked.arch ?? 0).name}: name one by --firmware`;
  const arch = asked.arch ?? DEFAULT_ARCH[firmware];
  const about = archOf(arch);
  const fits =
    firmware === 'ipxe' ||
    ((firmware === 'http' ? about.http : !about.http) &&
      (firmware === 'uefi' || firmware === 'http' ? about.firmware === 'efi' : about.firmware === 'bios'));
  return fits ? { firmware, arch } : `${about.name} does not boot as ${firmware}`;
}

const DEFAULT_ARCH: Readonly<Record<Firmware, number>> = { bios: 0, uefi: 7, ipxe: 0, http: 16, bootp: 0 };

function firmwareOf({ firmware, http }: Arch): Firmware | undefined {
  if (firmware === 'efi') return http ? 'http' : 'uefi';
  return firmware === 'bios' && !http ? 'bios' : undefined;
}

/** 02: locally administered (IEEE 802); then `px`. */
const PREFIX = '02:70:78';

/**
 * MACs of machines that do not exist. They follow from `home`, an address of this host: asked every minute, they are always the
 * same machines, and a server's tables do not fill up with new ones.
 */
export function syntheticMac(home: Mac, number: number): Mac {
  const octets = macBytes(home);
  const base = ((octets[3] ?? 0) << 16) | ((octets[4] ?? 0) << 8) | (octets[5] ?? 0);
  const own = (base + number) & 0xff_ffff;
  const tail = [own >>> 16, (own >>> 8) & 0xff, own & 0xff].map((octet) =>
    octet.toString(16).padStart(2, '0'),
  );
  return `${PREFIX}:${tail.join(':')}`;
}

/** A UUID of version 4 with the MAC at its end, as option 97 carries it. */
export function syntheticUuid(mac: Mac): Uint8Array {
  const uuid = Uint8Array.of(0x78, 0x70, 0x64, 0x65, 0, 0, 0x40, 0x40, 0x80, 0, 0, 0, 0, 0, 0, 0);
  uuid.set(macBytes(mac).subarray(0, 6), 10);
  return uuid;
}

export type RomFacts = {
  readonly firmware: Firmware;
  readonly arch: number;
  readonly mac: Mac;
  readonly xid: number;
  readonly via?: Ipv4;
  readonly server?: Ipv4;
};

export function romOf({ firmware, arch, mac, xid, via, server }: RomFacts): RomIdentity {
  return {
    ...{ mac, firmware, arch, xid: xid >>> 0, uuid: syntheticUuid(mac), broadcast: true },
    ...(via !== undefined && { via }),
    ...(server !== undefined && { server }),
  };
}
