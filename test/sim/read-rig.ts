import { createReadSession } from '../../src/tftp/read-session.ts';
import type { Action, Outcome, ReadSession, Rollover, TransferStats } from '../../src/tftp/session.ts';
import { createClock, createRandom, createTimer } from './clock.ts';
import type { Weather } from './link.ts';
import { CALM, createLink } from './link.ts';
import type { ClientKind } from './read-clients.ts';
import { createReadClient } from './read-clients.ts';

export type Scenario = {
  readonly client: ClientKind;
  readonly sizeBytes: number;
  readonly blksize: number;
  readonly windowsize: number;
  readonly weather?: Weather;
  readonly seed?: number;
  readonly rollover?: Rollover;
  /** Without options there is no OACK: blocks of 512, a window of one. */
  readonly options?: boolean;
  /** The octets of the file; without them only offsets and lengths travel (files of any size in no memory). */
  readonly file?: Uint8Array;
  readonly untilMs?: number;
};

export type Result = {
  readonly complete: boolean;
  readonly bytes: number;
  readonly octets: Uint8Array;
  /** When the client had the whole file. */
  readonly tookMs: number;
  readonly outcome: Outcome | undefined;
  readonly stats: TransferStats;
  /** DATA packets that the link carried, doubled ones counted twice. */
  readonly carried: number;
  readonly firstError: string | undefined;
};

const ZEROES = new Uint8Array(65_464);
const OACK = Uint8Array.of(0, 6, 0x61, 0, 0x31, 0);

/** A client fetches a file from a read session over a link, in virtual time. */
export function simulateRead(scenario: Scenario): Result {
  const { sizeBytes, blksize, windowsize, weather = CALM, rollover = 0, options = true, file } = scenario;
  const clock = createClock();
  const random = createRandom(scenario.seed ?? 1);
  const toClient = createLink(clock, weather, random);
  const toServer = createLink(clock, weather, random);
  const client = createReadClient(
    clock,
    { kind: scenario.client, blksize, windowsize, rollover, options, keep: file !== undefined },
    {
      request: () => toServer.send(request),
      ack: (block16) =>
        toServer.send(() => {
          session?.acknowledge(block16, clock.now());
          drain();
        }),
    },
  );
  const timer = createTimer(clock, drain);
  let session: ReadSession | undefined;
  let firstError: string | undefined;

  function request(): void {
    if (session !== undefined) session.duplicateRequest(clock.now());
    else {
      const terms = { blksize, windowsize, rollover, ...(options ? { oack: OACK } : {}) };
      session = createReadSession({ terms, content: sizeBytes }, clock.now());
    }
    drain();
  }

  function drain(): void {
    if (session === undefined) return;
    let action = session.poll(clock.now());
    for (; action !== undefined; action = session.poll(clock.now())) perform(session, action);
    timer.set(session.deadline());
  }

  function perform(from: ReadSession, action: Action): void {
    if (action.kind === 'packet' && action.packet === OACK) toClient.send(() => client.oack());
    else if (action.kind === 'packet')
      firstError ??= Buffer.from(action.packet.subarray(4)).toString('latin1');
    else if (action.kind === 'data') {
      for (let block = action.first; block < action.first + action.count; block++) sendBlock(from, block);
    }
  }

  function sendBlock(from: ReadSession, block: number): void {
    const offset = (block - 1) * blksize;
    const length = Math.min(blksize, sizeBytes - offset);
    const octets = file?.subarray(offset, offset + length) ?? ZEROES.subarray(0, length);
    const data = { block16: from.wireBlock(block), offset, octets };
    toClient.send(() => client.data(data));
  }

  client.start();
  clock.run(scenario.untilMs ?? 600_000, () => client.gaveUp());
  return {
    complete: client.complete(),
    bytes: client.bytes(),
    octets: client.octets(),
    tookMs: client.finishedAt(),
    outcome: session!.outcome(),
    stats: session!.stats(),
    carried: toClient.carried(),
    firstError,
  };
}
