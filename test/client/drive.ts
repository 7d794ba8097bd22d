import type { Outcome, Received, Transmit } from '../../src/client/exchange.ts';
import { type HttpFile, type HttpRequest, httpFileOf } from '../../src/client/http-file.ts';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import type { Step, Verdict, WalkManners } from '../../src/client/step.ts';
import { createWalk } from '../../src/client/walk.ts';
import { fromHex, latin1Encode } from '../../src/lib/bytes.ts';

export const ROM: RomIdentity = {
  mac: '52:54:00:77:00:01',
  uuid: fromHex('b01a07b0 0201 4344 8506 0708090a0b0c'),
  broadcast: false,
  xid: 0x1234_5678,
};

export type Driven = { readonly verdict: Verdict; readonly steps: readonly Step[]; readonly tookMs: number };

/** A small web: URL -> content, or a status. */
export type Web = Readonly<Record<string, string | Uint8Array | number>>;

export type DriveOptions = {
  readonly web?: Web;
  readonly manners?: WalkManners;
  /** What ICMP says of a datagram, if anything. */
  readonly refuses?: (transmit: Transmit) => number | undefined;
};

/** Boots against `answer` in virtual time; what it gives arrives at once. Ends a walk that never does. */
export function drive(
  answer: (transmit: Transmit) => readonly Received[],
  rom: RomIdentity = ROM,
  { web = {}, manners = {}, refuses }: DriveOptions = {},
): Driven {
  let now = 1000;
  const walk = createWalk(rom, now, manners);
  const steps: Step[] = [];
  for (let turns = 0; turns < 100_000; turns++) {
    for (let output = walk.poll(now); output; output = walk.poll(now)) {
      if (output.kind === 'step') steps.push(output.step);
      if (output.kind === 'http') walk.granted(fetched(web, output.request));
      if (output.kind !== 'send') continue;
      const { transmit } = output;
      const code = refuses?.(transmit);
      if (code === undefined) for (const datagram of answer(transmit)) walk.receive(datagram, now);
      else walk.unreachable({ ...transmit, code, from: transmit.destination }, now);
    }
    const verdict = walk.verdict();
    if (verdict) return { verdict, steps, tookMs: now - 1000 };
    now = Math.max(now, walk.deadline());
  }
  throw new Error('The walk did not end');
}

function fetched(web: Web, request: HttpRequest): Outcome<HttpFile> {
  const found = web[request.url] ?? 404;
  const bytes = typeof found === 'string' ? latin1Encode(found) : found;
  if (typeof bytes === 'number') {
    return httpFileOf(request, { ...NOTHING, status: bytes });
  }
  request.onData?.(bytes);
  const received = request.method === 'HEAD' ? 0 : bytes.length;
  return httpFileOf(request, {
    ...NOTHING,
    announced: bytes.length,
    received,
    head: bytes.subarray(0, request.keepBytes),
  });
}

const NOTHING = { status: 200, announced: 0, contentType: undefined, received: 0, head: new Uint8Array(0) };
