import { describe, expect, test } from 'vitest';
import { createReadSession } from '../../src/tftp/read-session.ts';
import type { ReadSession } from '../../src/tftp/session.ts';
import { decode } from '../../src/tftp-packet/index.ts';

const OACK = Uint8Array.of(0, 6, 0x61, 0, 0x31, 0);
const LOCK_STEP = { blksize: 512, windowsize: 1, rollover: 0 } as const;
const WINDOWS = { blksize: 512, windowsize: 4, rollover: 0, oack: OACK } as const;

/** What poll() hands out at `now`, as words: copies, because the session keeps one action for all. */
function drain(session: ReadSession, now: number): string[] {
  const said: string[] = [];
  for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
    if (action.kind === 'data') said.push(`data ${action.first}+${action.count}`);
    else if (action.kind === 'packet') said.push(describePacket(action.packet));
    else said.push(action.kind);
  }
  return said;
}

function describePacket(packet: Uint8Array): string {
  const decoded = decode(packet);
  if (!decoded.ok) return decoded.reason;
  return decoded.value.opcode === 'error' ? `ERROR ${decoded.value.code}` : decoded.value.opcode;
}

/** A session that has an answer within 1 ms for its OACK, and its first window out since t=1. */
function opened(sizeBytes: number): ReadSession {
  const session = createReadSession({ terms: WINDOWS, content: sizeBytes }, 0);
  drain(session, 0);
  session.acknowledge(0, 1);
  drain(session, 1);
  return session;
}

describe('createReadSession() in lock-step', () => {
  test('sends block after block, and an empty one after an exact multiple', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 1024 }, 0);
    expect(drain(session, 0)).toEqual(['data 1+1']);
    session.acknowledge(1, 1);
    expect(drain(session, 1)).toEqual(['data 2+1']);
    session.acknowledge(2, 2);
    expect(drain(session, 2)).toEqual(['data 3+1']);
    session.acknowledge(3, 3);
    expect(drain(session, 3)).toEqual(['finished', 'close']);
    expect(session.outcome()).toEqual({ kind: 'done' });
    expect(session.stats()).toMatchObject({ bytes: 1024, packets: 3, retransmissions: 0 });
    expect(session.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('sends nothing for a repeated ACK within a round trip (pTFTPd defect 7)', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    session.acknowledge(1, 1);
    expect(drain(session, 1)).toEqual(['data 2+1']);
    session.acknowledge(1, 1.1);
    session.acknowledge(1, 1.2);
    expect(drain(session, 1.2)).toEqual([]);
    session.acknowledge(2, 2);
    expect(drain(session, 2)).toEqual(['data 3+1']);
  });

  test('resends once for a repeated ACK that comes later than a round trip (PXELINUX after 100 ms)', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    session.acknowledge(1, 1);
    drain(session, 1);
    session.acknowledge(1, 20);
    expect(drain(session, 20)).toEqual(['data 2+1']);
    session.acknowledge(1, 20.1);
    expect(drain(session, 20.1)).toEqual([]);
    expect(session.stats().retransmissions).toBe(1);
  });

  test.each([
    { what: 'of the past', block: 0 },
    { what: 'for a block that was not sent', block: 3 },
    { what: 'far ahead', block: 40_000 },
  ])('ignores an ACK $what', ({ block }) => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    session.acknowledge(1, 1);
    drain(session, 1);
    session.acknowledge(block, 25);
    expect(drain(session, 25)).toEqual([]);
  });

  test('resends by itself, each wait twice as long, up to the ceiling (pTFTPd defect 16)', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    session.acknowledge(1, 1); // a round trip of 1 ms: from now on the floor rules
    drain(session, 1);
    const waits: number[] = [];
    for (let now = 1; waits.length < 8; ) {
      const due = session.deadline();
      waits.push(due - now);
      now = due;
      expect(drain(session, now - 0.001)).toEqual([]);
      expect(drain(session, now)).toEqual(['data 2+1']);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 2000]);
  });

  test('takes no round trip from a block that went out twice (Karn)', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    drain(session, session.deadline());
    session.acknowledge(1, 260);
    expect(session.stats().roundTripMs).toBeUndefined();
    drain(session, 260);
    session.acknowledge(2, 263);
    expect(session.stats().roundTripMs).toBe(3);
  });

  test('honours the client’s timeout as the longest wait', () => {
    const session = createReadSession({ terms: { ...LOCK_STEP, timeoutMs: 1000 }, content: 9000 }, 0);
    drain(session, 0);
    let longest = 0;
    for (let now = 0; session.outcome() === undefined; ) {
      const due = session.deadline();
      longest = Math.max(longest, due - now);
      now = due;
      drain(session, now);
    }
    expect(longest).toBe(1000);
  });
});

describe('createReadSession() giving up', () => {
  function giveUp(session: ReadSession, from: number): number {
    let now = from;
    while (session.outcome() === undefined) {
      now = session.deadline();
      drain(session, now);
    }
    return now;
  }

  test('on a client that never answered: after 14 s', () => {
    const session = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
    drain(session, 0);
    const now = giveUp(session, 0);
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'timeout' });
    expect(now).toBeGreaterThanOrEqual(14_000);
    expect(now).toBeLessThan(17_000);
    expect(session.stats().packets).toBeLessThan(12); // what a forged request can make us send
  });

  test.each([
    { timeoutMs: 5000, heard: false, from: 15_000, to: 20_000 },
    { timeoutMs: 255_000, heard: false, from: 30_000, to: 40_000 },
    { timeoutMs: 8000, heard: true, from: 40_000, to: 50_000 },
    { timeoutMs: 255_000, heard: true, from: 120_000, to: 130_000 },
  ])(
    'later when its timeout is $timeoutMs ms, but not for ever (heard: $heard)',
    ({ timeoutMs, heard, from, to }) => {
      const session = createReadSession({ terms: { ...LOCK_STEP, timeoutMs }, content: 90_000 }, 0);
      drain(session, 0);
      if (heard) session.acknowledge(1, 1);
      const now = giveUp(session, 1);
      expect(now).toBeGreaterThanOrEqual(from);
      expect(now).toBeLessThan(to);
    },
  );

  test('on a client that went away: after 30 s', () => {
    const session = opened(90_000);
    const now = giveUp(session, 1);
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'timeout' });
    expect(now).toBeGreaterThanOrEqual(30_000);
    expect(now).toBeLessThan(33_000);
  });

  test('on the last ACK: says that only it is missing', () => {
    const session = opened(600);
    giveUp(session, 1);
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'last-ack-missing' });
  });

  test('even on a client that repeats its last ACK for ever', () => {
    const session = opened(90_000);
    for (let now = 1; now < 40_000 && session.outcome() === undefined; now += 100) {
      session.acknowledge(0, now);
      drain(session, now);
    }
    expect(session.outcome()).toEqual({ kind: 'failed', failure: 'timeout' });
  });
});

describe('createReadSession() with an OACK', () => {
  test('waits for ACK 0, ignores others, and answers a doubled ACK 0 once', () => {
    const session = createReadSession({ terms: { ...LOCK_STEP, oack: OACK }, content: 9000 }, 0);
    expect(drain(session, 0)).toEqual(['oack']);
    session.acknowledge(1, 0.5);
    expect(drain(session, 0.5)).toEqual([]);
    session.acknowledge(0, 1);
    session.acknowledge(0, 1);
    expect(drain(session, 1)).toEqual(['data 1+1']);
    session.acknowledge(0, 1.5);
    expect(drain(session, 1.5)).toEqual([]);
  });

  test.each([
    { code: 8, message: 'User aborted the transfer', outcome: { kind: 'probed' } },
    { code: 0, message: '', outcome: { kind: 'probed' } },
    { code: 3, message: 'Disk full', outcome: { failure: 'peer-error', detail: 'ERROR 3 Disk full' } },
    {
      code: 5,
      message: 'Unknown\x1b TID',
      outcome: { failure: 'peer-error', detail: 'ERROR 5 Unknown? TID' },
    },
  ])('and ERROR $code in answer is $outcome', ({ code, message, outcome }) => {
    const session = createReadSession({ terms: WINDOWS, content: 9000 }, 0);
    drain(session, 0);
    session.peerError(code, message, 1);
    expect(session.outcome()).toMatchObject(outcome);
    expect(drain(session, 1)).toEqual(['finished', 'close']);
  });

  test('sends it again for the same request, but not for a copy of it', () => {
    const session = createReadSession({ terms: WINDOWS, content: 9000 }, 0);
    drain(session, 0);
    session.duplicateRequest(0.2);
    expect(drain(session, 0.2)).toEqual([]);
    session.duplicateRequest(200);
    expect(drain(session, 200)).toEqual(['oack']);
    expect(session.phase()).toBe('opening');
    session.acknowledge(0, 201);
    drain(session, 201);
    session.acknowledge(4, 202);
    drain(session, 202);
    expect(session.phase()).toBe('transferring');
    session.duplicateRequest(225);
    expect(drain(session, 225)).toEqual([]);
  });
});

test('createReadSession() takes ERROR for block 1 as an existence probe, and later ones as failures', () => {
  const probe = createReadSession({ terms: LOCK_STEP, content: 9000 }, 0);
  drain(probe, 0);
  probe.peerError(0, 'stop', 1);
  expect(probe.outcome()).toEqual({ kind: 'probed' });
  const failure = opened(9000);
  failure.acknowledge(4, 2);
  failure.peerError(0, 'stop', 3);
  expect(failure.outcome()).toEqual({ kind: 'failed', failure: 'peer-error', detail: 'ERROR 0 stop' });
});

describe('createReadSession() in windows', () => {
  test('sends window after window, each block a datagram of its own (pTFTPd defect 5)', () => {
    const session = createReadSession({ terms: WINDOWS, content: 512 * 9 }, 0);
    drain(session, 0);
    session.acknowledge(0, 1);
    expect(drain(session, 1)).toEqual(['data 1+4']);
    session.acknowledge(4, 2);
    expect(drain(session, 2)).toEqual(['data 5+4']);
    session.acknowledge(8, 3);
    expect(drain(session, 3)).toEqual(['data 9+2']);
    session.acknowledge(10, 4);
    expect(drain(session, 4)).toEqual(['finished', 'close']);
  });

  test('restarts behind an ACK inside the window', () => {
    const session = opened(90_000);
    session.acknowledge(2, 2.5);
    expect(drain(session, 2.5)).toEqual(['data 3+4']);
  });

  test('restarts once at once for a repeated ACK (the first block was lost), then only after a round trip', () => {
    const session = opened(90_000);
    session.acknowledge(0, 2.2);
    expect(drain(session, 2.2)).toEqual(['data 1+4']);
    session.acknowledge(0, 3.2);
    expect(drain(session, 3.2)).toEqual([]);
  });

  test('does not restart for a doubled ACK', () => {
    const session = opened(90_000);
    session.acknowledge(4, 2.5);
    expect(drain(session, 2.5)).toEqual(['data 5+4']);
    session.acknowledge(4, 2.6);
    expect(drain(session, 2.6)).toEqual([]);
  });

  test('tries the next window when the same one was unanswered twice', () => {
    const session = opened(90_000);
    const said: string[] = [];
    for (let i = 0; i < 4; i++) said.push(...drain(session, session.deadline()));
    expect(said).toEqual(['data 1+4', 'data 5+4', 'data 1+4', 'data 5+8']);
    session.acknowledge(8, 1000);
    expect(drain(session, 1000)).toEqual(['data 9+4']);
  });

  test('never hands out an empty datagram (pTFTPd defect 8)', () => {
    for (const sizeBytes of [0, 1, 511, 512, 2048, 2049, 5000]) {
      const session = createReadSession({ terms: WINDOWS, content: sizeBytes }, 0);
      const sent: number[] = [];
      for (let now = 0; session.outcome() === undefined; now++) {
        let last = 0;
        for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
          if (action.kind === 'packet') expect(action.packet.length).toBeGreaterThan(0);
          if (action.kind !== 'data') continue;
          expect(action.count).toBeGreaterThan(0);
          last = action.first + action.count - 1;
          for (let i = 0; i < action.count; i++) sent.push(action.first + i);
        }
        session.acknowledge(last, now + 0.5);
      }
      expect(sent).toEqual(Array.from({ length: Math.floor(sizeBytes / 512) + 1 }, (_, i) => i + 1));
    }
  });

  test('uses one action object for all packets', () => {
    const session = createReadSession({ terms: WINDOWS, content: 90_000 }, 0);
    const first = session.poll(0);
    session.acknowledge(0, 1);
    expect(session.poll(1)).toBe(first);
  });
});

test('abort() sends its ERROR, then finishes; superseded says nothing', () => {
  const cut = opened(9000);
  cut.abort('read-error', { code: 0, message: 'File was cut short' });
  expect(cut.deadline()).toBe(0);
  expect(drain(cut, 2)).toEqual(['ERROR 0', 'finished', 'close']);
  expect(cut.outcome()).toEqual({ kind: 'failed', failure: 'read-error', detail: 'File was cut short' });
  const replaced = opened(9000);
  replaced.abort('superseded');
  expect(drain(replaced, 2)).toEqual(['finished', 'close']);
  replaced.acknowledge(4, 3);
  expect(drain(replaced, 3)).toEqual([]);
});

test('wireBlock() numbers blocks as both ways of wrapping do', () => {
  const to0 = createReadSession({ terms: LOCK_STEP, content: 1 }, 0);
  const to1 = createReadSession({ terms: { ...LOCK_STEP, rollover: 1 }, content: 1 }, 0);
  const blocks = [1, 65_535, 65_536, 65_537, 131_070, 131_071, 131_072, 2 ** 32 + 1];
  expect(blocks.map((block) => to0.wireBlock(block))).toEqual([1, 65_535, 0, 1, 65_534, 65_535, 0, 1]);
  expect(blocks.map((block) => to1.wireBlock(block))).toEqual([1, 65_535, 1, 2, 65_535, 1, 2, 2]);
});

describe('createReadSession() with msftwindow', () => {
  const terms = { ...WINDOWS, windowMax: 64 };

  function acknowledged(session: ReadSession, block: number, nextWindow: number | undefined): string[] {
    session.acknowledge(block, block + 1, nextWindow);
    return drain(session, block + 1);
  }

  test('lets each ACK choose the size of the next window', () => {
    const session = createReadSession({ terms, content: 100_000 }, 0);
    drain(session, 0);
    expect(acknowledged(session, 0, 2)).toEqual(['data 1+2']);
    expect(acknowledged(session, 2, 8)).toEqual(['data 3+8']);
    expect(acknowledged(session, 10, 1)).toEqual(['data 11+1']);
    expect(acknowledged(session, 11, 255)).toEqual(['data 12+64']); // no more than the limit
  });

  test('keeps the size for an ACK of four octets and for a fifth of 0', () => {
    const session = createReadSession({ terms, content: 100_000 }, 0);
    drain(session, 0);
    expect(acknowledged(session, 0, undefined)).toEqual(['data 1+4']);
    expect(acknowledged(session, 4, 0)).toEqual(['data 5+4']);
  });

  test('takes the size of an ACK in the middle of a window, and none of an ACK of the past', () => {
    const session = createReadSession({ terms, content: 100_000 }, 0);
    drain(session, 0);
    acknowledged(session, 0, 8);
    session.acknowledge(3, 4, 2);
    expect(drain(session, 4)).toEqual(['data 4+2']);
    session.acknowledge(1, 5, 64);
    expect(acknowledged(session, 5, undefined)).toEqual(['data 6+2']);
  });

  test('ignores a fifth octet where it was not negotiated', () => {
    const session = createReadSession({ terms: WINDOWS, content: 100_000 }, 0);
    drain(session, 0);
    expect(acknowledged(session, 0, 64)).toEqual(['data 1+4']);
  });

  test('delivers a file whatever sizes its client asks for', () => {
    const session = createReadSession({ terms, content: 500_000 }, 0);
    drain(session, 0);
    let received = 0;
    for (let turn = 0; session.outcome() === undefined && turn < 2000; turn++) {
      const [said] = acknowledged(session, received, (turn * 37) % 70);
      const [, first, count] = /^data (\d+)\+(\d+)$/.exec(said ?? '') ?? [];
      if (first === undefined) break;
      expect(Number(first)).toBe(received + 1);
      received += Number(count);
    }
    expect(session.outcome()).toEqual({ kind: 'done' });
    expect(session.stats()).toMatchObject({ bytes: 500_000, retransmissions: 0 });
  });
});
