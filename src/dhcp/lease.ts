import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';

/**
 * One address and who has it.
 *
 * `probing`: chosen, the conflict probe has not answered yet. `offered`: promised until `expiresAt`. `bound`: acknowledged
 * (or given to a BOOTP client). `released`: given back, or an offer nobody took; remembered for its client.
 * `abandoned`: somebody unknown uses it. A record past its `expiresAt` binds nobody, but its client finds it again.
 */
export type Lease = {
  readonly ip: Ipv4;
  readonly state: 'probing' | 'offered' | 'bound' | 'released' | 'abandoned';
  /** Who: {@link clientKey} of identity.ts, unique in a network. Empty for abandoned addresses. */
  readonly client: string;
  readonly mac: Mac;
  /** Milliseconds since 1970; Infinity = for ever. */
  readonly expiresAt: number;
  /** Start of the present state, same clock. */
  readonly since: number;
  readonly kind: 'dhcp' | 'bootp';
  /** When this machine last got an address from us as a netboot client: its OS is answered, too. */
  readonly bootedAt?: number;
  readonly hostname?: string;
  /** Option 93 in words. */
  readonly arch?: string;
};

/**
 * A change of the records. `put` replaces the record of that address; the store also drops another record of the same
 * client. `volatile` changes (offers, RFC 2131 §4.3.1) need not survive a restart, others must before a reply goes out.
 */
export type LeaseMutation =
  | { readonly kind: 'put'; readonly lease: Lease; readonly volatile: boolean }
  | { readonly kind: 'remove'; readonly ip: Ipv4 };

/** What the brains read. */
export type LeaseView = {
  byIp(ip: Ipv4): Lease | undefined;
  /** `client` as in {@link Lease}. */
  byClient(client: string): Lease | undefined;
  /** All records of one hardware address, in any network and state. */
  byMac(mac: Mac): readonly Lease[];
};

/** Does the record keep its address from others at `now` (ms)? */
export function isLive(lease: Lease | undefined, now: number): lease is Lease {
  return lease !== undefined && lease.state !== 'released' && lease.expiresAt > now;
}
