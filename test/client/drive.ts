import type { Received, Transmit } from '../../src/client/exchange.ts';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import type { Step, Verdict } from '../../src/client/step.ts';
import { createWalk } from '../../src/client/walk.ts';
import { fromHex } from '../../src/lib/bytes.ts';

export const ROM: RomIdentity = {
  mac: '52:54:00:77:00:01',
  uuid: fromHex('b01a07b0 0201 4344 8506 0708090a0b0c'),
  broadcast: false,
  xid: 0x1234_5678,
};

export type Driven = { readonly verdict: Verdict; readonly steps: readonly Step[]; readonly tookMs: number };

/** Boots against `answer` in virtual time; what it gives arrives at once. Ends a walk that never does. */
export function drive(answer: (transmit: Transmit) => readonly Received[], rom = ROM): Driven {
  let now = 1000;
  const walk = createWalk(rom, now);
  const steps: Step[] = [];
  for (let turns = 0; turns < 100_000; turns++) {
    for (let output = walk.poll(now); output; output = walk.poll(now)) {
      if (output.kind === 'step') steps.push(output.step);
      if (output.kind === 'send') for (const datagram of answer(output.transmit)) walk.receive(datagram, now);
    }
    const verdict = walk.verdict();
    if (verdict) return { verdict, steps, tookMs: now - 1000 };
    now = Math.max(now, walk.deadline());
  }
  throw new Error('The walk did not end');
}
