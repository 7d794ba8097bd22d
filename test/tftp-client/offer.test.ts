import { describe, expect, test } from 'vitest';
import { blamesOptions, ladder, nameProblem, optionsOf } from '../../src/tftp-client/machine/offer.ts';
import { adaptivePatience, fixedPatience } from '../../src/tftp-client/machine/patience.ts';
import { parseTarget } from '../../src/tftp-client/target.ts';
import { traceLine } from '../../src/tftp-client/trace.ts';
import { ack, data, error, oack } from './packets.ts';

const FULL = { blksize: 1468, windowsize: 16, tsize: 0, timeoutSeconds: 3 };

describe('ladder()', () => {
  test('asks for less at each step, in the end for nothing', () => {
    expect(ladder(FULL).map(optionsOf)).toEqual([
      [
        ['tsize', '0'],
        ['blksize', '1468'],
        ['windowsize', '16'],
        ['timeout', '3'],
      ],
      [['tsize', '0']],
      [],
    ]);
  });

  test('asks nothing twice', () => {
    const small = { blksize: 512, windowsize: 1, tsize: undefined, timeoutSeconds: undefined };
    expect(ladder(small)).toEqual([undefined]);
    expect(ladder({ ...small, tsize: 0 }).map(optionsOf)).toEqual([[['tsize', '0']], []]);
  });
});

test.each([
  [{ reason: 'options-refused', code: 8 }, true],
  [{ reason: 'server-error', code: 0 }, true],
  [{ reason: 'illegal-operation', code: 4 }, true],
  [{ reason: 'bad-oack' }, true],
  [{ reason: 'timeout' }, true],
  [{ reason: 'not-found', code: 1 }, false],
  [{ reason: 'no-answer' }, false],
  [{ reason: 'refused' }, false],
] as const)('blamesOptions() of %j: %s', (failure, expected) => {
  const asked = { options: optionsOf(FULL) };
  expect(blamesOptions({ detail: '', ...failure }, asked)).toBe(expected);
  expect(blamesOptions({ detail: '', ...failure }, { options: [] })).toBe(false);
});

test.each([
  ['f', undefined],
  ['', 'it is empty'],
  ['a\0b', 'it has a NUL in it'],
  ['\u20ac', 'it has a character that is no octet'],
  ['x'.repeat(502), undefined],
  ['x'.repeat(504), 'it is longer than 503 octets'],
])('nameProblem(%j) is %j', (name, problem) => {
  expect(nameProblem(name, 'octet', [])).toBe(problem);
});

describe('adaptivePatience()', () => {
  test('waits by the measured round trips, within its bounds', () => {
    const patience = adaptivePatience({ timeoutMs: 1000, retries: 1 });
    expect(patience.waitMs(0)).toBe(500);
    patience.measured(50);
    expect(patience.waitMs(0)).toBe(150); // 50 + 4 × 25
    expect(patience.waitMs(2)).toBe(600);
    expect(patience.waitMs(3)).toBe(1000);
    expect(patience.waitMs(4)).toBe(1000);
    expect(patience.waitMs(5)).toBeUndefined();
    for (let i = 0; i < 100; i++) patience.measured(0.1);
    expect(patience.waitMs(0)).toBe(20);
    expect(patience.echoMs()).toBeLessThan(1);
  });

  test('never waits longer than it was told, though that is less than its own least', () => {
    const patience = adaptivePatience({ timeoutMs: 10, retries: 0 });
    expect([patience.waitMs(0), patience.waitMs(1)]).toEqual([10, undefined]);
  });
});

test('fixedPatience() waits as it was told', () => {
  const patience = fixedPatience([1, 5]);
  expect([0, 1, 2].map((tries) => patience.waitMs(tries))).toEqual([1, 5, undefined]);
});

describe('parseTarget()', () => {
  test.each([
    ['tftp://10.0.0.1/f', { host: '10.0.0.1', file: 'f' }],
    [
      'TFTP://host:6969/a/b.img;mode=netascii',
      { host: 'host', port: 6969, file: 'a/b.img', mode: 'netascii' },
    ],
    ['tftp://h//abs', { host: 'h', file: '/abs' }],
    ['tftp://[2001:db8::1]:70/f', { host: '2001:db8::1', port: 70, file: 'f' }],
    ['tftp://[fe80::1%25eth0]/f', { host: 'fe80::1%eth0', file: 'f' }],
    ['tftp://[fe80::1%eth0]/f', { host: 'fe80::1%eth0', file: 'f' }],
    ['tftp://h/a%20b;c', { host: 'h', file: 'a b;c' }],
    ['tftp://h/100%', { host: 'h', file: '100%' }],
  ])('reads %s', (url, target) => {
    expect(parseTarget(url)).toEqual(target);
  });

  test.each([
    'http://h/f',
    'tftp://h',
    'tftp:///f',
    'tftp://h/',
    'tftp://h:0/f',
    'tftp://h:70000/f',
    'tftp://h/f;mode=mail',
  ])('refuses %s', (url) => {
    expect(() => parseTarget(url)).toThrow(expect.objectContaining({ reason: 'bad-url' }));
  });
});

test.each([
  [oack(['blksize', '8']), 'received OACK <blksize=8>'],
  [data(7, 3), 'received DATA <block=7, 3 bytes>'],
  [ack(7), 'received ACK <block=7>'],
  [error(1, 'no\u001b'), 'received ERROR <code=1, msg=no?>'],
  [Uint8Array.of(9), 'received 1 octets that are no TFTP packet (short-packet)'],
])('traceLine() of a packet: %#', (bytes, line) => {
  expect(traceLine('received', bytes)).toBe(line);
});
