import { hexIpv4 } from '../lib/ipv4.ts';
import type { BootMachine } from './machine.ts';

/** A name under which a loader looks for its configuration (lookups.ts), taken apart. */
export type ConfigName = {
  /** Whose name it is. U-Boot asks for PXELINUX's names, too: `u-boot` are those that are its alone. */
  readonly loader: 'pxelinux' | 'grub' | 'ipxe' | 'u-boot';
  /** The folder that the loader puts before relative names: empty, or with a slash at its end. */
  readonly folder: string;
  readonly whose: ConfigOwner;
  /** iPXE asks for it by itself, before it has an address. */
  readonly early?: boolean;
};

/** Whom the name is about; `hexIp` is an address in upper-case hex, or its first digits. */
export type ConfigOwner =
  | { readonly mac: string }
  | { readonly uuid: string }
  | { readonly hexIp: string }
  | 'any';

const IPXE = /^(.*\/)?(boot|autoexec)\.ipxe$/;
const GRUB = /^(.*\/)?grub\.cfg(?:-([\w-]+))?$/;
const PXELINUX = /^(.*\/)?pxelinux\.cfg\/([\w-]+)$/;
const EXTLINUX = /^(?:.*\/)?extlinux\/(?=extlinux\.conf$)/;

/**
 * Is this a name that a loader asks for? Pure and cheap: asked for every name that is not in the tree. `path` is a path of
 * the tree, without a leading slash.
 *
 *     configNameOf('efi64/pxelinux.cfg/C0A8') // { loader: 'pxelinux', folder: 'efi64/', whose: { hexIp: 'C0A8' } }
 */
export function configNameOf(path: string): ConfigName | undefined {
  // One look spares nearly all other names four expressions.
  if (!/(?:\.ipxe|\/extlinux\.conf|grub\.cfg[^/]*|pxelinux\.cfg\/[^/]*)$/.test(path)) return undefined;
  const [, script, scriptName] = IPXE.exec(path) ?? [];
  if (scriptName !== undefined) {
    const early = scriptName === 'autoexec';
    return { loader: 'ipxe', folder: script ?? '', whose: 'any', ...(early && { early }) };
  }
  const grub = GRUB.exec(path);
  if (grub) {
    const whose = grub[2] === undefined ? 'any' : ownerOf(grub[2]);
    return whose && { loader: 'grub', folder: grub[1] ?? '', whose };
  }
  const pxelinux = PXELINUX.exec(path);
  if (pxelinux) return pxelinuxName(pxelinux[1] ?? '', pxelinux[2]!);
  const extlinux = EXTLINUX.exec(path);
  return extlinux ? { loader: 'u-boot', folder: extlinux[0], whose: 'any' } : undefined;
}

function pxelinuxName(folder: string, name: string): ConfigName | undefined {
  if (name === 'default') return { loader: 'pxelinux', folder, whose: 'any' };
  // default-arm-sunxi-sunxi, default-arm-sunxi, default-arm
  if (name.startsWith('default-')) return { loader: 'u-boot', folder, whose: 'any' };
  const whose = ownerOf(name);
  return whose && { loader: 'pxelinux', folder, whose };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** ARP's hardware type, then the address; GRUB's manual has it without the type. */
const HARDWARE = /^(?:[0-9a-f]{2}-)?([0-9a-f]{2}(?:-[0-9a-f]{2}){5})$/i;
/** Upper case alone, as all loaders write it: `default`, `ed` are no addresses. */
const HEX_ADDRESS = /^[0-9A-F]{1,8}$/;

function ownerOf(name: string): Exclude<ConfigOwner, 'any'> | undefined {
  if (HEX_ADDRESS.test(name)) return { hexIp: name };
  const mac = HARDWARE.exec(name)?.[1];
  if (mac !== undefined) return { mac: mac.replaceAll('-', ':').toLowerCase() };
  return UUID.test(name) ? { uuid: name.toLowerCase() } : undefined;
}

/** Is it a name of this machine: its own MAC, UUID (in either byte order) or address, or everybody's? */
export function isNameOf({ whose }: ConfigName, { mac, uuid, ip }: BootMachine): boolean {
  if (whose === 'any') return true;
  if ('mac' in whose) return whose.mac === mac;
  if ('hexIp' in whose) return hexIpv4(ip).startsWith(whose.hexIp);
  return uuid !== undefined && (whose.uuid === uuid.wire || whose.uuid === uuid.smbios);
}
