import type { DhcpPacket } from '../dhcp-packet/index.ts';
import { toHex } from '../lib/bytes.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { describeHeader, describeOptions } from './describe-packet.ts';
import type { Simulated } from './simulate-text.ts';
import type { Exchange, SimulatedReply } from './simulation.ts';

/** The same for programs: octets as hex, addresses dotted. */
export function simulatedJson({ where, exchanges, lookups, notes }: Simulated): string {
  const boot = exchanges.findLast((one) => one.boot)?.boot;
  const whole = {
    interface: where,
    notes,
    exchanges: exchanges.map(exchangeOf),
    ...(boot && { boot }),
    ...(lookups && { lookups }),
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}

function exchangeOf({ request, requestBytes, reply, events, probed, rules }: Exchange) {
  return {
    request: packetOf(request, requestBytes),
    ...(reply && { reply: replyOf(reply) }),
    events,
    probed: probed.map(formatIpv4),
    rules,
  };
}

function replyOf({ packet, bytes, destination, delayMs, dropped }: SimulatedReply) {
  const { from, ...to } = destination;
  const destined = { ...to, ...('ip' in to && { ip: formatIpv4(to.ip) }), from: formatIpv4(from) };
  return { ...packetOf(packet, bytes), destination: destined, delayMs, dropped };
}

function packetOf(packet: DhcpPacket, bytes: Uint8Array) {
  return { header: describeHeader(packet), options: describeOptions(packet), hex: toHex(bytes) };
}
