import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latin1Decode, latin1Encode } from '../../src/lib/bytes.ts';
import { createNetasciiSource } from '../../src/tftp/netascii-source.ts';
import { createReadSession } from '../../src/tftp/read-session.ts';
import type { Action, ReadSession, Transfer, WriteSession } from '../../src/tftp/session.ts';
import { createWriteSession } from '../../src/tftp/write-session.ts';
import { createClock, createRandom, createTimer } from './clock.ts';
import type { Weather } from './link.ts';
import { createLink, STORMY } from './link.ts';

type Upload = {
  readonly file: Uint8Array;
  readonly windowsize: number;
  readonly netascii: boolean;
  readonly rollover: 0 | 1;
  readonly seed: number;
  readonly weather: Weather;
};

const BLKSIZE = 16;

/** Our read session as the client's sender, our write session as the server; the disk takes 5 ms to commit. */
function simulateWrite({ file, windowsize, netascii, rollover, seed, weather }: Upload) {
  const clock = createClock();
  const random = createRandom(seed);
  const toServer = createLink(clock, weather, random);
  const toClient = createLink(clock, weather, random);
  const terms = { blksize: BLKSIZE, windowsize, rollover } as const;
  const stored: Uint8Array[] = [];
  let commits = 0;
  let receiver: WriteSession | undefined;
  let sender: ReadSession | undefined;
  const receiverTimer = createTimer(clock, drainReceiver);
  const senderTimer = createTimer(clock, drainSender);
  const requestTimer = createTimer(clock, request);
  const source = createNetasciiSource((offset, into) => {
    const part = file.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }, terms);

  function request(): void {
    if (sender !== undefined) return;
    requestTimer.set(clock.now() + 1000);
    toServer.send(() => {
      receiver?.duplicateRequest(clock.now());
      receiver ??= createWriteSession({ terms, netascii, capBytes: 1e9 }, clock.now());
      drainReceiver();
    });
  }

  function drainReceiver(): void {
    drain(receiver, clock.now(), ({ kind, packet }) => {
      if (kind === 'packet') {
        const block16 = (packet[2]! << 8) | packet[3]!;
        toClient.send(() => acked(block16));
      } else if (kind === 'commit') {
        commits++;
        clock.at(clock.now() + 5, () => {
          receiver!.committed(undefined, clock.now());
          drainReceiver();
        });
      }
    });
    receiverTimer.set(receiver!.deadline());
  }

  function acked(block16: number): void {
    if (sender === undefined && block16 === 0) {
      const content = netascii ? source : file.length;
      sender = createReadSession({ terms, content }, clock.now());
    } else sender?.acknowledge(block16, clock.now());
    if (sender !== undefined) drainSender();
  }

  function drainSender(): void {
    drain(sender, clock.now(), ({ kind, first, count }) => {
      if (kind !== 'data') return;
      for (let block = first; block < first + count; block++) {
        const octets = netascii
          ? source.block(block).slice()
          : file.subarray((block - 1) * BLKSIZE, block * BLKSIZE);
        const block16 = sender!.wireBlock(block);
        toServer.send(() => {
          const taken = receiver!.receive(block16, octets, clock.now());
          if (taken !== undefined) stored.push(taken.slice());
          drainReceiver();
        });
      }
    });
    senderTimer.set(sender!.deadline());
  }

  request();
  clock.run(600_000);
  return { stored: Buffer.concat(stored), commits, receiver: receiver!, sender: sender! };
}

function drain(transfer: Transfer | undefined, now: number, perform: (action: Action) => void): void {
  for (let action = transfer?.poll(now); action !== undefined; action = transfer?.poll(now)) perform(action);
}

test('an upload over a link that drops, doubles and reorders 5 % arrives byte for byte and is committed once', {
  timeout: 60_000,
}, () => {
  const files = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc
      .array(fc.constantFrom('\r', '\n', '\0', 'a'), { maxLength: 1500 })
      .map((c) => latin1Encode(c.join(''))),
  );
  fc.assert(
    fc.property(
      files,
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(1, 4, 16),
      (file, seed, netascii, windowsize) => {
        const result = simulateWrite({ file, windowsize, netascii, rollover: 0, seed, weather: STORMY });
        expect(latin1Decode(result.stored)).toBe(latin1Decode(file));
        expect(result.commits).toBe(1);
        expect(result.receiver.outcome()).toEqual({ kind: 'done' });
        expect(result.receiver.phase()).toBe('closed');
        expect(result.sender.outcome()).toEqual({ kind: 'done' });
      },
    ),
    { numRuns: 100 },
  );
});

test.each([0, 1] as const)(
  'an upload beyond 65,535 blocks arrives, wrapping to %i',
  { timeout: 60_000 },
  (rollover) => {
    const file = new Uint8Array(70_000 * BLKSIZE).map((_, i) => i % 251);
    const weather = { loss: 0, doubling: 0, reorder: 0, delayMs: 0.1 };
    const result = simulateWrite({ file, windowsize: 8, netascii: false, rollover, seed: 1, weather });
    expect(Buffer.compare(result.stored, file)).toBe(0);
    expect(result.receiver.stats()).toMatchObject({ bytes: file.length, retransmissions: 0 });
  },
);
