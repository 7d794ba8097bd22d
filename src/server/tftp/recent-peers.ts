import type { Ipv4 } from '../../lib/ipv4.ts';
import { PeerTable } from '../../lib/peer-table.ts';

/** Clients whose transfer ended a moment ago, and the TID it had. */
export type RecentPeers = {
  add(address: Ipv4, port: number, tid: number, now: number): void;
  /** The TID of the transfer that this client had until now; undefined when there was none lately. */
  tidOf(address: Ipv4, port: number, now: number): number | undefined;
};

const CAPACITY = 8192;
const FORGET_MS = 10_000;

type Entry = { address: Ipv4; port: number; tid: number; at: number };

/**
 * A doubled last ACK arrives after its transfer is gone. An ERROR 5 for it would reach a client that already waits,
 * on the same port, for the answer to its next request (lpxelinux asks again 11 ms later), so such a straggler is recognised and
 * met with silence. And a client that starts over from the same port (PXELINUX after a reboot) gets another TID.
 */
export function createRecentPeers(): RecentPeers {
  const table = new PeerTable<Entry>();
  const order: Entry[] = [];
  let oldest = 0;

  function forgetOne(): void {
    const entry = order[oldest];
    if (entry === undefined) return;
    if (table.get(entry.address, entry.port) === entry) table.delete(entry.address, entry.port);
  }

  return {
    add(address, port, tid, now) {
      const entry = { address, port, tid, at: now };
      forgetOne();
      order[oldest] = entry;
      oldest = (oldest + 1) % CAPACITY;
      table.set(address, port, entry);
    },
    tidOf(address, port, now) {
      const entry = table.get(address, port);
      return entry !== undefined && now - entry.at < FORGET_MS ? entry.tid : undefined;
    },
  };
}
