import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createPacket,
  type DhcpPacket,
  type EncodeLimits,
  encode,
  encodeInto,
  encodeReport,
  encodingLength,
  joinsLongOptions,
  Op,
  type Options,
  readOption,
  replyBudget,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';
import { packets, unnamedOptions } from './arbitraries.ts';
import { mustDecode } from './describe.ts';

function offer(options: Options, fields: Partial<DhcpPacket> = {}): DhcpPacket {
  return createPacket({ op: Op.REPLY, ...fields, options });
}

/** Bodies of the given sizes, each filled with its code. */
function bodies(sizes: Readonly<Record<number, number>>): Options {
  return new Map(Object.entries(sizes).map(([code, size]) => [+code, new Uint8Array(size).fill(+code)]));
}

/** Options without octets in an area. */
function emptyIn(bytes: Uint8Array, from: number): number {
  let count = 0;
  for (let at = from; bytes[at] !== 255; at += 2 + bytes[at + 1]!) if (bytes[at + 1] === 0) count++;
  return count;
}

/** Codes as they stand in an area, walked by hand; parts show up once each. */
function codesIn(bytes: Uint8Array, from = 240): number[] {
  const codes: number[] = [];
  for (let at = from; bytes[at] !== 255; at += 2 + bytes[at + 1]!) codes.push(bytes[at]!);
  return codes;
}

test('encode() writes the header of RFC 2131 §2 octet for octet', () => {
  const packet = createPacket({
    op: Op.REPLY,
    hops: 1,
    xid: 0xfffefdfc,
    secs: 0x0102,
    flags: 0x8000,
    ciaddr: 0x0a000001,
    yiaddr: 0xfe000002,
    siaddr: 0x0a000003,
    giaddr: 0x0a000004,
    chaddr: fromHex('525400ec3381'),
    sname: 's',
    file: 'f',
  });
  const bytes = encode(packet);
  expect(bytes).toHaveLength(300);
  expect(toHex(bytes.subarray(0, 45))).toBe(
    '02010601fffefdfc010280000a000001fe0000020a0000030a000004525400ec33810000000000000000000073',
  );
  expect(toHex(bytes.subarray(108, 110))).toBe('6600');
  expect(toHex(bytes.subarray(236))).toBe(`63825363ff${'00'.repeat(59)}`);
});

test('encode() sorts options as servers do, the mask before the routers and 82 last', () => {
  const codes = [82, 99, 61, 97, 67, 66, 43, 60, 28, 15, 12, 6, 3, 1, 59, 58, 51, 54, 53, 98];
  const bytes = encode(offer(bodies(Object.fromEntries(codes.map((code) => [code, 1])))));
  expect(codesIn(bytes)).toEqual(
    [53, 54, 51, 58, 59, 1, 3, 6, 12, 15, 28, 60, 43, 66, 67, 97, 61].concat([98, 99, 82]),
  );
});

test('encode() keeps the order of the map when told to, 82 last all the same', () => {
  const options: Options = new Map([82, 3, 1, 53].map((code) => [code, fromHex('00')]));
  expect(codesIn(encode(offer(options), { order: 'map' }))).toEqual([3, 1, 53, 82]);
});

test('encode() leaves codes 0, 52 and 255 of the map out: it writes them itself', () => {
  expect(codesIn(encode(offer(bodies({ 0: 1, 52: 1, 53: 1, 255: 1 }))))).toEqual([53]);
});

test.each([
  ['no vendor area', offer(new Map(), { vend: 'none' }), '00'.repeat(64)],
  ['options', offer(bodies({ 1: 1 })), `63825363010101ff${'00'.repeat(56)}`],
  [
    'another cookie',
    offer(new Map(), { vend: 'unknown', vendBytes: fromHex('434d5500') }),
    `434d5500${'00'.repeat(60)}`,
  ],
])('encode() gives a BOOTP client 64 octets of vendor area: %s', (_, packet, vend) => {
  expect(toHex(encode(packet, { maxSize: 300 }).subarray(236))).toBe(vend);
});

test('encode() skips tags that do not fit the 64 octets', () => {
  const report = encodeReport(offer(bodies({ 1: 4, 3: 4, 12: 60, 17: 10 })), { maxSize: 300 });
  expect(report.bytes).toHaveLength(300);
  expect(codesIn(report.bytes)).toEqual([1, 3, 17]);
  expect(report.dropped).toEqual([{ code: 12, reason: 'no-room' }]);
});

test('encodeReport() says that options have no place without a cookie', () => {
  expect(encodeReport(offer(bodies({ 1: 4 }), { vend: 'none' })).dropped).toEqual([
    { code: 1, reason: 'no-vendor-area' },
  ]);
});

test('encode() drops the least needed first: 53, 54 and 82 stay', () => {
  const report = encodeReport(offer(bodies({ 12: 100, 53: 1, 54: 4, 67: 120, 82: 100, 119: 80, 60: 9 })));
  expect(codesIn(report.bytes)).toEqual([53, 54, 60, 67, 82]);
  expect(report.dropped).toEqual([
    { code: 12, reason: 'no-room' },
    { code: 119, reason: 'no-room' },
  ]);
});

test('encode() fills the options field to the last octet', () => {
  const exact = 548 - 240 - 1 - 2 - 100 - 2;
  expect(encodeReport(offer(bodies({ 220: 100, 221: exact }))).dropped).toEqual([]);
  expect(encode(offer(bodies({ 220: 100, 221: exact })))).toHaveLength(548);
  expect(encodeReport(offer(bodies({ 220: 100, 221: exact + 1 }))).dropped).toEqual([
    { code: 221, reason: 'no-room' },
  ]);
});

const CROWD = { 53: 1, 54: 4, 12: 200, 15: 95, 17: 100 };

test('encode() does not overload unless it may', () => {
  const report = encodeReport(offer(bodies(CROWD)));
  expect([report.overload, report.dropped]).toEqual([0, [{ code: 12, reason: 'no-room' }]]);
});

test('encode() overloads file, then sname, and each only when it must', () => {
  const limits: EncodeLimits = { mayOverload: true };
  expect(encodeReport(offer(bodies({ 53: 1, 12: 200 })), limits).overload).toBe(0);
  const one = encodeReport(offer(bodies(CROWD)), limits);
  expect([one.overload, one.dropped]).toEqual([1, []]);
  expect(codesIn(one.bytes)[1]).toBe(52);
  const two = encodeReport(offer(bodies({ ...CROWD, 14: 60 })), limits);
  expect([two.overload, two.dropped]).toEqual([3, []]);
});

test('encode() with overload writes 52 behind 53, and a reader finds everything', () => {
  const packet = offer(bodies({ 53: 1, 12: 200, 15: 95, 17: 100, 18: 60 }), { file: 'boot', sname: 'me' });
  packet.options.set(53, fromHex('02'));
  const { bytes, overload, dropped } = encodeReport(packet, { mayOverload: true, maxSize: 600 });
  expect([overload, dropped]).toEqual([3, []]);
  expect(codesIn(bytes).slice(0, 2)).toEqual([53, 52]);
  const read = mustDecode(bytes).packet;
  expect([read.file, read.sname]).toEqual(['', '']);
  expect(readOption(read.options, 'bootfile-name')).toBe('boot'); // RFC 2132 §9.5
  expect(readOption(read.options, 'tftp-server-name')).toBe('me'); // RFC 2132 §9.4
  for (const [code, body] of packet.options) expect(read.options.get(code)).toEqual(body);
});

test('encode() never loses the boot file to an overloaded field', () => {
  const packet = offer(bodies({ 53: 1, 12: 250, 15: 250, 17: 250 }), { file: 'f'.repeat(127) });
  const { bytes } = encodeReport(packet, { mayOverload: true });
  const read = mustDecode(bytes).packet;
  expect(read.file || readOption(read.options, 'bootfile-name')).toBe('f'.repeat(127));
});

test('encode() does not overload when the boot file then had no place', () => {
  // Beside 240 octets of relay information only file has room, and 129 octets do not fit there as an option.
  const packet = offer(bodies({ 82: 240, 220: 60, 221: 60, 222: 60 }), { file: 'f'.repeat(127) });
  const { bytes, overload } = encodeReport(packet, { mayOverload: true });
  expect([overload, mustDecode(bytes).packet.file]).toEqual([0, packet.file]);
});

test('encode() does not overload when that helps nothing', () => {
  const { overload, dropped } = encodeReport(offer(bodies({ 220: 250, 221: 250 })), { mayOverload: true });
  expect([overload, dropped]).toEqual([0, [{ code: 221, reason: 'no-room' }]]);
});

test('encode() leaves 82 out rather than put it into file', () => {
  const limits: EncodeLimits = { mayOverload: true, maxSize: 300 };
  const { bytes, dropped } = encodeReport(offer(bodies({ 53: 1, 82: 100 })), limits);
  expect([codesIn(bytes), dropped]).toEqual([[53], [{ code: 82, reason: 'no-room' }]]);
});

test('encode() keeps 82 out of file and sname (RFC 3046 §2.2)', () => {
  const { bytes, dropped } = encodeReport(offer(bodies({ 12: 240, 82: 60, 15: 100 })), { mayOverload: true });
  expect(dropped).toEqual([]);
  expect(codesIn(bytes).at(-1)).toBe(82);
  expect(codesIn(bytes, 108)).not.toContain(82);
});

test('encode() splits beyond 255 octets only when it may (RFC 3396)', () => {
  const packet = offer(bodies({ 43: 600 }));
  expect(encodeReport(packet, { maxSize: 1472 }).dropped).toEqual([{ code: 43, reason: 'too-long' }]);
  const { bytes, dropped } = encodeReport(packet, { maxSize: 1472, maySplit: true });
  expect([codesIn(bytes), dropped]).toEqual([[43, 43, 43], []]);
  expect([bytes[241], bytes[498], bytes[755]]).toEqual([255, 255, 90]);
  expect(mustDecode(bytes).packet.options.get(43)).toEqual(packet.options.get(43));
});

test('encode() splits at the border of a field, parts in the order options, file, sname', () => {
  const body = Uint8Array.from({ length: 400 }, (_, i) => i);
  const packet = offer(new Map([[220, body]]));
  const { bytes, overload } = encodeReport(packet, { maySplit: true, mayOverload: true });
  expect(overload).toBe(1);
  expect([codesIn(bytes), codesIn(bytes, 108)]).toEqual([[52, 220, 220], [220]]);
  expect(mustDecode(bytes).packet.options.get(220)).toEqual(body);
});

test('encode() sends no part without octets', () => {
  // 53, 54 and 51 leave two octets of the options field, 220 needs file and sname.
  const packet = offer(bodies({ 53: 1, 54: 250, 51: 45, 220: 128 }));
  const { bytes, overload } = encodeReport(packet, { maySplit: true, mayOverload: true });
  expect([overload, codesIn(bytes), codesIn(bytes, 108), codesIn(bytes, 44)]).toEqual([
    3,
    [53, 52, 54, 51],
    [220],
    [220],
  ]);
});

test.each<[string, () => unknown]>([
  ['maxSize below 300', () => encode(offer(new Map()), { maxSize: 299 })],
  ['maxSize beyond UDP', () => encode(offer(new Map()), { maxSize: 65_508 })],
  ['minSize above maxSize', () => encode(offer(new Map()), { maxSize: 300, minSize: 301 })],
  ['file of 129 characters', () => encode(offer(new Map(), { file: 'f'.repeat(129) }))],
  ['sname of 65 characters', () => encode(offer(new Map(), { sname: 'f'.repeat(65) }))],
  ['sname beyond latin1', () => encode(offer(new Map(), { sname: '☃' }))],
  ['hlen 17', () => encode(offer(new Map(), { hlen: 17 }))],
  ['op 3', () => encode(createPacket({ op: 3 }))],
  ['a negative xid', () => encode(offer(new Map(), { xid: -1 }))],
  ['an address that is not u32', () => encode(offer(new Map(), { yiaddr: 2 ** 32 }))],
  ['chaddr of 17 octets', () => encode({ ...offer(new Map()), chaddr: new Uint8Array(17) })],
  ['option code 256', () => encode(offer(bodies({ 256: 1 })))],
  [
    'a vendor area beyond maxSize',
    () => encode(offer(new Map(), { vend: 'unknown', vendBytes: new Uint8Array(400) })),
  ],
  ['out too small', () => encodeInto(offer(new Map()), new Uint8Array(299))],
])('encode() throws RangeError for %s', (_, act) => {
  expect(act).toThrow(RangeError);
});

test('encodeInto() leaves nothing of what was there before', () => {
  const out = new Uint8Array(600).fill(0xee);
  const size = encodeInto(offer(bodies({ 53: 1 })), out);
  expect(out.subarray(0, size)).toEqual(encode(offer(bodies({ 53: 1 }))));
  expect(out[size]).toBe(0xee);
});

test.each([
  ['absent', undefined, 1500, 548],
  ['400, which is illegal', 400, 1500, 548],
  ['576', 576, 1500, 548],
  ['1260, as BIOS ROMs say', 1260, 1500, 1232],
  ['65280, as OVMF says', 65_280, 1500, 1472],
  ['1472 on a small link', 1472, 1000, 972],
  ['absent on a tiny link', undefined, 300, 548],
])('replyBudget() with option 57 %s', (_, asked, mtu, budget) => {
  const options: Options = new Map();
  if (asked !== undefined) writeOption(options, 'max-message-size', asked);
  expect(replyBudget(options, mtu)).toBe(budget);
});

test('joinsLongOptions() of who asks for or sends an option that needs it (RFC 3396 §4)', () => {
  const asking: Options = new Map();
  writeOption(asking, 'parameter-request-list', [1, 3, 119]);
  expect(joinsLongOptions(asking)).toBe(true);
  expect(joinsLongOptions(bodies({ 124: 5 }))).toBe(true);
  expect(joinsLongOptions(bodies({ 55: 1 }))).toBe(false);
});

const anyLimits: fc.Arbitrary<EncodeLimits> = fc
  .record({
    maxSize: fc.integer({ min: 300, max: 1600 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    mayOverload: fc.boolean(),
    maySplit: fc.boolean(),
    order: fc.constantFrom('usual' as const, 'map' as const),
  })
  .map(({ share, ...limits }) => ({ ...limits, minSize: Math.floor(limits.maxSize * share) }));

/** Options of every kind of length, 82 among them. */
const crowded = fc
  .tuple(unnamedOptions, fc.option(fc.uint8Array({ maxLength: 300 })))
  .map(([options, relay]) => (relay ? new Map([...options, [82, relay]]) : options));

test('encode() keeps its limits, and reads back as what it did not drop', () => {
  fc.assert(
    fc.property(packets(crowded), anyLimits, (packet, limits) => {
      const { bytes, dropped, overload } = encodeReport(packet, limits);
      expect(bytes.length).toBeLessThanOrEqual(limits.maxSize!);
      expect(bytes.length).toBeGreaterThanOrEqual(limits.minSize!);
      expect(encodingLength(packet, limits)).toBe(bytes.length);
      if (!limits.mayOverload) expect(overload).toBe(0);

      const { packet: read, warnings } = mustDecode(bytes);
      expect(warnings.filter(({ reason }) => !/short-packet|suboption-overrun/.test(reason))).toEqual([]);
      const codes = codesIn(bytes);
      if (codes.includes(82)) expect(codes.lastIndexOf(82)).toBe(codes.length - 1);
      if (!limits.maySplit) expect(new Set(codes).size).toBe(codes.length);

      const areas = [240, ...(overload & 1 ? [108] : []), ...(overload & 2 ? [44] : [])];
      const empty = areas.reduce((sum, from) => sum + emptyIn(bytes, from), 0);
      expect(empty).toBe([...read.options.values()].filter((body) => body.length === 0).length);

      const kept = [...packet.options].filter(([code]) => !dropped.some((one) => one.code === code));
      for (const [code, body] of kept) expect(read.options.get(code)).toEqual(body);
      for (const { code } of dropped) expect(read.options.has(code)).toBe(false);
      const names = { file: overload & 1 ? '' : packet.file, sname: overload & 2 ? '' : packet.sname };
      expect(read).toEqual({ ...packet, ...names, options: read.options });
      if (overload & 1 && packet.file) expect(readOption(read.options, 'bootfile-name')).toBe(packet.file);
      if (overload & 2 && packet.sname)
        expect(readOption(read.options, 'tftp-server-name')).toBe(packet.sname);
    }),
    { numRuns: 300 },
  );
});

test('encode() drops nothing that room and rules allow', () => {
  fc.assert(
    fc.property(packets(unnamedOptions), (packet) => {
      const { dropped } = encodeReport(packet, { maxSize: 65_507, maySplit: true });
      expect(dropped).toEqual([]);
    }),
  );
});
