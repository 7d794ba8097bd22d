import type { TftpOption, TftpPacket } from './packet.ts';
import { OPCODE } from './packet.ts';

/** Octets {@link encode} writes for `packet`. */
export function encodingLength(packet: TftpPacket): number {
  switch (packet.opcode) {
    case 'rrq':
    case 'wrq':
      return 4 + packet.filename.length + packet.mode.length + optionsLength(packet.options);
    case 'data':
      return 4 + packet.data.length;
    case 'ack':
      return 4;
    case 'error':
      return 5 + packet.message.length;
    case 'oack':
      return 2 + optionsLength(packet.options);
  }
}

/**
 * Writes `packet` into `into` at `offset` (a new array of the right size without one) and returns the octets written.
 *
 * Throws RangeError for a number outside 16 bits, text that is not latin1 or has a NUL in it, an option without a name,
 * and a target that is too small. RFC 1350 §5, RFC 2347.
 *
 *     encode({ opcode: 'ack', block: 7 }) // Uint8Array [0, 4, 0, 7]
 */
export function encode(packet: TftpPacket, into?: Uint8Array, offset = 0): Uint8Array {
  const length = encodingLength(packet);
  const out = into ?? new Uint8Array(offset + length);
  if (out.length - offset < length) {
    throw new RangeError(
      `Cannot encode ${packet.opcode}: needs ${length} octets, ${out.length - offset} left`,
    );
  }
  let at = putU16(out, OPCODE[packet.opcode], offset);
  switch (packet.opcode) {
    case 'rrq':
    case 'wrq':
      at = putText(out, packet.filename, at);
      at = putText(out, packet.mode, at);
      at = putOptions(out, packet.options, at);
      break;
    case 'data':
      at = putU16(out, packet.block, at);
      out.set(packet.data, at);
      break;
    case 'ack':
      at = putU16(out, packet.block, at);
      break;
    case 'error':
      at = putU16(out, packet.code, at);
      at = putText(out, packet.message, at);
      break;
    case 'oack':
      at = putOptions(out, packet.options, at);
      break;
  }
  return out.subarray(offset, offset + length);
}

function optionsLength(options: readonly TftpOption[]): number {
  let length = 0;
  for (const [name, value] of options) length += name.length + value.length + 2;
  return length;
}

function putOptions(out: Uint8Array, options: readonly TftpOption[], at: number): number {
  for (const [name, value] of options) {
    if (name === '') throw new RangeError('Cannot encode an option: it has no name');
    at = putText(out, value, putText(out, name, at));
  }
  return at;
}

function putU16(out: Uint8Array, value: number, at: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) {
    throw new RangeError(`Cannot encode ${value}: must be an unsigned 16-bit number`);
  }
  out[at] = value >> 8;
  out[at + 1] = value & 0xff;
  return at + 2;
}

function putText(out: Uint8Array, text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0xff) {
      throw new RangeError(`Cannot encode "${text}": must be latin1 without NUL, character ${i} is not`);
    }
    out[at + i] = code;
  }
  out[at + text.length] = 0;
  return at + text.length + 1;
}
