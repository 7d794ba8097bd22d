import type { Ipv4 } from '../lib/ipv4.ts';
import type { QuirkView, Trial, TrialStep } from './quirks.ts';
import type { QuirkName } from './quirks-table.ts';

/** Trials at once, makes known: past it the one that was not heard of for longest is forgotten. Anybody can make up MACs. */
const MAX_TRIALS = 10_000;
const MAX_MAKES = 1_000;

/** What worked for a machine of a make; for two of them it is the make's. */
type Lesson = { readonly quirk: QuirkName; readonly mac: string; readonly confirmed: boolean };

export type QuirkMemory = ReturnType<typeof createQuirkMemory>;

/** The trials under way (see quirks.ts), in memory: bounded, and without a clock. */
export function createQuirkMemory(limits: { trials?: number; makes?: number } = {}) {
  const { trials: maxTrials = MAX_TRIALS, makes: maxMakes = MAX_MAKES } = limits;
  const trials = new Map<string, Trial>();
  const byIp = new Map<Ipv4, string>();
  const lessons = new Map<string, Lesson>();

  function drop(key: string): void {
    const ip = trials.get(key)?.ip;
    trials.delete(key);
    if (ip !== undefined && byIp.get(ip) === key) byIp.delete(ip);
  }

  const view: QuirkView = {
    trial: (key) => trials.get(key),
    worked(make) {
      const lesson = lessons.get(make);
      return lesson?.confirmed ? lesson.quirk : undefined;
    },
  };

  /** This trial led to a boot. */
  function learn({ make, mac, quirk }: Trial): void {
    const before = lessons.get(make);
    if (!before && quirk === 'default') return;
    const agrees = before?.quirk === quirk;
    const confirmed = agrees && (before.confirmed || before.mac !== mac);
    lessons.delete(make);
    lessons.set(make, { quirk, mac: agrees ? before.mac : mac, confirmed });
    if (lessons.size > maxMakes) lessons.delete(lessons.keys().next().value!);
  }

  return {
    ...view,

    /** Applies what a decision says. A trial that is over led to a boot. */
    apply({ key, trial }: TrialStep): void {
      const before = trials.get(key);
      drop(key);
      if (!trial) {
        if (before) learn(before);
        return;
      }
      trials.set(key, trial);
      if (trial.ip !== undefined) byIp.set(trial.ip, key);
      if (trials.size > maxTrials) drop(trials.keys().next().value!);
    },

    /** The client with this address downloads a file of ours: ends its trial, and gives it. */
    fetched(ip: Ipv4): Trial | undefined {
      const key = byIp.get(ip);
      const trial = key === undefined ? undefined : trials.get(key);
      if (!trial) return undefined;
      drop(trial.key);
      learn(trial);
      return trial;
    },

    get size(): number {
      return trials.size;
    },
  };
}
