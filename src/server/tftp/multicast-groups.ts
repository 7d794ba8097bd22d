import { formatIpv4, type Ipv4 } from '../../lib/ipv4.ts';
import type { DatagramSocket, TransmitSource } from '../../net/datagram.ts';
import { createMulticastGroup, fitsGroup, type MulticastGroup } from '../../tftp/multicast.ts';
import { type Limits, type Negotiated, negotiate } from '../../tftp/negotiate.ts';
import type { ReadSession } from '../../tftp/session.ts';
import type { TftpRequest } from '../../tftp-packet/index.ts';
import type { SharedFile } from './file-cache.ts';
import type { TftpSettings } from './settings.ts';
import type { Transfer } from './transfer.ts';

/** Where the DATA of a group goes. */
export type GroupAddress = { readonly address: Ipv4; readonly port: number; readonly source: TransmitSource };

/** A client's place in a group. */
export type Joined = {
  readonly terms: Negotiated;
  readonly session: ReadSession;
  readonly to: GroupAddress;
  /** All blocks of a group leave from one TID: its members take no others (RFC 2090). */
  readonly socket: DatagramSocket;
  /** Call when there is one. */
  bind(transfer: Transfer): void;
};

export type Wish = {
  readonly request: TftpRequest;
  readonly shared: SharedFile;
  readonly limits: Limits;
  /** The answer to tsize. */
  readonly sizeTold: number | undefined;
  readonly settings: TftpSettings;
  /** The TID to use when there is no group yet, our address, and the interface. */
  readonly socket: DatagramSocket;
  readonly from: Ipv4;
  readonly ifindex: number;
  readonly now: number;
};

export type MulticastGroups = {
  /** undefined: no group for this one, serve it alone. */
  join(wish: Wish): Joined | undefined;
};

type Open = { group: MulticastGroup; number: number; socket: DatagramSocket };

/** Groups of one worker at once; each has an address of its own. */
export const GROUPS_MAX = 16;

/** Groups by file and block size. `touched`: a transfer has something to do. */
export function createMulticastGroups(touched: (transfer: Transfer) => void): MulticastGroups {
  const open = new Map<string, Open>();

  function groupFor(key: string, wish: Wish, terms: Negotiated): Open | undefined {
    for (const [other, { group }] of open) if (group.size === 0) open.delete(other);
    const known = open.get(key);
    if (known) return known;
    const taken = new Set([...open.values()].map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number++;
    if (number >= GROUPS_MAX) return undefined;
    const group = createMulticastGroup(terms, wish.shared.content.sizeBytes, wish.now);
    const opened = { group, number, socket: wish.socket };
    open.set(key, opened);
    return opened;
  }

  return {
    join(wish) {
      const { request, shared, settings, now } = wish;
      const { multicast } = settings;
      if (multicast === undefined || settings.rfc1350 || wish.socket.bound.ipv6 || !wants(request)) return;
      // A window of one: which blocks a window lacked could only be told by one of many.
      const limits = { ...wish.limits, refuse: [...(wish.limits.refuse ?? []), 'windowsize', 'msftwindow'] };
      const terms = negotiate(request, limits, wish.sizeTold);
      if (!fitsGroup(shared.content.sizeBytes, terms.blksize)) return;
      // What one interface sends, clients of another do not hear.
      const found = groupFor(
        `${wish.ifindex} ${terms.blksize} ${shared.file.identity} ${shared.file.path}`,
        wish,
        terms,
      );
      if (found === undefined) return;
      const address = multicast.address + found.number;
      const oackOf = (master: 0 | 1) => {
        const text = `${formatIpv4(address)},${multicast.port},${master}`;
        return negotiate(request, { ...limits, multicast: text }, wish.sizeTold).oack!;
      };
      let transfer: Transfer | undefined;
      const session = found.group.join(
        { master: oackOf(1), listener: oackOf(0) },
        { timing: settings.timing, touched: () => transfer && touched(transfer) },
        now,
      );
      const source = { from: wish.from, ifindex: wish.ifindex, tag: undefined as unknown };
      return {
        ...{ terms, session, socket: found.socket, to: { address, port: multicast.port, source } },
        bind(bound) {
          transfer = bound;
          source.tag = bound;
        },
      };
    },
  };
}

function wants({ mode, options }: TftpRequest): boolean {
  return mode === 'octet' && options.some(([name]) => name.toLowerCase() === 'multicast');
}
