/**
 * Notices machines that go round in circles: the same loader again and again, and the boot never gets further.
 *
 * One round goes from a loader's delivery to its next one. What was reached in it:
 *
 *     loader -> second-stage -> config asked -> config -> payload asked -> all payloads delivered
 *
 * A machine that had all it asked for, kernel and initrds, got through, whatever it does afterwards; so did one whose system asks
 * for an address. Everybody else counts: the third delivery within ten minutes is told once, with the step that never came.
 * Pure: time comes as an argument; machines, loaders and files of one machine are remembered in bounded numbers.
 */

/** What was seen of a machine. */
export type BootStep =
  /** A loader was delivered whole. */
  | { readonly kind: 'loader'; readonly file: string }
  /** It looked for a configuration. */
  | { readonly kind: 'config'; readonly found: boolean }
  /** A kernel, an initrd: asked for, asked for its size alone, delivered whole, or not to its end. */
  | {
      readonly kind: 'payload';
      readonly file: string;
      readonly state: 'asked' | 'probed' | 'done' | 'failed';
    }
  /** It asked for something that is not there. */
  | { readonly kind: 'refused'; readonly file: string }
  /** Its operating system or installer runs. */
  | { readonly kind: 'system' };

export type MissingStep = 'second-stage' | 'config' | 'kernel' | 'initrd';

export type BootLoop = {
  /** The loader that it fetches again and again. */
  readonly file: string;
  /** How often within the time. */
  readonly times: number;
  readonly missing: MissingStep;
  /** The file that it did not get whole. */
  readonly incomplete?: string;
  /** The last thing that it asked for and that was not there. */
  readonly refused?: string;
};

export type LoopGuard = {
  /** `who`: one key for a machine. `now` in ms. A loop is given once in the time that is looked at. */
  saw(who: string, step: BootStep, now: number): BootLoop | undefined;
  /** Machines remembered. */
  readonly size: number;
};

export type LoopGuardOptions = {
  readonly times?: number;
  readonly withinMs?: number;
  readonly mostMachines?: number;
};

const LOADERS_MOST = 4;
const TIMES_MOST = 32;
const OPEN_MOST = 16;

type Reached = 'loader' | 'second-stage' | 'config-asked' | 'config';

type Round = {
  /** When each loader was delivered, in the order of their first delivery. */
  readonly loaders: Map<string, number[]>;
  reached: Reached;
  /** Payloads asked for and not delivered whole. */
  readonly open: Set<string>;
  delivered: number;
  refused: string | undefined;
  toldAt: number;
};

/** Remembers the machines last seen. */
export function createLoopGuard(options: LoopGuardOptions = {}): LoopGuard {
  const { times = 3, withinMs = 600_000, mostMachines = 4096 } = options;
  const rounds = new Map<string, Round>();

  function roundOf(who: string): Round {
    const round = rounds.get(who) ?? freshRound();
    rounds.delete(who);
    rounds.set(who, round);
    if (rounds.size > mostMachines) rounds.delete(rounds.keys().next().value!);
    return round;
  }

  function loader(round: Round, file: string, now: number): BootLoop | undefined {
    const before = round.loaders.get(file);
    if (before === undefined) {
      round.reached = round.loaders.size === 0 ? 'loader' : 'second-stage';
      round.loaders.set(file, [now]);
      if (round.loaders.size > LOADERS_MOST) round.loaders.delete(round.loaders.keys().next().value!);
      return undefined;
    }
    const recent = gotThrough(round) ? [] : before.filter((at) => now - at < withinMs);
    if (recent.length === 0) round.loaders.clear();
    recent.push(now);
    round.loaders.set(file, recent.slice(-TIMES_MOST));
    const isLoop = recent.length >= times && now - round.toldAt >= withinMs;
    const loop = isLoop ? describeLoop(round, file, recent.length) : undefined;
    if (isLoop) round.toldAt = now;
    const isFirst = round.loaders.keys().next().value === file;
    Object.assign(round, { reached: isFirst ? 'loader' : 'second-stage', delivered: 0, refused: undefined });
    round.open.clear();
    return loop;
  }

  return {
    saw(who, step, now) {
      if (step.kind === 'system') {
        rounds.delete(who);
        return undefined;
      }
      // Who fetches no loader here cannot loop: nothing is to be remembered of it.
      if (step.kind !== 'loader' && !rounds.has(who)) return undefined;
      const round = roundOf(who);
      if (step.kind === 'loader') return loader(round, step.file, now);
      take(round, step);
      return undefined;
    },
    get size() {
      return rounds.size;
    },
  };
}

function freshRound(): Round {
  return {
    loaders: new Map(),
    reached: 'loader',
    open: new Set(),
    delivered: 0,
    refused: undefined,
    toldAt: Number.NEGATIVE_INFINITY,
  };
}

function take(round: Round, step: Exclude<BootStep, { kind: 'loader' | 'system' }>): void {
  switch (step.kind) {
    case 'config':
      if (step.found) round.reached = 'config';
      else if (round.reached !== 'config') round.reached = 'config-asked';
      return;
    case 'payload':
      if (step.state === 'done' || step.state === 'probed') {
        round.open.delete(step.file);
        if (step.state === 'done') round.delivered++;
      } else if (round.open.size < OPEN_MOST) round.open.add(step.file);
      return;
    case 'refused':
      round.refused = step.file;
  }
}

function gotThrough({ delivered, open }: Round): boolean {
  return delivered > 0 && open.size === 0;
}

function describeLoop(round: Round, file: string, times: number): BootLoop {
  const { open, delivered, refused } = round;
  const [incomplete] = open;
  const loop = { file, times, ...(refused !== undefined && { refused }) };
  if (incomplete !== undefined) return { ...loop, missing: delivered > 0 ? 'initrd' : 'kernel', incomplete };
  if (round.reached === 'config') return { ...loop, missing: 'kernel' };
  const waitsForStage = round.reached === 'loader' && /(^|\/)(shim|bootnet)[^/]*$/i.test(file);
  return { ...loop, missing: waitsForStage ? 'second-stage' : 'config' };
}
