import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Shape } from '../../src/dhcp-packet/index.ts';
import {
  OPTION_BY_CODE,
  OPTION_TABLE,
  type OptionKey,
  type Options,
  readOption,
  tryOption,
  writeOption,
  writePlainText,
} from '../../src/dhcp-packet/index.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';
import { anyValue } from './arbitraries.ts';

const KEYS = Object.keys(OPTION_TABLE) as OptionKey[];

function shapeOf(key: OptionKey): Shape<unknown> {
  return OPTION_TABLE[key].shape;
}

test.each(KEYS)('writeOption() and readOption() are inverse for %s', (key) => {
  fc.assert(
    fc.property(anyValue(key), (value) => {
      const shape = shapeOf(key);
      const size = shape.encodingLength(value);
      const out = new Uint8Array(size + 2).fill(0xee);
      expect(shape.encodeInto(value, out, 1)).toBe(1 + size);
      expect([out[0], out[size + 1]]).toEqual([0xee, 0xee]); // not an octet beyond its length
      const body = out.subarray(1, size + 1);
      expect(shape.check(body)).toBeUndefined();
      expect(shape.decode(body)).toEqual({ ok: true, value });
    }),
    { numRuns: 60 },
  );
});

test.each(KEYS)('check() of %s says what decode() says, for any octets', (key) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (body) => {
      const shape = shapeOf(key);
      const result = shape.decode(body);
      expect(shape.check(body)).toBe(result.ok ? undefined : result.reason);
    }),
    { numRuns: 60 },
  );
});

test('OPTION_TABLE has one row a code, and a source for each', () => {
  expect(new Set(KEYS.map((key) => OPTION_TABLE[key].code)).size).toBe(KEYS.length);
  expect(KEYS.filter((key) => !/^(RFC \d+|iPXE )/.test(OPTION_TABLE[key].source))).toEqual([]);
  for (const key of KEYS) expect(OPTION_BY_CODE[OPTION_TABLE[key].code]?.key).toBe(key);
});

type Row = readonly [key: OptionKey, body: string, value: unknown];

/** Octets written by hand from the RFCs. */
const BODIES: readonly Row[] = [
  ['subnet-mask', 'ffffff00', 0xffffff00],
  ['time-offset', 'ffffb9b0', -18_000],
  ['routers', '0a0000010a000002', [0x0a000001, 0x0a000002]],
  ['policy-filter', '0a000000ff000000', [[0x0a000000, 0xff000000]]],
  ['ip-forwarding', '01', true],
  ['ip-forwarding', '00', false],
  ['lease-time', 'ffffffff', 0xffffffff],
  ['host-name', '6e6f646500', 'node'],
  ['host-name', '00', ''],
  ['tftp-server-name', '31302e302e302e31', '10.0.0.1'],
  ['bootfile-name', '7000', 'p'],
  ['user-class', '69505845', ['iPXE']],
  ['user-class', '046950584503616263', ['iPXE', 'abc']],
  ['user-class', '00', ['\0']],
  ['user-class', '0461', ['\x04a']],
  ['rapid-commit', '', true],
  [
    'client-fqdn',
    '00000061',
    { s: false, o: false, e: false, n: false, rcode1: 0, rcode2: 0, name: 'a', partial: false },
  ],
  [
    'client-fqdn',
    'fc00000161',
    { s: false, o: false, e: true, n: true, rcode1: 0, rcode2: 0, name: 'a', partial: true },
  ],
  ['client-arch', '00070009', [7, 9]],
  ['client-uuid', '00abcd', { type: 0, bytes: fromHex('abcd') }],
  ['domain-search', '00', ['']],
  ['domain-search', '03612e6200', ['a\\.b']],
  ['domain-search', '016100c00200', ['a', '', '']], // a pointer to a root label, and a root label
  ['classless-routes', '0cac1f0a000001', [{ network: 0xac100000, length: 12, router: 0x0a000001 }]],
  [
    'authentication',
    '0101000000000100000002aabb',
    { protocol: 1, algorithm: 1, rdm: 0, replay: 0x1_0000_0002n, info: fromHex('aabb') },
  ],
];

test.each(BODIES.map(([key, body, value]) => ({ key, body, value })))(
  'readOption() $key of $body',
  ({ key, body, value }) => {
    expect(readOption(new Map([[OPTION_TABLE[key].code, fromHex(body)]]), key)).toEqual(value);
  },
);

/** Bodies that no value has, with the reason that `decode` warns of. */
const MALFORMED: readonly (readonly [OptionKey, string, string])[] = [
  ['subnet-mask', 'ffffff', 'address-length'],
  ['routers', '', 'addresses-length'],
  ['routers', '0a00000100', 'addresses-length'],
  ['static-routes', '000000000a000001', 'address-pairs-zero'],
  ['policy-filter', '0a000001', 'address-pairs-length'],
  ['time-offset', '0000', 'i32-length'],
  ['boot-file-size', '01', 'u16-length'],
  ['interface-mtu', '0043', 'u16-range'],
  ['default-ttl', '00', 'u8-range'],
  ['lease-time', '00000e', 'u32-length'],
  ['ip-forwarding', '02', 'boolean-value'],
  ['ip-forwarding', '', 'boolean-length'],
  ['host-name', '', 'text-empty'],
  ['client-id', '01', 'bytes-length'],
  ['client-arch', '000700', 'u16-list-length'],
  ['pmtu-plateau', '0001', 'u16-list-range'],
  ['client-ndi', '0102', 'network-interface-length'],
  ['client-uuid', '', 'client-uuid-length'],
  ['user-class', '', 'user-class-empty'],
  ['rapid-commit', '01', 'empty-length'],
  ['client-fqdn', '0000', 'client-fqdn-length'],
  ['client-fqdn', '04000001610001', 'client-fqdn-trailing'],
  ['client-fqdn', '040000c000', 'dns-pointer'],
  ['authentication', '01010000000000000000', 'authentication-length'],
  ['domain-search', '', 'dns-empty'],
  ['domain-search', '0361', 'dns-truncated'],
  ['domain-search', '0161', 'dns-truncated'],
  ['domain-search', '4161', 'dns-label'],
  ['domain-search', 'c000', 'dns-pointer'],
  ['domain-search', 'c0', 'dns-pointer'],
  ['domain-search', '0161c000', 'dns-pointer'],
  ['domain-search', '0161c005000162c003', 'dns-pointer'],
  ['domain-search', `${'3f'.padEnd(128, '61').repeat(4)}00`, 'dns-length'],
  ['domain-search', '00'.repeat(256), 'dns-too-many'],
  ['classless-routes', '', 'routes-empty'],
  ['classless-routes', '210a00000000', 'routes-width'],
  ['classless-routes', '180a0000', 'routes-truncated'],
  ['vi-vendor-class', '00000157', 'vendor-identifying-truncated'],
  ['vi-vendor-class', '0000015702ff', 'vendor-identifying-truncated'],
  ['vi-vendor-class', '000001570205aa', 'vendor-identifying-truncated'],
  ['vi-vendor-class', '', 'vendor-identifying-empty'],
  ['vi-vendor-opts', '000001570101', 'vendor-identifying-truncated'],
  ['vi-vendor-opts', '00000157020102', 'vendor-identifying-truncated'],
];

test.each(MALFORMED)('tryOption() %s of %j is rejected: %s', (key, body, reason) => {
  const options: Options = new Map([[OPTION_TABLE[key].code, fromHex(body)]]);
  expect(tryOption(options, key)).toEqual({ ok: false, reason });
  expect(() => readOption(options, key)).toThrow(
    new RegExp(`^Cannot read option \\d+ \\(${key}\\): ${reason}$`),
  );
});

test('readOption() and tryOption() give undefined for an absent option alone', () => {
  expect(readOption(new Map(), 'routers')).toBeUndefined();
  expect(tryOption(new Map(), 'routers')).toBeUndefined();
});

test('domain-search reads a chain of pointers no longer than a name has labels', () => {
  // name 0 is "a"; every further name is a pointer to the one before
  const chain = (length: number) => {
    const pointers = Array.from({ length }, (_, i) =>
      i === 0 ? 'c000' : `c0${toHex(Uint8Array.of(1 + 2 * i))}`,
    );
    return fromHex(`016100${pointers.join('')}`);
  };
  const read = (length: number) => tryOption(new Map([[119, chain(length)]]), 'domain-search');
  expect(read(100)).toEqual({ ok: true, value: Array.from({ length: 101 }, () => 'a') });
  expect(read(128)).toEqual({ ok: false, reason: 'dns-pointer' });
});

test('domain-search is compressed as in the example of RFC 3397 §3', () => {
  const options: Options = new Map();
  writeOption(options, 'domain-search', ['eng.apple.com', 'marketing.apple.com']);
  expect(toHex(options.get(119)!)).toBe('03656e67056170706c6503636f6d00096d61726b6574696e67c004');
});

test('domain-search has no pointers beyond what a pointer can tell', () => {
  const label = (i: number) => `${i}`.padStart(60, 'x');
  const long = Array.from({ length: 100 }, (_, i) =>
    [label(3 * i), label(3 * i + 1), label(3 * i + 2)].join('.'),
  );
  const names = [...long, 'a.late.example', 'b.late.example', long[0]!];
  const options: Options = new Map();
  writeOption(options, 'domain-search', names);
  expect(options.get(119)!.length).toBeGreaterThan(0x4000);
  expect(readOption(options, 'domain-search')).toEqual(names);
  expect(toHex(options.get(119)!.subarray(-2))).toBe('c000');
});

test('writeOption() ends 66 and 67 with a NUL, writePlainText() does not', () => {
  const options: Options = new Map();
  writeOption(options, 'tftp-server-name', 'a');
  writePlainText(options, 'bootfile-name', 'b');
  expect([toHex(options.get(66)!), toHex(options.get(67)!)]).toEqual(['6100', '62']);
  expect(() => writePlainText(options, 'bootfile-name', '')).toThrow(RangeError);
});

/** What a caller may not write. */
const REFUSED: readonly (readonly [OptionKey, unknown])[] = [
  ['subnet-mask', 2 ** 32],
  ['subnet-mask', -1],
  ['subnet-mask', 0.5],
  ['routers', []],
  ['policy-filter', []],
  ['static-routes', [[0, 1]]],
  ['time-offset', 2 ** 31],
  ['interface-mtu', 67],
  ['lease-time', 2 ** 32],
  ['message-type', 0],
  ['client-arch', []],
  ['client-arch', [65_536]],
  ['host-name', ''],
  ['host-name', 'a\0'],
  ['host-name', '☃'],
  ['client-id', fromHex('01')],
  ['pxelinux-magic', fromHex('01')],
  ['user-class', []],
  ['user-class', ['']],
  ['user-class', ['x'.repeat(256)]],
  ['client-ndi', { type: 256, major: 0, minor: 0 }],
  ['domain-search', []],
  ['domain-search', ['a..b']],
  ['domain-search', ['x'.repeat(64)]],
  ['domain-search', [Array.from({ length: 9 }, () => 'x'.repeat(30)).join('.')]],
  ['classless-routes', []],
  ['classless-routes', [{ network: 0, length: 33, router: 0 }]],
  ['vi-vendor-class', []],
  ['vi-vendor-class', [{ enterprise: 1, classes: [new Uint8Array(255)] }]],
  ['vi-vendor-opts', [{ enterprise: 1, options: [{ code: 256, body: new Uint8Array() }] }]],
  ['authentication', { protocol: 0, algorithm: 0, rdm: 0, replay: 1n << 64n, info: new Uint8Array() }],
];

test.each(REFUSED.map(([key, value]) => ({ key, value })))(
  'writeOption() throws RangeError for $key $value',
  ({ key, value }) => {
    const options: Options = new Map();
    expect(() => writeOption(options, key, value as never)).toThrow(RangeError);
    expect(options.size).toBe(0);
  },
);
