/** A cable between two segments that loses, doubles and reorders frames. */
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { PROJECT } from './server.ts';

export type LossySpec = {
  /** Default `lan`. */
  near?: string;
  /** A segment that only this link connects. */
  far: string;
  /** Of each fate: `5` drops 5 %, doubles 5 % and delays 5 % past the next frame, each way. Or each by itself. */
  percent: number | { loss: number; doubling: number; holding: number };
  seed: number;
};

export type LossyLink = {
  /** Unplugs the link; what it did, in frames. */
  stop(): Promise<{ passed: number; dropped: number; doubled: number; held: number }>;
};

/** Joins two segments of a lab by a bad cable. Needs `/dev/net/tun`. */
export async function addLossyLink(lab: Lab, spec: LossySpec): Promise<LossyLink> {
  const taps = [await lab.tap(spec.near ?? 'lan'), await lab.tap(spec.far)];
  const { percent } = spec;
  const shares =
    typeof percent === 'number' ? { loss: percent, doubling: percent, holding: percent } : percent;
  const running = lab.start(
    [
      process.execPath,
      join(PROJECT, 'test/rig/lossy-link-process.ts'),
      ...taps,
      String(spec.seed),
      ...[shares.loss, shares.doubling, shares.holding].map(String),
    ],
    `lossy-link-${spec.far}`,
  );
  await running.waitFor(/the link is up/, 15_000);
  return {
    stop: async () => {
      await running.stop();
      return JSON.parse(/\{.*\}/.exec(running.output())?.[0] ?? '{}');
    },
  };
}
