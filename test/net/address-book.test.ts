import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ipv6, parseIpv6 } from '../../src/lib/ipv6.ts';
import { createAddressBook, interfaceNames } from '../../src/net/address-book.ts';

const of = (text: string): Ipv6 => parseIpv6(text)!;
const host = (n: number): Ipv6 => [0x20010db8, 0, 0, n];

function open(places = 4) {
  return createAddressBook({
    seed: 7,
    places,
    interfaceName: (index) => (index === 2 ? 'eth0' : undefined),
    interfaceIndex: (name) => (name === 'eth0' ? 2 : undefined),
  });
}

test('numberOf() gives an address one number, and none that an IPv4 peer could have', () => {
  const book = open();
  const first = book.numberOf(of('2001:db8::1'), 0);
  expect(book.numberOf(of('2001:db8::1'), 0)).toBe(first);
  expect(book.numberOf(of('2001:db8::2'), 0)).not.toBe(first);
  expect(first >>> 28).toBe(0xe);
  expect(book.lookup(first)).toEqual({ address: of('2001:db8::1'), scope: 0 });
  expect(book.lookup(0)).toBeUndefined();
  expect(book.lookup(0x0a000001)).toBeUndefined();
});

test('numberOf() tells the same link-local address on two links apart', () => {
  const book = open();
  const here = book.numberOf(of('fe80::1'), 2);
  const there = book.numberOf(of('fe80::1'), 3);
  expect(here).not.toBe(there);
  expect([here, there].map(book.format)).toEqual(['fe80::1%eth0', 'fe80::1%3']);
});

test('numberOfText() takes what node:dgram tells', () => {
  const book = open();
  expect(book.format(book.numberOfText('fe80::1%eth0'))).toBe('fe80::1%eth0');
  expect(book.format(book.numberOfText('2001:db8::9'))).toBe('2001:db8::9');
  expect(book.numberOfText('192.168.77.1')).toBe(0);
});

test('numberOf() forgets the oldest that nobody holds, and its number for good', () => {
  const book = open(4);
  const [first, second] = [1, 2, 3, 4].map((n) => book.numberOf(host(n), 0));
  book.hold(first!);
  const fifth = book.numberOf(host(5), 0);
  expect(book.lookup(second!)).toBeUndefined();
  expect(book.format(second!)).toBe('::');
  expect(book.lookup(first!)?.address).toEqual(host(1));
  expect(book.lookup(fifth)?.address).toEqual(host(5));
  book.letGo(first!);
  for (let n = 6; n < 10; n++) book.numberOf(host(n), 0);
  expect(book.lookup(first!)).toBeUndefined();
  expect(book.numberOf(host(1), 0)).not.toBe(first);
});

test('numberOf() has no number for a stranger when every place is held', () => {
  const book = open(4);
  for (let n = 1; n <= 4; n++) book.hold(book.numberOf(host(n), 0));
  expect(book.numberOf(host(5), 0)).toBe(0);
  book.letGo(book.numberOf(host(3), 0));
  expect(book.numberOf(host(5), 0)).not.toBe(0);
});

test('a flood of strangers changes no number that is held', () => {
  const book = open(1024);
  const held = Array.from({ length: 100 }, (_, n) => book.numberOf(host(n), 0));
  for (const number of held) book.hold(number);
  for (let n = 0; n < 100_000; n++) book.numberOf([0x20010db8, 1, n, n * 7], 0);
  held.forEach((number, n) => {
    expect(book.lookup(number)?.address).toEqual(host(n));
    expect(book.numberOf(host(n), 0)).toBe(number);
  });
});

test('the book agrees with a Map, whatever comes and goes', () => {
  const step = fc.record({ n: fc.integer({ min: 0, max: 12 }), hold: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const book = open(16);
      const held = new Map<number, number>();
      for (const { n, hold } of steps) {
        const number = book.numberOf(host(n), 0);
        expect(held.get(n) ?? number).toBe(number);
        expect(book.lookup(number)?.address).toEqual(host(n));
        if (!hold) continue;
        held.set(n, number);
        book.hold(number);
      }
    }),
  );
});

test('interfaceNames() asks the system again for an interface that is new', () => {
  const facts = { mac: '', mtu: 1500, up: true, running: true, loopback: false, addresses: [] };
  const system = [{ ...facts, name: 'eth0', index: 2 }];
  const names = interfaceNames(() => [...system]);
  expect(names.interfaceName(2)).toBe('eth0');
  expect(names.interfaceIndex('eth1')).toBeUndefined();
  system.push({ ...facts, name: 'eth1', index: 3 });
  expect(names.interfaceIndex('eth1')).toBe(3);
});
