import type { DatagramSocket } from '../../net/datagram.ts';
import type { Transfer } from './transfer.ts';

/** A well-known port and its TIDs. */
export type Endpoint = {
  readonly listen: DatagramSocket;
  /** Empty: answers leave from the listening socket. */
  readonly transfer: readonly DatagramSocket[];
};

/** The sockets of one worker: a port for each interface and family. */
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

/** Throws RangeError without ports. */
export function createEndpoints(ports: readonly Endpoint[]): Endpoints {
  if (ports.length === 0) throw new RangeError('Cannot serve files: there is no port');
  const tids: DatagramSocket[] = [];
  const places = new Map<DatagramSocket, { readonly first: number; readonly count: number }>();
  for (const port of ports) {
    const own = tidsOf(port);
    places.set(port.listen, { first: tids.length, count: own.length });
    tids.push(...own);
  }
  return {
    all: [...new Set([...tids, ...places.keys()])],
    tids,
    isWellKnown: (socket) => places.has(socket),
    tidsFor: (asked) => places.get(asked)!,
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
