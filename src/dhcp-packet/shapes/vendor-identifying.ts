import { type Decoded, ok, rejected } from '../../lib/result.ts';
import { readU32, requireInteger, writeBytes, writeU32 } from '../octets.ts';
import { type CodedBody, checkByDecoding, type Shape } from './shape.ts';

/** The classes of one enterprise (an IANA private enterprise number); bodies are views. */
export type VendorClass = { readonly enterprise: number; readonly classes: readonly Uint8Array[] };

/** The options of one enterprise; bodies are views. */
export type VendorOptions = { readonly enterprise: number; readonly options: readonly CodedBody[] };

type Block = { readonly enterprise: number; readonly data: Uint8Array };

/** (enterprise u32, length u8, data), repeated. */
function readBlocks(body: Uint8Array): Decoded<Block[]> {
  if (body.length === 0) return rejected('vendor-identifying-empty');
  const blocks: Block[] = [];
  for (let at = 0; at < body.length; ) {
    if (at + 5 > body.length || at + 5 + body[at + 4]! > body.length) {
      return rejected('vendor-identifying-truncated');
    }
    const end = at + 5 + body[at + 4]!;
    blocks.push({ enterprise: readU32(body, at), data: body.subarray(at + 5, end) });
    at = end;
  }
  return ok(blocks);
}

function writeBlockHead(out: Uint8Array, at: number, head: { enterprise: number; size: number }): number {
  const enterprise = requireInteger('an enterprise number', head.enterprise, [0, 0xffff_ffff]);
  at = writeU32(out, at, enterprise);
  out[at] = requireInteger('the octets of one enterprise', head.size, [0, 255]);
  return at + 1;
}

function decodeClasses(body: Uint8Array): Decoded<readonly VendorClass[]> {
  const blocks = readBlocks(body);
  if (!blocks.ok) return blocks;
  const result: VendorClass[] = [];
  for (const { enterprise, data } of blocks.value) {
    const classes: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += 1 + data[at]!) {
      if (at + 1 + data[at]! > data.length) return rejected('vendor-identifying-truncated');
      classes.push(data.subarray(at + 1, at + 1 + data[at]!));
    }
    result.push({ enterprise, classes });
  }
  return ok(result);
}

function classOctets(value: VendorClass): number {
  return value.classes.reduce((sum, one) => sum + 1 + one.length, 0);
}

/** Option 124, vendor-identifying vendor class (RFC 3925 §3). */
export const vendorClasses: Shape<readonly VendorClass[]> = {
  encodingLength(value) {
    if (value.length === 0) throw new RangeError('Cannot encode vendor classes: at least one is needed');
    return value.reduce((sum, one) => sum + 5 + classOctets(one), 0);
  },
  encodeInto(value, out, at) {
    for (const one of value) {
      at = writeBlockHead(out, at, { enterprise: one.enterprise, size: classOctets(one) });
      for (const data of one.classes) {
        out[at] = data.length;
        at = writeBytes(out, at + 1, data);
      }
    }
    return at;
  },
  decode: decodeClasses,
  check: checkByDecoding(decodeClasses),
};

function decodeOptions(body: Uint8Array): Decoded<readonly VendorOptions[]> {
  const blocks = readBlocks(body);
  if (!blocks.ok) return blocks;
  const result: VendorOptions[] = [];
  for (const { enterprise, data } of blocks.value) {
    const options: CodedBody[] = [];
    for (let at = 0; at < data.length; at += 2 + data[at + 1]!) {
      if (at + 2 > data.length || at + 2 + data[at + 1]! > data.length) {
        return rejected('vendor-identifying-truncated');
      }
      options.push({ code: data[at]!, body: data.subarray(at + 2, at + 2 + data[at + 1]!) });
    }
    result.push({ enterprise, options });
  }
  return ok(result);
}

function optionOctets(value: VendorOptions): number {
  return value.options.reduce((sum, one) => sum + 2 + one.body.length, 0);
}

/** Option 125, vendor-identifying vendor-specific information (RFC 3925 §4). */
export const vendorOptions: Shape<readonly VendorOptions[]> = {
  encodingLength(value) {
    if (value.length === 0) throw new RangeError('Cannot encode vendor options: at least one is needed');
    return value.reduce((sum, one) => sum + 5 + optionOctets(one), 0);
  },
  encodeInto(value, out, at) {
    for (const one of value) {
      at = writeBlockHead(out, at, { enterprise: one.enterprise, size: optionOctets(one) });
      for (const { code, body } of one.options) {
        out[at] = requireInteger('a vendor option code', code, [0, 255]);
        out[at + 1] = body.length;
        at = writeBytes(out, at + 2, body);
      }
    }
    return at;
  },
  decode: decodeOptions,
  check: checkByDecoding(decodeOptions),
};
