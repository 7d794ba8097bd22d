import type { Decision, DhcpRequest, ProbeOutcome } from '../../src/dhcp/conversation.ts';
import { handle } from '../../src/dhcp/handle.ts';
import type { LeaseMutation } from '../../src/dhcp/lease.ts';
import { planDhcp } from '../../src/dhcp/plan.ts';
import { createQuirkMemory } from '../../src/dhcp/quirk-memory.ts';
import type { DhcpSettings, Link } from '../../src/dhcp/settings.ts';
import { decode } from '../../src/dhcp-packet/index.ts';
import { type Ipv4, LIMITED_BROADCAST } from '../../src/lib/ipv4.ts';
import { createLeaseIndex } from '../../src/store/lease-index.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';

/** How a datagram came. */
export type Arrival = {
  readonly link: Link;
  readonly source?: { readonly ip: Ipv4; readonly port: number };
  readonly destination?: Ipv4;
};

/** `unsaved`: the disk was full. */
export type Answered = {
  readonly request: DhcpRequest;
  readonly decision: Decision;
  readonly unsaved: boolean;
};

/** Where leases outlast a restart: opens the store anew, with what was safe when the one before was left. */
export type OpenLeases = (moment: Surroundings) => Promise<LeaseStore>;

/** What a store depends on. */
export type Surroundings = { readonly now: () => number; readonly diskIsFull: () => boolean };

/** Leases in memory that forget at a restart what was volatile, and whose commits fail while the disk is full. */
export function createRestartableMemory(): OpenLeases {
  const safe: LeaseMutation[] = [];
  return async ({ diskIsFull }) => {
    const leases = createMemoryLeases();
    const index = createLeaseIndex();
    for (const mutation of safe) index.apply(mutation);
    index.keep();
    let staged: LeaseMutation[] = [];
    return {
      ...leases,
      byIp: index.byIp,
      byClient: index.byClient,
      machine: index.machine,
      all: index.leases,
      stage(mutations) {
        for (const mutation of mutations) index.apply(mutation);
        staged.push(...mutations.filter((mutation) => mutation.kind !== 'put' || !mutation.volatile));
      },
      commit() {
        const durable = staged;
        staged = [];
        if (durable.length > 0 && diskIsFull()) {
          index.undo();
          throw new Error('database or disk is full');
        }
        safe.push(...durable);
        index.keep();
        return durable.length > 0;
      },
    };
  };
}

/**
 * The brain as the server runs it, without sockets: octets in, mutations committed before the reply is looked at. A
 * restart opens the store anew; a reload makes a new plan.
 */
export async function createFuzzServer(first: {
  settings: DhcpSettings;
  links: readonly Link[];
  now: number;
  openLeases: OpenLeases;
}) {
  const { links, openLeases } = first;
  let { settings, now } = first;
  let plan = planDhcp(settings, links);
  let full = false;
  const surroundings = { now: () => now, diskIsFull: () => full };
  let leases = await openLeases(surroundings);
  let quirks = createQuirkMemory();
  let pending: { request: DhcpRequest; ip: Ipv4 } | undefined;

  function decide(request: DhcpRequest, probe?: ProbeOutcome): Answered {
    const exists = (path: string) => path === 'pxelinux.0';
    const decision = handle(request, { now, plan, leases, exists, quirks, ...(probe && { probe }) });
    if (decision.trial) quirks.apply(decision.trial);
    pending = decision.probe && { request, ip: decision.probe.ip };
    leases.stage(decision.mutations);
    try {
      leases.commit();
    } catch {
      // Nothing of it happened, and nobody is told.
      return { request, decision: { mutations: [], events: [] }, unsaved: true };
    }
    return { request, decision, unsaved: false };
  }

  return {
    now: () => now,
    settings: () => settings,
    leases: () => leases,
    /** undefined for octets that are no message. */
    receive(bytes: Uint8Array, { link, source, destination }: Arrival): Answered | undefined {
      const decoded = decode(bytes);
      if (!decoded.ok) return undefined;
      return decide({
        packet: decoded.value.packet,
        warnings: decoded.value.warnings,
        sizeBytes: bytes.length,
        source: source ?? { ip: decoded.value.packet.ciaddr, port: 68 },
        destination: destination ?? LIMITED_BROADCAST,
        port: 67,
        link,
      });
    },
    /** undefined when nothing is being probed. */
    settle(inUse: boolean): Answered | undefined {
      return pending && decide(pending.request, { ip: pending.ip, inUse });
    },
    fillDisk(isFull: boolean): void {
      full = isFull;
    },
    later(seconds: number): void {
      now += seconds * 1000;
    },
    async restart(): Promise<void> {
      leases.close();
      leases = await openLeases(surroundings);
      quirks = createQuirkMemory();
      pending = undefined;
    },
    reload(next: DhcpSettings): void {
      settings = next;
      plan = planDhcp(next, links);
    },
  };
}
