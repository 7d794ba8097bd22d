import { type DhcpPacket, readOption } from '../dhcp-packet/index.ts';
import { type Arch, archOf } from './arch-table.ts';

/** A machine's UUID: `smbios` as dmidecode prints it, `wire` in the order of PXELINUX's and GRUB's file names. */
export type MachineUuid = { readonly smbios: string; readonly wire: string };

/** Who is asking, as far as the packet tells. */
export type BootClient = {
  /** What kind of answer it understands. */
  readonly kind: 'ipxe' | 'http' | 'pxe' | 'raspberry-pi' | 'u-boot' | 'bootp' | 'other';
  /** How far its boot has come. */
  readonly stage: 'rom' | 'ipxe' | 'loader' | 'installer' | 'os' | 'unknown';
  /** It wants a boot file: firmware, iPXE, U-Boot. */
  readonly netboot: boolean;
  /** In the client's order of preference; empty when it does not say. */
  readonly archs: readonly Arch[];
  readonly uuid?: MachineUuid;
  /** Option 60. */
  readonly vendorClass?: string;
  /** The header's `file`: a name the client asks for. */
  readonly askedFile?: string;
  /** iPXE only: was it built with HTTP (feature 0x13)? undefined when it lists no features. */
  readonly ipxeHttp?: boolean;
};

/**
 * Recognises a client by its packet (PXE 2.1 §2.3, RFC 4578; pxe.md's order of tests): iPXE by option 77 or 175, HTTP
 * and PXE firmware by option 60, Raspberry Pi by its id in option 97 or its MAC, U-Boot by option 60.
 * The architecture is option 93, or `Arch:nnnnn` of option 60 where that is missing.
 */
export function describeClient(packet: DhcpPacket): BootClient {
  const vendorClass = readOption(packet.options, 'vendor-class-id');
  const kind = kindOf(packet, vendorClass);
  const uuid = uuidOf(packet);
  const http = kind === 'ipxe' ? ipxeHttpOf(packet) : undefined;
  return {
    kind,
    stage: stageOf(packet, kind, vendorClass),
    netboot: kind !== 'other' && kind !== 'bootp',
    archs: archsOf(packet, vendorClass),
    ...(uuid && { uuid }),
    ...(vendorClass !== undefined && { vendorClass }),
    ...(packet.file !== '' && { askedFile: packet.file }),
    ...(http !== undefined && { ipxeHttp: http }),
  };
}

function kindOf(packet: DhcpPacket, vendorClass = ''): BootClient['kind'] {
  const { options } = packet;
  if (!options.has(53)) return 'bootp';
  // A script may set another user class (iPXE's `user-class`), and then only option 175 tells.
  if (options.has(175) || readOption(options, 'user-class')?.includes('iPXE')) return 'ipxe';
  if (vendorClass.startsWith('HTTPClient')) return 'http';
  if (isRaspberryPi(packet, vendorClass)) return 'raspberry-pi';
  if (vendorClass.startsWith('PXEClient')) return 'pxe';
  if (/^u-?boot/i.test(vendorClass)) return 'u-boot';
  return 'other';
}

/** Option 97 of the Pi 4's boot ROM: type 0, then `RPi4`. */
const PI_ID = [0, 0x52, 0x50, 0x69, 0x34];
const PI_OUIS = ['b8:27:eb', 'dc:a6:32', 'e4:5f:01', 'd8:3a:dd', '28:cd:c1', '2c:cf:67'].map((oui) =>
  oui.split(':').map((octet) => Number.parseInt(octet, 16)),
);

/** It says `PXEClient`, architecture 0 (x86 BIOS), and is neither. */
function isRaspberryPi(packet: DhcpPacket, vendorClass: string): boolean {
  const id = packet.options.get(97);
  if (id !== undefined && PI_ID.every((octet, i) => id[i] === octet)) return true;
  if (!vendorClass.startsWith('PXEClient') || archsOf(packet, vendorClass)[0]?.code !== 0) return false;
  return PI_OUIS.some((oui) => oui.every((octet, i) => packet.chaddr[i] === octet));
}

function archsOf({ options }: DhcpPacket, vendorClass = ''): readonly Arch[] {
  const codes = readOption(options, 'client-arch');
  if (codes !== undefined && codes.length > 0) return codes.map(archOf);
  const told = /:Arch:(\d{5})/.exec(vendorClass)?.[1];
  if (told !== undefined && Number(told) <= 0xffff) return [archOf(Number(told))];
  // U-Boot without option 93 may still say its processor in option 60.
  const arm = /^u-?boot.*armv([78])/i.exec(vendorClass)?.[1];
  return arm === undefined ? [] : [archOf(arm === '8' ? 22 : 21)];
}

/** undefined for identifiers that are no UUID, and for the all-ones and all-zeros of boards that never got one. */
function uuidOf({ options }: DhcpPacket): MachineUuid | undefined {
  const { smbios, wire } = readOption(options, 'client-uuid') ?? {};
  if (smbios === undefined || wire === undefined || /^[0-]+$|^[f-]+$/.test(wire)) return undefined;
  return { smbios, wire };
}

const OS_CLASS = /^(udhcp|busybox|dhcpcd|MSFT |android-dhcp|systemd|isc-dhclient|Linux)/i;
const INSTALLER_CLASS = /^(d-i|anaconda|casper|autoyast|ubiquity)/i;

function stageOf(packet: DhcpPacket, kind: BootClient['kind'], vendorClass = ''): BootClient['stage'] {
  if (kind === 'ipxe') return 'ipxe';
  if (kind === 'u-boot') return 'loader';
  if (kind !== 'other' && kind !== 'bootp') return 'rom';
  if (INSTALLER_CLASS.test(vendorClass)) return 'installer';
  if (OS_CLASS.test(vendorClass) || packet.options.has(12) || packet.options.has(81)) return 'os';
  return kind === 'other' && isLoader(packet) ? 'loader' : 'unknown';
}

/** GRUB asks with option 53 alone; a NBP that uses UEFI's IPv4 (syslinux.efi) with 53, 57 and 55 = mask, router, DNS. */
function isLoader({ options }: DhcpPacket): boolean {
  let plain = true;
  for (const code of options.keys()) {
    if (NEGOTIATION.includes(code)) continue;
    if (code !== 55 && code !== 57) return false;
    plain = false;
  }
  const asked = options.get(55);
  return plain || (asked?.length === 3 && asked[0] === 1 && asked[1] === 3 && asked[2] === 6);
}

const NEGOTIATION: readonly number[] = [50, 53, 54, 61];

/** Was iPXE built with HTTP? It lists what it was built with in option 175. */
function ipxeHttpOf({ options }: DhcpPacket): boolean | undefined {
  const features = readOption(options, 'ipxe-encap')?.values;
  if (features?.http !== undefined) return true;
  const listed = [features?.tftp, features?.dns, features?.efi, features?.pxe, features?.bzimage];
  return listed.some((feature) => feature !== undefined) ? false : undefined;
}
