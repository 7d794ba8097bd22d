import { type DhcpPacket, type RelayAgentInfo, readOption } from '../dhcp-packet/index.ts';
import { fromHex, toHex } from '../lib/bytes.ts';
import { type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import type { DhcpContext, DhcpRequest } from './conversation.ts';
import type { Identity } from './identity.ts';
import type { Lease } from './lease.ts';

/** Where a client is, as its relay tells: `via` is giaddr, `info` option 82. */
export type RelayPoint = { readonly via?: Ipv4; readonly info?: RelayAgentInfo };

/**
 * The relay's words about a client. A unicast RENEW goes past the relay and has none (RFC 3046 §2.1): then it is what was
 * said when the lease began, so that a policy by port or switch holds for the whole lease.
 */
export function relayPointOf(
  request: DhcpRequest,
  identity: Identity,
  { leases }: Pick<DhcpContext, 'leases'>,
): RelayPoint | undefined {
  const { packet } = request;
  if (packet.giaddr !== UNSPECIFIED || packet.options.has(82)) {
    const info = readOption(packet.options, 'relay-agent-info');
    return { ...(packet.giaddr !== UNSPECIFIED && { via: packet.giaddr }), ...(info && { info }) };
  }
  if (packet.ciaddr === UNSPECIFIED) return undefined;
  const lease = leases.byIp(packet.ciaddr);
  return lease === undefined || lease.mac !== identity.mac ? undefined : relayPointOfLease(lease);
}

/** What was said when the lease began, or last relayed. */
export function relayPointOfLease({ via, relayInfo }: Lease): RelayPoint | undefined {
  if (via === undefined && relayInfo === undefined) return undefined;
  const info =
    relayInfo === undefined ? undefined : readOption(new Map([[82, fromHex(relayInfo)]]), 'relay-agent-info');
  return { ...(via !== undefined && { via }), ...(info && { info }) };
}

type RelayFields = { readonly [Field in 'via' | 'relayInfo']: Lease[Field] | undefined };

/** What a lease keeps of it: of this request, or, when it came past the relay, of `former`. */
export function relayFieldsOf(packet: DhcpPacket, former: Lease | undefined): RelayFields {
  const body = packet.options.get(82);
  if (packet.giaddr === UNSPECIFIED && body === undefined) {
    return former ? { via: former.via, relayInfo: former.relayInfo } : NOTHING;
  }
  return {
    via: packet.giaddr === UNSPECIFIED ? undefined : packet.giaddr,
    relayInfo: body !== undefined && body.length <= LONGEST_INFO ? toHex(body) : undefined,
  };
}

const NOTHING: RelayFields = { via: undefined, relayInfo: undefined };

/** What one option holds; one joined of several (RFC 3396) would be kept with its lease, and comes from no relay known. */
const LONGEST_INFO = 255;

/** An IPv4 address in a sub-option of four octets. */
function addressIn(body: Uint8Array | undefined): Ipv4 | undefined {
  if (body?.length !== 4) return undefined;
  return ((body[0]! << 24) | (body[1]! << 16) | (body[2]! << 8) | body[3]!) >>> 0;
}

/** The client's subnet as its relay says (RFC 3527 §3; Cisco's 150 before it). Nobody but a relay may say so. */
export function linkSelectionOf(packet: DhcpPacket): Ipv4 | undefined {
  if (packet.giaddr === UNSPECIFIED || !packet.options.has(82)) return undefined;
  const values = readOption(packet.options, 'relay-agent-info')?.values;
  return values?.linkSelection ?? addressIn(values?.ciscoLinkSelection);
}

/** The relay's address for option 54 (RFC 5107 §4; Cisco's 152 before it). */
export function serverIdOverrideOf(packet: DhcpPacket): Ipv4 | undefined {
  if (packet.giaddr === UNSPECIFIED || !packet.options.has(82)) return undefined;
  const values = readOption(packet.options, 'relay-agent-info')?.values;
  return values?.serverIdOverride ?? addressIn(values?.ciscoServerIdOverride);
}

/** The subnet the client itself, or a proxy for it, asks to be of (RFC 3011 §2); the relay's word goes before (RFC 3527 §3). */
export function subnetSelectionOf(packet: DhcpPacket, { enabled }: { enabled: boolean }): Ipv4 | undefined {
  if (!enabled || !packet.options.has(118) || linkSelectionOf(packet) !== undefined) return undefined;
  return readOption(packet.options, 'subnet-selection');
}

/**
 * The request without an option 82 that no relay put there, where that is not trusted: RFC 3046 §2.1 has relays discard such
 * messages of untrusted clients, so that one that arrives came past them.
 */
export function withoutDirectInfo(request: DhcpRequest, { trusted }: { trusted: boolean }): DhcpRequest {
  const { packet } = request;
  if (trusted || packet.giaddr !== UNSPECIFIED || !packet.options.has(82)) return request;
  const options = new Map(packet.options);
  options.delete(82);
  return { ...request, packet: { ...packet, options } };
}
