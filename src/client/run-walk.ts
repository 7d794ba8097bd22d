import { createFrameAttachment } from './frame-attachment.ts';
import type { RomIdentity } from './rom-identity.ts';
import { runMachines } from './run-machines.ts';
import type { Step, Verdict } from './step.ts';

/** A wire with machines at its end: whole Ethernet frames. `Tap` of net/linux is one. */
export type FrameLink = {
  /** The next frame that arrived, borrowed until the next call, or undefined. */
  read(): Uint8Array | undefined;
  /** false: the frame was lost. */
  write(frame: Uint8Array): boolean;
  /** Waits for a frame, at most so many milliseconds. */
  readable(timeoutMs: number): Promise<boolean>;
  close?(): void;
};

export type WalkOptions = {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  readonly onStep?: (step: Step) => void;
  readonly signal?: AbortSignal;
};

/**
 * Boots a machine at the end of `link` and tells each station as it is reached. Throws the signal's reason when it is
 * aborted, and what the link throws; everything that goes wrong with the boot itself is in the verdict.
 */
export async function runWalk(link: FrameLink, rom: RomIdentity, options: WalkOptions): Promise<Verdict> {
  const { now, onStep, signal } = options;
  const attachment = createFrameAttachment(
    {
      read: () => link.read(),
      write: (frame) => link.write(frame),
      readable: (timeoutMs) => link.readable(timeoutMs),
    },
    { random: () => rom.xid, resolve: async () => undefined },
  );
  let verdict: Verdict | undefined;
  await runMachines(attachment, [{ rom }], {
    now,
    ...(onStep && { onStep: (_, step) => onStep(step) }),
    onVerdict: (_, ended) => {
      verdict = ended;
    },
    checkAborted: () => signal?.throwIfAborted(),
  });
  if (!verdict) throw new Error('Cannot tell how the boot went: it did not end');
  return verdict;
}
