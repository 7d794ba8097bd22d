import type { Lease, LeaseMutation, LeaseView, Machine } from '../dhcp/lease.ts';
import { IpMap } from '../lib/ip-map.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { type Mac, macNumber } from '../lib/mac.ts';
import { TextMap } from '../lib/text-map.ts';

/** Machines remembered; past it the one that booted longest ago is forgotten, so that forged MACs cannot fill memory. */
export const MAX_MACHINES = 100_000;

/** What changed since the last {@link LeaseIndex.keep}: the keys, each with its record of then. */
export type Changes = {
  readonly leases: ReadonlyMap<Ipv4, Lease | undefined>;
  readonly machines: ReadonlyMap<Mac, Machine | undefined>;
};

/** Records by address, by client and by machine, with one step back. */
export type LeaseIndex = LeaseView & {
  apply(mutation: LeaseMutation): void;
  /** The same as to put it, but no change: for what is read from a file before anything else. */
  restore(lease: Lease): void;
  readonly changes: Changes;
  /** What changed is good: the next {@link undo} comes back to here. */
  keep(): void;
  /** As it was at the last {@link keep}. */
  undo(): void;
  /** Puts other values in the place of all records, each of the same key. Nothing may have changed since the last keep. */
  rewrite(lease: (before: Lease) => Lease, machine: (before: Machine) => Machine): void;
  /** One record an address. */
  leases(): Iterable<Lease>;
  /** In the order they were last seen. */
  machines(): Iterable<Machine>;
};

/** An empty index. A client has one record, and so has an address; machines are {@link MAX_MACHINES} at most. */
export function createLeaseIndex(): LeaseIndex {
  const byIp = new IpMap<Lease>();
  const byClient = new TextMap<Lease>();
  /** By the address as a number where it is one: to look up a text that was just made takes longer (text-map.ts). */
  const byMac = new Map<number | Mac, Machine>();
  const leasesBefore = new Map<Ipv4, Lease | undefined>();
  const machinesBefore = new Map<Mac, Machine | undefined>();

  function note(ip: Ipv4, before: Lease | undefined): void {
    if (!leasesBefore.has(ip)) leasesBefore.set(ip, before);
  }

  function drop(ip: Ipv4): void {
    const lease = byIp.get(ip);
    note(ip, lease);
    if (!lease) return;
    byIp.delete(ip);
    if (lease.client !== '') byClient.delete(lease.client);
  }

  function put(lease: Lease): void {
    const there = byIp.get(lease.ip);
    // The usual case: the client's own record goes on, and takes the place of what it was.
    if (there?.client === lease.client) {
      note(lease.ip, there);
    } else {
      drop(lease.ip);
      const former = lease.client === '' ? undefined : byClient.get(lease.client);
      if (former) drop(former.ip);
    }
    add(lease);
  }

  function add(lease: Lease): void {
    byIp.set(lease.ip, lease);
    if (lease.client !== '') byClient.set(lease.client, lease);
  }

  function forget(mac: Mac): void {
    const key = macNumber(mac) ?? mac;
    if (!machinesBefore.has(mac)) machinesBefore.set(mac, byMac.get(key));
    byMac.delete(key);
  }

  function remember(machine: Machine): void {
    // A Map keeps the order of insertion: the first is the one longest not seen.
    forget(machine.mac);
    byMac.set(macNumber(machine.mac) ?? machine.mac, machine);
    if (byMac.size <= MAX_MACHINES) return;
    const [oldest] = byMac.values();
    if (oldest) forget(oldest.mac);
  }

  function keep(): void {
    // Clearing an empty Map makes a new one all the same.
    if (leasesBefore.size > 0) leasesBefore.clear();
    if (machinesBefore.size > 0) machinesBefore.clear();
  }

  return {
    byIp: (ip) => byIp.get(ip),
    byClient: (client) => byClient.get(client),
    machine: (mac) => byMac.get(macNumber(mac) ?? mac),
    apply(mutation) {
      if (mutation.kind === 'put') put(mutation.lease);
      else if (mutation.kind === 'remove') drop(mutation.ip);
      else remember(mutation.machine);
    },
    restore(lease) {
      // Next to always nothing is in its way.
      if (!byIp.get(lease.ip) && !byClient.get(lease.client)) return add(lease);
      put(lease);
      keep();
    },
    changes: { leases: leasesBefore, machines: machinesBefore },
    keep,
    undo() {
      // Every record that differs stands at an address that was noted: take them all out, and put what was there back.
      for (const ip of leasesBefore.keys()) drop(ip);
      for (const lease of leasesBefore.values()) if (lease) add(lease);
      for (const [mac, machine] of machinesBefore) {
        const key = macNumber(mac) ?? mac;
        byMac.delete(key);
        if (machine) byMac.set(key, machine);
      }
      keep();
    },
    rewrite(lease, machine) {
      for (const before of byIp.values()) add(lease(before));
      for (const [mac, before] of byMac) byMac.set(mac, machine(before));
    },
    leases: () => byIp.values(),
    machines: () => byMac.values(),
  };
}

/** The same records at other times: what {@link LeaseIndex.rewrite} takes when the clock was set by `ms`. */
export function shiftedLease(lease: Lease, ms: number): Lease {
  return { ...lease, since: lease.since + ms, expiresAt: lease.expiresAt + ms };
}

export function shiftedMachine(machine: Machine, ms: number): Machine {
  return { ...machine, bootedAt: machine.bootedAt + ms };
}
