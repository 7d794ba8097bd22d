import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { dally } from '../../src/tftp-client/drive.ts';
import type { Line } from '../../src/tftp-client/line.ts';
import { createGetSession } from '../../src/tftp-client/machine/get-session.ts';
import { adaptivePatience } from '../../src/tftp-client/machine/patience.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Adds its number to `closed` when it is. */
function lineOf(number: number, closed: number[]): Line {
  const socket: ReturnType<Line['socket']> = {
    localPort: 4000,
    receive: () => 0,
    send: () => {},
    takeError: () => undefined,
    wait: async () => {},
    wake: () => {},
    unref: () => {},
    close: async () => {},
  };
  return {
    address: '192.0.2.1',
    socket: () => socket,
    canImprove: () => false,
    prepare: async () => {},
    improve: async () => {},
    close: () => void closed.push(number),
  };
}

function dallyOf(number: number, closed: number[]): void {
  const patience = adaptivePatience({ timeoutMs: 2000, retries: 2 });
  const session = createGetSession({ filename: 'f', mode: 'octet', options: [], port: 69, patience }, 0);
  dally({ session, line: lineOf(number, closed) }, 1000);
}

test('a line stays open for as long as was wanted, and is closed once', () => {
  const closed: number[] = [];
  dallyOf(0, closed);
  vi.advanceTimersByTime(900);
  expect(closed).toEqual([]);
  vi.advanceTimersByTime(5000);
  expect(closed).toEqual([0]);
});

test('of thousands of files few keep their sockets, those of the last', () => {
  const closed: number[] = [];
  for (let number = 0; number < 3000; number++) dallyOf(number, closed);
  expect(closed).toEqual(Array.from({ length: 3000 - 128 }, (_, number) => number));
  vi.advanceTimersByTime(2000);
  expect(closed).toEqual(Array.from({ length: 3000 }, (_, number) => number));
});
