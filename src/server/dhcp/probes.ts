import type { DhcpRequest, Probe, ProbeOutcome } from '../../dhcp/conversation.ts';
import { buildArpProbe, parseArp, showsConflict } from '../../frame/arp.ts';
import { ETHERTYPE, parseEthernet } from '../../frame/ethernet.ts';
import { buildIcmpEcho, parseIcmpEcho } from '../../frame/icmp.ts';
import { parseIpv4Packet } from '../../frame/ipv4-packet.ts';
import { bytesEqual } from '../../lib/bytes.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { DatagramSocket } from '../../net/datagram.ts';

/** A probe that ended, and the request that waits for it: the newest the client sent meanwhile. */
export type Settled = {
  readonly request: DhcpRequest;
  readonly outcome: ProbeOutcome;
  /** How many addresses were probed for this request, this one included. */
  readonly attempt: number;
};

/** How addresses are asked about; each is false when it cannot. */
export type ProbeSenders = {
  /** Sends an ARP probe out of the probe's link. */
  readonly arp: (probe: Probe, frame: Uint8Array) => boolean;
  /** Sends an ICMP message; absent where there is no socket for that. */
  readonly echo?: (ip: Ipv4, message: Uint8Array) => boolean;
  /** What an echo reply must bring back, unknown to anybody else: 2 octets of id and any number of payload. */
  readonly secret: Uint8Array;
};

type Pending = { probe: Probe; request: DhcpRequest; attempt: number; deadline: number; repeatAt: number };

/**
 * Conflict probes under way (RFC 2131 §2.2), none of which holds up anybody else: by ARP on our own link (RFC 5227 §2.1.1), by
 * ICMP echo behind a relay. A host that has the address answers within milliseconds; silence for `timeoutMs`, with a second
 * question half way, means that it is free.
 */
export function createProbes({ arp, echo, secret }: ProbeSenders) {
  const pending = new Map<Ipv4, Pending>();
  const id = ((secret[0] ?? 0) << 8) | (secret[1] ?? 0);
  const payload = secret.subarray(2);

  function ask(probe: Probe): boolean {
    if (probe.onLink) return arp(probe, buildArpProbe(probe.link.mac, probe.ip));
    return echo?.(probe.ip, buildIcmpEcho({ kind: 'request', id, sequence: 1, payload })) === true;
  }

  return {
    /**
     * Begins, or, when the address is being probed already, lets the newer request have the answer: it has the xid the
     * client waits for. False when this probe cannot be sent: nothing is known of the address.
     */
    start(
      probe: Probe,
      request: DhcpRequest,
      when: { now: number; timeoutMs: number; attempt: number },
    ): boolean {
      const running = pending.get(probe.ip);
      if (running) {
        running.request = request;
        return true;
      }
      if (!ask(probe)) return false;
      const { now, timeoutMs, attempt } = when;
      pending.set(probe.ip, {
        probe,
        request,
        attempt,
        deadline: now + timeoutMs,
        repeatAt: now + timeoutMs / 2,
      });
      return true;
    },

    /** Looks at an ARP frame of a link; returns the probe it settles, if any. */
    observe(frame: Uint8Array): Settled | undefined {
      if (pending.size === 0) return undefined;
      const ethernet = parseEthernet(frame);
      if (!ethernet.ok || ethernet.value.etherType !== ETHERTYPE.arp) return undefined;
      const arp = parseArp(ethernet.value.payload);
      if (!arp.ok) return undefined;
      const { senderIp, targetIp, senderMac } = arp.value;
      const found = pending.get(senderIp) ?? pending.get(targetIp);
      if (!found || !showsConflict(arp.value, { ip: found.probe.ip, ownMac: found.probe.link.mac }))
        return undefined;
      pending.delete(found.probe.ip);
      return settled(found, { ip: found.probe.ip, inUse: true, owner: senderMac });
    },

    /** Looks at an IPv4 packet with an echo reply; returns the probe it settles. One on our own link is ARP's to settle. */
    observeEcho(bytes: Uint8Array): Settled | undefined {
      if (pending.size === 0) return undefined;
      const packet = parseIpv4Packet(bytes);
      const found = packet.ok ? pending.get(packet.value.from) : undefined;
      if (!packet.ok || !found || found.probe.onLink) return undefined;
      const reply = parseIcmpEcho(packet.value.payload);
      if (!reply.ok || reply.value.kind !== 'reply' || reply.value.id !== id) return undefined;
      if (!bytesEqual(reply.value.payload, payload)) return undefined;
      pending.delete(found.probe.ip);
      return settled(found, { ip: found.probe.ip, inUse: true });
    },

    /** Probes whose time is over: nobody answered. Asks those again that are half way. */
    due(now: number): Settled[] {
      const over: Settled[] = [];
      for (const [ip, one] of pending) {
        if (one.deadline <= now) {
          pending.delete(ip);
          over.push(settled(one, { ip, inUse: false }));
        } else if (one.repeatAt <= now) {
          one.repeatAt = Number.POSITIVE_INFINITY;
          ask(one.probe);
        }
      }
      return over;
    },

    /** When {@link due} has something to do next, on the caller's clock; Infinity without probes. */
    nextAt(): number {
      let next = Number.POSITIVE_INFINITY;
      for (const { deadline, repeatAt } of pending.values()) next = Math.min(next, deadline, repeatAt);
      return next;
    },

    get size(): number {
      return pending.size;
    },
  };
}

function settled({ request, attempt }: Pending, outcome: ProbeOutcome): Settled {
  return { request, attempt, outcome };
}

/** Sends ICMP messages out of a socket of Network.bindEcho. */
export function echoThrough(socket: DatagramSocket): (ip: Ipv4, message: Uint8Array) => boolean {
  return (ip, message) => {
    socket.out.begin(ip, 0);
    socket.out.bytes(message);
    socket.out.end();
    return socket.flush();
  };
}
