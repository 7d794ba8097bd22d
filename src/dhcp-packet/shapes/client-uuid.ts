import { fromHex, toHex } from '../../lib/bytes.ts';
import { ok, rejected } from '../../lib/result.ts';
import { requireInteger, writeBytes } from '../octets.ts';
import type { Shape } from './shape.ts';

/**
 * Option 97 as it came: `type` (0 is a UUID) and `bytes`, to be echoed untouched.
 *
 * `smbios` and `wire` are there when the body is type 0 with 16 octets. Firmware sends the first three fields
 * least significant octet first, so that there are two spellings of one machine: `smbios` is what dmidecode and
 * labels show, `wire` is the octets in order, as PXELINUX and GRUB put it into file names. Neither need be a true
 * UUID: a Raspberry Pi sends the text `RPi4` and its serial there.
 */
export type ClientUuid = {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly smbios?: string;
  readonly wire?: string;
};

/** Option 97, client machine identifier (RFC 4578 §2.3). Lengths other than 17 are seen, and kept. */
export const clientUuid: Shape<ClientUuid> = {
  encodingLength: (value) => 1 + value.bytes.length,
  encodeInto(value, out, at) {
    out[at] = requireInteger('the type of a client identifier', value.type, [0, 255]);
    return writeBytes(out, at + 1, value.bytes);
  },
  decode(body) {
    if (body.length === 0) return rejected('client-uuid-length');
    const type = body[0]!;
    const bytes = body.subarray(1);
    if (type !== 0 || bytes.length !== 16) return ok({ type, bytes });
    return ok({ type, bytes, smbios: dashed(toHex(swapFields(bytes))), wire: dashed(toHex(bytes)) });
  },
  check: (body) => (body.length === 0 ? 'client-uuid-length' : undefined),
};

/** The value to send for a UUID spelled as dmidecode does. Throws TypeError when it is not one. */
export function clientUuidFromSmbios(text: string): ClientUuid {
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text)) {
    throw new TypeError(`Cannot read a UUID: got "${text}"`);
  }
  const bytes = swapFields(fromHex(text.replaceAll('-', '')));
  return { type: 0, bytes, smbios: text.toLowerCase(), wire: dashed(toHex(bytes)) };
}

/** Reverses the octets of the first three fields (4, 2 and 2); its own inverse. */
function swapFields(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes); // a copy even of a Buffer, whose slice() is a view
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  return swapped;
}

function dashed(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
