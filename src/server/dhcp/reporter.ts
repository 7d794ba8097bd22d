import { type DhcpPacket, type Dropped, hardwareAddress } from '../../dhcp-packet/index.ts';
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
  const unsavedThrottle = createThrottle({ perSecond: 0.1, burst: 1 });
  const droppedBefore = new Set<string>();
  let unreported = 0;
  /** Replies that could not be sent since leases could last be saved, and those of them that were not told of. */
  let withheld = 0;
  let untold = 0;
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
    /** The store refused: nothing of that turn happened, and nobody was answered. */
    unsaved(error: unknown, replies: number): void {
      counters.unsaved++;
      withheld += replies;
      untold += replies;
      if (!unsavedThrottle.pass(clock.ticks())) return;
      const detail = `${untold} replies were not sent: ${messageOf(error)}`;
      emit({ type: 'service.warning', service: 'dhcp', problem: 'leases-not-saved', detail });
      untold = 0;
    },
    /** Something was saved: news only when before it could not. */
    saved(): void {
      if (withheld === 0) return;
      const detail = `leases are saved again; ${withheld} replies were not sent meanwhile`;
      emit({ type: 'service.ready', service: 'leases', detail });
      withheld = 0;
      untold = 0;
    },
    untidy(error: unknown): void {
      warn('leases-not-tidied', messageOf(error));
    },
    clockSet(how: string): void {
      const detail = `the system's clock was set ${how}; all leases were moved with it and last as long as they were told to`;
      emit({ type: 'service.warning', service: 'dhcp', problem: 'clock-set', detail });
    },
    unsent(to: unknown, errno: string): void {
      warn('reply-not-sent', `${typeof to === 'number' ? formatIpv4(to) : 'client'}: ${errno}`);
    },
    /** Options that did not fit into a reply: told once for each set of them. */
    dropped(options: readonly Dropped[], packet: DhcpPacket): void {
      if (options.length === 0) return;
      const codes = options.map(({ code }) => code).join(', ');
      if (droppedBefore.has(codes) || droppedBefore.size > 1000) return;
      droppedBefore.add(codes);
      warn('options-dropped', `no room for option ${codes} in the reply to ${hardwareAddress(packet)}`);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function giaddrOf(bytes: Uint8Array): Ipv4 {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(24);
}
