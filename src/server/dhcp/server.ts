import type { FileExists } from '../../boot/settings.ts';
import { type DhcpPlan, planDhcp } from '../../dhcp/plan.ts';
import type { DhcpSettings, Link } from '../../dhcp/settings.ts';
import type { Emit } from '../../events/event.ts';
import type { Network, Poller } from '../../net/datagram.ts';
import type { LeaseStore } from '../../store/lease-store.ts';
import { type Clock, createClock } from './clock.ts';
import { type AttachedListener, attachListener, type DhcpListener, detachListener } from './listeners.ts';
import { createReporter } from './reporter.ts';
import { createTurns } from './turns.ts';

export type DhcpServerOptions = {
  readonly network: Network;
  readonly listeners: readonly DhcpListener[];
  readonly settings: DhcpSettings;
  /** Loaded; stays the caller's to close. */
  readonly leases: LeaseStore;
  /** Files of the boot root; absent when another machine has it. */
  readonly exists?: FileExists;
  readonly emit: Emit;
  readonly clock?: Clock;
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
};

export type DhcpServer = {
  /**
   * Serves until `signal` aborts. `ready` is called once datagrams are read. Rejects when the sockets fail for good; it may
   * be run again, datagrams wait in the kernel meanwhile.
   */
  run(signal: AbortSignal, ready?: () => void): Promise<void>;
  /**
   * From the next datagram on; leases and offers stay. `links`: what the interfaces are like by now, the same ones by
   * name.
   */
  reconfigure(change: {
    readonly settings: DhcpSettings;
    readonly exists?: FileExists;
    readonly links: readonly Link[];
  }): void;
  readonly counters: Readonly<DhcpCounters>;
};

/** What turns read anew each time, since a reload replaces it. */
export type Current = {
  plan: DhcpPlan;
  exists: FileExists | undefined;
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
  const links = listeners.map(({ link }) => link);
  const current: Current = {
    plan: planDhcp(options.settings, links),
    exists: options.exists,
    links: byName(links),
  };
  const counters: DhcpCounters = { received: 0, malformed: 0, replies: 0, faults: 0, limited: 0, shed: 0 };

  async function run(signal: AbortSignal, ready?: () => void): Promise<void> {
    const poller = network.createPoller();
    const attached: AttachedListener[] = [];
    const wake = (): void => poller.wake();
    try {
      for (const listener of listeners) attached.push(attach(listener, poller));
      const reporter = createReporter({ emit, counters, clock });
      const turns = createTurns({ attached, leases, current, clock, reporter });
      signal.addEventListener('abort', wake);
      ready?.();
      while (!signal.aborted) {
        await poller.waitAsync(Math.min(Math.max(0, turns.nextAt() - clock.ticks()), MAX_WAIT_MS));
        if (!signal.aborted) turns.take();
      }
    } finally {
      signal.removeEventListener('abort', wake);
      for (const listener of attached) detachListener(listener);
      poller.close();
    }
  }

  function attach(listener: DhcpListener, poller: Poller): AttachedListener {
    const attached = attachListener(network, listener);
    for (const { socket } of attached.ports) poller.add(socket);
    if (attached.frames) poller.add(attached.frames);
    return attached;
  }

  return {
    run,
    reconfigure({ settings, exists, links: changed }) {
      current.plan = planDhcp(settings, changed);
      current.links = byName(changed);
      current.exists = exists;
    },
    counters,
  };
}

function byName(links: readonly Link[]): ReadonlyMap<string, Link> {
  return new Map(links.map((link) => [link.name, link]));
}
