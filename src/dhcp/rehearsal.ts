import { type EncodeReport, encodeReport } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Decision, DhcpContext, DhcpRequest } from './conversation.ts';
import { handle } from './handle.ts';
import type { LeaseBook, LeaseMutation } from './lease.ts';
import type { QuirkMemory } from './quirk-memory.ts';

/** What a decision is made of, and what it changes: copies, for nothing of this is to reach the records in force. */
export type RehearsalContext = Omit<DhcpContext, 'leases' | 'quirks' | 'probe' | 'mayHold'> & {
  readonly leases: LeaseBook & { stage(mutations: readonly LeaseMutation[]): void };
  readonly quirks: QuirkMemory;
};

/** What would be answered. */
export type Rehearsed = {
  readonly decision: Decision;
  /** The reply's octets, and what of it did not fit. */
  readonly sent?: EncodeReport;
  /** Addresses that the network would be asked about first; it is taken to be silent. */
  readonly probed: readonly Ipv4[];
};

/** Probes of one request; the server gives up after as many. */
const MOST_PROBES = 8;

/**
 * Answers a request as the server would: decide, probe, decide again, change the records, encode. The next request that is
 * rehearsed with the same context finds what this one left, as an ACK does its OFFER. Sends nothing.
 */
export function rehearse(request: DhcpRequest, context: RehearsalContext): Rehearsed {
  const probed: Ipv4[] = [];
  let decision = decide(request, context);
  while (decision.probe && probed.length < MOST_PROBES) {
    probed.push(decision.probe.ip);
    decision = decide(request, context, decision.probe.ip);
  }
  const { reply, trial } = decision;
  if (trial) context.quirks.apply(trial);
  return { decision, probed, ...(reply && { sent: encodeReport(reply.packet, reply.limits) }) };
}

function decide(request: DhcpRequest, context: RehearsalContext, free?: Ipv4): Decision {
  const probe = free === undefined ? {} : { probe: { ip: free, inUse: false } };
  const decision = handle(request, { ...context, ...probe });
  context.leases.stage(decision.mutations);
  return decision;
}
