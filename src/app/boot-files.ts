import { readFileSync } from 'node:fs';
import { chosenBy, withChoices } from '../boot/choice.ts';
import type { BootMachine } from '../boot/machine.ts';
import type { BootPolicy } from '../boot/selection.ts';
import type { FileExists } from '../boot/settings.ts';
import type { DhcpContext } from '../dhcp/conversation.ts';
import type { LeaseView } from '../dhcp/lease.ts';
import type { BootEvent, Emit } from '../events/event.ts';
import { contains, type Ipv4, subnetOf } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts } from '../net/datagram.ts';
import { createKnownClients } from '../server/boot/known-clients.ts';
import { createMachines } from '../server/boot/machine-of.ts';
import { createNeighbours } from '../server/boot/neighbours.ts';
import { type BootKeeper, createBootKeeper } from '../server/boot/progress.ts';
import { createRenderedFiles, type RenderedFiles } from '../server/boot/rendered-files.ts';
import type { BootProgressStore } from '../store/boot-progress.ts';
import { bootPolicyOf } from './boot-policy.ts';
import { type Facts, linkOf } from './facts.ts';
import type { Setup } from './setup.ts';

/** What the servers have in common of the boot policy: they tell what they see, and ask what to give. */
export type BootFiles = {
  /** Passes events on, and learns from them who is where and how far machines came. */
  readonly emit: Emit;
  /** For names that are not in the tree. */
  readonly rendered: RenderedFiles;
  /** There are profiles: whoever serves files had better ask. */
  readonly rendering: boolean;
  /** Who has this address. */
  readonly machineOf: (peer: string) => BootMachine | undefined;
  /** The profile that an operator chose for a machine, as DHCP asks for it. */
  readonly chosen: NonNullable<DhcpContext['chosen']>;
  /** The policy in force, with what operators chose; undefined without profiles. */
  readonly policy: BootPolicy | undefined;
  /** How far machines came with profiles that are offered once; undefined before there are any. */
  readonly keeper: BootKeeper | undefined;
  /**
   * What an operator chose for a machine holds no more, also where there is no profile any more: it would again with the next ones.
   * False when that could not be saved. Throws as {@link BootFiles.configure} does.
   */
  takeBack(mac: Mac): boolean;
  /** Throws, and changes nothing, when what machines have got through cannot be read. */
  configure(facts: BootFacts): void;
  /** What is there by now. Throws as {@link BootFiles.configure} does. */
  use(stores: BootStores): void;
  close(): void;
};

/** What a reload may change. */
export type BootFacts = {
  /** Absent without profiles: nothing is rendered, and nothing costs anything. */
  readonly policy?: BootPolicy;
  readonly exists?: FileExists;
  readonly links: readonly Pick<InterfaceFacts, 'name' | 'addresses'>[];
};

export type BootStores = {
  /** Where we give addresses. */
  readonly leases?: LeaseView | undefined;
  /** Opens what machines have got through; called once there are profiles. */
  readonly openProgress: () => BootProgressStore;
  /** It outlasts this run: there may be something from before. */
  readonly outlasting: boolean;
};

/** What of a setup is about the boot policy. */
export function bootFactsOf(setup: Setup, { dhcp, links, exists }: Facts): BootFacts {
  const policy = bootPolicyOf(setup, { settings: dhcp, links: links.map(linkOf) });
  return { links, ...(policy && { policy }), ...(exists && { exists }) };
}

/** Nobody is found by a lease, and nothing is known of installations, before {@link BootFiles.use}. */
export function createBootFiles(first: BootFacts, emit: Emit): BootFiles {
  let facts = first;
  const choiceOf = (mac: Mac) => keeper?.choiceOf(mac);
  const chosenOver = (said: BootPolicy | undefined) => said && withChoices(said, choiceOf);
  let policy = chosenOver(first.policy);
  let stores: BootStores | undefined;
  let progress: BootProgressStore | undefined;
  let keeper: BootKeeper | undefined;
  const known = createKnownClients();
  const clock = () => performance.now();
  const machines = createMachines({
    leases: () => stores?.leases,
    known,
    neighbours: createNeighbours({ read: readNeighbours, clock }),
    interfaceOf: (ip) => interfaceOf(facts.links, ip),
    now: Date.now,
  });
  const rendered = createRenderedFiles({
    machines,
    policy: () => policy,
    exists: () => facts.exists,
    progressOf: (mac) => keeper?.progressOf(mac),
    offered: (mac, profile) => keeper?.offered(mac, profile),
    emit,
    clock,
  });

  function keepProgress(): void {
    if (facts.policy && stores && !keeper) openKeeper(stores);
  }

  function openKeeper(from: BootStores): BootKeeper {
    progress = from.openProgress();
    keeper = createBootKeeper({
      store: progress,
      profiles: () => facts.policy?.profiles ?? NO_PROFILES,
      machineOf: (peer) => machines.at(peer)?.mac,
      emit,
      now: Date.now,
    });
    return keeper;
  }

  return {
    emit(event: BootEvent) {
      emit(event);
      if (!facts.policy) return;
      known.hear(event);
      keeper?.hear(event);
    },
    rendered,
    get rendering() {
      return facts.policy !== undefined;
    },
    machineOf: machines.at,
    chosen: chosenBy(() => facts.policy?.profiles, choiceOf),
    get policy() {
      return policy;
    },
    get keeper() {
      return keeper;
    },
    takeBack(mac) {
      const from = keeper ?? (stores?.outlasting ? openKeeper(stores) : undefined);
      return from?.choose(mac, undefined) ?? true;
    },
    configure(next) {
      const before = facts;
      facts = next;
      try {
        keepProgress();
      } catch (error) {
        facts = before;
        throw error;
      }
      policy = chosenOver(next.policy);
    },
    use(opened) {
      stores = opened;
      keepProgress();
    },
    close() {
      keeper?.save();
      progress?.close();
    },
  };
}

const NO_PROFILES: BootPolicy['profiles'] = new Map();

/** Linux's table; other systems have none to read. */
function readNeighbours(): string | undefined {
  try {
    return readFileSync('/proc/net/arp', 'latin1');
  } catch {
    return undefined;
  }
}

function interfaceOf(links: BootFacts['links'], ip: Ipv4): string | undefined {
  return links.find(({ addresses }) =>
    addresses.some(({ address, prefixLength }) => contains(subnetOf(address, prefixLength), ip)),
  )?.name;
}
