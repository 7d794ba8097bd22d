import type { BootClient } from '../boot/client.ts';
import { type DhcpPacket, readOption } from '../dhcp-packet/index.ts';
import { toHex } from '../lib/bytes.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { formatMac, type Mac, macBytes } from '../lib/mac.ts';
import type { Identity } from './identity.ts';
import type { RelayPoint } from './relay.ts';
import type { Reservation } from './settings.ts';

/** Everything a reservation may know a machine by. */
export type HostQuery = {
  readonly identity: Identity;
  readonly client: BootClient;
  readonly packet: DhcpPacket;
  /** Asked for only where an entry is about relays: reading option 82 costs. */
  readonly relayPoint: () => RelayPoint | undefined;
};

/** Reservations by what they are known by. */
export type HostIndex = {
  /** All entries that fit the machine, by order of precedence: client id, MAC, UUID, option 82, host name. */
  find(query: HostQuery): readonly Reservation[];
};

const NONE: readonly Reservation[] = [];

/** What entries are looked up by, first wins; an entry is filed under the first it has, its others are checked. */
type Shelf = 'clientId' | 'mac' | 'uuid' | 'agent' | 'hostname';

/**
 * Files reservations for look-ups in the order of spec and peers: client id, MAC (RFC 4361 §6.3 lets it match although option
 * 61 is sent), UUID, option 82, host name. A machine without an entry costs one Map look-up for each kind that is used.
 */
export function indexHosts(list: readonly Reservation[]): HostIndex {
  const shelves: Readonly<Record<Shelf, Map<string, Reservation[]>>> = {
    clientId: new Map(),
    mac: new Map(),
    uuid: new Map(),
    agent: new Map(),
    hostname: new Map(),
  };
  for (const entry of list) {
    const place = placeOf(entry);
    if (!place) continue;
    const shelf = shelves[place.shelf];
    const there = shelf.get(place.key);
    if (there) there.push(entry);
    else shelf.set(place.key, [entry]);
  }
  if (list.length === 0) return { find: () => NONE };
  return { find: (query) => findIn(shelves, query) };
}

function placeOf(entry: Reservation): { shelf: Shelf; key: string } | undefined {
  if (entry.clientId !== undefined) return { shelf: 'clientId', key: entry.clientId };
  if (entry.mac !== undefined) return { shelf: 'mac', key: entry.mac };
  if (entry.uuid !== undefined) return { shelf: 'uuid', key: entry.uuid };
  if (entry.remoteId !== undefined) return { shelf: 'agent', key: `remote ${entry.remoteId}` };
  if (entry.circuitId !== undefined) return { shelf: 'agent', key: `circuit ${entry.circuitId}` };
  if (entry.hostname !== undefined) return { shelf: 'hostname', key: entry.hostname.toLowerCase() };
  return undefined;
}

function findIn(
  shelves: Readonly<Record<Shelf, ReadonlyMap<string, readonly Reservation[]>>>,
  query: HostQuery,
): readonly Reservation[] {
  const { identity, client } = query;
  // Read once, however many switches have a port of that name.
  let read: Agent | undefined;
  const agentNow = (): Agent => (read ??= agentOf(query.relayPoint()));
  let found = NONE;
  const look = (shelf: Shelf, key: string | undefined): void => {
    const entries = key === undefined || key === '' ? undefined : shelves[shelf].get(key);
    if (entries)
      found = [...found, ...entries.filter((entry) => fits(entry, { identity, client, agentNow }))];
  };
  look('clientId', identity.clientId);
  look('mac', identity.mac);
  if (found.length === 0 && identity.htype === IEEE_802) look('mac', otherBitOrder(identity.mac));
  if (shelves.uuid.size > 0 && client.uuid) {
    look('uuid', client.uuid.smbios);
    if (client.uuid.wire !== client.uuid.smbios) look('uuid', client.uuid.wire);
  }
  if (shelves.agent.size > 0) {
    const agent = agentNow();
    if (agent.remoteId !== undefined) look('agent', `remote ${agent.remoteId}`);
    if (agent.circuitId !== undefined) look('agent', `circuit ${agent.circuitId}`);
  }
  if (shelves.hostname.size > 0) for (const name of hostnamesOf(query.packet)) look('hostname', name);
  return found;
}

/** Does every selector of the entry hold? The one it was found by does. */
function fits(
  entry: Reservation,
  { identity, client, agentNow }: Pick<HostQuery, 'identity' | 'client'> & { readonly agentNow: () => Agent },
): boolean {
  if (entry.mac !== undefined && !isMacOf(entry.mac, identity)) return false;
  if (entry.clientId !== undefined && entry.clientId !== identity.clientId) return false;
  if (entry.uuid !== undefined && entry.uuid !== client.uuid?.smbios && entry.uuid !== client.uuid?.wire)
    return false;
  const { relay, circuitId, remoteId } = entry;
  if (relay === undefined && circuitId === undefined && remoteId === undefined) return true;
  const agent = agentNow();
  return (
    (relay === undefined || relay === agent.via) &&
    (circuitId === undefined || circuitId === agent.circuitId) &&
    (remoteId === undefined || remoteId === agent.remoteId)
  );
}

const IEEE_802 = 6;

/** Token Ring and FDDI write addresses in either order of bits, and so do their clients (RFC 1542 §2.3). */
function isMacOf(mac: Mac, { mac: sent, htype }: Identity): boolean {
  return mac === sent || (htype === IEEE_802 && mac === otherBitOrder(sent));
}

function otherBitOrder(mac: Mac): Mac {
  return formatMac(macBytes(mac).map(reversedBits));
}

function reversedBits(octet: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) if (octet & (1 << bit)) out |= 0x80 >> bit;
  return out;
}

type Agent = {
  readonly via?: Ipv4 | undefined;
  readonly circuitId?: string | undefined;
  readonly remoteId?: string | undefined;
};

/** giaddr, 82.1 and 82.2, the latter as hex. */
export function agentOf(point: RelayPoint | undefined): Agent {
  const values = point?.info?.values;
  return {
    via: point?.via,
    circuitId: values?.circuitId && toHex(values.circuitId),
    remoteId: values?.remoteId && toHex(values.remoteId),
  };
}

/** Option 12 in lower case, then its first label where there are more: clients send either. */
export function hostnamesOf(packet: DhcpPacket): readonly string[] {
  const name = readOption(packet.options, 'host-name')?.toLowerCase();
  if (name === undefined || name === '') return [];
  const dot = name.indexOf('.');
  return dot < 1 ? [name] : [name, name.slice(0, dot)];
}
