import { readOption } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Lease, LeaseMutation, Machine } from './lease.ts';
import { relayFieldsOf } from './relay.ts';
import type { Turn } from './turn.ts';

/** A lease that is being made up. */
type Draft = { -readonly [Field in keyof Lease]: Lease[Field] };

/** A new record of this turn's client; a name it gave before stays known, and what its relay said (see relay.ts). */
export function recordOf(
  turn: Turn,
  fields: Pick<Lease, 'ip' | 'client' | 'state' | 'expiresAt' | 'kind'>,
): Lease {
  const { context, identity, request } = turn;
  const former = context.leases.byClient(fields.client);
  const hostname = hostnameOf(turn) ?? former?.hostname;
  const asksForLeases = context.plan.settings.leaseQuery.length > 0;
  const record: Draft = { ...fields, mac: identity.mac, since: context.now };
  if (hostname !== undefined) record.hostname = hostname;
  const relayed = relayFieldsOf(request.packet, former?.ip === fields.ip ? former : undefined);
  if (relayed.via !== undefined) record.via = relayed.via;
  if (relayed.relayInfo !== undefined) record.relayInfo = relayed.relayInfo;
  if (asksForLeases && identity.clientId !== undefined) record.clientId = identity.clientId;
  return record;
}

/** Remembers that this machine booted here. */
export function booted(turn: Turn): LeaseMutation[] {
  return turn.identity.mac === '' ? [] : [{ kind: 'machine', machine: machineOf(turn) }];
}

/** What is known of this turn's machine from now on. */
export function machineOf({ context, identity, client }: Turn): Machine {
  const before = context.leases.machine(identity.mac);
  const arch = client.archs[0]?.name ?? before?.arch;
  const known = { mac: identity.mac, bootedAt: context.now, ...(arch !== undefined && { arch }) };
  return { ...known, ...(before?.quirk !== undefined && { quirk: before.quirk }) };
}

export function put(lease: Lease, volatile = false): LeaseMutation {
  return { kind: 'put', lease, volatile };
}

/** Sets an address aside: somebody else uses it. */
export function abandon({ context }: Turn, ip: Ipv4): LeaseMutation {
  const { now, plan } = context;
  return put({
    ip,
    state: 'abandoned',
    client: '',
    mac: '',
    since: now,
    expiresAt: now + plan.settings.abandonSeconds * 1000,
    kind: 'dhcp',
  });
}

/** Letters, digits, hyphens and dots alone (RFC 952, RFC 1123 §2.1): the name goes into logs and, later, DNS. */
function hostnameOf({ request }: Turn): string | undefined {
  const name = readOption(request.packet.options, 'host-name');
  return name !== undefined && /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$/i.test(name) ? name : undefined;
}
