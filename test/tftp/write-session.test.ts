import { describe, expect, test } from 'vitest';
import { latin1Decode, latin1Encode } from '../../src/lib/bytes.ts';
import type { WriteSession } from '../../src/tftp/session.ts';
import type { WriteOptions } from '../../src/tftp/write-session.ts';
import { createWriteSession } from '../../src/tftp/write-session.ts';
import { decode } from '../../src/tftp-packet/index.ts';

const LOCK_STEP = { blksize: 8, windowsize: 1, rollover: 0 } as const;
const FULL = latin1Encode('01234567');
const SHORT = latin1Encode('end');

function create(options: Partial<WriteOptions> = {}): WriteSession {
  return createWriteSession({ terms: LOCK_STEP, netascii: false, capBytes: 1000, ...options }, 0);
}

function drain(session: WriteSession, now: number): string[] {
  const said: string[] = [];
  for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
    if (action.kind !== 'packet') said.push(action.kind);
    else {
      const packet = decode(action.packet);
      if (!packet.ok) throw new Error(packet.reason);
      if (packet.value.opcode === 'ack') said.push(`ACK ${packet.value.block}`);
      else said.push(packet.value.opcode === 'error' ? `ERROR ${packet.value.code}` : packet.value.opcode);
    }
  }
  return said;
}

function give(session: WriteSession, block: number, payload: Uint8Array, now: number): string {
  const octets = session.receive(block, payload, now);
  return octets === undefined ? '' : latin1Decode(octets);
}

describe('createWriteSession() in lock-step', () => {
  test('takes a file; its last ACK waits for the commit', () => {
    const session = create();
    expect(drain(session, 0)).toEqual(['ACK 0']);
    expect(session.phase()).toBe('opening');
    expect(give(session, 1, FULL, 1)).toBe('01234567');
    expect(drain(session, 1)).toEqual(['ACK 1']);
    expect(give(session, 2, SHORT, 2)).toBe('end');
    expect(drain(session, 2)).toEqual(['commit']);
    expect(session.phase()).toBe('committing');
    expect(give(session, 2, SHORT, 2.5)).toBe('');
    expect(drain(session, 1e6)).toEqual([]); // a slow disk is no reason to give up
    session.committed(undefined, 3);
    expect(drain(session, 3)).toEqual(['ACK 2', 'finished']);
    expect(session.outcome()).toEqual({ kind: 'done' });
    expect(session.stats()).toMatchObject({ bytes: 11, retransmissions: 0 });
  });

  test('lingers to mend a lost last ACK, then closes', () => {
    const session = create();
    drain(session, 0);
    give(session, 1, SHORT, 1);
    drain(session, 1);
    session.committed(undefined, 2);
    drain(session, 2);
    expect(session.phase()).toBe('lingering');
    give(session, 1, SHORT, 1000);
    expect(drain(session, 1000)).toEqual(['ACK 1']);
    const due = session.deadline();
    expect(due).toBeGreaterThan(3000);
    expect(drain(session, due)).toEqual(['close']);
    expect(session.phase()).toBe('closed');
    give(session, 1, SHORT, due + 1);
    expect(drain(session, due + 1)).toEqual([]);
    expect(session.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test.each([
    { timeoutMs: 5000, lingers: 10_000 },
    { timeoutMs: 255_000, lingers: 20_000 },
  ])('lingers for $lingers ms for a sender that waits $timeoutMs', ({ timeoutMs, lingers }) => {
    const session = create({ terms: { ...LOCK_STEP, timeoutMs } });
    drain(session, 0);
    give(session, 1, SHORT, 1);
    drain(session, 1);
    session.committed(undefined, 2);
    drain(session, 2);
    expect(session.deadline()).toBe(2 + lingers);
    expect(drain(session, 2 + lingers)).toEqual(['close']);
  });

  test('ACKs a doubled block once each, stores it once', () => {
    const session = create();
    drain(session, 0);
    give(session, 1, FULL, 1);
    drain(session, 1);
    expect(give(session, 1, FULL, 1.1)).toBe('');
    expect(drain(session, 1.1)).toEqual(['ACK 1']);
    expect(drain(session, 1.1)).toEqual([]);
  });

  test('answers the same request again with the same ACK 0 (pTFTPd defect 10)', () => {
    const session = create();
    drain(session, 0);
    session.duplicateRequest(0.1);
    expect(drain(session, 0.1)).toEqual([]);
    session.duplicateRequest(500);
    expect(drain(session, 500)).toEqual(['ACK 0']);
    give(session, 1, FULL, 501);
    drain(session, 501);
    session.duplicateRequest(900);
    expect(drain(session, 900)).toEqual([]);
  });

  test('takes an empty last block', () => {
    const session = create();
    drain(session, 0);
    give(session, 1, FULL, 1);
    drain(session, 1);
    expect(session.receive(2, new Uint8Array(0), 2)).toBeUndefined();
    expect(drain(session, 2)).toEqual(['commit']);
  });

  test.each([
    { problem: 'exists', code: 6 },
    { problem: 'disk-full', code: 3 },
    { problem: 'write-error', code: 0 },
  ] as const)('says ERROR $code when the commit fails: $problem', ({ problem, code }) => {
    const session = create();
    drain(session, 0);
    give(session, 1, SHORT, 1);
    drain(session, 1);
    session.committed(problem, 2);
    expect(drain(session, 2)).toEqual([`ERROR ${code}`, 'finished', 'close']);
    expect(session.outcome()).toMatchObject({ kind: 'failed', failure: problem });
  });

  test('refuses an announced size over the quota before anything is stored', () => {
    const session = create({ announcedBytes: 1001 });
    expect(drain(session, 0)).toEqual(['ERROR 3', 'finished', 'close']);
    expect(session.outcome()).toMatchObject({ failure: 'too-large' });
  });

  test('refuses what grows over the quota, and a block longer than agreed', () => {
    const growing = create({ capBytes: 10 });
    drain(growing, 0);
    give(growing, 1, FULL, 1);
    drain(growing, 1);
    expect(give(growing, 2, FULL, 2)).toBe('');
    expect(drain(growing, 2)).toEqual(['ERROR 3', 'finished', 'close']);
    const long = create();
    drain(long, 0);
    expect(give(long, 1, latin1Encode('012345678'), 1)).toBe('');
    expect(drain(long, 1)).toEqual(['ERROR 4', 'finished', 'close']);
  });

  test('repeats its ACK with growing waits, then gives up', () => {
    const session = create();
    drain(session, 0);
    give(session, 1, FULL, 1);
    drain(session, 1);
    let acks = 0;
    while (session.outcome() === undefined) acks += drain(session, session.deadline()).length;
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'timeout' });
    expect(acks).toBeGreaterThan(5);
    expect(acks).toBeLessThan(40);
  });

  test('ends with the client’s ERROR', () => {
    const session = create();
    drain(session, 0);
    session.peerError(3, 'stop', 1);
    expect(drain(session, 1)).toEqual(['finished', 'close']);
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'peer-error', detail: 'ERROR 3 stop' });
  });

  test('wraps past block 65,535, or refuses to', () => {
    for (const [rollover, next] of [
      [0, 0],
      [1, 1],
      ['forbidden', undefined],
    ] as const) {
      const session = create({ terms: { ...LOCK_STEP, rollover }, capBytes: 1e9 });
      drain(session, 0);
      for (let block = 1; block <= 65_535; block++) {
        session.receive(block, FULL, block);
        session.poll(block);
      }
      session.receive(next ?? 0, SHORT, 70_000);
      expect(drain(session, 70_000)[0]).toBe(next === undefined ? 'ERROR 0' : 'commit');
      session.committed(undefined, 70_001);
      if (next !== undefined) expect(drain(session, 70_001)[0]).toBe(`ACK ${next}`);
    }
  });
});

describe('createWriteSession() in windows', () => {
  const terms = {
    blksize: 8,
    windowsize: 3,
    rollover: 0,
    oack: Uint8Array.of(0, 6, 0x61, 0, 0x31, 0),
  } as const;

  test('ACKs the end of a window, and the short block', () => {
    const session = create({ terms });
    expect(drain(session, 0)).toEqual(['oack']);
    for (const block of [1, 2]) {
      expect(give(session, block, FULL, block)).toBe('01234567');
      expect(drain(session, block)).toEqual([]);
    }
    give(session, 3, FULL, 3);
    expect(drain(session, 3)).toEqual(['ACK 3']);
    give(session, 4, SHORT, 4);
    expect(drain(session, 4)).toEqual(['commit']);
  });

  test('ACKs the block before a gap once, and goes on when it is filled', () => {
    const session = create({ terms });
    drain(session, 0);
    give(session, 1, FULL, 1);
    expect(give(session, 3, FULL, 2)).toBe('');
    expect(drain(session, 2)).toEqual(['ACK 1']);
    expect(give(session, 3, FULL, 2.1)).toBe('');
    expect(drain(session, 2.1)).toEqual([]);
    for (const block of [2, 3, 4]) give(session, block, FULL, 3);
    expect(drain(session, 3)).toEqual(['ACK 4']);
  });
});

test('createWriteSession() converts netascii, a CR at the edge of a block too', () => {
  const session = create({ netascii: true });
  drain(session, 0);
  expect(give(session, 1, latin1Encode('1234567\r'), 1)).toBe('1234567');
  expect(give(session, 2, latin1Encode('\nab\r\0c\r'), 2)).toBe('\nab\rc\r');
  expect(session.stats().bytes).toBe(13);
});
