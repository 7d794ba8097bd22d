import type { Stamped } from '../events/bus.ts';
import type { BootEvent } from '../events/event.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { StoredBoot } from '../store/timeline-schema.ts';
import type { TimelineStore } from '../store/timeline-store.ts';
import type { Boot } from '../timeline/boot.ts';
import { type Facts, NO_FACTS } from '../timeline/explanation.ts';
import { createLedger, type LedgerLimits, type MachineRecord } from '../timeline/ledger.ts';
import {
  type EarlierBoot,
  earlierOf,
  type MachineStory,
  type MachineSummary,
  storyOf,
  summaryOf,
} from '../timeline/summary.ts';
import { recordOf, storedOf } from './timeline-rows.ts';
import { createWatchers } from './timeline-watchers.ts';

/** What machines did since some time, and what they do now. No method throws. */
export type Timeline = {
  /** A listener of the bus: takes some microseconds. */
  hear(stamped: Stamped): void;
  /** Those heard of last first. */
  machines(most?: number): readonly MachineSummary[];
  /** Those of this run that are in memory: asks nothing of the disk. */
  recent(most: number): readonly MachineSummary[];
  /** By MAC, address or UUID; the last boot of it. */
  machine(name: string, facts?: Facts): MachineStory | undefined;
  /** The boot and the machine behind {@link Timeline.machine}, for whoever gathers facts of it. */
  boot(name: string): { readonly machine: MachineRecord; readonly boot: Boot } | undefined;
  /** Other DHCP servers that were heard of. */
  readonly servers: NonNullable<Facts['servers']>;
  /** Told of each machine that changed, a moment later; returns what ends it. */
  subscribe(listener: (summary: MachineSummary) => void): () => void;
  /** Saves, and asks nothing of the store from then on. */
  close(): void;
};

export type TimelineParts = {
  /** Absent: nothing outlasts this run. */
  readonly store?: TimelineStore | undefined;
  readonly machineOf?: (peer: string) => Mac | undefined;
  /** What leases say of it. */
  readonly hostnameOf?: (machine: { readonly mac?: Mac; readonly ip?: string }) => string | undefined;
  /** ms since 1970. */
  readonly now: () => number;
  readonly limits?: LedgerLimits;
  /** Something cannot be saved, or read. */
  readonly onProblem?: (error: unknown) => void;
  /** So many events of a flood are in nobody's boot. */
  readonly onPassedOver?: (count: number) => void;
  /** Has `step` called again and again; returns what ends it. A timer when left out. */
  readonly every?: (ms: number, step: () => void) => () => void;
};

/** Changes are saved, and told to whoever watches, so often. */
const TICK_MS = 250;
/**
 * Events that are looked at between two ticks: what a thousand machines send that are switched on in the same second. Of
 * more than that, those of DHCP are passed over: they would take a tenth of the time that a flood of requests leaves to answer it.
 */
const HEARD_MOST = 1500;
/** Boots that are saved at a time: DHCP waits for it, a millisecond or two. */
const SAVED_AT_ONCE = 64;
/** Boots that may be made up, of those. */
const STRANGERS_AT_ONCE = 8;
/** Addresses that the system is asked about at a time. */
const SOUGHT_AT_ONCE = 4;
/** What is too much is looked for so often, in ticks: an hour. */
const TIDY_TICKS = (3_600_000 / TICK_MS) | 0;
const FIRST_TIDY_TICKS = 240;
/** Machines that went to make room and are still to be saved. */
const LEAVING_MOST = 1000;
/** Whoever was booting when pxed was stopped goes on with the same boot. */
const RESUME_MS = 1_800_000;
const RESUMED_MOST = 1000;
const SERVERS_MOST = 16;
const EARLIER_MOST = 10;
const LISTED_MOST = 1000;
/** No rule has more patience (explain.ts). */
const SETTLED_MS = 660_000;

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

export function createTimeline(parts: TimelineParts): Timeline {
  const { store, now, machineOf, hostnameOf = () => undefined, onProblem = () => {}, every = timer } = parts;
  const { onPassedOver = () => {} } = parts;
  /** Records with boots that are not saved as they are now. */
  const unsaved = new Set<MachineRecord>();
  const saved = new WeakMap<Boot, number>();
  const servers = new Map<string, NonNullable<Facts['servers']>[number]>();
  let gone: number[] = [];
  let ticks = 0;
  let heard = 0;
  let passedOver = 0;
  const ledger = createLedger({
    ...(machineOf && { machineOf }),
    ...(parts.limits && { limits: parts.limits }),
    leaving: (record) => {
      if (record.weight === 0) unsaved.delete(record);
      else if (unsaved.size < LEAVING_MOST) unsaved.add(record);
    },
    gone: (row) => void gone.push(row),
  });
  const watchers = createWatchers((record) => summarise(record), now);

  /** Boots of which nothing more is to come: what they look like does not change with time any more. */
  const settled = new WeakMap<Boot, { readonly version: number; readonly summary: MachineSummary }>();
  /** The same of machines that are not in memory, by the numbers of their rows. */
  const keptSummaries = new Map<number, MachineSummary>();

  function looksOf(record: MachineRecord, boot: Boot): MachineSummary {
    const known = settled.get(boot);
    if (known?.version === boot.version) return known.summary;
    const summary = summaryOf(record, boot, now());
    if (now() - boot.last > SETTLED_MS) settled.set(boot, { version: boot.version, summary });
    return summary;
  }

  function summarise(record: MachineRecord, counts = NO_COUNTS): MachineSummary | undefined {
    const boot = record.boots.at(-1);
    if (!boot) return undefined;
    const fresh = record.boots.filter(({ row }) => row === undefined).length;
    const hostname = hostnameOf(record);
    return {
      ...looksOf(record, boot),
      ...namesOf(record),
      ...(hostname !== undefined && { hostname }),
      boots: Math.max(record.boots.length, (counts.get(record.id) ?? 0) + fresh),
    };
  }

  function keptSummary(row: StoredBoot, counts: ReadonlyMap<string, number>): MachineSummary | undefined {
    const known = keptSummaries.get(row.id!);
    const record = known?.lastSeen === row.last ? undefined : recordOf(row);
    const summary = record ? summarise(record) : known;
    if (!summary) return undefined;
    if (record && keptSummaries.size < LISTED_MOST) keptSummaries.set(row.id!, summary);
    return { ...summary, boots: counts.get(row.machine) ?? 1 };
  }

  function fromStore<T>(ask: (from: TimelineStore) => T): T | undefined {
    try {
      return store && ask(store);
    } catch (error) {
      onProblem(error);
      return undefined;
    }
  }

  function tick(): void {
    ledger.identify(SOUGHT_AT_ONCE);
    const changed = ledger.takeChanged();
    for (const record of changed) if (store) unsaved.add(record);
    watchers.tick(changed);
    if (store) save(SAVED_AT_ONCE);
    heard = 0;
    if (passedOver > 0) onPassedOver(passedOver);
    passedOver = 0;
    ticks++;
    if (ticks % TIDY_TICKS === FIRST_TIDY_TICKS) fromStore((from) => from.tidy(now()));
  }

  function save(most: number): void {
    if (!store || (unsaved.size === 0 && gone.length === 0)) return;
    const boots: { record: MachineRecord; boot: Boot }[] = [];
    let strangers = 0;
    for (const record of unsaved) {
      if (boots.length >= most) break;
      if (record.weight === 0 && ++strangers > STRANGERS_AT_ONCE) continue;
      unsaved.delete(record);
      for (const boot of record.boots) if (saved.get(boot) !== boot.version) boots.push({ record, boot });
    }
    const done = fromStore((into) => {
      if (gone.length > 0) into.remove(gone);
      gone = [];
      const ids = into.save(boots.map(({ record, boot }) => storedOf(record, boot)));
      boots.forEach(({ boot }, index) => {
        boot.row = ids[index]!;
        saved.set(boot, boot.version);
      });
      return true;
    });
    if (!done) for (const { record } of boots) if (unsaved.size < LEAVING_MOST) unsaved.add(record);
  }

  function restore(): void {
    const rows = fromStore((from) => from.latest({ since: now() - RESUME_MS, most: RESUMED_MOST })) ?? [];
    const records = rows.flatMap((row) => recordOf(row) ?? []);
    for (const boot of records.flatMap(({ boots }) => boots)) saved.set(boot, boot.version);
    ledger.restore(records.reverse());
    ledger.takeChanged();
  }

  /** In memory, else as it was kept. */
  function lookUp(name: string): MachineRecord | undefined {
    ledger.identify();
    const known = ledger.find(name);
    if (known) return known;
    const id = fromStore((from) => from.find(name));
    const [row] = id === undefined ? [] : (fromStore((from) => from.of(id, 1)) ?? []);
    return row && recordOf(row);
  }

  function earlier(record: MachineRecord): readonly EarlierBoot[] {
    const own = record.boots.slice(0, -1);
    const held = new Set(record.boots.map(({ row }) => row));
    const rows = fromStore((from) => from.of(record.id, EARLIER_MOST + record.boots.length)) ?? [];
    const kept = rows.filter(({ id }) => !held.has(id)).flatMap((row) => recordOf(row)?.boots ?? []);
    return [...own, ...kept]
      .sort((a, b) => b.began - a.began)
      .slice(0, EARLIER_MOST)
      .map((boot) => earlierOf(record, boot));
  }

  restore();
  const stop = every(TICK_MS, tick);
  return {
    hear(stamped) {
      const { event } = stamped;
      if (event.type === 'dhcp.other-server' && servers.size < SERVERS_MOST) {
        const { kind, interface: name } = event;
        const ip = formatIpv4(event.ip);
        servers.set(`${name} ${ip}`, { ip, kind, interface: name });
      }
      if (heard++ < HEARD_MOST || !isDhcp(event)) ledger.hear(stamped);
      else passedOver++;
    },
    machines(most = LISTED_MOST) {
      const counts = fromStore((from) => from.counts()) ?? NO_COUNTS;
      const here = newest(ledger.all(), most).flatMap((record) => summarise(record, counts) ?? []);
      const known = new Set([...ledger.all()].map(({ id }) => id));
      const rows = fromStore((from) => from.latest({ most })) ?? [];
      const kept = rows
        .filter(({ machine }) => !known.has(machine))
        .flatMap((row) => keptSummary(row, counts) ?? []);
      return [...here, ...kept].sort((a, b) => b.lastSeen - a.lastSeen).slice(0, most);
    },
    recent: (most) => newest(ledger.all(), most).flatMap((record) => summarise(record) ?? []),
    machine(name, facts = NO_FACTS) {
      const record = lookUp(name);
      const boot = record?.boots.at(-1);
      if (!record || !boot) return undefined;
      const before = earlier(record);
      const besides = { hostname: hostnameOf(record), boots: Math.max(before.length + 1, countOf(record)) };
      return storyOf(record, boot, { now: now(), facts, besides, earlier: before });
    },
    boot(name) {
      const machine = lookUp(name);
      const boot = machine?.boots.at(-1);
      return machine && boot && { machine, boot };
    },
    get servers() {
      return [...servers.values()];
    },
    subscribe: watchers.subscribe,
    close() {
      stop();
      for (const record of ledger.takeChanged()) if (store) unsaved.add(record);
      save(Number.POSITIVE_INFINITY);
      fromStore((from) => from.close());
    },
  };

  function countOf(record: MachineRecord): number {
    const fresh = record.boots.filter(({ row }) => row === undefined).length;
    return (fromStore((from) => from.countOf(record.id)) ?? 0) + fresh;
  }
}

function isDhcp({ type }: BootEvent): boolean {
  return type.startsWith('dhcp.');
}

/** The machine's names may become known after its boot. */
function namesOf({ id, mac, ip }: MachineRecord): Pick<MachineSummary, 'id' | 'mac' | 'ip'> {
  return { id, ...(mac !== undefined && { mac }), ...(ip !== undefined && { ip }) };
}

function newest(records: Iterable<MachineRecord>, most: number): MachineRecord[] {
  return [...records].sort((a, b) => lastOf(b) - lastOf(a)).slice(0, most);
}

function lastOf({ boots }: MachineRecord): number {
  return boots.at(-1)?.last ?? 0;
}

function timer(ms: number, step: () => void): () => void {
  const handle = setInterval(step, ms).unref();
  return () => clearInterval(handle);
}
