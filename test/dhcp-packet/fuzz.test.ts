import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decode,
  encodeReport,
  OPTION_TABLE,
  type OptionKey,
  readOption,
  readPxe,
  replyBudget,
} from '../../src/dhcp-packet/index.ts';
import { concatBytes, fromHex } from '../../src/lib/bytes.ts';
import { goldensOf } from '../golden/load.ts';

const KEYS = Object.keys(OPTION_TABLE) as OptionKey[];
const SEEDS = goldensOf('dhcp4', 'bootp').map(({ bytes }) => bytes);
const REASONS = [
  'short-header',
  'bad-op',
  'bad-hlen',
  'bad-message-type',
  'bad-requested-ip',
  'bad-server-id',
  'option-overrun',
  'option-truncated',
];

/** Accepted, or one of the known reasons; what was accepted can be read, sent and read again. */
function holds(bytes: Uint8Array): void {
  for (const tolerance of ['strict', 'usual', 'lenient'] as const) {
    const before = bytes.slice();
    const result = decode(bytes, { tolerance });
    expect(bytes).toEqual(before);
    if (!result.ok) {
      expect(REASONS).toContain(result.reason);
      continue;
    }
    const { packet } = result.value;
    for (const key of KEYS) readOption(packet.options, key);
    readPxe(packet.options);
    replyBudget(packet.options, 1500);
    const again = encodeReport(packet, {
      maxSize: 65_507,
      minSize: bytes.length,
      maySplit: true,
      order: 'map',
    });
    expect(again.dropped).toEqual([]);
    const second = decode(again.bytes, { tolerance });
    expect(second.ok && second.value.packet).toEqual(packet);
  }
}

test('decode() of arbitrary octets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
      holds(bytes);
    }),
  );
});

/** A sound header with arbitrary octets where options are. */
const optionSoup = fc
  .record({
    soup: fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 43, 52, 53, 82, 119, 121, 255)), {
      maxLength: 400,
    }),
    sname: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    file: fc.uint8Array({ minLength: 128, maxLength: 128 }),
  })
  .map(({ soup, sname, file }) => {
    const head = SEEDS[0]!.subarray(0, 44);
    return concatBytes([head, sname, file, fromHex('63825363'), Uint8Array.from(soup)]);
  });

test('decode() of arbitrary octets behind the cookie', () => {
  fc.assert(
    fc.property(optionSoup, (bytes) => {
      holds(bytes);
    }),
    { numRuns: 400 },
  );
});

/** Well-framed options with arbitrary bodies: the shapes get everything. */
const framedSoup = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.uint8Array({ maxLength: 60 })), { maxLength: 12 })
  .map((options) =>
    concatBytes([
      SEEDS[0]!.subarray(0, 240),
      ...options.flatMap(([key, body]) => [Uint8Array.of(OPTION_TABLE[key].code, body.length), body]),
    ]),
  );

test('decode() of sound framing around arbitrary bodies', () => {
  fc.assert(
    fc.property(framedSoup, (bytes) => {
      holds(bytes);
    }),
    { numRuns: 400 },
  );
});

type Change = { readonly at: number; readonly value: number };

/** A golden vector with a few octets changed, then cut or lengthened. */
const mutated = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    changes: fc.array(fc.record<Change>({ at: fc.nat(600), value: fc.nat(255) }), { maxLength: 8 }),
    cut: fc.option(fc.nat(600)),
    tail: fc.uint8Array({ maxLength: 8 }),
  })
  .map(({ seed, changes, cut, tail }) => {
    const bytes = seed.slice(0, cut ?? seed.length);
    for (const { at, value } of changes) if (at < bytes.length) bytes[at] = value;
    return concatBytes([bytes, tail]);
  });

test('decode() of mutated golden vectors', () => {
  fc.assert(
    fc.property(mutated, (bytes) => {
      holds(bytes);
    }),
    { numRuns: 600 },
  );
});

test('decode() of every golden vector cut at every length', () => {
  for (const seed of SEEDS) {
    for (let length = 0; length <= seed.length; length++) {
      const result = decode(seed.subarray(0, length));
      if (!result.ok) expect(REASONS).toContain(result.reason);
    }
  }
});
