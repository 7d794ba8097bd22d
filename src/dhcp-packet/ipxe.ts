import { ok, rejected } from '../lib/result.ts';
import { type Encapsulated, encapsulation } from './encapsulation.ts';
import { readU16, requireInteger, writeU16 } from './octets.ts';
import { i8, u8, u32 } from './shapes/integer.ts';
import { opaque } from './shapes/opaque.ts';
import type { Shape } from './shapes/shape.ts';
import { text } from './shapes/text.ts';

/** The network card that iPXE booted from; `type` 1 is PCI. */
export type IpxeBusId = { readonly type: number; readonly vendor: number; readonly device: number };

export type IpxeVersion = { readonly major: number; readonly minor: number; readonly patch: number };

const busId: Shape<IpxeBusId> = {
  encodingLength: () => 5,
  encodeInto(value, out, at) {
    out[at] = requireInteger('a bus type', value.type, [0, 255]);
    at = writeU16(out, at + 1, requireInteger('a PCI vendor', value.vendor, [0, 0xffff]));
    return writeU16(out, at, requireInteger('a PCI device', value.device, [0, 0xffff]));
  },
  decode: (body) =>
    body.length === 5
      ? ok({ type: body[0]!, vendor: readU16(body, 1), device: readU16(body, 3) })
      : rejected('ipxe-bus-id-length'),
  check: (body) => (body.length === 5 ? undefined : 'ipxe-bus-id-length'),
};

const version: Shape<IpxeVersion> = {
  encodingLength: () => 3,
  encodeInto(value, out, at) {
    for (const part of [value.major, value.minor, value.patch]) {
      out[at++] = requireInteger('an iPXE version', part, [0, 255]);
    }
    return at;
  },
  decode: (body) =>
    body.length === 3
      ? ok({ major: body[0]!, minor: body[1]!, patch: body[2]! })
      : rejected('ipxe-version-length'),
  check: (body) => (body.length === 3 ? undefined : 'ipxe-version-length'),
};

/** Names of iPXE's include/ipxe/dhcp.h and features.h. A feature's value is its version, 1 so far. */
const IPXE_TABLE = {
  priority: { code: 0x01, shape: i8 },
  keepSan: { code: 0x08, shape: u8() },
  skipSanBoot: { code: 0x09, shape: u8() },
  pxeExt: { code: 0x10, shape: u8() },
  iscsi: { code: 0x11, shape: u8() },
  aoe: { code: 0x12, shape: u8() },
  http: { code: 0x13, shape: u8() },
  https: { code: 0x14, shape: u8() },
  tftp: { code: 0x15, shape: u8() },
  ftp: { code: 0x16, shape: u8() },
  dns: { code: 0x17, shape: u8() },
  bzimage: { code: 0x18, shape: u8() },
  multiboot: { code: 0x19, shape: u8() },
  slam: { code: 0x1a, shape: u8() },
  srp: { code: 0x1b, shape: u8() },
  nbi: { code: 0x20, shape: u8() },
  pxe: { code: 0x21, shape: u8() },
  elf: { code: 0x22, shape: u8() },
  comboot: { code: 0x23, shape: u8() },
  efi: { code: 0x24, shape: u8() },
  fcoe: { code: 0x25, shape: u8() },
  vlan: { code: 0x26, shape: u8() },
  menu: { code: 0x27, shape: u8() },
  sdi: { code: 0x28, shape: u8() },
  nfs: { code: 0x29, shape: u8() },
  scriptlet: { code: 0x51, shape: text },
  syslogs: { code: 0x55, shape: opaque({ min: 1, max: 255 }) },
  trust: { code: 0x5a, shape: opaque({ min: 1, max: 255 }) },
  cert: { code: 0x5b, shape: opaque({ min: 1, max: 255 }) },
  key: { code: 0x5c, shape: opaque({ min: 1, max: 255 }) },
  crossCert: { code: 0x5d, shape: text },
  noPxeDhcp: { code: 0xb0, shape: u8() },
  busId: { code: 0xb1, shape: busId },
  sanRetry: { code: 0xbb, shape: u8() },
  sanFilename: { code: 0xbc, shape: text },
  sanDrive: { code: 0xbd, shape: u8() },
  username: { code: 0xbe, shape: text },
  password: { code: 0xbf, shape: text },
  reverseUsername: { code: 0xc0, shape: text },
  reversePassword: { code: 0xc1, shape: text },
  uid: { code: 0xc2, shape: u32() },
  gid: { code: 0xc3, shape: u32() },
  version: { code: 0xeb, shape: version },
} as const;

/** Option 175 as iPXE reads and writes it; sub-options that it never sends (2, 3, 0xb2) end up in `others`. */
export type IpxeOptions = Encapsulated<typeof IPXE_TABLE>;

/**
 * Option 175, iPXE encapsulation. From a client: features (`http`, `efi`, …), `busId`, `version`. To a client:
 * `noPxeDhcp: 1` saves the three seconds that it waits for a proxyDHCP server.
 */
export const ipxeOptions: Shape<IpxeOptions> = encapsulation(IPXE_TABLE, { marks: true });
