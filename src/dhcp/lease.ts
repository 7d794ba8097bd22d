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
  readonly hostname?: string;
  /** The relay (giaddr) its last relayed request came through. A unicast RENEW goes past it (RFC 3046 §2.1). */
  readonly via?: Ipv4;
  /** Option 82 of that request as it came, lower-case hex: at most 510 digits. */
  readonly relayInfo?: string;
  /** Option 61 in lower-case hex; kept for LEASEQUERY alone, when that is answered. */
  readonly clientId?: string;
};

/** A machine that booted here: its later stages are answered, too, whatever became of its lease. */
export type Machine = {
  readonly mac: Mac;
  /** When it last got an address as a netboot client, milliseconds since 1970. */
  readonly bootedAt: number;
  /** Option 93 in words: later stages do not send it. */
  readonly arch?: string;
  /** The quirk (quirks-table.ts) that it boots with, when it is not the usual answer. */
  readonly quirk?: string;
};

/**
 * A change of the records. `put` replaces the record of that address; the store also drops another record of the same
 * client. `volatile` changes (offers, RFC 2131 §4.3.1) need not survive a restart, others must before a reply goes out.
 */
export type LeaseMutation =
  | { readonly kind: 'put'; readonly lease: Lease; readonly volatile: boolean }
  | { readonly kind: 'remove'; readonly ip: Ipv4 }
  /** Replaces what was known of that machine. */
  | { readonly kind: 'machine'; readonly machine: Machine };

/** What the brains read. */
export type LeaseView = {
  byIp(ip: Ipv4): Lease | undefined;
  /** `client` as in {@link Lease}. */
  byClient(client: string): Lease | undefined;
  machine(mac: Mac): Machine | undefined;
};

/** And, for questions that no index answers, the records of all addresses in no order. */
export type LeaseBook = LeaseView & { all(): Iterable<Lease> };

/** Does the record keep its address from others at `now` (ms)? */
export function isLive(lease: Lease | undefined, now: number): lease is Lease {
  return lease !== undefined && lease.state !== 'released' && lease.expiresAt > now;
}
