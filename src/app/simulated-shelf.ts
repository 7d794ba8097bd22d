import { closeSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { chosenBy, withChoices } from '../boot/choice.ts';
import { planDhcp } from '../dhcp/plan.ts';
import type { Link } from '../dhcp/settings.ts';
import { contains, type Ipv4, subnetOf } from '../lib/ipv4.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { loadNetwork } from '../net/load.ts';
import type { BootTree } from '../store/boot-file.ts';
import { createBootTree } from '../store/boot-tree.ts';
import { bootPolicyOf } from './boot-policy.ts';
import { checkBootFile, checkRoot } from './check-root.ts';
import { dhcpSettingsOf } from './dhcp-settings.ts';
import { wantsHttp, withOwnUrl } from './http-ports.ts';
import { readKeptState } from './kept-state.ts';
import { createRootFiles } from './root-files.ts';
import type { Setup } from './setup.ts';
import { simulatedLinks } from './simulated-link.ts';
import type { Shelf } from './simulated-lookups.ts';

export type ShelfQuestion = {
  /** Where the machine is connected. */
  readonly interface?: string;
  /** Another server gives the addresses. */
  readonly proxy?: boolean;
  /** The address that pxed is taken to have there, in place of its own. */
  readonly server?: Ipv4;
};

export type ShelfIo = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** This machine's, when left out. */
  readonly interfaces?: readonly InterfaceFacts[];
};

export type OpenShelf = {
  readonly shelf: Shelf;
  /** What was assumed. */
  readonly notes: readonly string[];
  close(): void;
};

/** All that a pxed with this setup would know, of this machine and its state folder. Throws StartProblem where it would not start. */
export async function openShelf(given: Setup, question: ShelfQuestion, io: ShelfIo): Promise<OpenShelf> {
  const { config } = given;
  const here = io.interfaces ?? (await loadNetwork()).interfaces();
  const { links: known, notes } = simulatedLinks(config, { here, on: question.interface });
  const found =
    question.server === undefined
      ? known
      : known.map((link, at) => (at === 0 ? moved(link, question.server!) : link));
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

/** The link with this address alone, and with the prefix that it had. */
function moved(link: Link, ip: Ipv4): Link {
  const same = link.addresses.find(({ ip: own, length }) => contains(subnetOf(own, length), ip));
  return { ...link, addresses: [{ ip, length: same?.length ?? 24 }] };
}
