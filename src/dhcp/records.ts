import { readOption } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Lease, LeaseMutation } from './lease.ts';
import type { Turn } from './turn.ts';

/** A new record of this turn's client; what is known of the machine from its former one stays known. */
export function recordOf(
  turn: Turn,
  fields: Pick<Lease, 'ip' | 'client' | 'state' | 'expiresAt' | 'kind'>,
  options: { readonly booted?: boolean } = {},
): Lease {
  const { context, identity, client, request } = turn;
  const before = context.leases.byClient(fields.client);
  const hostname = hostnameOf(turn) ?? before?.hostname;
  const arch = client.archs[0]?.name ?? before?.arch;
  const bootedAt = options.booted ? context.now : (before?.bootedAt ?? formerBoot(turn));
  return {
    ...fields,
    mac: identity.mac,
    since: context.now,
    ...(bootedAt !== undefined && { bootedAt }),
    ...(hostname !== undefined && { hostname }),
    ...(arch !== undefined && request.packet.hlen > 0 && { arch }),
  };
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

/** With `matchClientId` each stage has a record of its own, and the machine's earlier ones say that it booted. */
function formerBoot({ context, identity, bootedHere }: Turn): number | undefined {
  if (!bootedHere) return undefined;
  const times = context.leases.byMac(identity.mac).map(({ bootedAt }) => bootedAt ?? 0);
  return Math.max(...times);
}
