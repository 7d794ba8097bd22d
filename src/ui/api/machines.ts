import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Machine } from './shapes.ts';

/** Machines as they are told: a signal for each, so that a row is drawn anew when its machine moves, and no other. */
export type Machines = {
  /** Those that are known, as of the last change. */
  readonly all: ReadonlySignal<readonly Machine[]>;
  of(id: string): ReadonlySignal<Machine> | undefined;
  /** What the API says at once: whoever is not in it is forgotten. */
  replace(machines: readonly Machine[]): void;
  /** What it tells as it happens; shown a moment later, together with what else happens. */
  take(machine: Machine): void;
};

/** Often enough to look alive; thousands of machines that report at once cost one drawing. */
const TOGETHER_MS = 150;

export function createMachines(schedule: (run: () => void, ms: number) => void): Machines {
  const known = new Map<string, Signal<Machine>>();
  const all = signal<readonly Machine[]>([]);
  const waiting = new Map<string, Machine>();
  let isPlanned = false;

  function put(machine: Machine): void {
    const one = known.get(machine.id);
    if (one) one.value = machine;
    else known.set(machine.id, signal(machine));
  }

  function tell(): void {
    all.value = [...known.values()].map((one) => one.peek());
  }

  function flush(): void {
    isPlanned = false;
    batch(() => {
      for (const machine of waiting.values()) put(machine);
      waiting.clear();
      tell();
    });
  }

  return {
    all,
    of: (id) => known.get(id),
    replace(machines) {
      const ids = new Set(machines.map(({ id }) => id));
      batch(() => {
        for (const id of [...known.keys()]) if (!ids.has(id)) known.delete(id);
        for (const machine of machines) put(machine);
        waiting.clear();
        tell();
      });
    },
    take(machine) {
      waiting.set(machine.id, machine);
      if (isPlanned) return;
      isPlanned = true;
      schedule(flush, TOGETHER_MS);
    },
  };
}
