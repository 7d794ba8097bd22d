import type { Lease, Machine } from '../dhcp/lease.ts';
import type { Ipv4 } from '../lib/ipv4.ts';

/** A value of a row; of a damaged file it may be anything. */
export type Cell = null | number | bigint | string | Uint8Array;

/**
 * What a row says of an address: the lease, whose whole binding, over all renewals, began at `began`; or that there is
 * none any more.
 */
export type StoredLease =
  | { readonly id: number; readonly lease: Lease; readonly began: number }
  | { readonly id: number; readonly gone: Ipv4 };
export type StoredMachine = { readonly id: number; readonly machine: Machine };

/** A binding that is over. */
export type PastBinding = {
  readonly ip: Ipv4;
  readonly client: string;
  readonly mac: string;
  readonly hostname?: string;
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** How it ended. `moved`: the client got another address; `replaced`: somebody else got this one. */
  readonly why: 'expired' | 'released' | 'declined' | 'moved' | 'replaced';
};

const LEASE_ROW = '(?,?,?,?,?,?,?,?,?,?,?,?,?)';
export const INSERT_LEASE = `INSERT INTO lease VALUES ${LEASE_ROW}`;
/** Rows of {@link INSERT_LEASES}. */
export const LEASES_AT_ONCE = 16;
export const INSERT_LEASES = `INSERT INTO lease VALUES ${new Array(LEASES_AT_ONCE).fill(LEASE_ROW).join()}`;
export const INSERT_MACHINE = 'INSERT INTO machine VALUES (?,?,?,?,?)';
export const INSERT_HISTORY = 'INSERT INTO history VALUES (?,?,?,?,?,?,?,?)';

export type Param = null | number | string;

/** State of a row that says that there is no record. */
const GONE = 'none';

export function leaseRow(stored: StoredLease): Param[] {
  if ('gone' in stored)
    return [stored.id, stored.gone, '', '', GONE, 'dhcp', 0, 0, null, null, null, null, 0];
  const { id, lease, began } = stored;
  const { ip, client, mac, state, kind, since, expiresAt, hostname, via, relayInfo, clientId } = lease;
  return [
    id,
    ip,
    client,
    mac,
    state,
    kind,
    Math.floor(since),
    expiresAt === Number.POSITIVE_INFINITY ? null : Math.floor(expiresAt),
    hostname ?? null,
    via ?? null,
    relayInfo ?? null,
    clientId ?? null,
    Math.floor(began),
  ];
}

export function machineRow({ id, machine }: StoredMachine): Param[] {
  return [id, machine.mac, Math.floor(machine.bootedAt), machine.arch ?? null, machine.quirk ?? null];
}

export function historyRow(id: number, past: PastBinding): Param[] {
  const { ip, client, mac, hostname, began, ended, why } = past;
  return [id, ip, client, mac, hostname ?? null, Math.floor(began), Math.floor(ended), why];
}

/** What a row of `lease` says; undefined for one that makes no sense. */
export function leaseOf(row: readonly Cell[]): StoredLease | undefined {
  const [id, ip, client, mac, state, kind, since, expires, hostname, via, relayInfo, clientId, began] = row;
  if (row.length !== 13 || !isId(id) || !isAddress(ip) || !isText(client) || !isMac(mac)) return undefined;
  if (state === GONE) return { id, gone: ip };
  if (!isState(state) || !isKind(kind) || !isTime(since) || !isTime(began)) return undefined;
  if (expires !== null && !isTime(expires)) return undefined;
  if (via !== null && !isAddress(via)) return undefined;
  if (!isTextOrNull(hostname) || !isTextOrNull(relayInfo) || !isTextOrNull(clientId)) return undefined;
  // Not by spreading: of a hundred thousand rows each copy shows.
  const lease: { -readonly [Key in keyof Lease]: Lease[Key] } = {
    ip,
    client,
    mac,
    state,
    kind,
    since,
    expiresAt: expires ?? Number.POSITIVE_INFINITY,
  };
  if (hostname !== null) lease.hostname = hostname;
  if (via !== null) lease.via = via;
  if (relayInfo !== null) lease.relayInfo = relayInfo;
  if (clientId !== null) lease.clientId = clientId;
  return { id, lease, began };
}

/** The machine of a row; undefined for a row that is none. */
export function machineOf(row: readonly Cell[]): StoredMachine | undefined {
  const [id, mac, bootedAt, arch, quirk] = row;
  if (row.length !== 5 || !isId(id) || !isMac(mac) || mac === '' || !isTime(bootedAt)) return undefined;
  if (!isTextOrNull(arch) || !isTextOrNull(quirk)) return undefined;
  const known = { mac, bootedAt, ...(arch !== null && { arch }), ...(quirk !== null && { quirk }) };
  return { id, machine: known };
}

/** The past binding of a row; undefined for a row that is none. */
export function pastOf(row: readonly Cell[]): PastBinding | undefined {
  const [id, ip, client, mac, hostname, began, ended, why] = row;
  if (row.length !== 8 || !isId(id) || !isAddress(ip) || !isText(client) || !isMac(mac)) return undefined;
  if (!isTextOrNull(hostname) || !isTime(began) || !isTime(ended) || !isEnding(why)) return undefined;
  return { ip, client, mac, ...(hostname !== null && { hostname }), began, ended, why };
}

const STATES = new Set<unknown>([
  'probing',
  'offered',
  'bound',
  'released',
  'abandoned',
] satisfies Lease['state'][]);
const KINDS = new Set<unknown>(['dhcp', 'bootp'] satisfies Lease['kind'][]);
const ENDINGS = new Set<unknown>([
  'expired',
  'released',
  'declined',
  'moved',
  'replaced',
] satisfies PastBinding['why'][]);

type Maybe = Cell | undefined;

function isState(cell: Maybe): cell is Lease['state'] {
  return STATES.has(cell);
}

function isKind(cell: Maybe): cell is Lease['kind'] {
  return KINDS.has(cell);
}

function isEnding(cell: Maybe): cell is PastBinding['why'] {
  return ENDINGS.has(cell);
}

function isId(cell: Maybe): cell is number {
  return typeof cell === 'number' && Number.isSafeInteger(cell) && cell > 0;
}

function isAddress(cell: Maybe): cell is Ipv4 {
  return typeof cell === 'number' && Number.isInteger(cell) && cell >= 0 && cell <= 0xffff_ffff;
}

/** Within what a Date can tell. */
function isTime(cell: Maybe): cell is number {
  return typeof cell === 'number' && Number.isInteger(cell) && Math.abs(cell) <= 8.64e15;
}

function isText(cell: Maybe): cell is string {
  return typeof cell === 'string';
}

function isTextOrNull(cell: Maybe): cell is string | null {
  return cell === null || typeof cell === 'string';
}

/** Hardware addresses of any kind; empty for abandoned addresses and clients without one. */
function isMac(cell: Maybe): cell is string {
  return typeof cell === 'string' && /^([0-9a-f]{2}(:[0-9a-f]{2})*)?$/.test(cell);
}
