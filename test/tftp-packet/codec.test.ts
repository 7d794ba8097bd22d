import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TftpPacket } from '../../src/tftp-packet/index.ts';
import {
  decode,
  decodeRequest,
  encode,
  encodingLength,
  peekNumber,
  peekOpcode,
  putDataHeader,
  REQUEST_MAX,
} from '../../src/tftp-packet/index.ts';
import { goldensOf } from '../golden/load.ts';

const octet = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const text = (min: number, max: number) => fc.string({ unit: octet, minLength: min, maxLength: max });
const u16 = fc.integer({ min: 0, max: 0xffff });
const options = fc.array(fc.tuple(text(1, 12), text(0, 12)), { maxLength: 8 });

const packets: fc.Arbitrary<TftpPacket> = fc.oneof(
  fc.record({
    opcode: fc.constantFrom('rrq' as const, 'wrq' as const),
    filename: text(1, 200),
    mode: fc.constantFrom('octet' as const, 'netascii' as const),
    options,
  }),
  fc.record({ opcode: fc.constant('data' as const), block: u16, data: fc.uint8Array({ maxLength: 600 }) }),
  fc.record({ opcode: fc.constant('ack' as const), block: u16 }),
  fc.record({ opcode: fc.constant('error' as const), code: u16, message: text(0, 80) }),
  fc.record({ opcode: fc.constant('oack' as const), options }),
);

const REASON = /^[a-z]+(-[a-z]+)+$/;

/** What a caller may rely on for any octets. */
function expectSane(bytes: Uint8Array): void {
  const copy = bytes.slice();
  for (const strict of [false, true]) {
    const decoded = decode(bytes, { strict });
    if (!decoded.ok) expect(decoded.reason).toMatch(REASON);
    else if (decoded.value.opcode !== 'data') {
      const again = encode(decoded.value);
      expect(decode(again, { strict: true })).toEqual({ ok: true, value: withoutMarks(decoded.value) });
    }
  }
  expect(bytes).toEqual(copy);
}

function withoutMarks(packet: TftpPacket): TftpPacket {
  if (!('oddOptions' in packet)) return packet;
  const { oddOptions: _, ...rest } = packet;
  return rest;
}

describe('round trip', () => {
  test('decode() gives back what encode() was given, in the length encodingLength() tells', () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const bytes = encode(packet);
        expect(bytes).toHaveLength(encodingLength(packet));
        expect(decode(bytes, { strict: true })).toEqual({ ok: true, value: packet });
        expect(peekOpcode(bytes)).toBe({ rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 }[packet.opcode]);
        if (packet.opcode === 'data' || packet.opcode === 'ack') expect(peekNumber(bytes)).toBe(packet.block);
        if (packet.opcode === 'error') expect(peekNumber(bytes)).toBe(packet.code);
      }),
    );
  });

  test('encode() writes into a given array, at an offset, and nothing else', () => {
    fc.assert(
      fc.property(packets, fc.nat(20), (packet, offset) => {
        const length = encodingLength(packet);
        const target = new Uint8Array(offset + length + 5).fill(0x55);
        const written = encode(packet, target, offset);
        expect(written).toEqual(encode(packet));
        expect(written.buffer).toBe(target.buffer);
        expect([...target.subarray(0, offset), ...target.subarray(offset + length)]).toEqual(
          Array(offset + 5).fill(0x55),
        );
      }),
    );
  });
});

describe('foreign bytes', () => {
  test('decode() never throws on arbitrary bytes, and what it accepts it can write again', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), expectSane), { numRuns: 500 });
  });

  test('decode() never throws on bytes behind a valid opcode', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 80 }), (opcode, rest) =>
        expectSane(Uint8Array.of(0, opcode, ...rest)),
      ),
      { numRuns: 500 },
    );
  });

  test('decode() survives every cut and every flipped bit of every golden packet', () => {
    for (const { bytes } of goldensOf('tftp')) {
      for (let at = 0; at <= bytes.length; at++) expectSane(bytes.slice(0, at));
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
        expectSane(flipped);
      }
    }
  });

  test('peekOpcode() and peekNumber() read -1 where there is nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 }), (bytes) => {
        expect(peekNumber(bytes)).toBe(-1);
        if (bytes.length < 2) expect(peekOpcode(bytes)).toBe(-1);
      }),
    );
  });
});

test.each([
  { what: 'octet in any case', name: 'OcTeT', mode: 'octet' },
  { what: 'binary as octet', name: 'binary', mode: 'octet' },
  { what: 'image as octet', name: 'IMAGE', mode: 'octet' },
  { what: 'NETASCII', name: 'NETASCII', mode: 'netascii' },
])('decodeRequest() takes $what', ({ name, mode }) => {
  const bytes = Uint8Array.from([0, 1, 0x61, 0, ...new TextEncoder().encode(name), 0]);
  expect(decodeRequest(bytes)).toMatchObject({ ok: true, value: { mode } });
});

test.each([
  { what: 'an ACK', bytes: [0, 4, 0, 1], reason: 'illegal-opcode' },
  { what: 'nothing', bytes: [], reason: 'short-packet' },
  { what: 'a name without NUL', bytes: [0, 1, 0x61, 0x62], reason: 'rrq-unterminated' },
  { what: 'a name alone', bytes: [0, 1, 0x61, 0], reason: 'rrq-unterminated' },
  { what: 'half a mode', bytes: [0, 1, 0x61, 0, 0x6f, 0x63], reason: 'rrq-unterminated' },
  {
    what: 'more than 512 octets',
    bytes: [0, 1, ...Array(REQUEST_MAX - 1).fill(0x61)],
    reason: 'request-too-long',
  },
])('decodeRequest() refuses $what', ({ bytes, reason }) => {
  expect(decodeRequest(Uint8Array.from(bytes))).toEqual({ ok: false, reason });
});

test('decodeRequest() skips NULs behind the last option', () => {
  const request = encode({ opcode: 'rrq', filename: 'a', mode: 'octet', options: [['tsize', '0']] });
  const padded = Uint8Array.from([...request, 0, 0, 0]);
  expect(decodeRequest(padded, { strict: true })).toMatchObject({
    ok: true,
    value: { options: [['tsize', '0']] },
  });
});

test.each<{ what: string; packet: TftpPacket }>([
  { what: 'a block of 17 bits', packet: { opcode: 'ack', block: 65_536 } },
  { what: 'a negative block', packet: { opcode: 'data', block: -1, data: new Uint8Array(0) } },
  { what: 'a fractional code', packet: { opcode: 'error', code: 0.5, message: '' } },
  { what: 'a NUL in a name', packet: { opcode: 'rrq', filename: 'a\0b', mode: 'octet', options: [] } },
  { what: 'a character past latin1', packet: { opcode: 'error', code: 0, message: '→' } },
  { what: 'an option without a name', packet: { opcode: 'oack', options: [['', '1']] } },
])('encode() throws RangeError for $what', ({ packet }) => {
  expect(() => encode(packet)).toThrow(RangeError);
});

test('encode() throws RangeError for a target that is too small', () => {
  expect(() => encode({ opcode: 'ack', block: 1 }, new Uint8Array(8), 5)).toThrow('needs 4 octets, 3 left');
});

test('putDataHeader() lays what encode() lays before the data', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 33 }), (block) => {
      const out = new Uint8Array(6);
      putDataHeader(out, 1, block);
      expect(out.slice(1, 5)).toEqual(
        encode({ opcode: 'data', block: block % 65_536, data: new Uint8Array(0) }),
      );
    }),
  );
});
