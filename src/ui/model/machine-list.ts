import type { Machine } from '../api/shapes.ts';

/** Machines by what somebody wants to see of them. */
export type Group = 'all' | 'booting' | 'booted' | 'failed' | 'files';

export type SortKey = 'name' | 'stage' | 'since' | 'bytes';
export type Sorting = { readonly by: SortKey; readonly descending: boolean };

/** The stages in the order in which a boot goes through them; `done` is told where no system asked for an address afterwards. */
export const STEPS = ['address', 'loader', 'config', 'kernel', 'initrd', 'system'] as const;

export function groupOf({ stage }: Pick<Machine, 'stage'>): Exclude<Group, 'all'> {
  if (stage === 'failed' || stage === 'files') return stage;
  return stage === 'system' || stage === 'done' ? 'booted' : 'booting';
}

/** How many steps of {@link STEPS} a machine has behind it or is in. */
export function stepsOf({ stage }: Pick<Machine, 'stage'>): number {
  if (stage === 'failed' || stage === 'files') return 0;
  return stage === 'done' ? STEPS.length : STEPS.indexOf(stage) + 1;
}

export type Counts = Readonly<Record<Group, number>>;

export function countsOf(machines: Iterable<Machine>): Counts {
  const counts = { all: 0, booting: 0, booted: 0, failed: 0, files: 0 };
  for (const machine of machines) {
    counts.all++;
    counts[groupOf(machine)]++;
  }
  return counts;
}

/** `142 of 400 booted, 3 failed`: whoever fetched files by hand is none of them. */
export function countsLine({ all: listed, booted, failed, files }: Counts): string {
  const all = listed - files;
  if (all === 0) return 'No machine has asked yet';
  return `${booted} of ${all} booted${failed > 0 ? `, ${failed} failed` : ''}`;
}

/** What a machine is called. */
export function nameOf({ hostname, mac, id }: Pick<Machine, 'hostname' | 'mac' | 'id'>): string {
  return hostname ?? mac ?? id;
}

/** Every word of `text` stands somewhere in what is known of the machine. */
export function matches(machine: Machine, text: string): boolean {
  const { id, mac, ip, uuid, arch, hostname, firmware, profile, stage, stageText } = machine;
  const all = [id, mac, ip, uuid, arch, hostname, firmware, profile, stage, stageText]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export type Wanted = { readonly group: Group; readonly text: string; readonly sorting: Sorting };

/** The ids of those that are wanted, in order. */
export function chosen(machines: Iterable<Machine>, { group, text, sorting }: Wanted): string[] {
  const all = [...machines].filter(
    (machine) => (group === 'all' || groupOf(machine) === group) && matches(machine, text),
  );
  const sign = sorting.descending ? -1 : 1;
  const compare = COMPARE[sorting.by];
  return all.sort((a, b) => sign * compare(a, b) || byName(a, b)).map(({ id }) => id);
}

/**
 * The same list while somebody points into it: whoever stands in it stays where it is, newcomers follow at its end. A row must not
 * move away from under a finger.
 */
export function held(before: readonly string[], wanted: readonly string[]): string[] {
  const still = new Set(wanted);
  const kept = before.filter((id) => still.has(id));
  const known = new Set(kept);
  return [...kept, ...wanted.filter((id) => !known.has(id))];
}

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

const COMPARE: Readonly<Record<SortKey, (a: Machine, b: Machine) => number>> = {
  name: byName,
  stage: (a, b) => stepsOf(a) - stepsOf(b),
  since: (a, b) => a.since - b.since,
  bytes: (a, b) => a.bytes - b.bytes,
};

function byName(a: Machine, b: Machine): number {
  const [one, other] = [nameOf(a), nameOf(b)];
  // `0c` is no number: MACs are in their order as they stand.
  const areMacs = MAC.test(one) && MAC.test(other);
  return areMacs
    ? one < other
      ? -1
      : Number(one > other)
    : one.localeCompare(other, 'en', { numeric: true });
}
