import type { BoundSocket, Network, Outcome, SocketSpec } from '../../net/datagram.ts';

/**
 * One worker's, a port for each interface and family: bound by the supervisor, once; plain data on Linux, so that it can be
 * posted to a thread.
 */
export type TftpSockets = readonly TftpPort[];

export type TftpPort = {
  /** The well-known port: requests come here. */
  readonly listen: BoundSocket;
  /** Whose ports are our TIDs (RFC 1350 §4). Empty: single-port mode, answers leave from the well-known port. */
  readonly transfer: readonly BoundSocket[];
};

export type TftpSocketSpec = {
  /** Each gets sockets of its own, bound to it; those of all interfaces when left out. */
  readonly interfaces?: readonly string[];
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
  const groups = await openGroups(bind, spec, workers);
  if (groups.ok) {
    for (const crew of groups.value) network.keepTogether(crew.map(({ listen }) => listen));
    return { ok: true, value: byWorker(groups.value) };
  }
  for (const bound of opened) network.release(bound);
  return groups;
}

/** Closes them for good. */
export function releaseTftpSockets(network: Network, crew: readonly TftpSockets[]): void {
  for (const sockets of crew) for (const bound of socketsOf(sockets)) network.release(bound);
}

function socketsOf(ports: TftpSockets): readonly BoundSocket[] {
  return ports.flatMap(({ listen, transfer }) => [listen, ...transfer]);
}

type Bind = (spec: SocketSpec) => Promise<Outcome<BoundSocket>>;

/** The sockets that share one port of one interface and family, one for each worker; the first group has the most. */
async function openGroups(bind: Bind, spec: TftpSocketSpec, workers: number): Promise<Outcome<TftpPort[][]>> {
  const groups: TftpPort[][] = [];
  for (const on of placesOf(spec)) {
    const first = groups[0];
    // The port that the system chose for the first is everybody's.
    const wanted = first ? { ...spec, port: first[0]!.listen.port } : spec;
    const crew = await openCrew((each) => bind({ ...on, ...each }), wanted, first?.length ?? workers);
    // A kernel without IPv6 is no mistake of anybody's.
    if (!crew.ok && on.ipv6 && crew.error.errno === 'EAFNOSUPPORT') continue;
    if (!crew.ok) return crew;
    groups.push(crew.value);
  }
  return { ok: true, value: groups };
}

/** Where to listen: each interface, IPv4 before IPv6. */
function placesOf({ interfaces, address }: TftpSocketSpec): Omit<SocketSpec, 'port'>[] {
  const links = interfaces?.map((name) => ({ interface: name })) ?? [{}];
  return links.flatMap((on) => (address === undefined ? [on, { ...on, ipv6: true }] : [{ ...on, address }]));
}

/** A worker that found no port of a range free in some group has none there; its clients go to the others. */
function byWorker(groups: readonly TftpPort[][]): TftpSockets[] {
  return groups[0]!.map((_, worker) => groups.flatMap((crew) => crew[worker] ?? []));
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
