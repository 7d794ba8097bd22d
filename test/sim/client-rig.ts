import { negotiate } from '../../src/tftp/negotiate.ts';
import { createReadSession } from '../../src/tftp/read-session.ts';
import type { Transfer } from '../../src/tftp/session.ts';
import { createWriteSession } from '../../src/tftp/write-session.ts';
import { createBlockRing } from '../../src/tftp-client/machine/block-ring.ts';
import { createGetSession } from '../../src/tftp-client/machine/get-session.ts';
import { adaptivePatience } from '../../src/tftp-client/machine/patience.ts';
import { createPutSession } from '../../src/tftp-client/machine/put-session.ts';
import type { Action, ClientSession, SessionOutcome } from '../../src/tftp-client/machine/session.ts';
import { decode, encode, type TftpOption, type TftpRequest } from '../../src/tftp-packet/index.ts';
import { createClock, createRandom, createTimer } from './clock.ts';
import { createLink, type Weather } from './link.ts';

/** Our client against our server's sessions, packet by packet over a link, in virtual time. */
export type ClientScenario = {
  readonly file: Uint8Array;
  readonly blksize: number;
  readonly windowsize: number;
  readonly weather: Weather;
  readonly seed?: number;
  /** Of the server. */
  readonly rollover?: 0 | 1;
  /** The server takes no notice of options. */
  readonly rfc1350?: boolean;
};

export type ClientRun = {
  readonly octets: Uint8Array;
  readonly outcome: SessionOutcome | undefined;
  /** When the client was done. */
  readonly tookMs: number;
  /** Packets of the client, and of these those that went out again. */
  readonly sent: number;
  readonly retransmissions: number;
  /** Packets of the server that the link carried. */
  readonly carried: number;
  readonly server: Transfer | undefined;
};

const TID = 4000;

function optionsOf({ blksize, windowsize }: ClientScenario): TftpOption[] {
  return [
    ['tsize', '0'],
    ['blksize', String(blksize)],
    ['windowsize', String(windowsize)],
  ];
}

type Side = { hear(packet: Uint8Array): void; drain(): void; deadline(): number };

/** Two sides and the weather between them. */
function connect({ weather, seed = 1 }: ClientScenario) {
  const clock = createClock();
  const random = createRandom(seed);
  const toServer = createLink(clock, weather, random);
  const toClient = createLink(clock, weather, random);
  const sides = {} as { client: Side; server: Side };
  const timers = {
    client: createTimer(clock, () => turn('client')),
    server: createTimer(clock, () => turn('server')),
  };

  function turn(who: 'client' | 'server'): void {
    sides[who].drain();
    timers[who].set(sides[who].deadline());
  }

  function carry(to: 'client' | 'server', packet: Uint8Array): void {
    const copy = packet.slice();
    (to === 'client' ? toClient : toServer).send(() => {
      sides[to].hear(copy);
      turn(to);
    });
  }

  return { clock, sides, turn, carry, carried: () => toClient.carried() };
}

type Net = ReturnType<typeof connect>;

function clientSide(
  net: Net,
  session: ClientSession,
  parts: { keep?(o: Uint8Array): void; send?(a: Action): void },
) {
  const seen = { sent: 0, doneAt: Number.NaN };
  const side: Side = {
    hear(packet) {
      const octets = session.receive(packet, TID, net.clock.now());
      if (octets !== undefined) parts.keep?.(octets);
    },
    drain() {
      for (let a = session.poll(net.clock.now()); a !== undefined; a = session.poll(net.clock.now())) {
        seen.sent += a.kind === 'data' ? a.count : 1;
        if (a.kind === 'data') parts.send!(a);
        else net.carry('server', a.packet);
      }
      if (session.outcome() !== undefined && Number.isNaN(seen.doneAt)) seen.doneAt = net.clock.now();
    },
    deadline: () => session.deadline(),
  };
  return { side, seen };
}

function requestFrom(packet: Uint8Array): TftpRequest | undefined {
  const decoded = decode(packet);
  return decoded.ok && (decoded.value.opcode === 'rrq' || decoded.value.opcode === 'wrq')
    ? decoded.value
    : undefined;
}

const LIMITS = { blksizeMax: 65_464, windowsizeMax: 65_535 };

/** The client fetches the file. */
export function simulateGet(scenario: ClientScenario): ClientRun {
  const { file, rollover = 0, rfc1350 = false } = scenario;
  const net = connect(scenario);
  const { clock } = net;
  const octets: Uint8Array[] = [];
  let server: ReturnType<typeof createReadSession> | undefined;
  const patience = adaptivePatience({ timeoutMs: 2000, retries: 20 });
  const spec = { filename: 'f', mode: 'octet', options: optionsOf(scenario), port: 69, patience } as const;
  const session = createGetSession(spec, 0);
  const client = clientSide(net, session, { keep: (part) => octets.push(part.slice()) });
  net.sides.client = client.side;
  net.sides.server = {
    hear(packet) {
      const request = requestFrom(packet);
      if (request === undefined) server?.acknowledge((packet[2]! << 8) | packet[3]!, clock.now());
      else if (server !== undefined) server.duplicateRequest(clock.now());
      else {
        const terms = negotiate(request, { ...LIMITS, rollover, rfc1350 }, file.length);
        server = createReadSession({ terms, content: file.length }, clock.now());
      }
    },
    drain() {
      if (server === undefined) return;
      for (let a = server.poll(clock.now()); a !== undefined; a = server.poll(clock.now())) {
        if (a.kind === 'packet') net.carry('client', a.packet);
        if (a.kind !== 'data') continue;
        for (let block = a.first; block < a.first + a.count; block++) {
          const data = file.subarray((block - 1) * server.blksize, block * server.blksize);
          net.carry('client', encode({ opcode: 'data', block: server.wireBlock(block), data }));
        }
      }
    },
    deadline: () => server?.deadline() ?? Number.POSITIVE_INFINITY,
  };
  net.turn('client');
  clock.run(900_000);
  return runOf(net, session, { seen: client.seen, octets: Buffer.concat(octets), server });
}

/** The client sends the file; the server's disk takes 5 ms to commit. */
export function simulatePut(scenario: ClientScenario): ClientRun {
  const { file, rollover = 0, rfc1350 = false } = scenario;
  const net = connect(scenario);
  const { clock } = net;
  const stored: Uint8Array[] = [];
  let server: ReturnType<typeof createWriteSession> | undefined;
  const patience = adaptivePatience({ timeoutMs: 2000, retries: 20 });
  const spec = { filename: 'f', mode: 'octet', options: optionsOf(scenario), port: 69, patience } as const;
  const session = createPutSession(spec, 0);
  let ring: ReturnType<typeof createBlockRing> | undefined;
  let read = 0;

  function refill(): void {
    const terms = session.terms();
    if (terms === undefined) return;
    ring ??= createBlockRing(terms.blksize, terms.windowsize + 3);
    while (ring.hasRoom(session.acked())) {
      const space = ring.space();
      const part = file.subarray(read, read + space.length);
      read += part.length;
      if (part.length === 0) ring.end();
      else {
        space.set(part);
        ring.fill(part.length);
      }
    }
    session.offer(ring.ready(), ring.ended());
  }

  function send({ first, count }: Action): void {
    for (let block = first; block < first + count; block++) {
      ring!.number(block, session.wireBlock(block));
      net.carry('server', ring!.packets(block, 1).bytes);
    }
  }

  const client = clientSide(net, session, { send });
  net.sides.client = {
    ...client.side,
    drain() {
      refill();
      client.side.drain();
      refill();
      client.side.drain();
    },
  };
  net.sides.server = {
    hear(packet) {
      const request = requestFrom(packet);
      if (request !== undefined) {
        if (server !== undefined) server.duplicateRequest(clock.now());
        const terms = negotiate(request, { ...LIMITS, rollover, rfc1350 });
        server ??= createWriteSession({ terms, netascii: false, capBytes: 1e9 }, clock.now());
        return;
      }
      const taken = server?.receive((packet[2]! << 8) | packet[3]!, packet.subarray(4), clock.now());
      if (taken !== undefined) stored.push(taken.slice());
    },
    drain() {
      if (server === undefined) return;
      for (let a = server.poll(clock.now()); a !== undefined; a = server.poll(clock.now())) {
        if (a.kind === 'packet') net.carry('client', a.packet);
        if (a.kind !== 'commit') continue;
        clock.at(clock.now() + 5, () => {
          server!.committed(undefined, clock.now());
          net.turn('server');
        });
      }
    },
    deadline: () => server?.deadline() ?? Number.POSITIVE_INFINITY,
  };
  net.turn('client');
  clock.run(900_000);
  return runOf(net, session, { seen: client.seen, octets: Buffer.concat(stored), server });
}

type Seen = {
  readonly seen: { readonly sent: number; readonly doneAt: number };
  readonly octets: Uint8Array;
  readonly server: Transfer | undefined;
};

function runOf(net: Net, session: ClientSession, { seen, octets, server }: Seen): ClientRun {
  return {
    octets,
    outcome: session.outcome(),
    tookMs: seen.doneAt,
    sent: seen.sent,
    retransmissions: session.retransmissions(),
    carried: net.carried(),
    server,
  };
}
