import type { BootDecision, FileExists } from '../boot/settings.ts';
import type { DhcpPacket, EncodeLimits, Warning } from '../dhcp-packet/index.ts';
import type { BootEvent } from '../events/event.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { LeaseBook, LeaseMutation } from './lease.ts';
import type { DhcpPlan, PlannedNetwork } from './plan.ts';
import type { QuirkView, TrialStep } from './quirks.ts';
import type { RuleTrace } from './rules.ts';
import type { Link } from './settings.ts';

/** A decoded datagram and how it came. */
export type DhcpRequest = {
  readonly packet: DhcpPacket;
  readonly warnings: readonly Warning[];
  /** Octets of the UDP payload: BOOTP replies are as long as their request. */
  readonly sizeBytes: number;
  readonly source: { readonly ip: Ipv4; readonly port: number };
  /** The address it was sent to: a broadcast, or one of ours. */
  readonly destination: Ipv4;
  /** The port of ours it came to: 4011 is PXE's boot server. */
  readonly port: 67 | 4011;
  readonly link: Link;
};

/** Everything else a decision depends on. Nothing here is changed by deciding. */
export type DhcpContext = {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly plan: DhcpPlan;
  readonly leases: LeaseBook;
  /** Files of the boot root; absent when it is another machine's. */
  readonly exists?: FileExists;
  /** May one more client that never was bound here be made an offer? Yes, when absent. */
  readonly mayHold?: (network: PlannedNetwork) => boolean;
  /** The boot profile that an operator chose for a machine, whatever the configuration says, and who that was. */
  readonly chosen?: (mac: Mac) => { readonly name: string; readonly from: string } | undefined;
  /** Clients whose answers led nowhere yet; absent: every answer is the usual one. */
  readonly quirks?: QuirkView;
  /** The outcome of the probe an earlier decision on this request asked for. */
  readonly probe?: ProbeOutcome;
};

/** Before the answer: does anybody use this address? Ask, then decide on the same request again with the outcome. */
export type Probe = { readonly ip: Ipv4; readonly mac: Mac; readonly link: Link; readonly onLink: boolean };

/** `owner`: who answered, when known. */
export type ProbeOutcome = { readonly ip: Ipv4; readonly inUse: boolean; readonly owner?: Mac };

/** Where a reply goes (RFC 2131 §4.1, RFC 1542 §5.4). Always from `from`, port = the port the request came to. */
export type Destination = { readonly from: Ipv4; readonly port: number } & (
  | { readonly kind: 'broadcast' }
  /** Ordinary routing and ARP. */
  | { readonly kind: 'unicast'; readonly ip: Ipv4 }
  /** To a host that does not answer ARP yet: a frame to its hardware address, or a broadcast where that is impossible. */
  | { readonly kind: 'hardware'; readonly ip: Ipv4; readonly mac: Mac }
);

export type Reply = {
  readonly packet: DhcpPacket;
  readonly limits: EncodeLimits;
  readonly destination: Destination;
  /** To be held back for so long; absent = not at all. */
  readonly delayMs?: number;
};

/**
 * What to do about one request, in this order: commit `mutations`, then send `reply`, then tell `events`. With a
 * `probe` there is no reply yet.
 */
export type Decision = {
  readonly mutations: readonly LeaseMutation[];
  readonly events: readonly BootEvent[];
  readonly reply?: Reply;
  readonly probe?: Probe;
  /** What became of the client's trial (quirks.ts). */
  readonly trial?: TrialStep;
  /** How the boot file was chosen, for `why` and `simulate`. */
  readonly boot?: BootDecision;
  /** Which rules were looked at, and where they failed: explainRules() of rules.ts has words for it. */
  readonly rules?: RuleTrace;
};
