import type { Ipv4 } from '../lib/ipv4.ts';
import type { Exchange, Outcome } from './exchange.ts';
import type { Lease } from './request.ts';

/** The stations of a network boot, in order. */
export type StepName =
  | 'discover'
  | 'request'
  | 'boot-file'
  | 'loader-module'
  | 'config'
  | 'menu'
  | 'kernel'
  | 'initrd'
  | 'local-boot';

/** What became of one station; `why` is a stable code when it failed. */
export type Step = {
  readonly step: StepName;
  readonly detail: string;
  readonly ok: boolean;
  readonly tookMs: number;
  readonly why?: string;
};

/** How a walk ended. */
export type Verdict = {
  readonly ok: boolean;
  /** Every station in the order it was reached; the last one is the one that failed, if one did. */
  readonly steps: readonly Step[];
  readonly lease?: Lease;
  /** Name of the configuration file that was found. */
  readonly config?: string;
  readonly ended: 'kernel' | 'local-boot' | 'foreign-loader' | 'failed';
};

/** What a walk asks of whoever drives it. */
export type Wish =
  | { readonly kind: 'run'; readonly exchange: Exchange<unknown> }
  | { readonly kind: 'step'; readonly step: Step }
  /** From now on the machine has this address. */
  | { readonly kind: 'configure'; readonly lease: Lease };

/** A part of a walk: a generator that wishes, and returns once its wishes were granted. */
export type Walking<T> = Generator<Wish, T, void>;

/** Milliseconds; whoever drives the walk sets it before each step of the generator. */
export type Clock = { now: number };

/** Runs one conversation to its end. */
export function* run<T>(exchange: Exchange<T>): Walking<Outcome<T>> {
  yield { kind: 'run', exchange };
  const result = exchange.result();
  if (!result) throw new Error('Cannot go on: the conversation has not ended');
  return result;
}

/** Collects the steps of a walk and tells them. */
export type Diary = {
  readonly clock: Clock;
  readonly steps: Step[];
};

/** Writes down what became of a station that began at `since`. */
export function* report(
  diary: Diary,
  station: { readonly step: StepName; readonly since: number },
  outcome: { readonly ok: boolean; readonly detail: string; readonly why?: string },
): Walking<void> {
  const { ok, detail, why } = outcome;
  const tookMs = diary.clock.now - station.since;
  const step: Step = { step: station.step, ok, detail, tookMs, ...(why !== undefined && { why }) };
  diary.steps.push(step);
  yield { kind: 'step', step };
}

/** A file on a server. */
export type Location = { readonly server: Ipv4; readonly path: string };
