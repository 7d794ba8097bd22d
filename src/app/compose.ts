import type { Config } from '../config/schema.ts';
import type { Emit } from '../events/event.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';
import { loadNetwork } from '../net/load.ts';
import { portOwner } from '../net/port-owner.ts';
import type { LiveTransfer } from '../server/live-transfer.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { bannerOf } from './banner.ts';
import { type BootFiles, bootFactsOf, createBootFiles } from './boot-files.ts';
import { type Capture, openCapture } from './capture.ts';
import { checkReachable } from './check-access.ts';
import { checkSameInterfaces } from './check-interface.ts';
import { type ControlPorts, openControlPorts } from './control-ports.ts';
import { prepareControl } from './control-service.ts';
import { looksAround } from './dhcp-listeners.ts';
import { createDhcpTask } from './dhcp-task.ts';
import { createDownloads } from './downloads.ts';
import { type Facts, gatherFacts, withLinks } from './facts.ts';
import type { Guest } from './guest.ts';
import { type HttpPorts, openHttpPorts, releaseHttpPorts, withOwnUrl } from './http-ports.ts';
import { createHttpTask, httpSettingsOf } from './http-task.ts';
import { type LeaseState, MEMORY, openLeases, prepareState } from './lease-state.ts';
import { watchLinks } from './link-watch.ts';
import { futureUser, giveUpRoot } from './privileges.ts';
import { openProgress, openUnprepared } from './progress-state.ts';
import { createRelinking, type Relinking } from './relinking.ts';
import type { Setup } from './setup.ts';
import { openSockets, releaseSockets, type Sockets } from './sockets.ts';
import { warnAtStart } from './start-warnings.ts';
import type { Task } from './task.ts';
import { tftpPortsOf, tftpSettingsOf } from './tftp-settings.ts';
import { createTftpTasks, type TftpTasks } from './tftp-task.ts';

/** A setup made ready to run: sockets are open, root is given up, nothing is served yet. */
export type Composed = {
  readonly tasks: readonly Task[];
  /** The setup in force. */
  readonly setup: Setup;
  /** Puts a new setup in force, of the same sockets and user. Throws, and changes nothing, when it cannot. */
  apply(setup: Setup): void;
  /** The last packets of each machine. */
  readonly capture: Capture;
  /** Throws what {@link Composed.apply} would, and changes nothing. */
  check(setup: Setup): void;
  /** What DHCP and BOOTP work with; undefined where neither is served. */
  readonly leases: LeaseStore | undefined;
  /** The ports that are open; 0 may have been asked for. */
  readonly ports: { readonly tftp: number | undefined; readonly http: number | undefined };
  /** Tells the service manager, if one listens: `READY=1`, `STOPPING=1` (sd_notify(3)). */
  notify(state: string): void;
  /** What control looks into. */
  readonly inside: Inside;
  /** Ends the threads and closes the sockets, for good. */
  release(): Promise<void>;
};

/** The parts that work together, for whoever is asked about them. */
export type Inside = {
  readonly network: Network;
  /** The interfaces and the root, as they are now. */
  facts(): Facts;
  readonly boot: BootFiles;
  readonly relinking: Relinking;
  /** Where what is to outlast this run is kept, if anything is. */
  readonly stateFolder?: string;
  /** Where pxectl and browsers come to. */
  readonly control?: ControlPorts;
  /** Files under way. */
  transfers(): Promise<readonly LiveTransfer[]>;
  /** Does everything that serves turn its loop? */
  answer(): Promise<boolean>;
};

export type ComposeIo = { readonly version: string; readonly emit: Emit; readonly guest?: Guest };

/**
 * Checks what can be checked, opens every socket, gives up root, and makes the tasks. Throws StartProblem when it
 * cannot be served.
 */
export async function compose(given: Setup, io: ComposeIo): Promise<Composed> {
  const network = await loadNetwork(io.guest?.backend);
  const found = gatherFacts(given, network);
  const { config } = given;
  const addressing = found.dhcp !== undefined;
  const sockets = await openSockets(
    network,
    {
      interfaces: found.links.map(({ name }) => name),
      dhcp: addressing,
      pxe: config.mode !== 'off',
      sharing: config.mode === 'proxy' || config.mode === 'auto',
      ears: looksAround(config),
      ...(config.tftp.enabled && { tftp: tftpPortsOf(config, network, io.guest?.address) }),
    },
    portOwner,
  );
  let web: HttpPorts | undefined;
  let capture: Capture | undefined;
  let control: ControlPorts | undefined;
  try {
    web = await openHttpPorts(network, config, { links: found.links, staysRoot: staysWho(config) });
    control = await openControlPorts(network, { tool: given.tool, config, runAs: futureUser(config) });
    if (control) await prepareControl();
    const setup = withOwnUrl(given, web.ports);
    const facts = withLinks(found, setup, found.links);
    const boot = createBootFiles(bootFactsOf(setup, facts), io.emit);
    const machineOf = (peer: string) => boot.machineOf(peer)?.mac;
    const relinking = createRelinking({ network, machineOf, emit: io.emit });
    relinking.configure(config, facts.root);
    capture = openCapture({ network, config, links: found.links, machineOf, emit: io.emit });
    const downloads = createDownloads((event) => {
      boot.emit(event);
      relinking.hear(event);
    });
    const started: Parts = {
      ...{ setup, network, facts, sockets, web, emit: boot.emit },
      ...{ boot, relinking, downloads, capture },
    };
    const tftp = await prepareTftp(started);
    const keepsState = addressing || boot.rendering;
    const stateFolder = keepsState ? prepareState(config, futureUser(config)) : undefined;
    const runAs = io.guest ? undefined : giveUpRoot(network, config);
    if (!io.guest && runAs?.uid !== 0) tftp?.confine();
    if (facts.root !== undefined) checkReachable(facts.root);
    const state = addressing ? await openLeases(stateFolder) : undefined;
    if (stateFolder !== undefined) capture.keepIn(stateFolder);
    const forgets = !keepsState && config.state !== MEMORY;
    boot.use({
      leases: state?.leases,
      openProgress: () => (forgets ? openUnprepared(io.emit) : openProgress(stateFolder)),
      outlasting: stateFolder !== undefined,
    });
    io.emit(
      bannerOf({
        ...{ setup, ...facts, version: io.version, backend: network.name, http: web.ports },
        ...(sockets.tftp && { tftp: sockets.tftp }),
        ...(runAs && { runAs }),
        ...(control && { control }),
        ...(state && { leases: state.detail }),
      }),
    );
    warnAtStart(
      {
        ...{ setup, network, facts, sockets, state, controlled: control !== undefined },
        found: [web.warning, control?.warning],
      },
      io.emit,
    );
    return assemble(started, { tftp, state, stateFolder, control });
  } catch (error) {
    releaseSockets(network, sockets);
    releaseHttpPorts(network, web?.ports ?? []);
    capture?.close();
    await control?.close();
    throw error;
  }
}

/** Who is not root now, and who is to stay root, goes on as it is. */
function staysWho(config: Config): boolean {
  return (futureUser(config)?.uid ?? 0) === 0;
}

function namesOf({ links }: Facts): string[] {
  return links.map(({ name }) => name);
}

type Parts = {
  readonly setup: Setup;
  readonly network: Network;
  readonly facts: Facts;
  readonly sockets: Sockets;
  readonly web: HttpPorts;
  readonly emit: Emit;
  readonly boot: BootFiles;
  readonly relinking: Relinking;
  readonly downloads: ReturnType<typeof createDownloads>;
  readonly capture: Capture;
};

/** Before root is given up: the serving thread loads the program's files, which may lie in a closed home. */
async function prepareTftp({
  setup,
  network,
  facts,
  sockets,
  boot,
  downloads,
}: Parts): Promise<TftpTasks | undefined> {
  if (!sockets.tftp || facts.root === undefined) return undefined;
  const { rendered, rendering } = boot;
  const settings = { ...tftpSettingsOf(setup.config.tftp, facts.root, namesOf(facts)), rendering };
  return createTftpTasks({ network, crew: sockets.tftp, settings, rendered, emit: downloads.emit });
}

type Opened = {
  readonly tftp: TftpTasks | undefined;
  readonly state: LeaseState | undefined;
  readonly stateFolder: string | undefined;
  readonly control: ControlPorts | undefined;
};

function assemble(
  { setup, network, facts, sockets, web, emit, boot, relinking, downloads, capture }: Parts,
  { tftp, state, stateFolder, control }: Opened,
): Composed {
  const tasks: Task[] = [];
  const looks: (() => Promise<readonly LiveTransfer[]>)[] = [];
  const changes: ((setup: Setup, facts: Facts) => void)[] = [
    (next, changed) => boot.configure(bootFactsOf(next, changed)),
    (next, changed) => relinking.configure(next.config, changed.root),
    (next, changed) => capture.configure(next.config.capture, changed.links),
  ];
  if (tftp) {
    tasks.push(...tftp.tasks);
    looks.push(tftp.transfers);
    changes.push((next, changed) => {
      const { rendering } = boot;
      tftp.reconfigure({ ...tftpSettingsOf(next.config.tftp, changed.root!, namesOf(changed)), rendering });
    });
  }
  if (web.ports.length > 0 && facts.root !== undefined) {
    const settings = httpSettingsOf(setup.config, facts.root);
    const { rendered } = boot;
    const http = createHttpTask({
      ...{ network, ports: web.ports, settings, emit: downloads.emit, rendered },
      takeReport: (peer, path) => {
        const relinked = relinking.reportedBy(peer, path);
        return boot.keeper?.reportedBy(peer, path) || relinked;
      },
    });
    tasks.push(http.task);
    looks.push(async () => http.transfers());
    changes.push((next, changed) => http.reconfigure(httpSettingsOf(next.config, changed.root!)));
  }
  if (facts.dhcp && state) {
    const { dhcp } = facts;
    const served = createDhcpTask({
      ...{ network, setup, facts: { ...facts, dhcp }, sockets, leases: state.leases, emit },
      chosen: boot.chosen,
    });
    downloads.tell(served.fetched);
    tasks.push(served.task);
    changes.push((_, next) => served.reconfigure(next));
  }
  let current = { setup, facts };
  const enforce = (next: typeof current) => {
    checkSameInterfaces(facts.links, next.facts.links);
    for (const change of changes) change(next.setup, next.facts);
    current = next;
  };
  const watch = (links: readonly InterfaceFacts[]) =>
    watchLinks({
      ...{ network, links, emit },
      changed: (now) => enforce({ ...current, facts: withLinks(current.facts, current.setup, now) }),
    });
  let unwatch = watch(facts.links);
  return {
    tasks,
    capture,
    ports: { tftp: sockets.tftp?.[0]?.[0]?.listen.port, http: web.ports[0]?.port },
    get setup() {
      return current.setup;
    },
    check(reread) {
      const next = gatherFacts(withOwnUrl(reread, web.ports), network);
      checkSameInterfaces(facts.links, next.links);
    },
    leases: state?.leases,
    apply(reread) {
      const next = withOwnUrl(reread, web.ports);
      enforce({ setup: next, facts: gatherFacts(next, network) });
      unwatch();
      unwatch = watch(current.facts.links);
    },
    notify(state) {
      const path = process.env.NOTIFY_SOCKET;
      if (path) network.notify(path, state);
    },
    inside: {
      ...{ network, facts: () => current.facts, boot, relinking },
      ...(stateFolder !== undefined && { stateFolder }),
      ...(control && { control }),
      transfers: async () => (await Promise.all(looks.map((look) => look()))).flat(),
      answer: async () => (await tftp?.answer()) ?? true,
    },
    async release() {
      unwatch();
      await control?.close();
      await tftp?.close();
      boot.close();
      capture.close();
      state?.leases.close();
      releaseSockets(network, sockets);
      releaseHttpPorts(network, web.ports);
    },
  };
}
