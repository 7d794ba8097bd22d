import type { BootEvent, ClientFacts } from '../events/event.ts';
import type { Mac } from '../lib/mac.ts';
import { addMark, type Boot, beginBoot, beginsAnew, joinBoots } from './boot.ts';
import type { Opening, Seen, Weight } from './mark.ts';
import { seenOf } from './seen.ts';

/** What is known of a machine, and its last boots, the newest last. */
export type MachineRecord = {
  /** Its MAC where that is known, else the address that it asks from. */
  id: string;
  mac?: Mac;
  ip?: string;
  uuid?: string;
  /** Option 93 in words, of its firmware. */
  arch?: string;
  kind?: NonNullable<ClientFacts['kind']>;
  boots: Boot[];
  weight: Weight;
};

export type LedgerLimits = {
  /** Machines that got a file whole, that took an address or asked for a file, and that did neither. */
  readonly proven?: number;
  readonly begun?: number;
  readonly strangers?: number;
};

export type LedgerParts = {
  /** Whose address that is. Never asked while events are heard: to find out may cost more than all the rest. */
  readonly machineOf?: (peer: string) => Mac | undefined;
  readonly limits?: LedgerLimits;
  /** A machine goes, to make room; it may come back as a new one. */
  readonly leaving?: (record: MachineRecord) => void;
  /** A row of the store is of no use any more: its boot became a part of another. */
  readonly gone?: (row: number) => void;
};

/**
 * Keeps the boots of all machines: hears events, finds out whose they are, and begins a new boot where one begins.
 *
 * It is told thousands of events in a second, and bounded in every direction: by machines, by boots of a machine, by marks of a
 * boot. Machines are kept by how sure it is that they are there (see {@link Seen}): those that somebody makes up push out each
 * other, never one that got a file.
 */
export type Ledger = {
  hear(stamped: { readonly at: number; readonly event: BootEvent }): void;
  /** By MAC, address or UUID. */
  find(name: string): MachineRecord | undefined;
  /** The one heard of last comes last. */
  all(): Iterable<MachineRecord>;
  /** Those that changed since the last time it was asked. */
  takeChanged(): readonly MachineRecord[];
  /** As it was kept: the newest last. */
  restore(records: readonly MachineRecord[]): void;
  /** True when there was something to forget. */
  forget(id: string): boolean;
  /** Asks whose addresses those are that no event told of, at most so many; each three times. */
  identify(most?: number): void;
  readonly size: number;
};

const PROVEN_MOST = 1500;
const BEGUN_MOST = 1000;
const STRANGERS_MOST = 500;

/** Boots of one machine in memory: the present one, and the one before, which may say why it boots again. */
export const BOOTS_MOST = 2;

/** Nobody knows it, and nobody will. */
const SOUGHT_MOST = 3;

/** Two boots under two names are one when they are no further apart. */
const SAME_BOOT_MS = 300_000;

export function createLedger(parts: LedgerParts = {}): Ledger {
  const { machineOf = () => undefined, leaving = () => {}, gone = () => {}, limits = {} } = parts;
  const most: Record<Weight, number> = {
    0: limits.strangers ?? STRANGERS_MOST,
    1: limits.begun ?? BEGUN_MOST,
    2: limits.proven ?? PROVEN_MOST,
  };
  const records = new Map<string, MachineRecord>();
  const byPeer = new Map<string, MachineRecord>();
  /** In the order in which they were heard of last. */
  const tiers: Record<Weight, Set<MachineRecord>> = { 0: new Set(), 1: new Set(), 2: new Set() };
  let changed = new Set<MachineRecord>();
  /** How often it was asked whose address that is. */
  const sought = new WeakMap<MachineRecord, number>();

  function enter(record: MachineRecord): MachineRecord {
    records.set(record.id, record);
    if (record.ip !== undefined) byPeer.set(record.ip, record);
    const tier = tiers[record.weight];
    tier.add(record);
    if (tier.size > most[record.weight]) leave(tier.values().next().value!);
    return record;
  }

  function leave(record: MachineRecord): void {
    remove(record);
    leaving(record);
  }

  function remove(record: MachineRecord): void {
    records.delete(record.id);
    if (record.ip !== undefined && byPeer.get(record.ip) === record) byPeer.delete(record.ip);
    tiers[record.weight].delete(record);
    changed.delete(record);
  }

  function recordOf({ mac, peer, weight }: Seen): MachineRecord {
    if (mac !== undefined) {
      const record = records.get(mac) ?? enter({ id: mac, mac, boots: [], weight });
      if (peer !== undefined && record.ip !== peer) bind(peer, record);
      return record;
    }
    return byPeer.get(peer!) ?? enter({ id: peer!, ip: peer!, boots: [], weight });
  }

  /** From now on it has this address. Whoever was known by the address alone is the same machine. */
  function bind(peer: string, record: MachineRecord): void {
    const before = byPeer.get(peer);
    if (before === record) return;
    if (record.ip !== undefined && byPeer.get(record.ip) === record) byPeer.delete(record.ip);
    record.ip = peer;
    if (before && before.mac === undefined) absorb(record, before);
    byPeer.set(peer, record);
  }

  function absorb(record: MachineRecord, other: MachineRecord): void {
    remove(other);
    const { boots } = other;
    other.boots = []; // nobody is to save them under its name
    const own = record.boots.pop();
    const late = boots.at(-1);
    if (!own || !late) record.boots.push(...boots.slice(-BOOTS_MOST), ...(own ? [own] : []));
    else if (areOne(own, late)) {
      if (own.row !== undefined && late.row !== undefined) gone(late.row);
      record.boots.push(joinBoots(own, late));
    } else record.boots.push(...[own, late].sort((a, b) => a.began - b.began));
    record.boots.splice(0, record.boots.length - BOOTS_MOST);
    weigh(record, other.weight);
    changed.add(record);
  }

  function weigh(record: MachineRecord, weight: Weight): void {
    if (weight <= record.weight) return;
    tiers[record.weight].delete(record);
    record.weight = weight;
    const tier = tiers[weight];
    tier.add(record);
    if (tier.size > most[weight]) leave(tier.values().next().value!);
  }

  function bootOf(record: MachineRecord, { mark, opening }: Seen): Boot {
    const present = record.boots.at(-1);
    if (present && !beginsAnew(present, mark, opening)) return present;
    const boot = beginBoot(mark.at);
    record.boots.push(boot);
    if (record.boots.length > BOOTS_MOST) record.boots.shift();
    return boot;
  }

  return {
    hear({ at, event }) {
      const seen = seenOf(event, at);
      if (!seen) return;
      const record = recordOf(seen);
      if (seen.client) learn(record, seen.client, seen.opening);
      addMark(bootOf(record, seen), seen.mark, seen.opening);
      if (seen.weight > record.weight) weigh(record, seen.weight);
      else touch(tiers[record.weight], record);
      // It may just have had to make room for itself.
      if (records.get(record.id) === record) changed.add(record);
    },
    find(name) {
      return records.get(name) ?? byPeer.get(name) ?? findUuid(records.values(), name);
    },
    *all() {
      for (const weight of [0, 1, 2] as const) yield* tiers[weight];
    },
    takeChanged() {
      const taken = [...changed];
      changed = new Set();
      return taken;
    },
    restore(kept) {
      for (const record of kept) if (!records.has(record.id)) enter(record);
    },
    forget(id) {
      const record = records.get(id);
      if (record) remove(record);
      return record !== undefined;
    },
    identify(left = Number.POSITIVE_INFINITY) {
      for (const record of [...records.values()]) {
        const times = sought.get(record) ?? 0;
        if (record.mac !== undefined || record.ip === undefined || times >= SOUGHT_MOST) continue;
        if (left-- <= 0) return;
        sought.set(record, times + 1);
        const mac = machineOf(record.ip);
        if (mac === undefined) continue;
        bind(record.ip, records.get(mac) ?? enter({ id: mac, mac, boots: [], weight: record.weight }));
      }
    },
    get size() {
      return records.size;
    },
  };
}

/** Refreshing the order costs two hashes; the newest one needs none, and in a storm each machine has many events in a row. */
function touch(tier: Set<MachineRecord>, record: MachineRecord): void {
  tier.delete(record);
  tier.add(record);
}

/** Loaders and systems say less than firmware; and UEFI that tries HTTP when PXE has failed is still what it was. */
function learn(record: MachineRecord, { uuid, arch, kind }: ClientFacts, opening?: Opening): void {
  if (uuid !== undefined) record.uuid = uuid;
  const boot = record.boots.at(-1);
  if (kind === 'http' && boot?.beyond && !boot.openings.includes('http')) return;
  if (arch !== undefined) record.arch = arch;
  if (kind !== undefined) record.kind = kind;
  else if (opening === 'rom') delete record.kind;
}

function areOne(one: Boot, other: Boot): boolean {
  const [first, second] = one.began <= other.began ? [one, other] : [other, one];
  return second.began - first.last < SAME_BOOT_MS;
}

function findUuid(records: Iterable<MachineRecord>, name: string): MachineRecord | undefined {
  const uuid = name.toLowerCase();
  for (const record of records)
    if (record.uuid !== undefined && record.uuid.toLowerCase() === uuid) return record;
  return undefined;
}
