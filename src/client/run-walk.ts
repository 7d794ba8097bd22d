import { createHostStack } from './host-stack.ts';
import type { RomIdentity } from './rom-identity.ts';
import type { Step, Verdict } from './step.ts';
import { createWalk } from './walk.ts';

/** A wire with one machine at its end: whole Ethernet frames. `Tap` of net/linux is one. */
export type FrameLink = {
  /** The next frame that arrived, or undefined. */
  read(): Uint8Array | undefined;
  /** false: the frame was lost. */
  write(frame: Uint8Array): boolean;
  /** Waits for a frame, at most so many milliseconds. */
  readable(timeoutMs: number): Promise<boolean>;
};

export type WalkOptions = {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  readonly onStep?: (step: Step) => void;
  readonly signal?: AbortSignal;
};

/** How long an abort may go unnoticed. */
const LONGEST_WAIT_MS = 200;

/**
 * Boots a machine at the end of `link` and tells each station as it is reached. Throws the signal's reason when it is
 * aborted, and what the link throws; everything that goes wrong with the boot itself is in the verdict.
 */
export async function runWalk(link: FrameLink, rom: RomIdentity, options: WalkOptions): Promise<Verdict> {
  const stack = createHostStack(rom.mac);
  const walk = createWalk(rom, options.now());

  function turn(): void {
    const now = options.now();
    for (let output = walk.poll(now); output; output = walk.poll(now)) {
      if (output.kind === 'send') stack.send(output.transmit, now);
      else if (output.kind === 'configure') stack.configure(output.lease);
      else options.onStep?.(output.step);
    }
    for (let frame = stack.poll(now); frame; frame = stack.poll(now)) link.write(frame);
  }

  for (;;) {
    turn();
    const verdict = walk.verdict();
    if (verdict) return verdict;
    options.signal?.throwIfAborted();
    const wait = Math.min(walk.deadline(), stack.deadline()) - options.now();
    await link.readable(Math.min(Math.max(0, wait), LONGEST_WAIT_MS));
    for (let frame = link.read(); frame; frame = link.read()) {
      const datagram = stack.receive(frame);
      if (datagram) walk.receive(datagram, options.now());
      turn();
      if (walk.verdict()) break;
    }
  }
}
