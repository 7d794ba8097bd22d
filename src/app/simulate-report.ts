import { archCode } from '../boot/arch-table.ts';
import { STAGES, type Stage } from '../client/firmware-request.ts';
import { clientUuidFromSmbios } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { EXIT } from './exit-codes.ts';
import type { Setup } from './setup.ts';
import { simulatedJson } from './simulate-json.ts';
import { type Simulated, simulatedText } from './simulate-text.ts';
import { describeLink } from './simulated-link.ts';
import { lookupsOf } from './simulated-lookups.ts';
import { openShelf } from './simulated-shelf.ts';
import { playDhcp, type Scene, type Script } from './simulation.ts';
import { formatStartProblem, StartProblem } from './start-problem.ts';

export type SimulateIo = {
  readonly out: { write(text: string): void };
  readonly err: { write(text: string): void };
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** This machine's, when left out. */
  readonly interfaces?: readonly InterfaceFacts[];
};

/** Who may ask by DHCP. */
export const MACHINE_STAGES = STAGES;

/** A machine, by what it says or by what it said. */
export type Machine =
  | {
      readonly mac: Mac;
      /** Name or number of option 93. */
      readonly arch: string;
      readonly stage?: Stage;
      /** As dmidecode prints it. */
      readonly uuid?: string;
      readonly vendorClass?: string;
      readonly hostname?: string;
      /** Its relay. */
      readonly via?: Ipv4;
    }
  | { readonly requests: readonly Uint8Array[] };

export type SimulateQuestion = {
  readonly machine: Machine;
  /** The address that it asks for, or has of another server. */
  readonly ip?: Ipv4;
  /** Another server gives the addresses. */
  readonly proxy?: boolean;
  /** The interface that it is connected to. */
  readonly interface?: string;
  readonly json?: boolean;
};

/** ROMs choose it at random; one that is always the same has the same octets follow. */
const XID = 0x7078_6564;

/**
 * `pxectl simulate`: says what a machine would get of a pxed with this setup: the replies to the octet, the decisions behind
 * them, and which configuration its loader would find. No port is opened, nothing is sent or written. Resolves to the exit code: 0 when
 * the machine is answered, 1 when it is not or pxed would not start, 2 for octets that are no request.
 */
export async function reportSimulation(
  setup: Setup,
  question: SimulateQuestion,
  io: SimulateIo,
): Promise<number> {
  try {
    return await simulate(setup, question, io);
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    io.err.write(`${formatStartProblem('pxectl', error)}\n`);
    return EXIT.START;
  }
}

async function simulate(given: Setup, question: SimulateQuestion, io: SimulateIo): Promise<number> {
  const { shelf, notes, close } = await openShelf(given, question, io);
  try {
    const played = playDhcp(scriptOf(question, shelf), shelf);
    if (!played.ok) {
      io.err.write(`pxectl: That is no request of a DHCP or BOOTP client: ${played.reason}\n`);
      return EXIT.USAGE;
    }
    const exchanges = played.value;
    const simulated: Simulated = {
      where: describeLink(shelf.link),
      exchanges,
      lookups: lookupsOf(exchanges, shelf, question.ip),
      notes,
    };
    io.out.write(question.json ? simulatedJson(simulated) : simulatedText(simulated));
    return exchanges.some(({ reply }) => reply) ? EXIT.OK : EXIT.START;
  } finally {
    close();
  }
}

function scriptOf({ machine, ip }: SimulateQuestion, { plan }: Scene): Script {
  if ('requests' in machine) return { messages: machine.requests, ip };
  const { mac, arch, stage = 'rom', uuid, vendorClass, hostname: name, via } = machine;
  const speaker = {
    mac,
    arch: archCode(arch) ?? Number(arch),
    stage,
    xid: XID,
    // Who is left to other servers for a while goes on asking.
    seconds: plan.settings.minSecs,
    ...(uuid !== undefined && { uuid: clientUuidFromSmbios(uuid).bytes }),
    ...(vendorClass !== undefined && { vendorClass }),
    ...(name !== undefined && { hostname: name }),
    ...(via !== undefined && { via }),
    ...(ip !== undefined && { wants: ip }),
  };
  return { speaker, ip };
}
