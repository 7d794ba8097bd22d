import { contains, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import type { DhcpRequest } from './conversation.ts';
import type { DhcpPlan, PlannedNetwork } from './plan.ts';
import { linkSelectionOf, serverIdOverrideOf, subnetSelectionOf } from './relay.ts';

/**
 * The networks a client may be on, the one to allocate from first; none = no network of ours. First match wins:
 * the relay's link selection (RFC 3527 §3), subnet selection where that is on (RFC 3011 §2), giaddr (RFC 2131 §4.3.1), a
 * unicast client's own address (§4.3.2), the subnets of the link the request came in on.
 */
export function networksOf(
  { packet, destination, link }: DhcpRequest,
  plan: DhcpPlan,
): readonly PlannedNetwork[] {
  const chosen =
    linkSelectionOf(packet) ?? subnetSelectionOf(packet, { enabled: plan.settings.relays.subnetSelection });
  if (chosen !== undefined) return plan.places.at(chosen);
  if (packet.giaddr !== UNSPECIFIED) return plan.places.behind(packet.giaddr);
  const here = plan.places.on(link);
  if (packet.ciaddr !== UNSPECIFIED && plan.ownAddresses.has(destination)) {
    // Of networks that lie within one another, its own is the one that it is in.
    if (networkAt(here, packet.ciaddr)) return here;
    const direct = plan.places.at(packet.ciaddr);
    if (direct.length > 0) return direct;
  }
  return here;
}

/** The network of an address that a client says is its own: of those it may be on, else wherever that lies. */
export function networkOf(request: DhcpRequest, plan: DhcpPlan, ip: Ipv4): PlannedNetwork | undefined {
  return networkAt(networksOf(request, plan), ip) ?? plan.places.at(ip)[0];
}

/** The network whose subnet an address lies in. */
export function networkAt(networks: readonly PlannedNetwork[], ip: Ipv4): PlannedNetwork | undefined {
  return networks.find(({ subnet }) => contains(subnet, ip));
}

/**
 * Option 54 for this client: the relay's override (RFC 5107 §4), else the address of ours on its network, else the one
 * it asked, else the link's first.
 */
export function serverIdOf(request: DhcpRequest, plan: DhcpPlan, network?: PlannedNetwork): Ipv4 {
  return serverIdOverrideOf(request.packet) ?? ownAddressFor(request, plan, network);
}

/** The address of ours that the client, or its relay, can reach us at: the source of the reply and `next-server: auto`. */
export function ownAddressFor(
  { destination, link }: DhcpRequest,
  plan: DhcpPlan,
  network?: PlannedNetwork,
): Ipv4 {
  const near = network && link.addresses.find(({ ip }) => contains(network.subnet, ip));
  if (near) return near.ip;
  if (plan.ownAddresses.has(destination)) return destination;
  return link.addresses[0]?.ip ?? UNSPECIFIED;
}

/** Is this option 54 one of ours? */
export function isOurs(serverId: Ipv4, request: DhcpRequest, plan: DhcpPlan): boolean {
  return plan.ownAddresses.has(serverId) || serverId === serverIdOverrideOf(request.packet);
}
