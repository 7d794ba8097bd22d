import type { BoundSocket, Network, Outcome, SocketSpec } from '../../net/datagram.ts';

/** One worker's: bound by the supervisor, once; plain data on Linux, so that it can be posted to a thread. */
export type TftpSockets = TftpPort & {
  /** The same for IPv6, where the system has it. */
  readonly v6?: TftpPort;
};

export type TftpPort = {
  /** The well-known port: requests come here. */
  readonly listen: BoundSocket;
  /** Whose ports are our TIDs (RFC 1350 §4). Empty: single-port mode, answers leave from the well-known port. */
  readonly transfer: readonly BoundSocket[];
};

export type TftpSocketSpec = {
  readonly interface?: string;
  /** Serve this IPv4 address only; all of the interface's, IPv6 included, when left out. */
  readonly address?: number;
  /** 69. */
  readonly port: number;
  /** NAT and container bridges let nothing through but the port they know. */
  readonly singlePort: boolean;
  /** TIDs out of this range only, for firewalls; any port when left out. */
  readonly ports?: { readonly from: number; readonly to: number };
  /** Workers that share the well-known port; 1 when left out. */
  readonly workers?: number;
};

/**
 * A client is told from another by its own address and port, so one TID of ours would do for all of them. Some more let a client that
 * starts over from the same port tell old DATA from new.
 */
const POOL = 4;

/**
 * Opens the well-known port and the TIDs of every worker, all or none. A worker without a TID of its own would be no use: a
 * range of fewer ports than workers gives fewer workers.
 */
export async function openTftpSockets(
  network: Network,
  spec: TftpSocketSpec,
): Promise<Outcome<TftpSockets[]>> {
  const { workers = 1 } = spec;
  const opened: BoundSocket[] = [];
  const bind = async (wanted: SocketSpec): Promise<Outcome<BoundSocket>> => {
    const bound = await network.bind(wanted);
    if (bound.ok) opened.push(bound.value);
    return bound;
  };
  const crew = await openFamilies(bind, spec, workers);
  if (crew.ok) {
    network.keepTogether(crew.value.map(({ listen }) => listen));
    network.keepTogether(crew.value.flatMap(({ v6 }) => v6?.listen ?? []));
    return crew;
  }
  for (const bound of opened) network.release(bound);
  return crew;
}

/** Closes them for good. */
export function releaseTftpSockets(network: Network, crew: readonly TftpSockets[]): void {
  for (const sockets of crew) for (const bound of socketsOf(sockets)) network.release(bound);
}

function socketsOf({ listen, transfer, v6 }: TftpSockets): readonly BoundSocket[] {
  return [listen, ...transfer, ...(v6 ? [v6.listen, ...v6.transfer] : [])];
}

type Bind = (spec: SocketSpec) => Promise<Outcome<BoundSocket>>;

async function openFamilies(
  bind: Bind,
  spec: TftpSocketSpec,
  workers: number,
): Promise<Outcome<TftpSockets[]>> {
  const { interface: name, address } = spec;
  const on = { ...(name !== undefined && { interface: name }), ...(address !== undefined && { address }) };
  const v4 = await openCrew((each) => bind({ ...on, ...each }), spec, workers);
  if (!v4.ok || address !== undefined) return v4;
  const port = v4.value[0]!.listen.port;
  const v6 = await openCrew(
    (each) => bind({ ...on, ...each, ipv6: true }),
    { ...spec, port },
    v4.value.length,
  );
  // A kernel without IPv6 is no mistake of anybody's.
  if (!v6.ok) return v6.error.errno === 'EAFNOSUPPORT' ? v4 : v6;
  return { ok: true, value: v4.value.map((own, i) => ({ ...own, ...(v6.value[i] && { v6: v6.value[i] }) })) };
}

async function openCrew(bind: Bind, spec: TftpSocketSpec, workers: number): Promise<Outcome<TftpPort[]>> {
  const listen = await bind({ port: spec.port, ...(workers > 1 && { reusePort: 'claim' }) });
  if (!listen.ok) return listen;
  const pool = spec.singlePort
    ? { ok: true as const, value: [] }
    : await openPool((port) => bind({ port }), spec.ports, POOL * workers);
  if (!pool.ok) return pool;
  const count = spec.singlePort ? workers : Math.min(workers, pool.value.length);
  const crew = [{ listen: listen.value, transfer: pool.value.filter((_, i) => i % count === 0) }];
  while (crew.length < count) {
    const turn = crew.length;
    const shared = await bind({ port: listen.value.port, reusePort: true });
    if (!shared.ok) return shared;
    crew.push({ listen: shared.value, transfer: pool.value.filter((_, i) => i % count === turn) });
  }
  return { ok: true, value: crew };
}

async function openPool(
  bind: (port: number) => Promise<Outcome<BoundSocket>>,
  range: TftpSocketSpec['ports'],
  size: number,
): Promise<Outcome<BoundSocket[]>> {
  const pool: BoundSocket[] = [];
  const candidates = range ? numbers(range.from, range.to) : new Array<number>(size).fill(0);
  let refusal: Outcome<BoundSocket> | undefined;
  for (const port of candidates) {
    if (pool.length === size) break;
    const bound = await bind(port);
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
