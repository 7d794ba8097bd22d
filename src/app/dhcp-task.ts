import type { Emit } from '../events/event.ts';
import type { BoundSocket, Network } from '../net/datagram.ts';
import { createDhcpServer } from '../server/dhcp/server.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import type { BootFiles } from './boot-files.ts';
import { listenersOf } from './dhcp-listeners.ts';
import { type Facts, linkOf, runningLinks } from './facts.ts';
import { letDatagramsGo } from './rest.ts';
import type { Setup } from './setup.ts';
import type { Sockets } from './sockets.ts';
import type { Task } from './task.ts';

/** The DHCP and BOOTP server as a task. */
export type DhcpTask = {
  readonly task: Task;
  /** Tells it of a file that a machine has fetched. */
  readonly fetched: ReturnType<typeof createDhcpServer>['fetched'];
  reconfigure(facts: Facts): void;
};

export type DhcpTaskParts = {
  readonly network: Network;
  readonly setup: Setup;
  readonly facts: Facts & { readonly dhcp: NonNullable<Facts['dhcp']> };
  readonly sockets: Sockets;
  readonly leases: LeaseStore;
  /** Boot profiles that operators chose. */
  readonly chosen: BootFiles['chosen'];
  readonly emit: Emit;
};

export function createDhcpTask(parts: DhcpTaskParts): DhcpTask {
  const { network, setup, facts, sockets, leases, chosen, emit } = parts;
  const server = createDhcpServer({
    ...{ network, leases, chosen, emit },
    listeners: listenersOf(facts, sockets, setup.config),
    settings: facts.dhcp,
    ...(sockets.echo && { echo: sockets.echo }),
    ...(facts.exists && { exists: facts.exists }),
  });
  const given = (bound: BoundSocket | undefined) => (bound ? [bound] : []);
  const queues = {
    sockets: sockets.links.flatMap(({ dhcp, pxe }) => [...given(dhcp), ...given(pxe)]),
    frames: sockets.links.flatMap(({ overheard }) => (overheard ? [overheard] : [])),
  };
  return {
    task: {
      name: 'dhcp',
      run: ({ signal, ready }) => server.run(signal, ready),
      rest: () => letDatagramsGo(network, queues),
    },
    fetched: server.fetched,
    reconfigure(next) {
      server.reconfigure({
        settings: next.dhcp!,
        links: next.links.map(linkOf),
        running: runningLinks(next.links),
        ...(next.exists && { exists: next.exists }),
      });
    },
  };
}
