import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adaptivePatience } from '../../src/tftp-client/machine/patience.ts';
import { createPutSession, type PutSession } from '../../src/tftp-client/machine/put-session.ts';
import type { TftpOption } from '../../src/tftp-packet/index.ts';
import { ack, data, error, oack, said } from './packets.ts';

const TID = 4000;
const OPTIONS: TftpOption[] = [
  ['blksize', '1468'],
  ['windowsize', '4'],
];

function send(options: readonly TftpOption[] = OPTIONS): PutSession {
  const patience = adaptivePatience({ timeoutMs: 2000, retries: 2 });
  return createPutSession({ filename: 'f', mode: 'octet', options, port: 69, patience }, 0);
}

/** Under way; the request's answer took 1 ms. */
function sending(windowsize: number, { ready = 100, ended = true } = {}): PutSession {
  const session = send([['windowsize', String(windowsize)]]);
  said(session, 0);
  if (windowsize === 1) session.receive(ack(0), TID, 1);
  else session.receive(oack(['windowsize', String(windowsize)]), TID, 1);
  session.offer(ready, ended);
  return session;
}

describe('createPutSession()', () => {
  test('asks, then sends block by block to a server without options', () => {
    const session = send();
    expect(said(session, 0)).toEqual(['WRQ f']);
    session.receive(ack(0), TID, 1);
    expect(session.terms()).toEqual({ blksize: 512, windowsize: 1 });
    session.offer(2, true);
    expect(said(session, 1)).toEqual(['1']);
    expect(session.port()).toBe(TID);
    session.receive(ack(1), TID, 2);
    expect(said(session, 2)).toEqual(['2']);
    session.receive(ack(2), TID, 3);
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('sends windows, and begins anew behind what arrived', () => {
    const session = sending(4);
    expect(said(session, 1)).toEqual(['1..4']);
    session.receive(ack(4), TID, 2);
    expect(said(session, 2)).toEqual(['5..8']);
    session.receive(ack(6), TID, 3);
    expect(said(session, 3)).toEqual(['7..10']);
    expect(session.retransmissions()).toBe(2);
  });

  test('sends nothing for an ACK that comes twice, or of the past, or of a block that was not sent', () => {
    const session = sending(1);
    expect(said(session, 1)).toEqual(['1']);
    session.receive(ack(1), TID, 2);
    expect(said(session, 2)).toEqual(['2']);
    for (const block of [1, 0, 3, 60_000]) session.receive(ack(block), TID, 2.5);
    expect(said(session, 2.5)).toEqual([]);
    session.receive(ack(1), TID, 15); // late, but in lock-step nobody answers it (RFC 1123 §4.2.3.1)
    expect(said(session, 15)).toEqual([]);
  });

  test('begins a window anew for its ACK repeated, when that is no echo', () => {
    const session = sending(4);
    said(session, 1);
    session.receive(ack(4), TID, 2);
    said(session, 2);
    session.receive(ack(4), TID, 2.2);
    expect(said(session, 2.2)).toEqual([]);
    session.receive(ack(4), TID, 14);
    expect(said(session, 14)).toEqual(['5..8']);
  });

  test('waits for a slow source, for full windows or the end', () => {
    const session = sending(4, { ready: 3, ended: false });
    expect(said(session, 1)).toEqual([]);
    expect(session.deadline()).toBe(Number.POSITIVE_INFINITY);
    session.offer(4, false);
    expect(said(session, 50)).toEqual(['1..4']);
    session.receive(ack(4), TID, 51);
    expect(said(session, 51)).toEqual([]);
    session.offer(5, true);
    expect(said(session, 52)).toEqual(['5']);
    session.receive(ack(5), TID, 53);
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('repeats itself, then gives up and says after which block', () => {
    const session = sending(1);
    let now = 1;
    for (; session.outcome() === undefined; now = session.deadline()) said(session, now);
    const failure = { reason: 'timeout', detail: 'the server fell silent after block 0' };
    expect(session.outcome()).toEqual({ ok: false, failure });
    expect(session.retransmissions()).toBeGreaterThan(5);
  });

  test('sends a window in smaller bursts after silence, and goes on behind an ACK that comes between them', () => {
    const session = sending(64, { ready: 1000, ended: false });
    expect(said(session, 1)).toEqual(['1..64']);
    const late = session.deadline();
    expect(said(session, late)).toEqual(['1..32']);
    expect(said(session, late + 0.2)).toEqual([]);
    expect(said(session, late + 1)).toEqual(['33..64']);
    expect(session.deadline()).toBeGreaterThan(late + 10);
    session.receive(ack(64), TID, late + 2);
    expect(said(session, late + 2)).toEqual(['65..96']);
    session.receive(ack(70), TID, late + 2.1);
    expect(said(session, late + 2.1)).toEqual(['71..102']);
    // The same ACK again says nothing new of a window that is not yet out.
    session.receive(ack(70), TID, late + 2.2);
    expect(said(session, late + 2.2)).toEqual([]);
    expect(said(session, late + 3)).toEqual(['103..134']);
  });

  test('its bursts grow again while windows arrive whole', () => {
    const session = sending(64, { ready: 65_000, ended: false });
    said(session, 1);
    let now = session.deadline();
    const bursts: number[] = [];
    for (let acked = 0; acked < 64 * 200; acked += 64, now += 5) {
      bursts.push([0, 1, 2].flatMap((later) => said(session, now + later)).length);
      session.receive(ack(acked + 64), TID, now + 3);
    }
    expect(bursts[0]).toBe(2);
    expect(bursts.at(-1)).toBe(1);
  });

  test('windows larger than a server’s buffer arrive all the same, few of them in vain', () => {
    const session = sending(128, { ready: 20_000, ended: true });
    // Blocks that the server has room for at once, and takes in a millisecond; of a window it answers to the last one, or to repeats.
    const [room, perMs, stepMs] = [90, 200, 0.25];
    let [has, waiting, windows] = [0, 0, 0];
    for (let now = 1; session.outcome() === undefined && now < 60_000; now += stepMs) {
      waiting = Math.max(0, waiting - perMs * stepMs);
      for (const words of said(session, now)) {
        const [first = 0, last = first] = words.split('..').map(Number);
        const taken = Math.min(last - first + 1, room - waiting);
        waiting += taken;
        const repeats = first <= has;
        if (first <= has + 1) has = Math.max(has, first + taken - 1);
        if (repeats || has - windows >= 128 || has === 20_000) {
          session.receive(ack(has), TID, now + stepMs / 2);
          windows = has;
        }
      }
    }
    expect(session.outcome()).toEqual({ ok: true });
    expect(session.retransmissions()).toBeLessThan(20_000 / 10);
  });

  test('goes on with 0 after 65535', () => {
    const session = sending(1, { ready: 65_537 });
    said(session, 1);
    for (let block = 1; block <= 65_536; block++) {
      session.receive(ack(block), TID, 2);
      said(session, 2);
    }
    expect([session.wireBlock(65_535), session.wireBlock(65_536)]).toEqual([65_535, 0]);
    session.receive(ack(1), TID, 3);
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('gives 1 to a server that has ACKed 65535 four times, later than a round trip each', () => {
    const session = sending(1, { ready: 65_537 });
    said(session, 1);
    for (let block = 1; block <= 65_535; block++) {
      session.receive(ack(block), TID, 2);
      said(session, 2);
    }
    for (let refusal = 1; refusal <= 4; refusal++) {
      session.receive(ack(65_535), TID, 2 + 15 * refusal);
      expect(said(session, 2 + 15 * refusal)).toEqual(['65536']);
      expect(session.wireBlock(65_536)).toBe(refusal < 4 ? 0 : 1);
    }
    session.receive(ack(1), TID, 70);
    expect(said(session, 70)).toEqual(['65537']);
    session.receive(ack(2), TID, 71);
    expect(session.outcome()).toEqual({ ok: true });
  });

  test('refuses an OACK when it asked for no option', () => {
    const session = send([]);
    said(session, 0);
    session.receive(oack(['blksize', '1024']), TID, 1);
    expect(said(session, 1)).toEqual(['ERROR 8']);
    expect(session.outcome()).toMatchObject({ failure: { reason: 'bad-oack' } });
  });

  test('ends with the server’s ERROR', () => {
    const session = sending(1);
    session.receive(error(3, 'Disk full'), TID, 2);
    expect(session.outcome()).toMatchObject({
      failure: { reason: 'disk-full', code: 3, detail: 'Disk full' },
    });
  });

  test('never throws, and never sends what is not there, whatever comes', () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(12).map((block) => ack(block)),
      fc.nat(200).map((block) => ack(block)),
      fc.constantFrom(data(1, 8), oack(['windowsize', '4']), oack(['windowsize', '64']), error(5)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(packet, fc.nat(30)), { maxLength: 40 }),
        fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 200 })),
        (packets, ready) => {
          const session = send([['windowsize', '64']]);
          let now = 0;
          for (const [bytes, later] of packets) {
            now += later;
            session.receive(bytes, TID, now);
            if (session.terms()) session.offer(ready, true);
            for (const words of said(session, now)) {
              const last = /^(?:\d+\.\.)?(\d+)$/.exec(words)?.[1];
              if (last !== undefined) expect(Number(last)).toBeLessThanOrEqual(ready);
            }
          }
        },
      ),
    );
  });
});
