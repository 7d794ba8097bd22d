import { describe, expect, test } from 'vitest';
import { createClientMemory, type Lesson } from '../../src/tftp/client-memory.ts';
import type { Limits } from '../../src/tftp/negotiate.ts';

const LIMITS: Limits = { blksizeMax: 1468, windowsizeMax: 64, rollover: 0, rfc1350: false };
const CLIENT = '10.0.0.1';
const OTHER = '2001:db8::2';
const HOUR = 3_600_000;

function read(over: Partial<Lesson> = {}): Lesson {
  const blocks = { blksize: 1468, windowsize: 16, packets: 1000, retransmissions: 0 };
  return { ...blocks, done: true, firstBlockLost: false, ...over };
}

const LOSSY = read({ retransmissions: 200 });
const VANISHED = read({ windowsize: 1, packets: 8, retransmissions: 6, done: false, firstBlockLost: true });

describe('createClientMemory()', () => {
  test('grants everybody everything until there is something to remember', () => {
    const memory = createClientMemory();
    expect(memory.learn(CLIENT, read(), 0)).toBeUndefined();
    expect(memory.temper(CLIENT, LIMITS, 0)).toBe(LIMITS);
    expect(memory.size).toBe(0);
  });

  test('halves the window of a client whose windows are lost, and of nobody else', () => {
    const memory = createClientMemory();
    expect(memory.learn(CLIENT, LOSSY, 0)).toEqual({ what: 'windowsize', was: 16, will: 8 });
    expect(memory.temper(CLIENT, LIMITS, 0)).toMatchObject({ windowsizeMax: 8, blksizeMax: 1468 });
    expect(memory.temper(OTHER, LIMITS, 0)).toBe(LIMITS);
    for (const windowsize of [8, 4, 2]) memory.learn(CLIENT, read({ windowsize, retransmissions: 200 }), 0);
    expect(memory.temper(CLIENT, LIMITS, 0)).toMatchObject({ windowsizeMax: 1 });
  });

  test.each([
    ['in lock-step', { windowsize: 1, retransmissions: 500 }],
    ['of one block in 12', { retransmissions: 80 }],
    ['of a file of three blocks', { packets: 4, retransmissions: 1 }],
    ['of a client that went away', { retransmissions: 500, done: false }],
  ])('takes a loss %s for no reason to shrink a window', (_, over) => {
    const memory = createClientMemory();
    expect(memory.learn(CLIENT, read(over), 0)).toBeUndefined();
    expect(memory.temper(CLIENT, LIMITS, 0)).toBe(LIMITS);
  });

  test('doubles it again after eight good transfers in a row, up to what was asked', () => {
    const memory = createClientMemory();
    memory.learn(CLIENT, LOSSY, 0);
    const windows: number[] = [];
    for (let i = 0; i < 40; i++) {
      const windowsize = Math.min(64, memory.temper(CLIENT, LIMITS, i).windowsizeMax);
      windows.push(windowsize);
      memory.learn(CLIENT, read({ windowsize }), i);
    }
    expect(windows).toEqual([8, 16, 32, 64, 64].flatMap((size) => Array(8).fill(size)));
    expect(memory.size).toBe(0);
  });

  test('starts to count anew after a transfer that was not good', () => {
    const memory = createClientMemory();
    memory.learn(CLIENT, LOSSY, 0);
    for (let i = 0; i < 7; i++) memory.learn(CLIENT, read({ windowsize: 8 }), 0);
    memory.learn(CLIENT, read({ windowsize: 8, retransmissions: 30 }), 0);
    memory.learn(CLIENT, read({ windowsize: 8 }), 0);
    expect(memory.temper(CLIENT, LIMITS, 0)).toMatchObject({ windowsizeMax: 8 });
  });

  test('learns nothing from transfers that were smaller than the window it is kept to', () => {
    const memory = createClientMemory();
    memory.learn(CLIENT, LOSSY, 0);
    for (let i = 0; i < 20; i++) memory.learn(CLIENT, read({ windowsize: 8, packets: 9 }), 0);
    for (let i = 0; i < 20; i++) memory.learn(CLIENT, read({ windowsize: 4 }), 0);
    expect(memory.temper(CLIENT, LIMITS, 0)).toMatchObject({ windowsizeMax: 8 });
  });

  test('steps down with blocks that never arrive, to 512 and no further', () => {
    const memory = createClientMemory();
    const steps: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const { blksizeMax } = memory.temper(CLIENT, { ...LIMITS, blksizeMax: 8192 }, i);
      steps.push(memory.learn(CLIENT, { ...VANISHED, blksize: blksizeMax }, i)?.will);
    }
    expect(steps).toEqual([1468, 1428, 1024, 512, undefined]);
    expect(memory.temper(CLIENT, LIMITS, 5)).toMatchObject({ blksizeMax: 512 });
  });

  test('keeps the smaller block through good transfers, and forgets it when the client was away for an hour', () => {
    const memory = createClientMemory();
    memory.learn(CLIENT, VANISHED, 0);
    for (let i = 0; i < 100; i++) memory.learn(CLIENT, read({ blksize: 1428, windowsize: 1 }), i);
    expect(memory.temper(CLIENT, LIMITS, 100 + HOUR / 2)).toMatchObject({ blksizeMax: 1428 });
    expect(memory.temper(CLIENT, LIMITS, 100 + HOUR)).toBe(LIMITS);
  });

  test('never grants more than the limits', () => {
    const memory = createClientMemory();
    memory.learn(CLIENT, LOSSY, 0);
    expect(memory.temper(CLIENT, { ...LIMITS, windowsizeMax: 4 }, 0)).toMatchObject({ windowsizeMax: 4 });
  });

  test('remembers 4096 clients at most, those of the last lessons', () => {
    const memory = createClientMemory();
    for (let client = 0; client < 10_000; client++) memory.learn(String(client), LOSSY, client);
    expect(memory.size).toBe(4096);
    expect(memory.temper('1', LIMITS, 10_000)).toBe(LIMITS);
    expect(memory.temper('9999', LIMITS, 10_000)).toMatchObject({ windowsizeMax: 8 });
  });
});
