import type { Ipv4 } from '../lib/ipv4.ts';
import { type Decoded, ok, rejected } from '../lib/result.ts';
import { type Encapsulated, encapsulation } from './encapsulation.ts';
import { readText, readU16, readU32, requireInteger, writeText, writeU16 } from './octets.ts';
import { address, writeAddress } from './shapes/address.ts';
import { u8, u16LittleEndian } from './shapes/integer.ts';
import { u32List } from './shapes/integer-list.ts';
import { checkByDecoding, type Shape } from './shapes/shape.ts';

/** Bits of PXE_DISCOVERY_CONTROL, 43.6 (PXE 2.1 Table 2-1). `useBootFile` alone, 8, is the everyday value. */
export const DiscoveryControl = {
  noBroadcast: 1,
  noMulticast: 2,
  listedServersOnly: 4,
  useBootFile: 8,
} as const;

/** Servers of one type; none of them means "accept any server of that type". */
export type PxeBootServers = { readonly type: number; readonly servers: readonly Ipv4[] };

/** One line of the menu; type 0 is the local disk. */
export type PxeMenuEntry = { readonly type: number; readonly text: string };

/** `timeout` in seconds: 0 takes the first entry at once, 255 waits for ever. */
export type PxeMenuPrompt = { readonly timeout: number; readonly text: string };

/** `block` addresses at a time out of the `range` addresses that start at `base`. */
export type PxeMulticastAllocation = { readonly base: Ipv4; readonly block: number; readonly range: number };

/** Which server type's boot image; the top bit of `layer` asks for credentials. */
export type PxeBootItem = { readonly type: number; readonly layer: number };

function decodeBootServers(body: Uint8Array): Decoded<readonly PxeBootServers[]> {
  const list: PxeBootServers[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 3 + 4 * (body[at + 2] ?? 0);
    if (at + 3 > body.length || end > body.length) return rejected('pxe-boot-servers-truncated');
    const servers: Ipv4[] = [];
    for (let i = at + 3; i < end; i += 4) servers.push(readU32(body, i));
    list.push({ type: readU16(body, at), servers });
    at = end;
  }
  return ok(list);
}

const bootServers: Shape<readonly PxeBootServers[]> = {
  encodingLength: (value) => value.reduce((sum, one) => sum + 3 + 4 * one.servers.length, 0),
  encodeInto(value, out, at) {
    for (const { type, servers } of value) {
      at = writeU16(out, at, requireInteger('a boot server type', type, [0, 0xffff]));
      out[at++] = requireInteger('the number of boot servers', servers.length, [0, 255]);
      for (const server of servers) at = writeAddress(out, at, server);
    }
    return at;
  },
  decode: decodeBootServers,
  check: checkByDecoding(decodeBootServers),
};

function decodeMenu(body: Uint8Array): Decoded<readonly PxeMenuEntry[]> {
  const entries: PxeMenuEntry[] = [];
  for (let at = 0; at < body.length; ) {
    const end = at + 3 + (body[at + 2] ?? 0);
    if (at + 3 > body.length || end > body.length) return rejected('pxe-menu-truncated');
    entries.push({ type: readU16(body, at), text: readText(body, at + 3, end) });
    at = end;
  }
  return ok(entries);
}

const bootMenu: Shape<readonly PxeMenuEntry[]> = {
  encodingLength: (value) => value.reduce((sum, one) => sum + 3 + one.text.length, 0),
  encodeInto(value, out, at) {
    for (const { type, text } of value) {
      at = writeU16(out, at, requireInteger('a menu entry type', type, [0, 0xffff]));
      out[at++] = requireInteger('the length of a menu entry', text.length, [1, 255]);
      at = writeText(out, at, text);
    }
    return at;
  },
  decode: decodeMenu,
  check: checkByDecoding(decodeMenu),
};

const menuPrompt: Shape<PxeMenuPrompt> = {
  encodingLength: (value) => 1 + value.text.length,
  encodeInto(value, out, at) {
    out[at] = requireInteger('a menu timeout', value.timeout, [0, 255]);
    return writeText(out, at + 1, value.text);
  },
  decode: (body) =>
    body.length === 0
      ? rejected('pxe-prompt-length')
      : ok({ timeout: body[0]!, text: readText(body, 1, body.length) }),
  check: (body) => (body.length === 0 ? 'pxe-prompt-length' : undefined),
};

const multicastAllocation: Shape<PxeMulticastAllocation> = {
  encodingLength: () => 8,
  encodeInto(value, out, at) {
    at = writeAddress(out, at, value.base);
    at = writeU16(out, at, requireInteger('a multicast block', value.block, [0, 0xffff]));
    return writeU16(out, at, requireInteger('a multicast range', value.range, [0, 0xffff]));
  },
  decode: (body) =>
    body.length === 8
      ? ok({ base: readU32(body, 0), block: readU16(body, 4), range: readU16(body, 6) })
      : rejected('pxe-multicast-length'),
  check: (body) => (body.length === 8 ? undefined : 'pxe-multicast-length'),
};

const bootItem: Shape<PxeBootItem> = {
  encodingLength: () => 4,
  encodeInto(value, out, at) {
    at = writeU16(out, at, requireInteger('a boot item type', value.type, [0, 0xffff]));
    return writeU16(out, at, requireInteger('a boot item layer', value.layer, [0, 0xffff]));
  },
  decode: (body) =>
    body.length === 4
      ? ok({ type: readU16(body, 0), layer: readU16(body, 2) })
      : rejected('pxe-boot-item-length'),
  check: (body) => (body.length === 4 ? undefined : 'pxe-boot-item-length'),
};

const PXE_TABLE = {
  mtftpIp: { code: 1, shape: address },
  mtftpClientPort: { code: 2, shape: u16LittleEndian },
  mtftpServerPort: { code: 3, shape: u16LittleEndian },
  mtftpTimeout: { code: 4, shape: u8() },
  mtftpDelay: { code: 5, shape: u8() },
  discoveryControl: { code: 6, shape: u8() },
  discoveryMulticast: { code: 7, shape: address },
  bootServers: { code: 8, shape: bootServers },
  bootMenu: { code: 9, shape: bootMenu },
  menuPrompt: { code: 10, shape: menuPrompt },
  multicastAllocation: { code: 11, shape: multicastAllocation },
  credentialTypes: { code: 12, shape: u32List() },
  bootItem: { code: 71, shape: bootItem },
} as const;

/** Option 43 as PXE reads it. Sub-options 64 to 127 (loaders) and 128 to 254 (vendors) are in `others`. */
export type PxeOptions = Encapsulated<typeof PXE_TABLE>;

/**
 * Option 43 when the vendor class (60) is PXEClient: `values.discoveryControl`, `bootServers`, `bootMenu`,
 * `menuPrompt`, `bootItem` and the rest of PXE 2.1 Table 2-1. Its meaning hangs on the class, so that
 * `readOption(options, 'vendor-specific')` gives octets, and `readPxe`/`writePxe` this.
 */
export const pxeOptions: Shape<PxeOptions> = encapsulation(PXE_TABLE, { marks: true });
