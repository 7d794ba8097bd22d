import { bytesEqual } from '../../lib/bytes.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import type { TftpRequest } from '../../tftp-packet/index.ts';
import type { Refusal } from './accept.ts';

/** What of a datagram outlives its batch: who asks, of whom, and the request. */
export type Asker = Pick<Datagram, 'peer' | 'peerPort' | 'replyFrom' | 'ifindex' | 'bytes'>;

/** A request whose file is being made. */
export type WaitingRequest = {
  readonly request: TftpRequest;
  readonly asker: Asker;
  /** The well-known port that it came to. */
  readonly asked: DatagramSocket;
  /** The TID of the transfer that it replaced. */
  readonly replaced: DatagramSocket | undefined;
  /** What it is answered with when there is no such file. */
  readonly refusal: Refusal;
  /** Milliseconds; then it has waited long enough. */
  readonly until: number;
};

/**
 * Requests that wait for another thread, which answers within milliseconds. A client that hears nothing repeats itself: that
 * is no second request. When it asks for something else from the same port, the first is forgotten.
 */
export type WaitingRequests = {
  readonly size: number;
  /** May one more of this address wait? */
  hasRoom(address: Ipv4): boolean;
  /** Copies what is borrowed. */
  add(waiting: Omit<WaitingRequest, 'until'>, now: number): WaitingRequest;
  /** The same request of the same client waits already. Another one of that client no longer does. */
  isRepeat(datagram: Datagram): boolean;
  /** Its answer came: false when nobody waits for it any more. */
  take(waiting: WaitingRequest): boolean;
  /** Takes out one that waited too long. */
  due(now: number): WaitingRequest | undefined;
  /** On the caller's clock; Infinity when nobody waits. */
  nextDeadline(): number;
  /** Nobody is answered. */
  clear(): void;
};

/** As long as the client waits before it repeats itself, or longer. */
const PATIENCE_MS = 2_000;
/** Past these a request is not heard: its client asks again, and a flood with forged addresses costs no more than this. */
const MOST = 256;
/** Of one address; many machines may have one behind a NAT. */
const MOST_OF_ONE = 64;

export function createWaitingRequests(limits = { most: MOST, mostOfOne: MOST_OF_ONE }): WaitingRequests {
  /** In the order of their deadlines. */
  const waiting = new Map<number, WaitingRequest>();
  const perAddress = new Map<Ipv4, number>();

  function remove(key: number, { asker, asked }: WaitingRequest): void {
    waiting.delete(key);
    const left = perAddress.get(asker.peer)! - 1;
    if (left > 0) perAddress.set(asker.peer, left);
    else perAddress.delete(asker.peer);
    asked.numbers?.letGo(asker.peer);
    asked.numbers?.letGo(asker.replyFrom);
  }

  return {
    get size() {
      return waiting.size;
    },
    hasRoom: (address) => waiting.size < limits.most && (perAddress.get(address) ?? 0) < limits.mostOfOne,
    add(entry, now) {
      const { peer, peerPort, replyFrom, ifindex, bytes } = entry.asker;
      const asker = { peer, peerPort, replyFrom, ifindex, bytes: bytes.slice() };
      const kept = { ...entry, asker, until: now + PATIENCE_MS };
      waiting.set(keyOf(asker), kept);
      perAddress.set(peer, (perAddress.get(peer) ?? 0) + 1);
      entry.asked.numbers?.hold(peer);
      entry.asked.numbers?.hold(replyFrom);
      return kept;
    },
    isRepeat(datagram) {
      if (waiting.size === 0) return false;
      const key = keyOf(datagram);
      const known = waiting.get(key);
      if (known === undefined) return false;
      if (bytesEqual(known.asker.bytes, datagram.bytes)) return true;
      remove(key, known);
      return false;
    },
    take(entry) {
      const key = keyOf(entry.asker);
      if (waiting.get(key) !== entry) return false;
      remove(key, entry);
      return true;
    },
    due(now) {
      if (waiting.size === 0) return undefined;
      for (const [key, oldest] of waiting) {
        if (oldest.until > now) return undefined;
        remove(key, oldest);
        return oldest;
      }
      return undefined;
    },
    nextDeadline() {
      // Asked at each turn: an iterator would be made each time.
      if (waiting.size === 0) return Number.POSITIVE_INFINITY;
      for (const oldest of waiting.values()) return oldest.until;
      return Number.POSITIVE_INFINITY;
    },
    clear() {
      for (const [key, entry] of [...waiting]) remove(key, entry);
    },
  };
}

/** Address and port in one number: 48 bits. */
function keyOf({ peer, peerPort }: Pick<Datagram, 'peer' | 'peerPort'>): number {
  return peer * 0x1_0000 + peerPort;
}
