import type { Dropped } from '../../dhcp-packet/index.ts';
import type { BootEvent, Emit } from '../../events/event.ts';
import { formatIpv4, type Ipv4 } from '../../lib/ipv4.ts';
import { formatMac, type Mac } from '../../lib/mac.ts';
import { createThrottle } from '../tftp/throttle.ts';
import type { Clock } from './clock.ts';
import type { Over } from './rate-limits.ts';
import type { DhcpCounters } from './server.ts';

/** Counts what went wrong, and tells of it no more often than somebody can read. */
export type Reporter = ReturnType<typeof createReporter>;

export function createReporter(to: {
  readonly emit: Emit;
  readonly counters: DhcpCounters;
  readonly clock: Clock;
}) {
  const { emit, counters, clock } = to;
  // Anybody can provoke these by a datagram.
  const malformedThrottle = createThrottle({ perSecond: 1, burst: 5 });
  const warningThrottle = createThrottle({ perSecond: 0.2, burst: 5 });
  const droppedBefore = new Set<string>();
  let unreported = 0;
  let shed = 0;

  function warn(problem: string, detail: string): boolean {
    const pass = warningThrottle.pass(clock.ticks());
    if (pass) emit({ type: 'service.warning', service: 'dhcp', problem, detail });
    return pass;
  }

  return {
    counters,
    tell(events: readonly BootEvent[]): void {
      for (const event of events) emit(event);
    },
    /** Bytes that are no message. */
    malformed(peer: Ipv4, why: string, mac?: Mac): void {
      counters.malformed++;
      if (!malformedThrottle.pass(clock.ticks())) {
        unreported++;
        return;
      }
      emit({
        type: 'dhcp.malformed',
        peer,
        why,
        ...(mac !== undefined && { mac }),
        ...(unreported > 0 && { unreported }),
      });
      unreported = 0;
    },
    /** Our own code threw on a request: it is lost, the server lives. */
    fault(error: unknown, mac: Mac): void {
      counters.faults++;
      warn('internal-error', `the request of ${mac} was not answered: ${String(error)}`);
    },
    /** Somebody sends more than is looked at. */
    limited({ who, first }: Over, bytes: Uint8Array): void {
      counters.limited++;
      if (!first) return;
      const name =
        who === 'relay' ? `relay ${formatIpv4(giaddrOf(bytes))}` : formatMac(bytes.subarray(28, 34));
      warn('rate-limited', `${name} sends more requests in a second than are answered (limits)`);
    },
    /** More came than can be answered. */
    shed(count: number): void {
      counters.shed += count;
      shed += count;
      if (shed === 0 || !warn('overloaded', `${shed} requests were left: more came than can be answered`))
        return;
      shed = 0;
    },
    unsaved(error: unknown, replies: number): void {
      warn('leases-not-saved', `${replies} replies were not sent: ${String(error)}`);
    },
    unsent(to: unknown, errno: string): void {
      warn('reply-not-sent', `${typeof to === 'number' ? formatIpv4(to) : 'client'}: ${errno}`);
    },
    /** Options that did not fit into a reply: told once for each set of them. */
    dropped(options: readonly Dropped[], mac: Mac): void {
      if (options.length === 0) return;
      const codes = options.map(({ code }) => code).join(', ');
      if (droppedBefore.has(codes) || droppedBefore.size > 1000) return;
      droppedBefore.add(codes);
      warn('options-dropped', `no room for option ${codes} in the reply to ${mac}`);
    },
  };
}

function giaddrOf(bytes: Uint8Array): Ipv4 {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(24);
}
