import type { DhcpPacket } from '../dhcp-packet/index.ts';
import { toHex } from '../lib/bytes.ts';
import { formatMac, type Mac } from '../lib/mac.ts';
import type { PlannedNetwork } from './plan.ts';

/** Who sent a packet: the hardware address (empty when it has none), and option 61 as lower-case hex. */
export type Identity = { readonly mac: Mac; readonly htype: number; readonly clientId?: string };

/**
 * The longest client id that counts: what one option holds. Real ones have 20 octets, DUIDs at most 128 (RFC 8415 §11.1);
 * one joined of several options (RFC 3396) would be kept with its lease, and fits no reply.
 */
const LONGEST_CLIENT_ID = 255;

/** Reads the identity. A client id under two octets is none (RFC 2132 §9.14). */
export function identityOf(packet: DhcpPacket): Identity {
  const id = packet.options.get(61);
  return {
    mac: packet.htype === 0 ? '' : formatMac(packet.chaddr.subarray(0, packet.hlen)),
    htype: packet.htype,
    ...(id !== undefined && id.length >= 2 && id.length <= LONGEST_CLIENT_ID && { clientId: toHex(id) }),
  };
}

/** Why this identity is no client, or undefined. RFC 4390 §2.1 allows no chaddr when option 61 is there. */
export function identityProblem(packet: DhcpPacket, { mac, clientId }: Identity): string | undefined {
  if (isBlank(mac)) return clientId === undefined ? 'no-identity' : undefined;
  // A group address cannot be a source; all ones is one.
  if (packet.htype === 1 && (packet.chaddr[0]! & 1) === 1) return 'bad-hardware-address';
  return undefined;
}

/**
 * The key of an address that a client is offered while it has a lease of another: until it takes that, the lease stays
 * its own. A DISCOVER may be forged, late, or of another boot stage that knows nothing of the lease.
 */
export function nextKey(client: string): string {
  return `${client} next`;
}

/**
 * The key of a client's lease in a network: its hardware address in every boot stage; with `matchClientId` option 61
 * where it is sent, byte for byte (RFC 2131 §4.2).
 */
export function clientKey({ key, matchClientId }: PlannedNetwork, identity: Identity): string {
  if (last.identity !== identity || last.network !== key || last.matchClientId !== matchClientId) {
    const text = `${key} ${nameOf(identity, matchClientId)}`;
    last = { identity, network: key, matchClientId, key: text };
  }
  return last.key;
}

/** The newest key: it is asked for a dozen times in the turn of one request, and each new text costs its look-ups a hash. */
let last: {
  readonly identity: Identity | undefined;
  readonly network: string;
  readonly matchClientId: boolean;
  readonly key: string;
} = { identity: undefined, network: '', matchClientId: false, key: '' };

function nameOf({ mac, htype, clientId }: Identity, matchClientId: boolean): string {
  const usesId = clientId !== undefined && (matchClientId || isBlank(mac));
  return usesId ? `id ${clientId}` : `hw ${htype} ${mac}`;
}

/** No octet, or zeros alone. */
function isBlank(mac: Mac): boolean {
  for (const letter of mac) if (letter !== '0' && letter !== ':') return false;
  return true;
}

/** The key of the network that a client's key is of. */
export function networkOfKey(client: string): string {
  return client.slice(0, client.indexOf(' '));
}

/** The same client's key in another network. */
export function withNetwork(client: string, network: PlannedNetwork): string {
  return `${network.key}${client.slice(client.indexOf(' '))}`;
}
