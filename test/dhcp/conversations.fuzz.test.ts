import fc from 'fast-check';
import { expect, test } from 'vitest';
import { play } from './fuzz-play.ts';
import { flags } from './fuzz-settings.ts';
import { conversation } from './fuzz-steps.ts';

/**
 * Eight machines, four or five networks of next to no addresses, two interfaces and three relays, and any sequence of what
 * machines say (in every state, rightly or not), what the cable does to it (doubled, late, damaged), what the operator does
 * (restart, reload) and what time does. What clients may believe is kept beside the server, from its replies alone.
 */

/** Conversations; a long campaign sets it: `PXED_FUZZ_RUNS=10000 npx vitest run --project unit test/dhcp/conversations`. */
const RUNS = Number(process.env.PXED_FUZZ_RUNS ?? 400);

test('handle() no conversation gives an address to two, loses a lease, throws, or breaks Table 3 of RFC 2131', async () => {
  await fc.assert(
    fc.asyncProperty(flags, conversation, async (on, steps) => {
      expect((await play(on, steps)).faults).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test('the conversations of this test reach every kind of answer', async () => {
  const seen = new Map<string, number>();
  let steps = 0;
  for (const [on, conversation_] of fc.sample(fc.tuple(flags, conversation), { numRuns: 400, seed: 1 })) {
    const played = await play(on, conversation_);
    steps += played.steps;
    for (const [type, count] of played.answers) seen.set(type, (seen.get(type) ?? 0) + count);
  }
  expect(steps).toBeGreaterThan(5000);
  expect(seen.get('dhcp.lease-query') ?? 0).toBeGreaterThan(5);
  const kinds = [
    'dhcp.offer',
    'dhcp.ack',
    'dhcp.nak',
    'dhcp.release',
    'dhcp.decline',
    'dhcp.inform',
    'dhcp.conflict',
  ];
  for (const kind of [...kinds, 'bootp.reply', 'dhcp.ignored', 'bootp.ignored', 'dhcp.pool-exhausted']) {
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(20);
  }
});
