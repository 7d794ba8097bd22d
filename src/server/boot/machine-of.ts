import { archCode, archOf } from '../../boot/arch-table.ts';
import type { BootMachine } from '../../boot/machine.ts';
import { agentOf } from '../../dhcp/hosts.ts';
import { isLive, type Lease, type LeaseView } from '../../dhcp/lease.ts';
import { relayPointOfLease } from '../../dhcp/relay.ts';
import { type Ipv4, parseIpv4, UNSPECIFIED } from '../../lib/ipv4.ts';
import type { Mac } from '../../lib/mac.ts';
import type { KnownClients } from './known-clients.ts';
import type { Neighbours } from './neighbours.ts';

/** Who has an address. */
export type Machines = {
  /** The machine with this address (as text); undefined when nobody knows who that is. */
  at(peer: string): BootMachine | undefined;
  /** The machine that says its own name in what it asks for; undefined when the address is another one's for sure. */
  called(mac: Mac, peer: string): BootMachine | undefined;
};

export type MachineSources = {
  /** Asked each time; undefined where we give no addresses. */
  readonly leases: () => Pick<LeaseView, 'byIp' | 'machine'> | undefined;
  readonly known: KnownClients;
  readonly neighbours: Neighbours;
  /** The interface that this address is reached by, where that is one of ours. */
  readonly interfaceOf: (ip: Ipv4) => string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Finds machines by what pxed knows, the surest first: its own lease; what DHCP's messages told in mode proxy; the system's
 * table of neighbours, for addresses that were given elsewhere; the name that somebody said it has; at last a lease that is
 * over, for loaders do not renew.
 *
 *     const machines = createMachines({ leases: () => leases, known, neighbours, interfaceOf, now: Date.now });
 *     machines.at('10.0.0.55')?.mac // '52:54:00:12:34:56'
 */
export function createMachines(sources: MachineSources): Machines {
  const { known, neighbours } = sources;

  function macAt(ip: Ipv4, lease: Lease | undefined): Mac | undefined {
    if (isLive(lease, sources.now()) && lease.mac !== '') return lease.mac;
    const found = known.macOf(ip) ?? neighbours(ip) ?? known.namedAt(ip);
    if (found !== undefined) return found;
    return lease?.state === 'bound' && lease.mac !== '' ? lease.mac : undefined;
  }

  function describe(mac: Mac, ip: Ipv4, held: Lease | undefined): BootMachine {
    const lease = held?.mac === mac ? held : undefined;
    const told = known.client(mac);
    const arch = archCode(told?.arch ?? sources.leases()?.machine(mac)?.arch ?? '');
    const relay = relayOf(lease, told?.via);
    const interfaceName = relay?.via === undefined ? sources.interfaceOf(ip) : undefined;
    return {
      mac,
      ip,
      ...(told?.uuid && { uuid: told.uuid }),
      ...(arch !== undefined && { arch: archOf(arch) }),
      ...(told?.kind && { kind: told.kind }),
      ...(told?.stage && { stage: told.stage }),
      ...(lease?.hostname !== undefined && { hostname: lease.hostname }),
      ...(lease?.clientId !== undefined && { clientId: lease.clientId }),
      ...(interfaceName !== undefined && { interface: interfaceName }),
      ...(relay && { relay }),
      tags: [],
    };
  }

  function isElsewhere(mac: Mac, ip: Ipv4): boolean {
    const last = known.ipOf(mac);
    if (last === undefined || last === ip) return false;
    const lease = sources.leases()?.byIp(last);
    return isLive(lease, sources.now()) && lease.mac === mac;
  }

  return {
    at(peer) {
      const ip = parseIpv4(peer);
      if (ip === undefined) return undefined;
      const lease = sources.leases()?.byIp(ip);
      const mac = macAt(ip, lease);
      return mac === undefined ? undefined : describe(mac, ip, lease);
    },
    called(mac, peer) {
      const ip = parseIpv4(peer);
      // IPv6: profiles know machines by their IPv4 addresses.
      if (ip === undefined) return describe(mac, UNSPECIFIED, undefined);
      const lease = sources.leases()?.byIp(ip);
      const leased = isLive(lease, sources.now()) && lease.mac !== '' ? lease.mac : undefined;
      const sure = leased ?? neighbours(ip);
      if (sure !== undefined) return sure === mac ? describe(mac, ip, lease) : undefined;
      // What it fetches next is no name of its own: then its address has to do. Whose lease is of another address is not
      // here for sure: anybody can say a name, and would have proof counted for it.
      if (!isElsewhere(mac, ip)) known.named(ip, mac, sources.now());
      return describe(mac, ip, lease);
    },
  };
}

/** What its lease keeps of the relay's words; where there is none, what was heard last. */
function relayOf(lease: Lease | undefined, heardVia: Ipv4 | undefined): BootMachine['relay'] {
  const { via = heardVia, circuitId, remoteId } = agentOf(lease && relayPointOfLease(lease));
  if (via === undefined && circuitId === undefined && remoteId === undefined) return undefined;
  return {
    ...(via !== undefined && { via }),
    ...(circuitId !== undefined && { circuitId }),
    ...(remoteId !== undefined && { remoteId }),
  };
}
