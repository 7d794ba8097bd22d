import type { RomIdentity } from '../client/rom-identity.ts';
import { type MachineSpec, runMachines } from '../client/run-machines.ts';
import type { Verdict } from '../client/step.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { plural } from '../lib/plural.ts';
import type { Network } from '../net/datagram.ts';
import { loadNetwork } from '../net/load.ts';
import { EXIT } from './exit-codes.ts';
import { chooseInterface, NoPlace, openInterface, openRelay, type Place } from './selftest-attachment.ts';
import { kindOfMachine, type MachineQuestion, romOf, syntheticMac } from './selftest-machine.ts';
import { stepLines, verdictJson, verdictLine } from './selftest-report.ts';
import { createTally } from './selftest-tally.ts';

export type SelftestQuestion = MachineQuestion & {
  readonly server?: Ipv4;
  readonly interface?: string;
  readonly relay?: Ipv4;
  /** A machine that exists; else a synthetic one. */
  readonly mac?: Mac;
  /** Gives the address back though the machine exists. */
  readonly release?: boolean;
  readonly clients: number;
  /** Machines that are switched on in a second. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly json: boolean;
};

export type SelftestIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** 32 random bits. */
  readonly random: () => number;
  /** Once true, machines under way give their addresses back, and it ends. */
  readonly stopped: () => boolean;
};

/**
 * `pxectl selftest`: boots machines that do not exist from a server that does, and tells how far they came. Resolves to the exit code:
 * 0 they would boot, 1 one would not or it could not be tried, 2 what was asked makes no sense.
 */
export async function selftest(question: SelftestQuestion, io: SelftestIo): Promise<number> {
  const kind = kindOfMachine(question);
  const senseless = typeof kind === 'string' ? kind : problemOf(question);
  if (senseless !== undefined || typeof kind === 'string') {
    io.err.write(`pxectl: ${senseless}\n`);
    return EXIT.USAGE;
  }
  let place: Place | undefined;
  try {
    place = await openPlace(await loadNetwork(), question);
    const { home } = place;
    const { server, relay, mac } = question;
    const romAt = (number: number): RomIdentity =>
      romOf({
        ...kind,
        mac: mac ?? syntheticMac(home, number),
        xid: io.random(),
        ...(server !== undefined && { server }),
        ...(relay !== undefined && { via: relay }),
      });
    const release = mac === undefined || question.release === true;
    const specs: Specs = { romAt, release };
    return await (question.clients === 1
      ? one(place, specs, { question, io })
      : storm(place, specs, { question, io }));
  } catch (error) {
    if (!(error instanceof NoPlace)) throw error;
    io.err.write(`pxectl: ${error.message}\n`);
    return EXIT.START;
  } finally {
    place?.attachment.close();
  }
}

type Specs = { readonly romAt: (number: number) => RomIdentity; readonly release: boolean };
type Asked = { readonly question: SelftestQuestion; readonly io: SelftestIo };

function problemOf({ relay, server, mac, clients, interface: name }: SelftestQuestion): string | undefined {
  if (relay !== undefined && server === undefined) return 'A relay asks one server: name it by --server';
  if (relay !== undefined && name !== undefined)
    return '--relay goes by the routing table: leave --interface out';
  if (mac !== undefined && isGroup(mac)) return "A group address is no machine's MAC";
  if (mac !== undefined && clients > 1) return 'One MAC is one machine: leave --mac or --clients out';
  return undefined;
}

/** The lowest bit of the first octet says that many are meant (IEEE 802). */
function isGroup(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

async function openPlace(network: Network, question: SelftestQuestion): Promise<Place> {
  const { relay, server, mac, clients } = question;
  if (relay !== undefined) return await openRelay(network, relay);
  const interfaces = network.interfaces();
  const own = interfaces.some(({ addresses }) => addresses.some(({ address }) => address === server));
  if (own && server !== undefined) {
    throw new NoPlace(
      `${formatIpv4(server)} is this machine: what it sends does not come back to it. Ask from another machine`,
    );
  }
  const name = question.interface ?? chooseInterface(interfaces, server);
  return await openInterface(network, name, (home) => {
    if (mac !== undefined) return [mac];
    return clients > MOST_ADDRESSES
      ? undefined
      : Array.from({ length: clients }, (_, i) => syntheticMac(home, i));
  });
}

/** More than these a card takes by letting in everything. */
const MOST_ADDRESSES = 4;

async function one(place: Place, { romAt, release }: Specs, { question, io }: Asked): Promise<number> {
  const rom = romAt(0);
  const told = { rom, where: place.where };
  let ended: { readonly verdict: Verdict; readonly tookMs: number } | undefined;
  await runMachines(place.attachment, [{ rom, release }], {
    now: io.now,
    timeoutMs: question.timeoutMs,
    stopped: io.stopped,
    onStep: (_, step) => {
      if (!question.json) io.out.write(stepLines(step));
    },
    onVerdict: (_, verdict, tookMs) => {
      ended = { verdict, tookMs };
    },
  });
  if (!ended) return EXIT.START;
  const { verdict, tookMs } = ended;
  if (question.json)
    io.out.write(`${JSON.stringify(verdictJson(verdict, { ...told, tookMs }), undefined, 2)}\n`);
  else io.out.write(verdictLine(verdict, tookMs));
  return verdict.ok ? EXIT.OK : EXIT.START;
}

async function storm(place: Place, { romAt, release }: Specs, { question, io }: Asked): Promise<number> {
  const { clients, rate, timeoutMs, json } = question;
  const tally = createTally();
  function* machines(): Generator<MachineSpec> {
    for (let i = 0; i < clients; i++) yield { rom: romAt(i), release, startMs: (i * 1000) / rate };
  }
  if (!json) io.out.write(`${plural(clients, 'machine')} at ${place.where}, ${rate} a second\n`);
  const began = io.now();
  await runMachines(place.attachment, machines(), {
    now: io.now,
    timeoutMs,
    stopped: io.stopped,
    onVerdict: (_, verdict, tookMs) => tally.add(verdict, tookMs),
  });
  const sum = tally.sum(io.now() - began, clients);
  io.out.write(json ? `${JSON.stringify(sum.json, undefined, 2)}\n` : sum.text);
  return sum.booted === clients ? EXIT.OK : EXIT.START;
}
