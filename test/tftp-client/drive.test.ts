import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dally, drive } from '../../src/tftp-client/drive.ts';
import type { Line } from '../../src/tftp-client/line.ts';
import { createGetSession } from '../../src/tftp-client/machine/get-session.ts';
import { adaptivePatience } from '../../src/tftp-client/machine/patience.ts';
import { data } from './packets.ts';

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

function sessionOf() {
  const patience = adaptivePatience({ timeoutMs: 100, retries: 2 });
  return createGetSession(
    { filename: 'f', mode: 'octet', options: [], port: 69, patience },
    performance.now(),
  );
}

function dallyOf(number: number, closed: number[]): void {
  dally({ session: sessionOf(), line: lineOf(number, closed) }, 1000);
}

describe('dally()', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

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
});

test('drive() takes an answer that came while better sockets were loaded', async () => {
  const arrived: Uint8Array[] = [];
  const improved: string[] = [];
  const line = lineOf(0, []);
  const socket: ReturnType<Line['socket']> = {
    ...line.socket(),
    receive(take) {
      const now = arrived.splice(0);
      for (const packet of now) take(packet, 4000);
      return now.length;
    },
    // Longer than wanted, so that the deadline is over for sure.
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms + 5)),
  };
  const session = sessionOf();
  await drive({
    session,
    work: { take: () => {} },
    line: {
      ...line,
      socket: () => socket,
      canImprove: () => improved.length === 0,
      prepare: async () => void arrived.push(data(1, 3)),
      improve: async () => void improved.push('now'),
    },
  });
  expect(session.outcome()).toEqual({ ok: true });
  expect(improved).toEqual([]);
  expect(session.retransmissions()).toBe(0);
});
