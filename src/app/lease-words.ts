import { networkOfKey } from '../dhcp/identity.ts';
import type { Lease, Machine } from '../dhcp/lease.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { Lease as LeaseWords, PastLease } from '../server/control/lease-routes.ts';
import type { PastBinding } from '../store/lease-rows.ts';

/** A lease as the API tells it; `now` in ms since 1970. */
export function leaseWords(lease: Lease, now: number, machine?: Machine): LeaseWords {
  const { ip, mac, client, hostname, kind, since, expiresAt, via } = lease;
  const network = networkOfKey(client);
  const clientId = clientIdOf(lease);
  return {
    ip: formatIpv4(ip),
    state: stateOf(lease, now),
    ...(mac !== '' && { mac }),
    ...(network !== '' && { network }),
    ...(hostname !== undefined && { hostname }),
    kind,
    since: timeText(since),
    ...(Number.isFinite(expiresAt) && { expiresAt: timeText(expiresAt) }),
    ...(via !== undefined && { relay: formatIpv4(via) }),
    ...(clientId !== undefined && { clientId }),
    ...(machine?.arch !== undefined && { arch: machine.arch }),
  };
}

/** A record past its time binds nobody. */
export function stateOf({ state, expiresAt }: Lease, now: number): LeaseWords['state'] {
  return state === 'released' || expiresAt > now ? state : 'expired';
}

export function pastWords({ ip, mac, client, hostname, began, ended, why }: PastBinding): PastLease {
  const network = networkOfKey(client);
  return {
    ip: formatIpv4(ip),
    ...(mac !== '' && { mac }),
    ...(network !== '' && { network }),
    ...(hostname !== undefined && { hostname }),
    began: timeText(began),
    ended: timeText(ended),
    why,
  };
}

/** A client is known by option 61 where its key says so (identity.ts). */
function clientIdOf({ client, clientId }: Lease): string | undefined {
  return clientId ?? /^\S+ id ([0-9a-f]+)/.exec(client)?.[1];
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
