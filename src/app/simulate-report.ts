import { closeSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { archCode } from '../boot/arch-table.ts';
import { chosenBy, withChoices } from '../boot/choice.ts';
import { STAGES, type Stage } from '../client/firmware-request.ts';
import { planDhcp } from '../dhcp/plan.ts';
import { clientUuidFromSmbios } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { loadNetwork } from '../net/load.ts';
import type { BootTree } from '../store/boot-file.ts';
import { createBootTree } from '../store/boot-tree.ts';
import { bootPolicyOf } from './boot-policy.ts';
import { checkBootFile, checkRoot } from './check-root.ts';
import { dhcpSettingsOf } from './dhcp-settings.ts';
import { EXIT } from './exit-codes.ts';
import { wantsHttp, withOwnUrl } from './http-ports.ts';
import { readKeptState } from './kept-state.ts';
import { createRootFiles } from './root-files.ts';
import type { Setup } from './setup.ts';
import { simulatedJson } from './simulate-json.ts';
import { type Simulated, simulatedText } from './simulate-text.ts';
import { describeLink, simulatedLinks } from './simulated-link.ts';
import { lookupsOf, type Shelf } from './simulated-lookups.ts';
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
  const { shelf, notes, close } = await shelfOf(given, question, io);
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

/** All that pxed would know, of this machine and its state folder. Throws StartProblem where pxed would not start. */
async function shelfOf(given: Setup, question: SimulateQuestion, io: SimulateIo) {
  const { config } = given;
  const here = io.interfaces ?? (await loadNetwork()).interfaces();
  const { links: found, notes } = simulatedLinks(config, { here, on: question.interface });
  const isProxy = question.proxy || config.mode === 'proxy';
  const links = isProxy ? found.map((link) => ({ ...link, role: 'proxy' as const })) : found;
  const web = wantsHttp(config) ? [{ port: config.http.port }] : [];
  const setup = withOwnUrl(given, web);
  const settings = dhcpSettingsOf(setup, links, hostname());
  const files = filesOf(setup);
  const state = await readKeptState(config);
  const choiceOf = (mac: string) => state.choiceOf(mac, io.now());
  const said = bootPolicyOf(setup, { settings, links });
  const policy = said && withChoices(said, choiceOf);
  const shelf: Shelf = {
    plan: planDhcp(settings, links),
    link: links[0]!,
    links,
    leases: state.leases,
    progressOf: state.progressOf,
    now: io.now(),
    ...files,
    ...(policy && { policy, chosen: chosenBy(() => policy.profiles, choiceOf) }),
  };
  const assumed =
    config.http.enabled === 'auto' && web.length > 0 ? ['HTTP is served: its port is free'] : [];
  return { shelf, notes: [...notes, ...state.notes, ...assumed], close: state.close };
}

/** As gatherFacts of facts.ts has it, without interfaces that are up. */
function filesOf({ config, overrides }: Setup): Pick<Shelf, 'exists' | 'read'> {
  if (!config.tftp.enabled && !wantsHttp(config)) return {};
  const root = checkRoot(config.tftp.root!);
  if (overrides.nextServer === undefined) checkBootFile(root, config.boot.filename);
  const ignoreCase = config.tftp['ignore-case'];
  return {
    exists: createRootFiles(root, { ignoreCase }),
    read: (path) => readTreeFile(path, createBootTree(root, { ignoreCase })),
  };
}

/** No loader is as long. */
const LONGEST_PROGRAM = 32 * 1024 * 1024;

function readTreeFile(path: string, tree: BootTree): Uint8Array | undefined {
  const opened = tree.open(path);
  try {
    if (!opened.ok || opened.value.sizeBytes > LONGEST_PROGRAM) return undefined;
    return readFileSync(opened.value.fd);
  } finally {
    if (opened.ok) closeSync(opened.value.fd);
    tree.close();
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
