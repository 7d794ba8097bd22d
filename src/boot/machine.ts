import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { Arch } from './arch-table.ts';
import type { BootClient, MachineUuid } from './client.ts';

/**
 * A machine as policy sees it, while its loader asks for a configuration: what is known of whoever has this address. What
 * the machine itself says (`hostname`) is foreign text: any characters may be in it.
 */
export type BootMachine = {
  readonly mac: Mac;
  readonly ip: Ipv4;
  readonly uuid?: MachineUuid;
  /** Of its firmware. */
  readonly arch?: Arch;
  /** What DHCP took it for; tells U-Boot from PXELINUX, which ask for the same names. */
  readonly kind?: BootClient['kind'];
  /** How far its boot had come when DHCP last heard of it. */
  readonly stage?: BootClient['stage'];
  readonly hostname?: string;
  /** Option 61, lower-case hex. */
  readonly clientId?: string;
  /** Where its request came in. */
  readonly interface?: string;
  /** Tags beside those of its network, its entry in hosts and its rules. */
  readonly tags: readonly string[];
  /** giaddr, 82.1 and 82.2, the latter in lower-case hex. */
  readonly relay?: { readonly via?: Ipv4; readonly circuitId?: string; readonly remoteId?: string };
};

/** Is U-Boot its firmware? Told by its DHCP, or by the architecture that is remembered of it. */
export function isUBoot({ kind, arch }: Pick<BootMachine, 'kind' | 'arch'>): boolean {
  return kind === 'u-boot' || arch?.firmware === 'u-boot';
}
