import type { FileExists } from '../../boot/settings.ts';
import type { DhcpContext } from '../../dhcp/conversation.ts';
import { type DhcpPlan, planDhcp } from '../../dhcp/plan.ts';
import { createQuirkMemory } from '../../dhcp/quirk-memory.ts';
import type { DhcpSettings, Link } from '../../dhcp/settings.ts';
import type { Emit } from '../../events/event.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { BoundSocket, Network, Poller } from '../../net/datagram.ts';
import type { LeaseStore } from '../../store/lease-store.ts';
import { type Clock, createClock } from './clock.ts';
import { type AttachedListener, attachListener, type DhcpListener, detachListener } from './listeners.ts';
import { createLookAround } from './look-around.ts';
import { createReporter } from './reporter.ts';
import { ENOUGH, GATHER_MS, SEVERAL } from './turn-limits.ts';
import { createTurns } from './turns.ts';
import { createUpkeep } from './upkeep.ts';

export type DhcpServerOptions = {
  readonly network: Network;
  readonly listeners: readonly DhcpListener[];
  readonly settings: DhcpSettings;
  /** Loaded; stays the caller's to close. */
  readonly leases: LeaseStore;
  /** Files of the boot root; absent when another machine has it. */
  readonly exists?: FileExists;
  /** Boot profiles that operators chose for single machines. */
  readonly chosen?: DhcpContext['chosen'];
  readonly emit: Emit;
  readonly clock?: Clock;
  /** Of {@link Network.bindEcho}: addresses behind relays are pinged before their first offer. */
  readonly echo?: BoundSocket;
  /** From 0 to less than 1; Math.random when left out. */
  readonly random?: () => number;
};

export type DhcpCounters = {
  received: number;
  malformed: number;
  replies: number;
  /** Requests that made our own code throw: each is a bug, none ends the server. */
  faults: number;
  /** Beyond what one client or relay may send. */
  limited: number;
  /** Left because more came than can be answered. */
  shed: number;
  /** Turns whose leases could not be saved. */
  unsaved: number;
};

export type DhcpServer = {
  /**
   * Serves until `signal` aborts. `ready` is called once datagrams are read of every interface with a carrier: an interface
   * whose role the network has to tell is not read before it is known. Rejects when the sockets fail for good; it may be run
   * again, datagrams wait in the kernel meanwhile.
   */
  run(signal: AbortSignal, ready?: () => void): Promise<void>;
  /**
   * From the next datagram on; leases and offers stay. `links`: what the interfaces are like by now, the same ones by
   * name; `running`: those with a carrier, all when left out.
   */
  reconfigure(change: {
    readonly settings: DhcpSettings;
    readonly exists?: FileExists;
    readonly links: readonly Link[];
    readonly running?: ReadonlySet<string>;
  }): void;
  /** The client with this address began to download a file of ours: it takes our answers. */
  fetched(ip: Ipv4): void;
  readonly counters: Readonly<DhcpCounters>;
};

/** What turns read anew each time, since a reload replaces it. */
export type Current = {
  plan: DhcpPlan;
  exists: FileExists | undefined;
  /** Those that are served: their role is known. */
  links: ReadonlyMap<string, Link>;
};

/** The longest wait for a datagram; some systems have no longer timers. */
const MAX_WAIT_MS = 60_000;

/**
 * DHCP, BOOTP and PXE boot server on any number of interfaces: receive what has arrived, decide about each datagram, commit all
 * leases at once, and only then send the replies.
 */
export function createDhcpServer(options: DhcpServerOptions): DhcpServer {
  const { network, listeners, leases, emit } = options;
  const clock = options.clock ?? createClock();
  let links: readonly Link[] = listeners.map(({ link }) => link);
  let poller: Poller | undefined;
  const lookAround = createLookAround({
    ...{ network, emit, clock, random: options.random ?? Math.random },
    lookouts: listeners.map(({ link, lookout }) => ({
      ...(lookout ?? { role: link.role ?? 'server', watching: false, running: true }),
      link,
    })),
  });
  let { settings } = options;
  const current: Current = { ...planned(), exists: options.exists };
  const counters: DhcpCounters = {
    received: 0,
    malformed: 0,
    replies: 0,
    faults: 0,
    limited: 0,
    shed: 0,
    unsaved: 0,
  };

  const quirks = createQuirkMemory();
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  let fetched: ((ip: Ipv4) => void) | undefined;

  async function run(signal: AbortSignal, ready?: () => void): Promise<void> {
    const polling = network.createPoller();
    const attached: AttachedListener[] = [];
    const wake = (): void => polling.wake();
    const echo = options.echo && network.attach(options.echo, { batch: 32, outMessages: 16 });
    poller = polling;
    try {
      for (const listener of listeners) {
        const one = attachListener(network, listener, {
          linkOf: () => linkNow(listener.link),
          isOurs: (ip) => current.plan.ownAddresses.has(ip),
        });
        attached.push(one);
        if (one.frames) polling.add(one.frames);
      }
      lookAround.attach(polling);
      if (echo) polling.add(echo);
      const reporter = createReporter({ emit, counters, clock });
      const upkeep = createUpkeep({ leases, clock, reporter });
      const turns = createTurns({
        ...{ attached, leases, current, clock, reporter, lookAround, quirks },
        ...(echo && { echo }),
        ...(options.chosen && { chosen: options.chosen }),
      });
      fetched = (ip) => {
        if (turns.fetched(ip)) wake();
      };
      signal.addEventListener('abort', wake);
      const begin = createBeginning(attached, polling, ready);
      begin();
      while (!signal.aborted) {
        const next = Math.min(turns.nextAt(), lookAround.nextAt());
        await polling.waitAsync(Math.min(Math.max(0, next - clock.ticks()), MAX_WAIT_MS));
        if (signal.aborted) break;
        if (lookAround.take()) Object.assign(current, planned());
        begin();
        upkeep.take();
        turns.take();
        // The whole thread sleeps, no longer than the disk makes it wait at a commit: timers know whole milliseconds only.
        const answered = turns.answered();
        if (answered >= SEVERAL && answered <= ENOUGH) Atomics.wait(asleep, 0, 0, GATHER_MS);
      }
    } finally {
      signal.removeEventListener('abort', wake);
      fetched = undefined;
      for (const listener of attached) detachListener(listener);
      lookAround.detach();
      echo?.detach();
      poller = undefined;
      polling.close();
    }
  }

  /** Has an interface read once its role is known, and tells when all are. */
  function createBeginning(attached: readonly AttachedListener[], polling: Poller, ready?: () => void) {
    const waiting = new Set(attached);
    let told = false;
    return () => {
      for (const listener of waiting) {
        if (!current.links.has(listener.name)) continue;
        waiting.delete(listener);
        for (const input of listener.inputs) polling.add(input);
      }
      if (told || !lookAround.settled) return;
      told = true;
      ready?.();
    };
  }

  function linkNow(known: Link): Link {
    return links.find(({ name }) => name === known.name) ?? known;
  }

  /** The plan for all interfaces, and those whose role is known, with it. */
  function planned(): Pick<Current, 'plan' | 'links'> {
    const roles = links.map((link) => {
      const role = lookAround.roleOf(link.name);
      return role ? { ...link, role } : link;
    });
    const known = roles.filter(({ name }) => lookAround.roleOf(name) !== undefined);
    return { plan: planDhcp(settings, roles), links: new Map(known.map((link) => [link.name, link])) };
  }

  return {
    run,
    reconfigure({ settings: next, exists, links: changed, running }) {
      settings = next;
      links = changed;
      lookAround.update(changed, running ?? new Set(changed.map(({ name }) => name)));
      Object.assign(current, planned(), { exists });
      poller?.wake();
    },
    fetched: (ip) => fetched?.(ip),
    counters,
  };
}
