/** Boots machines, one or thousands at once, over one attachment. */
import { Deadlines } from '../lib/deadlines.ts';
import type { Attachment } from './attachment.ts';
import type { RomIdentity } from './rom-identity.ts';
import type { Step, Verdict } from './step.ts';
import { createWalk, type Walk, type WalkManners } from './walk.ts';

export type MachineSpec = WalkManners & {
  readonly rom: RomIdentity;
  /** Milliseconds after the beginning. */
  readonly startMs?: number;
};

export type RunOptions = {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** How long one machine may take; then it is told to be a failure, and its address is given back. */
  readonly timeoutMs?: number;
  readonly onStep?: (machine: number, step: Step) => void;
  readonly onVerdict: (machine: number, verdict: Verdict, tookMs: number) => void;
  /** Once true, no machine starts any more, and those under way give their addresses back. */
  readonly stopped?: () => boolean;
  /** May throw, to end it all at once. */
  readonly checkAborted?: () => void;
};

/** How long a stop may go unnoticed. */
const LONGEST_WAIT_MS = 200;
/** Machines that start within one turn. */
const MOST_STARTS = 64;

type Running = {
  readonly number: number;
  readonly walk: Walk;
  readonly startedAt: number;
  givenUp: boolean;
  deadline(): number;
  queuedFor: number;
};

/**
 * Resolves when every machine has a verdict. `machines` are taken one by one as their time comes, in the order of their `startMs`: an
 * iterator that makes them when asked keeps nothing of those to come.
 */
export async function runMachines(
  attachment: Attachment,
  machines: Iterable<MachineSpec>,
  options: RunOptions,
): Promise<void> {
  const { now, timeoutMs = Number.POSITIVE_INFINITY } = options;
  const began = now();
  const coming = machines[Symbol.iterator]();
  const running = new Map<number, Running>();
  const deadlines = new Deadlines<Running>();
  let next = coming.next();
  let started = 0;

  function start(spec: MachineSpec): void {
    const number = started++;
    const startedAt = now();
    const walk = createWalk(spec.rom, startedAt, spec);
    const one: Running = {
      number,
      walk,
      startedAt,
      givenUp: false,
      deadline: () =>
        Math.min(walk.deadline(), one.givenUp ? Number.POSITIVE_INFINITY : startedAt + timeoutMs),
      queuedFor: Number.POSITIVE_INFINITY,
    };
    running.set(number, one);
    attachment.plug(number, spec.rom, {
      datagram(received) {
        walk.receive(received, now());
        turn(one);
      },
      unreachable(notice) {
        walk.unreachable(notice, now());
        turn(one);
      },
      http(outcome) {
        walk.granted(outcome);
        turn(one);
      },
    });
    turn(one);
  }

  function turn(one: Running): void {
    const { number, walk, startedAt } = one;
    if (!running.has(number)) return;
    const time = now();
    if (!one.givenUp && time >= startedAt + timeoutMs) {
      one.givenUp = true;
      walk.giveUp('timeout', `no end within ${timeoutMs / 1000} s`, time);
    }
    for (let output = walk.poll(time); output; output = walk.poll(time)) {
      if (output.kind === 'send') attachment.send(number, output.transmit, time);
      else if (output.kind === 'configure') attachment.configure(number, output.lease);
      else if (output.kind === 'http') attachment.http(number, output.request, time);
      else options.onStep?.(number, output.step);
    }
    const verdict = walk.verdict();
    if (!running.has(number)) return; // an ear was called within `send` or `http`, and it ended there
    if (!verdict) {
      deadlines.schedule(one);
      return;
    }
    running.delete(number);
    attachment.unplug(number);
    options.onVerdict(number, verdict, time - startedAt);
  }

  function startDue(): void {
    for (let left = MOST_STARTS; left > 0 && !next.done; left--) {
      if (now() - began < (next.value.startMs ?? 0)) return;
      start(next.value);
      next = coming.next();
    }
  }

  function stopAll(): void {
    next = { done: true, value: undefined };
    for (const one of [...running.values()]) {
      if (one.givenUp) continue;
      one.givenUp = true;
      one.walk.giveUp('interrupted', 'interrupted', now());
      turn(one);
    }
  }

  for (;;) {
    if (options.stopped?.()) stopAll();
    startDue();
    for (let one = deadlines.due(now()); one; one = deadlines.due(now())) turn(one);
    attachment.flush(now());
    if (running.size === 0 && next.done && attachment.deadline() === Number.POSITIVE_INFINITY) return;
    options.checkAborted?.();
    const startAt = next.done ? Number.POSITIVE_INFINITY : began + (next.value.startMs ?? 0);
    const until = Math.min(deadlines.next(), attachment.deadline(), startAt) - now();
    await attachment.wait(Math.min(Math.max(0, until), LONGEST_WAIT_MS));
    attachment.receive(now());
  }
}
