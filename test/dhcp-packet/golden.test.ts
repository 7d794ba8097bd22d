import { expect, test } from 'vitest';
import {
  type DecodedPacket,
  decode,
  describeClientId,
  encodeReport,
  readOption,
  readPxe,
  writePxe,
} from '../../src/dhcp-packet/index.ts';
import { bytesEqual, fromHex, toHex } from '../../src/lib/bytes.ts';
import { type Golden, golden, goldensOf } from '../golden/load.ts';
import { describeOptions, headerOf, mustDecode } from './describe.ts';
import { GOLDEN, GOLDEN_PXE, HEADER, IAID_DUID } from './golden-table.ts';

const VECTORS = goldensOf('dhcp4', 'bootp');

/** Vectors that a server drops, with the reason that their `expect` line names. */
const REJECTED: Readonly<Record<string, string>> = {
  '29': 'short-header',
  '30': 'option-overrun',
  '32': 'bad-hlen',
  '33': 'bad-op',
  '34': 'bad-message-type',
};

function number(vector: Golden): string {
  return vector.name.slice(0, 2);
}

test('decode() every DHCPv4 and BOOTP vector has its row here', () => {
  const known = [...Object.keys(GOLDEN), ...Object.keys(REJECTED), '31'].sort();
  expect(VECTORS.map(number)).toEqual(known);
  expect(VECTORS).toHaveLength(44);
});

test.each(VECTORS.filter((vector) => number(vector) in GOLDEN))('decode() reads $name', (vector) => {
  const row = GOLDEN[number(vector)]!;
  const { packet, warnings, overload } = mustDecode(vector.bytes);
  expect(headerOf(packet)).toEqual({ ...HEADER, ...row.packet });
  expect(describeOptions(packet.options)).toEqual(row.options);
  expect(warnings).toEqual(row.warnings ?? []);
  expect(overload).toBe(row.overload ?? 0);
});

test.each(VECTORS.filter((vector) => number(vector) in REJECTED))('decode() rejects $name', (vector) => {
  const reason = REJECTED[number(vector)]!;
  expect(decode(vector.bytes)).toEqual({ ok: false, reason });
  expect(vector.expect).toContain(`error: ${reason} `);
});

test('decode() reads 30-bad-option-overrun up to the overrun when lenient', () => {
  const result = decode(golden('30').bytes, { tolerance: 'lenient' });
  expect(result).toMatchObject({
    ok: true,
    value: {
      warnings: [{ reason: 'short-packet' }, { reason: 'option-overrun', code: 60 }],
      packet: { options: new Map([[53, fromHex('01')]]) },
    },
  });
});

test('decode() reads 31-bad-option-no-length without its last octet, and rejects it when strict', () => {
  const { packet, warnings } = mustDecode(golden('31').bytes);
  expect(describeOptions(packet.options)).toEqual({ 'message-type': 1 });
  expect(warnings).toEqual([{ reason: 'short-packet' }, { reason: 'option-truncated', code: 55 }]);
  expect(decode(golden('31').bytes, { tolerance: 'strict' })).toEqual({
    ok: false,
    reason: 'option-truncated',
  });
});

test.each(Object.keys(GOLDEN_PXE))('readPxe() reads option 43 of vector %s', (name) => {
  const { packet } = mustDecode(golden(name).bytes);
  expect(readPxe(packet.options)).toEqual(GOLDEN_PXE[name]);
});

test.each(['02', '12', '13', '14'])('writePxe() gives option 43 of vector %s octet for octet', (name) => {
  const { packet } = mustDecode(golden(name).bytes);
  const before = toHex(packet.options.get(43)!);
  writePxe(packet.options, readPxe(packet.options)!);
  expect(toHex(packet.options.get(43)!)).toBe(before);
});

test('describeClientId() takes 26-clientid-rfc4361 apart', () => {
  const { packet } = mustDecode(golden('26').bytes);
  expect(describeClientId(readOption(packet.options, 'client-id')!)).toEqual(IAID_DUID);
});

test('encode() echoes option 82 of 17 as 18 has it', () => {
  const request = mustDecode(golden('17').bytes).packet;
  const reply = mustDecode(golden('18').bytes).packet;
  expect(bytesEqual(request.options.get(82)!, reply.options.get(82)!)).toBe(true);
});

/** Padded to the size that the vector has, with its order of options. */
function again(vector: Golden, { packet }: DecodedPacket) {
  return encodeReport(packet, { maxSize: 1472, minSize: vector.bytes.length, order: 'map', maySplit: true });
}

/** What comes out of a decoder and an encoder differs from what went in for these, and only for these. */
const NOT_IDENTICAL: Readonly<Record<string, string>> = {
  '19': 'nothing needs file and sname, so that options move out of them',
  '20': 'three parts of option 119 fit one option',
  '23': 'the empty host name was dropped',
  '24': 'END is added',
  '25': 'PAD between options and octets behind END are not kept',
  '31': 'the dangling code was dropped and END is added',
  '35': 'option 52 with an illegal value was dropped',
  '44': 'END is added',
};

test.each(VECTORS.filter((vector) => !(number(vector) in REJECTED)))(
  'encode() gives $name back octet for octet, or is listed with the reason',
  (vector) => {
    const decoded = mustDecode(vector.bytes);
    const { bytes, dropped } = again(vector, decoded);
    expect(dropped).toEqual([]);
    expect(toHex(bytes) === toHex(vector.bytes)).toBe(!(number(vector) in NOT_IDENTICAL));
    expect(mustDecode(bytes).packet).toEqual(decoded.packet);
  },
);
