import type { Lease } from '../dhcp/lease.ts';
import type { PastBinding } from './lease-rows.ts';

/** A record that is replaced, with the start of its binding. */
export type Former = { readonly lease: Lease; readonly began: number };

/** What takes its place: the new record of that address, and of that client, where there are such. */
export type Successors = { readonly atAddress: Lease | undefined; readonly ofClient: Lease | undefined };

/** Does the new record go on with the binding, as a renewal does? */
export function continues(former: Former | undefined, lease: Lease): former is Former {
  if (former?.lease.state !== 'bound' || lease.state !== 'bound') return false;
  const [before, after] = [former.lease.client, lease.client];
  return (before === after || ownName(before) === ownName(after)) && lease.since <= former.lease.expiresAt;
}

/** A client's key without its network, which may get another prefix while the lease runs on. */
function ownName(client: string): string {
  return client.replace(/^[\d.]+\/\d+ /, '');
}

/** The binding that ends with this change, if one does: a line of the history. */
export function endingOf(former: Former, { atAddress, ofClient }: Successors): PastBinding | undefined {
  const { lease, began } = former;
  if (lease.state !== 'bound' || (atAddress && continues(former, atAddress))) return undefined;
  const { ip, client, mac, hostname, expiresAt } = lease;
  const about = { ip, client, mac, ...(hostname !== undefined && { hostname }), began };
  const changedAt = atAddress?.since ?? ofClient?.since;
  if (changedAt === undefined || expiresAt <= changedAt) {
    // Who takes an endless lease away by hand says no time.
    return { ...about, ended: Number.isFinite(expiresAt) ? expiresAt : lease.since, why: 'expired' };
  }
  return { ...about, ended: changedAt, why: reasonOf(lease, atAddress) };
}

function reasonOf(lease: Lease, atAddress: Lease | undefined): PastBinding['why'] {
  if (!atAddress) return 'moved';
  if (atAddress.state === 'abandoned') return 'declined';
  if (atAddress.state === 'released' && atAddress.client === lease.client) return 'released';
  return 'replaced';
}
