import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPTION_ALIASES, OPTION_KINDS } from '../../src/config/option-names-table.ts';
import { readConfiguredOption } from '../../src/config/option-values.ts';
import { OPTION_BY_CODE, OPTION_TABLE, type OptionKey } from '../../src/dhcp-packet/index.ts';
import { toHex } from '../../src/lib/bytes.ts';

const KEYS = Object.keys(OPTION_TABLE) as OptionKey[];

test.each<[name: string, value: unknown, code: number, hex: string]>([
  ['ntp-servers', ['10.0.0.1', '10.0.0.2'], 42, '0a0000010a000002'],
  ['ntp-servers', '10.0.0.1', 42, '0a000001'],
  ['42', 'hex:0a:00:00:01', 42, '0a000001'],
  ['time-offset', -3600, 2, 'fffff1f0'],
  ['interface-mtu', 1400, 26, '0578'],
  ['mtu', 1400, 26, '0578'],
  ['ip-forwarding', true, 19, '01'],
  ['pmtu-plateau', [68, 1500], 25, '004405dc'],
  ['broadcast-address', '10.0.0.255', 28, '0a0000ff'],
  ['root-path', '10.0.0.1:/r', 17, '31302e302e302e313a2f72'],
  ['captive-portal', 'https://a.example/ä', 114, '68747470733a2f2f612e6578616d706c652fc3a4'],
  ['bootfile-name', 'a', 67, '6100'],
  ['domain-search', ['a.example', 'b.example.'], 119, '016107 6578616d706c65 00 0162c002'],
  ['classless-static-route', [{ to: '10.0.0.0/8', via: '10.0.0.1' }], 121, '08 0a 0a000001'],
  ['classless-routes', { to: 'default', via: '10.0.0.1' }, 121, '00 0a000001'],
  ['static-routes', { to: '10.1.0.0', via: '10.0.0.1' }, 33, '0a010000 0a000001'],
  ['policy-filter', [{ to: '10.1.0.0', mask: '255.255.0.0' }], 21, '0a010000 ffff0000'],
  ['vendor-encap', { 6: { u8: 8 }, 9: 'hex:800015' }, 43, '06 01 08 09 03 800015 ff'],
  ['vendor-specific', 'hex:0102', 43, '0102'],
  ['ipxe-encap', { 176: { u8: 1 } }, 175, 'b0 01 01 ff'],
  ['vivso-suboptions', { 311: { 1: { u32: 1 } } }, 125, '00000137 06 01 04 00000001'],
  ['vi-vendor-class', { 311: ['MSFT'] }, 124, '00000137 05 04 4d534654'],
  ['user-class', 'pxe', 77, '03 707865'],
  ['224', 'text', 224, '74657874'],
  ['224', { ip: ['10.0.0.1', '10.0.0.2'] }, 224, '0a0000010a000002'],
  ['224', { u16: [1, 65535] }, 224, '0001ffff'],
  ['224', { i32: -1 }, 224, 'ffffffff'],
])('readConfiguredOption() reads %s: %j', (name, value, code, hex) => {
  const option = readConfiguredOption(name, value);
  if (!option.ok) throw new Error(option.reason);
  expect([option.value.code, toHex(option.value.body)]).toEqual([code, hex.replaceAll(' ', '')]);
});

test.each<[name: string, value: unknown, why: string | RegExp]>([
  ['ntp-server', 'x', 'expected an IPv4 address like 192.168.77.1, got "x"'],
  ['ntp-servers', [], 'needs at least one value; leave the option out for none'],
  ['ntp-servrs', '10.0.0.1', /^no such option; did you mean ntp-servers/],
  ['toString', 'x', /^no such option/],
  ['message-type', 1, 'pxed sets this option itself'],
  ['53', 'hex:01', 'pxed sets this option itself'],
  ['82', 'hex:0101ff', 'pxed sets this option itself'],
  ['lease-time', 60, 'use lease'],
  ['3', '10.0.0.1', 'use routers'],
  ['domain-name-servers', '10.0.0.1', 'use domain-name-servers'],
  ['0', 'hex:00', 'option codes are numbers from 1 to 254'],
  ['255', 'hex:00', 'option codes are numbers from 1 to 254'],
  ['time-offset', '1h', 'expected a number, got "1h"'],
  ['interface-mtu', 67, /must be an integer of 68 to 65535, got 67/],
  ['default-ttl', 256, /must be an integer of 1 to 255, got 256/],
  ['ip-forwarding', 'yes', 'expected true or false, got "yes"'],
  ['root-path', '', 'expected text, got ""'],
  ['root-path', 'a\nb', 'has control characters'],
  ['domain-search', ['a..b'], 'expected a domain name, got "a..b"'],
  [
    'classless-static-route',
    [{ to: '10.0.0.1/8', via: '10.0.0.1' }],
    /^expected a subnet like 10\.0\.0\.0\/8/,
  ],
  ['classless-static-route', ['10.0.0.0/8'], /^expected { to: 10\.0\.0\.0\/8, via: 10\.0\.0\.1 }/],
  ['42', 'hex:0a0000', 'no octets that option 42 can have (addresses-length)'],
  ['42', 'hex:0', /^expected pairs of hex digits/],
  ['43', { 0: 'a' }, '"0" is no code of a sub-option (1 to 254)'],
  ['43', { 6: 8 }, /^6: expected text, hex:… or a value with its width/],
  ['224', { u8: 256 }, 'expected an integer of 0 to 255, got 256'],
  ['224', { u64: 1 }, 'expected one of u8, u16, u32, i32, ip, got "u64"'],
  ['224', 7, /^expected text, hex:… or a value with its width/],
])('readConfiguredOption() refuses %s: %j', (name, value, why) => {
  const option = readConfiguredOption(name, value);
  const reason = option.ok ? 'taken' : option.reason;
  if (typeof why === 'string') expect(reason).toBe(why);
  else expect(reason).toMatch(why);
});

/** A value that every option of a kind takes; the octets of `hex` where no value fits all. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  address: '10.0.0.1',
  addresses: ['10.0.0.1'],
  'address-pairs': [],
  routes: { to: '10.0.0.0/8', via: '10.0.0.1' },
  integer: 576,
  integers: [70],
  flag: false,
  text: 'a',
  texts: ['a'],
  names: 'a.example',
  octets: 'hex:f100747e',
  'sub-options': { 8: { u8: 1 } },
  'vendor-classes': { 9: ['a'] },
  'vendor-options': { 9: { 1: 'a' } },
};

test.each(KEYS.filter((key) => OPTION_KINDS[key] !== 'own'))(
  'readConfiguredOption() makes what the shape of %s reads',
  (key) => {
    const kind = OPTION_KINDS[key];
    const second = key === 'policy-filter' ? { mask: '255.0.0.0' } : { via: '10.0.0.1' };
    const small = ['default-ttl', 'tcp-ttl', 'netbios-node-type'].includes(key);
    const value = kind === 'address-pairs' ? { to: '10.0.0.0', ...second } : small ? 8 : SAMPLES[kind];
    const option = readConfiguredOption(key, value);
    const also = [OPTION_TABLE[key].code];
    const taken = option.ok ? option : readConfiguredOption(key, value, { also });
    if (!taken.ok) throw new Error(taken.reason);
    expect(OPTION_TABLE[key].shape.decode(taken.value.body).ok).toBe(true);
  },
);

test('OPTION_ALIASES name no option twice and hide no name of the table', () => {
  expect(Object.keys(OPTION_ALIASES).filter((name) => name in OPTION_TABLE)).toEqual([]);
});

test('readConfiguredOption() gives octets that the codec reads, or a reason; it never throws', () => {
  const name = fc.oneof(
    fc.constantFrom(...KEYS, ...Object.keys(OPTION_ALIASES)),
    fc.nat(300).map(String),
    fc.string(),
  );
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('10.0.0.1', '10.0.0.0/8', 'hex:0a00', 'hex:', 'a.example', null, -1, 1.5),
  );
  const map = fc.dictionary(fc.constantFrom('to', 'via', 'mask', 'u8', 'u16', 'ip', '1', '6', '311'), leaf);
  const value = fc.oneof(
    leaf,
    map,
    fc.array(fc.oneof(leaf, map)),
    fc.dictionary(fc.constantFrom('1', '311'), map),
  );
  fc.assert(
    fc.property(name, value, (key, given) => {
      const option = readConfiguredOption(key, given);
      expect(option.ok ? 'taken' : option.reason).not.toBe('');
      if (!option.ok) return;
      expect(OPTION_BY_CODE[option.value.code]?.shape.check(option.value.body)).toBeUndefined();
      expect(option.value.body.length).toBeGreaterThan(0);
    }),
  );
});
