import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createGetSession } from '../../src/tftp-client/machine/get-session.ts';
import { adaptivePatience } from '../../src/tftp-client/machine/patience.ts';
import type { ClientSession } from '../../src/tftp-client/machine/session.ts';
import type { TftpOption } from '../../src/tftp-packet/index.ts';
import { ack, data, error, oack, said } from './packets.ts';

const TID = 4000;
const OPTIONS: TftpOption[] = [
  ['tsize', '0'],
  ['blksize', '1468'],
  ['windowsize', '4'],
];

function fetch(options: readonly TftpOption[] = OPTIONS): ClientSession {
  const patience = adaptivePatience({ timeoutMs: 2000, retries: 2 });
  return createGetSession({ filename: 'f', mode: 'octet', options, port: 69, patience }, 0);
}

/** Under way with what was granted; ACK 0 is out at 1 ms, so a round trip takes 1 ms. */
function reading(...granted: TftpOption[]): ClientSession {
  const session = fetch();
  said(session, 0);
  session.receive(oack(...granted), TID, 1);
  said(session, 1);
  return session;
}

const WINDOW: TftpOption[] = [
  ['blksize', '8'],
  ['windowsize', '4'],
];

describe('createGetSession()', () => {
  test('asks the port it was told, then talks to the port that answered', () => {
    const session = fetch();
    expect(said(session, 0)).toEqual(['RRQ f']);
    expect(session.port()).toBe(69);
    session.receive(oack(['blksize', '1468'], ['tsize', '3']), TID, 1);
    expect(said(session, 1)).toEqual(['ACK 0']);
    expect(session.port()).toBe(TID);
    expect(session.terms()).toEqual({ blksize: 1468, windowsize: 1, tsize: 3 });
    expect(session.receive(data(1, 3), TID, 2)).toEqual(new Uint8Array(3).fill(1));
    expect(said(session, 2)).toEqual(['ACK 1']);
    expect(session.outcome()).toEqual({ ok: true });
    expect(session.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('reads by RFC 1350 when the server takes no notice of options', () => {
    const session = fetch();
    said(session, 0);
    session.receive(data(1, 512), TID, 1);
    expect(session.terms()).toEqual({ blksize: 512, windowsize: 1 });
    session.receive(data(2, 0), TID, 2);
    expect(said(session, 2)).toEqual(['ACK 2']);
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('acknowledges the end of each window and the end of the file', () => {
    const session = reading(...WINDOW);
    for (const block of [1, 2, 3]) session.receive(data(block, 8), TID, 2);
    expect(said(session, 2)).toEqual([]);
    session.receive(data(4, 8), TID, 2);
    expect(said(session, 2)).toEqual(['ACK 4']);
    session.receive(data(5, 7), TID, 3);
    expect(said(session, 3)).toEqual(['ACK 5']);
  });

  test('tells a gap once in a round trip, and drops what is behind it', () => {
    const session = reading(...WINDOW);
    session.receive(data(1, 8), TID, 2);
    expect(session.receive(data(3, 8), TID, 2)).toBeUndefined();
    expect(said(session, 2)).toEqual(['ACK 1']);
    session.receive(data(4, 8), TID, 2.1);
    expect(said(session, 2.1)).toEqual([]);
    session.receive(data(3, 8), TID, 9);
    expect(said(session, 9)).toEqual(['ACK 1']);
    expect(session.receive(data(2, 8), TID, 10)).toBeDefined();
  });

  test('answers a block that comes twice only when it comes later than an echo would', () => {
    const session = reading(['blksize', '8']);
    session.receive(data(1, 8), TID, 2);
    expect(said(session, 2)).toEqual(['ACK 1']);
    expect(session.receive(data(1, 8), TID, 2.5)).toBeUndefined();
    expect(said(session, 2.5)).toEqual([]);
    session.receive(data(1, 8), TID, 12);
    expect(said(session, 12)).toEqual(['ACK 1']);
    expect(session.retransmissions()).toBe(1);
  });

  test('answers a late copy of the OACK once more', () => {
    const session = reading(...WINDOW);
    session.receive(oack(...WINDOW), TID, 1.5);
    expect(said(session, 1.5)).toEqual([]);
    session.receive(oack(...WINDOW), TID, 15);
    expect(said(session, 15)).toEqual(['ACK 0']);
  });

  test('repeats itself with growing waits, from the measured round trip on, then gives up', () => {
    const session = reading(['blksize', '8']);
    session.receive(data(1, 8), TID, 2);
    said(session, 2);
    const waits: number[] = [];
    for (let now = 2; session.outcome() === undefined; ) {
      waits.push(session.deadline() - now);
      now = session.deadline();
      said(session, now);
    }
    expect(waits).toEqual([20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000]);
    expect(session.outcome()).toMatchObject({ ok: false, failure: { reason: 'timeout' } });
  });

  test('gives up with no-answer when nobody ever answered', () => {
    const session = fetch();
    for (let now = 0; session.outcome() === undefined; now = session.deadline()) said(session, now);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'no-answer' } });
  });

  test('knows strangers and takes nothing from them', () => {
    const session = reading(...WINDOW);
    expect([session.knows(TID), session.knows(TID + 1)]).toEqual([true, false]);
    expect(session.receive(data(1, 8), TID + 1, 2)).toBeUndefined();
    session.receive(error(0, 'forged'), TID + 1, 2);
    expect(session.outcome()).toBeUndefined();
  });

  test.each([
    ['an option nobody asked for', [['timeout', '2']]],
    ['larger blocks than asked', [['blksize', '1469']]],
    ['blocks below 8', [['blksize', '7']]],
    ['a larger window than asked', [['windowsize', '5']]],
    ['no window at all (pTFTPd)', [['windowsize', '0']]],
    ['a size that is no number', [['tsize', '-1']]],
  ] as const)('refuses an OACK with %s by ERROR 8', (_, options) => {
    const session = fetch();
    said(session, 0);
    session.receive(oack(...(options as unknown as TftpOption[])), TID, 1);
    expect(said(session, 1)).toEqual(['ERROR 8']);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'bad-oack' } });
  });

  test('refuses an OACK when it asked for no option', () => {
    const session = fetch([]);
    said(session, 0);
    session.receive(oack(['blksize', '1024']), TID, 1);
    expect(said(session, 1)).toEqual(['ERROR 8']);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'bad-oack' } });
  });

  test('keeps nothing of a block that is longer than agreed', () => {
    const session = reading(...WINDOW);
    expect(session.receive(data(1, 9), TID, 2)).toBeUndefined();
    expect(said(session, 2)).toEqual(['ERROR 4']);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'bad-block' } });
  });

  test('fails when the file is not as long as the server said, and still acknowledges its end', () => {
    const session = reading(['tsize', '9']);
    session.receive(data(1, 3), TID, 2);
    expect(said(session, 2)).toEqual(['ACK 1']);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'wrong-size' } });
  });

  test.each([
    [1, 'not-found'],
    [2, 'access-violation'],
    [8, 'options-refused'],
    [0, 'server-error'],
    [99, 'server-error'],
  ])('ERROR %i is %s', (code, reason) => {
    const session = fetch();
    said(session, 0);
    session.receive(error(code, 'no\u001b[2J'), TID, 1);
    expect(session.outcome()).toEqual({ ok: false, failure: { reason, code, detail: 'no?[2J' } });
    expect(said(session, 1)).toEqual([]);
  });

  test('acknowledges the last block again while it dallies', () => {
    const session = reading(...WINDOW);
    session.receive(data(1, 0), TID, 2);
    said(session, 2);
    session.receive(data(1, 0), TID, 1002);
    expect(said(session, 1002)).toEqual(['ACK 1']);
    session.receive(ack(1), TID, 1003);
    expect(said(session, 1003)).toEqual([]);
  });

  test('tells the server when it is ended from here', () => {
    const session = reading(...WINDOW);
    session.abort({ reason: 'aborted', detail: 'Transfer aborted' }, 0);
    expect(said(session, 2)).toEqual(['ERROR 0']);
    const early = fetch();
    said(early, 0);
    early.abort({ reason: 'aborted', detail: 'Transfer aborted' }, 0);
    expect(said(early, 1)).toEqual([]); // nobody to tell yet
  });
});

describe('createGetSession() after block 65535', () => {
  function upTo65535(...granted: TftpOption[]): ClientSession {
    const session = reading(...granted);
    for (let block = 1; block <= 65_535; block++) {
      session.receive(data(block, 8), TID, 2);
      said(session, 2);
    }
    return session;
  }

  test.each([0, 1])('follows a server that goes on with %i', (next) => {
    const session = upTo65535(['blksize', '8']);
    expect(session.receive(data(next, 8), TID, 2)).toBeDefined();
    expect(said(session, 2)).toEqual([`ACK ${next}`]);
    expect(session.receive(data(next + 1, 1), TID, 2)).toBeDefined();
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('takes 1 in a window for a gap where 0 was lost', () => {
    const session = upTo65535(...WINDOW);
    expect(session.receive(data(1, 8), TID, 3)).toBeUndefined();
    expect(said(session, 3)).toEqual(['ACK 65535']);
    expect(session.receive(data(0, 8), TID, 4)).toBeDefined();
    expect(session.receive(data(1, 8), TID, 4)).toBeDefined();
  });

  test('believes 1 in a window when 0 never comes, however often the copies come', () => {
    const session = upTo65535(...WINDOW);
    let kept = 0;
    let answers = 0;
    for (let now = 3; kept === 0 && answers < 20; now += 30) {
      // Everything is doubled on the way: a copy must not count as an answer.
      for (const block of [1, 1, 2, 3]) if (session.receive(data(block, 8), TID, now)) kept++;
      answers += said(session, now).length;
      if (answers < 4) expect(kept).toBe(0);
    }
    expect(kept).toBe(3);
    expect(session.receive(data(4, 1), TID, 1000)).toBeDefined();
    expect(session.outcome()).toEqual({ ok: true });
  });
});

test('createGetSession() never throws, and sends to nobody else, whatever comes', () => {
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    fc
      .tuple(fc.constantFrom(3, 4, 5, 6), fc.nat(6), fc.uint8Array({ maxLength: 30 }))
      .map(([opcode, block, body]) => Uint8Array.of(0, opcode, 0, block, ...body)),
    fc.constantFrom(data(1, 8), data(2, 8), data(3, 8), data(4, 2), oack(...WINDOW), oack(['tsize', '26'])),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(packet, fc.constantFrom(TID, TID + 1), fc.nat(50)), { maxLength: 40 }),
      (packets) => {
        const session = fetch();
        let now = 0;
        let kept = 0;
        said(session, now);
        for (const [bytes, port, later] of packets) {
          now += later;
          kept += session.receive(bytes, port, now)?.length ?? 0;
          said(session, now);
          expect([69, TID, TID + 1]).toContain(session.port());
        }
        const { tsize } = session.terms() ?? {};
        if (session.outcome()?.ok && tsize !== undefined) expect(kept).toBe(tsize);
      },
    ),
  );
});
