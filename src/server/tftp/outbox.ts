import type { DatagramSocket } from '../../net/datagram.ts';
import type { Action } from '../../tftp/session.ts';
import { createPaces, FRAME_OVERHEAD, type Pace } from './pace.ts';
import type { PaceMbps } from './settings.ts';
import type { ReadContent, Transfer } from './transfer.ts';

/**
 * The order in which DATA of many clients leaves, between sessions, which say what, and sockets, which say how.
 *
 * Theory of operation. Up to {@link QUANTUM} blocks of a transfer leave in the flush of the turn that asked for them; what
 * a window has beyond that takes its turn behind everybody's first blocks, a quantum each time round. So a client in
 * lock-step never stands behind the windows of others, and costs nothing here but a comparison. Two things make what
 * is left of a window wait for longer: the pace (a token bucket for all windows together, see pace.ts), and a file whose
 * octets are not in memory yet. The kernel would read them from disk while it sends, and every other client would
 * wait for the disk too; instead they are asked for, looked for each millisecond, and sent once they are there.
 *
 * A new action of a transfer replaces what is left of the one before: it begins at what its client asks for now.
 */
export type Outbox = {
  send(transfer: Transfer, action: Action, now: number): void;
  /** The transfer is over: nothing of it is sent any more. */
  drop(transfer: Transfer): void;
  /** Lays out what may leave now. */
  run(now: number): void;
  /** When to run again; Infinity: nothing waits, or it waits for a socket. */
  next(): number;
  /** Transfers with something left. */
  readonly waiting: number;
  pace(mbps: PaceMbps): void;
};

/** 16 blocks of 1468 are 24 kB, 0.2 ms of 1 Gb/s: what others wait for each client's turn. */
export const QUANTUM = 16;
const COLD_RETRY_MS = 1;
/** A disk that takes longer is not waited for any more: the kernel may, and tells of an error. */
const COLD_PATIENCE_MS = 2_000;

type Rest = { transfer: Transfer; content: ReadContent; first: number; count: number; coldSince: number };

export type OutboxParts = {
  /** See {@link createPaces}. */
  readonly mbps: PaceMbps;
  isBlocked(socket: DatagramSocket): boolean;
  /** Sending has decided the transfer: the file is not what it was. */
  touched(transfer: Transfer): void;
};

export function createOutbox({ mbps, isBlocked, touched }: OutboxParts): Outbox {
  const rests = new Map<Transfer, Rest>();
  const part: Action = { kind: 'data', packet: new Uint8Array(0), first: 0, count: 0 };
  let paces = createPaces(mbps);
  let nextAt = Number.POSITIVE_INFINITY;

  function paceOf({ socket }: Transfer): Pace {
    return paces(socket.bound.interface);
  }

  function sendSome(rest: Rest, now: number): void {
    const { transfer, content } = rest;
    part.first = rest.first;
    part.count = Math.min(QUANTUM, rest.count);
    rest.first += part.count;
    rest.count -= part.count;
    if (rest.count === 0) rests.delete(transfer);
    paceOf(transfer).spend(part.count * (content.session.blksize + FRAME_OVERHEAD), now);
    content.send(transfer, part);
  }

  /** May this be sent without waiting for a disk? */
  function isWarm(rest: Rest, now: number): boolean {
    if (rest.content.isWarm(rest.first, Math.min(QUANTUM, rest.count))) {
      rest.coldSince = Number.POSITIVE_INFINITY;
      return true;
    }
    rest.coldSince = Math.min(rest.coldSince, now);
    return now - rest.coldSince >= COLD_PATIENCE_MS;
  }

  /** Each once, in the order in which they came or had their last turn. True when any was sent. */
  function round(now: number): boolean {
    let sent = false;
    for (const rest of [...rests.values()]) {
      if (isBlocked(rest.transfer.socket)) continue;
      const readyAt = paceOf(rest.transfer).readyAt(now);
      if (readyAt > now) {
        // Others may leave by another interface.
        nextAt = Math.min(nextAt, readyAt);
        continue;
      }
      if (!isWarm(rest, now)) {
        nextAt = Math.min(nextAt, now + COLD_RETRY_MS);
        continue;
      }
      sendSome(rest, now);
      sent = true;
      if (rest.content.session.outcome() !== undefined) touched(rest.transfer);
    }
    return sent;
  }

  return {
    send(transfer, action, now) {
      const { content } = transfer;
      if (content.kind !== 'read') return;
      const before = rests.size > 0 ? rests.get(transfer) : undefined;
      if (before) rests.delete(transfer);
      const { first, count } = action;
      const warm = content.isWarm(first, Math.min(QUANTUM, count));
      if (warm && count <= QUANTUM) {
        if (count > 1) paceOf(transfer).spend(count * (content.session.blksize + FRAME_OVERHEAD), now);
        content.send(transfer, action);
        return;
      }
      const coldSince = warm ? Number.POSITIVE_INFINITY : (before?.coldSince ?? now);
      const rest = { transfer, content, first, count, coldSince };
      rests.set(transfer, rest);
      if (warm) sendSome(rest, now);
    },
    drop: (transfer) => void rests.delete(transfer),
    run(now) {
      nextAt = Number.POSITIVE_INFINITY;
      while (rests.size > 0 && round(now));
    },
    next: () => (rests.size > 0 ? nextAt : Number.POSITIVE_INFINITY),
    get waiting() {
      return rests.size;
    },
    pace(next) {
      paces = createPaces(next);
    },
  };
}
