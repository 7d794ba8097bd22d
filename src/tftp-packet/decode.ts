import type { Decoded } from '../lib/result.ts';
import { ok, rejected } from '../lib/result.ts';
import type { TftpError, TftpMode, TftpOack, TftpOption, TftpPacket, TftpRequest } from './packet.ts';
import { OPCODE } from './packet.ts';

/** RFC 2347, Packet Formats: a request is at most 512 octets. */
export const REQUEST_MAX = 512;

export type DecodeOptions = {
  /**
   * Refuse what a lenient reader mends: a mode without its NUL (`rrq-unterminated`) and an option name without a value
   * (`rrq-option-without-value`). Lenient: the complete mode counts, the dangling name is dropped.
   */
  readonly strict?: boolean;
};

/**
 * Reads any octets as one TFTP packet; never throws. `data` of a DATA packet is a view of `bytes`, not a copy.
 *
 * Reasons: `short-packet`, `illegal-opcode`, `request-too-long`, `rrq-unterminated`, `empty-filename`,
 * `unsupported-mode`, `rrq-option-without-value`, `oack-unterminated`, `oack-option-without-value`.
 * An ERROR whose text has no NUL and an ACK with octets behind its number (msftwindow) are accepted.
 * RFC 1350 §5, RFC 2347.
 *
 *     decode(Uint8Array.of(0, 4, 0, 7)) // { ok: true, value: { opcode: 'ack', block: 7 } }
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Decoded<TftpPacket> {
  if (bytes.length < 2) return rejected('short-packet');
  const opcode = u16(bytes, 0);
  if (opcode === OPCODE.rrq || opcode === OPCODE.wrq) return decodeRequest(bytes, options);
  if (opcode === OPCODE.oack) return decodeOack(bytes);
  if (opcode !== OPCODE.data && opcode !== OPCODE.ack && opcode !== OPCODE.error) {
    return rejected('illegal-opcode');
  }
  if (bytes.length < 4) return rejected('short-packet');
  const number = u16(bytes, 2);
  if (opcode === OPCODE.data) return ok({ opcode: 'data', block: number, data: bytes.subarray(4) });
  if (opcode === OPCODE.ack) return ok({ opcode: 'ack', block: number });
  return ok(errorOf(bytes, number));
}

function errorOf(bytes: Uint8Array, code: number): TftpError {
  const end = endOfText(bytes, 4);
  return { opcode: 'error', code, message: text(bytes, 4, end) };
}

/** Reads RRQ and WRQ alone: what a server's well-known port is for. Reasons as {@link decode}. */
export function decodeRequest(bytes: Uint8Array, options: DecodeOptions = {}): Decoded<TftpRequest> {
  if (bytes.length < 2) return rejected('short-packet');
  const opcode = u16(bytes, 0);
  if (opcode !== OPCODE.rrq && opcode !== OPCODE.wrq) return rejected('illegal-opcode');
  if (bytes.length > REQUEST_MAX) return rejected('request-too-long');
  const nameEnd = endOfText(bytes, 2);
  if (nameEnd === bytes.length) return rejected('rrq-unterminated');
  if (nameEnd === 2) return rejected('empty-filename');
  const modeEnd = endOfText(bytes, nameEnd + 1);
  const mode = modeOf(text(bytes, nameEnd + 1, modeEnd));
  if (modeEnd === bytes.length && (options.strict || mode === undefined)) return rejected('rrq-unterminated');
  if (mode === undefined) return rejected('unsupported-mode');
  const { pairs, odd } = readOptions(bytes, modeEnd + 1);
  if (odd && options.strict) return rejected('rrq-option-without-value');
  const request = {
    opcode: opcode === OPCODE.rrq ? 'rrq' : 'wrq',
    filename: text(bytes, 2, nameEnd),
    mode,
    options: pairs,
  } as const;
  return ok(odd ? { ...request, oddOptions: true } : request);
}

/** `binary` and `image` are what some old clients call octet; `mail` must not be served (RFC 1123 §4.2.2.1). */
function modeOf(name: string): TftpMode | undefined {
  switch (name.toLowerCase()) {
    case 'octet':
    case 'binary':
    case 'image':
      return 'octet';
    case 'netascii':
      return 'netascii';
    default:
      return undefined;
  }
}

function decodeOack(bytes: Uint8Array): Decoded<TftpOack> {
  const { pairs, odd } = readOptions(bytes, 2);
  if (odd) return rejected(bytes.at(-1) === 0 ? 'oack-option-without-value' : 'oack-unterminated');
  return ok({ opcode: 'oack', options: pairs });
}

/** `odd`: octets were left that are not a name and a value, both ended by NUL. */
function readOptions(bytes: Uint8Array, start: number): { pairs: TftpOption[]; odd: boolean } {
  const pairs: TftpOption[] = [];
  let at = start;
  while (at < bytes.length) {
    const nameEnd = endOfText(bytes, at);
    if (nameEnd === at) {
      at++; // An option has a name (RFC 2347); NULs behind the last one are padding.
      continue;
    }
    const valueEnd = endOfText(bytes, nameEnd + 1);
    if (valueEnd === bytes.length) return { pairs, odd: true };
    pairs.push([text(bytes, at, nameEnd), text(bytes, nameEnd + 1, valueEnd)]);
    at = valueEnd + 1;
  }
  return { pairs, odd: false };
}

/** Index of the next NUL, or the length. */
function endOfText(bytes: Uint8Array, at: number): number {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return end < 0 ? bytes.length : end;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  let out = '';
  for (let i = from; i < to; i++) out += String.fromCharCode(bytes[i]!);
  return out;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
