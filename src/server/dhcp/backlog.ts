import type { Ipv4 } from '../../lib/ipv4.ts';
import type { Datagram } from '../../net/datagram.ts';
import { type Glance, isDiscover } from './glance.ts';

/** A datagram that waits for its turn: a copy, and where it came in. */
export type Waiting<Origin> = {
  readonly bytes: Uint8Array;
  /** Where they lie, to be used again. */
  readonly room?: Uint8Array;
  readonly peer: Ipv4;
  readonly peerPort: number;
  readonly local: Ipv4;
  readonly origin: Origin;
  readonly at: number;
};

export type Arrived<Origin> = { readonly datagram: Datagram; readonly origin: Origin };

/**
 * What a server that cannot keep up answers, and what it leaves.
 *
 * Theory of operation. Past what one turn answers, arrivals are kept here and the sockets read until they are empty: a full
 * kernel queue drops whatever comes, and with the DISCOVERs of new clients it would drop the REQUESTs of those who
 * hold an offer already. Those go first, in order; then DISCOVERs, the newest first, for who has waited long
 * has asked again or gone. A client's newer message replaces its older one of the same type. What has waited for
 * {@link STALE_MS}, or is the oldest of too many, is dropped and counted. So the work that was begun is finished, however many more
 * ask: the server does as much at five times the load that it can carry as at that load.
 */
export type Backlog<Origin> = {
  add(arrived: Arrived<Origin>, glance: Glance, now: number): void;
  /** The next one to answer: its octets are good until the next {@link Backlog.add}. */
  next(now: number): Waiting<Origin> | undefined;
  readonly size: number;
  /** DISCOVERs among them. */
  readonly discovers: number;
  /** How many were dropped since this was asked the last time; replaced ones do not count. */
  takeDropped(): number;
};

/** Clients repeat themselves after 1 to 4 s. */
const STALE_MS = 3_000;
/** A kilobyte each. */
const MOST_WAITING = 4_096;
/** Nearly all requests fit; a longer one gets octets of its own. */
const USUAL_OCTETS = 1_024;
/** Message types that exist are fewer; with a client's number of 49 bits the key is a whole number still. */
const TYPES = 16;

export function createBacklog<Origin>(): Backlog<Origin> {
  /** By client and message type, in the order of arrival: a Map keeps it. */
  const begun = new Map<number, Waiting<Origin>>();
  const discovers = new Map<number, Waiting<Origin>>();
  /** Newest last; one that was replaced or answered is no longer in its map. */
  let stack: { key: number; waiting: Waiting<Origin> }[] = [];
  let dropped = 0;
  /** Octets of requests that no longer wait: new ones would be the garbage collector's, at the worst of times. */
  const free: Uint8Array[] = [];

  function copyOf(bytes: Uint8Array): Pick<Waiting<Origin>, 'bytes'> & { room?: Uint8Array } {
    if (bytes.length > USUAL_OCTETS) return { bytes: bytes.slice() };
    const room = free.pop() ?? new Uint8Array(USUAL_OCTETS);
    room.set(bytes);
    return { bytes: room.subarray(0, bytes.length), room };
  }

  /** Out of its line, answered or not. */
  function leave(line: Map<number, Waiting<Origin>>, key: number, waiting: Waiting<Origin>): void {
    line.delete(key);
    if (waiting.room) free.push(waiting.room);
  }

  function put(line: Map<number, Waiting<Origin>>, key: number, waiting: Waiting<Origin>): void {
    const former = line.get(key);
    if (former) leave(line, key, former);
    line.set(key, waiting);
    if (line.size <= MOST_WAITING) return;
    for (const [first, oldest] of line) {
      leave(line, first, oldest);
      break;
    }
    dropped++;
  }

  function isStale({ at }: Waiting<Origin>, now: number): boolean {
    const stale = now - at > STALE_MS;
    if (stale) dropped++;
    return stale;
  }

  function firstBegun(now: number): Waiting<Origin> | undefined {
    for (const [key, waiting] of begun) {
      leave(begun, key, waiting);
      if (!isStale(waiting, now)) return waiting;
    }
    return undefined;
  }

  function newestDiscover(now: number): Waiting<Origin> | undefined {
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (discovers.get(top.key) !== top.waiting) continue;
      leave(discovers, top.key, top.waiting);
      if (!isStale(top.waiting, now)) return top.waiting;
    }
    return undefined;
  }

  return {
    add({ datagram, origin }, glance, now) {
      const { bytes, peer, peerPort, local } = datagram;
      const waiting = { ...copyOf(bytes), peer, peerPort, local, origin, at: now };
      if (!isDiscover(glance)) {
        put(begun, glance.client * TYPES + (glance.type & 15), waiting);
        return;
      }
      put(discovers, glance.client, waiting);
      stack.push({ key: glance.client, waiting });
      if (stack.length > 4 * MOST_WAITING)
        stack = stack.filter(({ key, waiting: one }) => discovers.get(key) === one);
    },
    next: (now) => firstBegun(now) ?? newestDiscover(now),
    get size() {
      return begun.size + discovers.size;
    },
    get discovers() {
      return discovers.size;
    },
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}
