import { archOf } from './arch-table.ts';
import type { BootClient } from './client.ts';

/**
 * Machines whose firmware says a wrong architecture, or none, and what they are. All that is given must match:
 * `vendorClass` the start of option 60, `mac` the start of the hardware address (`52:54:00` is one maker's), `uuid` the whole
 * UUID in either spelling.
 */
export type ArchOverride = {
  readonly vendorClass?: string;
  readonly mac?: string;
  readonly uuid?: string;
  /** Code of option 93. */
  readonly arch: number;
};

/** The client as the first override that matches has it; itself when none does. What kind of client it is stays. */
export function overrideArch(
  client: BootClient,
  mac: string,
  overrides: readonly ArchOverride[],
): BootClient {
  const found = overrides.find((override) => matches(override, client, mac));
  return found === undefined ? client : { ...client, archs: [archOf(found.arch)] };
}

function matches({ vendorClass, mac, uuid }: ArchOverride, client: BootClient, ownMac: string): boolean {
  if (vendorClass === undefined && mac === undefined && uuid === undefined) return false;
  if (vendorClass !== undefined && client.vendorClass?.startsWith(vendorClass) !== true) return false;
  if (mac !== undefined && ownMac !== mac && !ownMac.startsWith(`${mac}:`)) return false;
  return uuid === undefined || client.uuid?.smbios === uuid || client.uuid?.wire === uuid;
}
