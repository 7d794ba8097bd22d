import type { DatagramSocket } from '../../net/datagram.ts';
import type { Transfer } from './transfer.ts';

/** A well-known port and its TIDs. */
export type Endpoint = {
  readonly listen: DatagramSocket;
  /** Empty: answers leave from the listening socket. */
  readonly transfer: readonly DatagramSocket[];
};

/** The sockets of one worker: IPv4's, and IPv6's where the system has it. */
export type Endpoints = {
  /** Every socket, once. */
  readonly all: readonly DatagramSocket[];
  /** Those that transfers use: a TID's place in this list is its name. */
  readonly tids: readonly DatagramSocket[];
  /** Requests come here. */
  isWellKnown(socket: DatagramSocket): boolean;
  /** TIDs for whoever asks at a well-known port, as places in `tids`: from `first`, `count` of them. */
  tidsFor(asked: DatagramSocket): { readonly first: number; readonly count: number };
};

export function createEndpoints({ v6, ...v4 }: Endpoint & { readonly v6?: Endpoint }): Endpoints {
  const tids4 = tidsOf(v4);
  const tids6 = v6 ? tidsOf(v6) : [];
  const [own, other] = [v4.listen, v6?.listen];
  const tids = [...tids4, ...tids6];
  const place4 = { first: 0, count: tids4.length };
  const place6 = { first: tids4.length, count: tids6.length };
  return {
    all: [...new Set([...tids, own, ...(other ? [other] : [])])],
    tids,
    isWellKnown: (socket) => socket === own || socket === other,
    tidsFor: (asked) => (asked === other ? place6 : place4),
  };
}

function tidsOf({ listen, transfer }: Endpoint): readonly DatagramSocket[] {
  return transfer.length > 0 ? transfer : [listen];
}

/** The numbers of this transfer's addresses go on meaning them, until {@link letGoPeer}. */
export function holdPeer({ socket, address, from }: Transfer): void {
  socket.numbers?.hold(address);
  socket.numbers?.hold(from);
}

export function letGoPeer({ socket, address, from }: Transfer): void {
  socket.numbers?.letGo(address);
  socket.numbers?.letGo(from);
}
