import type { Ipv4 } from '../lib/ipv4.ts';
import { nextKey } from './identity.ts';
import { isLive, type Lease, type LeaseView } from './lease.ts';
import type { Pool } from './pool.ts';

/** Who wants an address, and what speaks for which. */
export type Wish = {
  /** The client's key. */
  readonly client: string;
  /** The address reserved for it. */
  readonly reserved?: Ipv4 | undefined;
  /** Option 50. */
  readonly asked?: Ipv4 | undefined;
  /** An address just found in use. */
  readonly avoid?: Ipv4 | undefined;
  /** May the client keep this address if it had it before? */
  readonly mayKeep: (ip: Ipv4) => boolean;
};

/** The records and the clock a choice is made by. */
export type Ledger = { readonly leases: LeaseView; readonly now: number };

/**
 * Chooses an address (RFC 2131 §4.3.1), undefined when there is none: the reserved one; the client's present or former
 * one; the one it asks for; one never used, searched from a place that depends on the client alone, so that it finds
 * the same again after we forgot it; the one that expired longest ago; when no other is left, the one that was set aside
 * longest ago, so that one client that declines all it gets cannot lock the others out. It looks at {@link LOOKS} addresses
 * at most.
 */
export function chooseAddress(wish: Wish, pool: Pool, ledger: Ledger): Ipv4 | undefined {
  const mayHave = (ip: Ipv4): boolean => ip !== wish.avoid && isFree(ip, wish.client, ledger);
  if (wish.reserved !== undefined && mayHave(wish.reserved)) return wish.reserved;
  const former = ledger.leases.byClient(wish.client)?.ip;
  if (former !== undefined && wish.mayKeep(former) && mayHave(former)) {
    return former;
  }
  // The one it was offered instead, and did not take yet.
  const next = former === undefined ? undefined : ledger.leases.byClient(nextKey(wish.client))?.ip;
  if (next !== undefined && wish.mayKeep(next) && mayHave(next)) return next;
  if (wish.asked !== undefined && pool.has(wish.asked) && mayHave(wish.asked)) return wish.asked;
  return search(wish, pool, ledger);
}

/**
 * Addresses looked at for one request: all of a pool up to a /21. Looking through a full /8 took seconds, for each DISCOVER
 * of a flood of them. In a larger pool the second half of the looks begins elsewhere each time, so that a client which
 * finds nothing among 2048 addresses finds something with one of its next DISCOVERs, if there is anything.
 */
const LOOKS = 2048;

/** Least time that an address somebody else used is left alone; as dnsmasq's DECLINE_BACKOFF. */
const BACK_OFF_MS = 600_000;

/** May this client have the address: is nobody else holding it? */
export function isFree(ip: Ipv4, client: string, { leases, now }: Ledger): boolean {
  const record = leases.byIp(ip);
  return !isLive(record, now) || (isOf(record, client) && record.state !== 'abandoned');
}

/** Is it this client's, had or offered? */
export function isOf(record: Lease, client: string): boolean {
  return record.client === client || record.client === nextKey(client);
}

function search(wish: Wish, pool: Pool, { leases, now }: Ledger): Ipv4 | undefined {
  if (pool.size === 0) return undefined;
  const start = hash(wish.client);
  const elsewhere = pool.size > LOOKS ? hash(`${wish.client} ${now}`) : start;
  const stride = strideOf(start, pool.size);
  const taken: Lease[] = [];
  for (let step = 0; step < Math.min(pool.size, LOOKS); step++) {
    const from = step < LOOKS / 2 ? start : elsewhere;
    const ip = pool.at((from + step * stride) % pool.size);
    if (ip === wish.avoid) continue;
    const record = leases.byIp(ip);
    if (!record) return ip;
    // Not looked into yet: most pools have an address never used, and each record is another wait for memory.
    taken.push(record);
  }
  return longestUnused(taken, now)?.ip;
}

/** The one that ended longest ago; where none has, the one that was set aside longest ago. */
function longestUnused(records: readonly Lease[], now: number): Lease | undefined {
  let oldest: Lease | undefined;
  let aside: Lease | undefined;
  for (const record of records) {
    if (!isLive(record, now)) {
      if (!oldest || endOf(record) < endOf(oldest)) oldest = record;
    } else if (record.state === 'abandoned' && now - record.since >= BACK_OFF_MS) {
      if (!aside || record.since < aside.since) aside = record;
    }
  }
  return oldest ?? aside;
}

/** Primes: each reaches every address of a pool that it does not divide. */
const STRIDES = [
  10_007, 10_037, 10_061, 10_079, 10_099, 10_111, 10_133, 10_141, 10_151, 10_163, 10_177, 10_193, 10_223,
  10_243, 10_259, 10_271,
] as const;

/**
 * How far it is from one look to the next, another way for each client: where everybody goes on to the neighbour, what is taken
 * grows together, and in a pool of which 7 in 8 are taken a search takes 30 looks where 8 would do.
 */
function strideOf(start: number, size: number): number {
  const first = start >>> 28;
  for (let i = 0; i < STRIDES.length; i++) {
    const stride = STRIDES[(first + i) % STRIDES.length]!;
    if (size % stride !== 0) return stride;
  }
  return 1;
}

function endOf(lease: Lease): number {
  return lease.state === 'released' ? lease.since : lease.expiresAt;
}

/** FNV-1a, then mixed (MurmurHash3's finalizer): neighbours in text must not be neighbours in the pool. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x0100_0193);
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
