import type { BoundSocket, Network, Outcome, SocketSpec } from '../../net/datagram.ts';

/** Bound by the supervisor, once; plain data on Linux, so that it can be posted to a worker. */
export type TftpSockets = {
  /** The well-known port: requests come here. */
  readonly listen: BoundSocket;
  /** Whose ports are our TIDs (RFC 1350 §4). Empty: single-port mode, answers leave from the well-known port. */
  readonly transfer: readonly BoundSocket[];
};

export type TftpSocketSpec = {
  readonly interface?: string;
  readonly address?: number;
  /** 69. */
  readonly port: number;
  /** NAT and container bridges let nothing through but the port they know. */
  readonly singlePort: boolean;
  /** TIDs out of this range only, for firewalls; any port when left out. */
  readonly ports?: { readonly from: number; readonly to: number };
};

/**
 * A client is told from another by its own address and port, so one TID of ours would do for all of them. Some more let a client that
 * starts over from the same port tell old DATA from new.
 */
const POOL = 4;

/** Opens the well-known port and the TIDs, all or none. */
export async function openTftpSockets(network: Network, spec: TftpSocketSpec): Promise<Outcome<TftpSockets>> {
  const on = {
    ...(spec.interface === undefined ? {} : { interface: spec.interface }),
    ...(spec.address === undefined ? {} : { address: spec.address }),
  };
  const listen = await network.bind({ ...on, port: spec.port });
  if (!listen.ok) return listen;
  const transfer = spec.singlePort
    ? { ok: true as const, value: [] }
    : await openPool(network, on, spec.ports);
  if (transfer.ok) return { ok: true, value: { listen: listen.value, transfer: transfer.value } };
  network.release(listen.value);
  return transfer;
}

/** Closes them for good. */
export function releaseTftpSockets(network: Network, sockets: TftpSockets): void {
  for (const bound of [sockets.listen, ...sockets.transfer]) network.release(bound);
}

async function openPool(
  network: Network,
  on: Partial<SocketSpec>,
  range: TftpSocketSpec['ports'],
): Promise<Outcome<BoundSocket[]>> {
  const pool: BoundSocket[] = [];
  const candidates = range ? numbers(range.from, range.to) : new Array<number>(POOL).fill(0);
  let refusal: Outcome<BoundSocket> | undefined;
  for (const port of candidates) {
    if (pool.length === POOL) break;
    const bound = await network.bind({ ...on, port });
    if (bound.ok) pool.push(bound.value);
    else refusal = bound;
  }
  // Ports of the range that others hold are skipped; one of ours is enough to serve.
  if (pool.length > 0 || refusal === undefined || refusal.ok) return { ok: true, value: pool };
  return refusal;
}

function* numbers(from: number, to: number): Generator<number> {
  for (let port = from; port <= to; port++) yield port;
}
