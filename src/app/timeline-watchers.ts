import type { MachineRecord } from '../timeline/ledger.ts';
import type { MachineSummary } from '../timeline/summary.ts';

/** Machines that are looked at in one tick. */
const LOOKED_AT_ONCE = 100;

/** A boot is settled so long after the last that was heard of it: no rule has more patience. */
const SETTLED_MS = 90_000;

type Listener = (summary: MachineSummary) => void;

/**
 * Tells whoever watches of machines that changed. That a boot failed or is over shows when nothing more comes of it: those that were
 * heard of lately are looked at again, each second or so. Nobody watches: nothing is looked at.
 */
export function createWatchers(
  summarise: (record: MachineRecord) => MachineSummary | undefined,
  now: () => number,
) {
  const listeners = new Set<Listener>();
  /** In the order in which they are looked at, with what was told of them last. */
  const unsettled = new Map<MachineRecord, string>();
  let turn = 0;

  function look(record: MachineRecord, told: string | undefined): void {
    const summary = summarise(record);
    if (!summary) return;
    const words = `${summary.stage} ${summary.stageText} ${summary.bytes} ${summary.ip}`;
    unsettled.delete(record);
    if (now() - summary.lastSeen < SETTLED_MS) unsettled.set(record, words);
    if (words === told) return;
    for (const listener of listeners) tell(listener, summary);
  }

  /** One that throws is told no more; the others are not disturbed. */
  function tell(listener: Listener, summary: MachineSummary): void {
    try {
      listener(summary);
    } catch {
      listeners.delete(listener);
    }
  }

  return {
    /** `changed`: since the last tick. */
    tick(changed: readonly MachineRecord[]): void {
      if (listeners.size === 0) {
        unsettled.clear();
        return;
      }
      for (const record of changed) if (!unsettled.has(record)) unsettled.set(record, '');
      const fresh = new Set(changed.slice(0, LOOKED_AT_ONCE));
      for (const record of fresh) look(record, unsettled.get(record));
      // Every fourth time all others, for what time alone changes.
      if (++turn % 4 !== 0) return;
      const others = [...unsettled.keys()].filter((record) => !fresh.has(record)).slice(0, LOOKED_AT_ONCE);
      for (const record of others) look(record, unsettled.get(record));
    },
    subscribe(listener: Listener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
