import type { BootDecision, FileExists } from '../boot/settings.ts';
import { firmwareRequest, limitsOf, offerOf, type Speaker, takeOffer } from '../client/firmware-request.ts';
import type { Destination, DhcpRequest } from '../dhcp/conversation.ts';
import type { DhcpPlan } from '../dhcp/plan.ts';
import { createQuirkMemory } from '../dhcp/quirk-memory.ts';
import { type RehearsalContext, rehearse } from '../dhcp/rehearsal.ts';
import { explainRules } from '../dhcp/rules.ts';
import type { Link } from '../dhcp/settings.ts';
import {
  type DecodedPacket,
  type DhcpPacket,
  type Dropped,
  decode,
  encode,
  MessageType,
  messageType,
} from '../dhcp-packet/index.ts';
import type { BootEvent } from '../events/event.ts';
import { type Ipv4, LIMITED_BROADCAST, UNSPECIFIED } from '../lib/ipv4.ts';
import { type Decoded, ok } from '../lib/result.ts';

/** Everything that answers depend on but the machine. */
export type Scene = {
  readonly plan: DhcpPlan;
  /** Where the machine's requests come in. */
  readonly link: Link;
  readonly exists?: FileExists | undefined;
  readonly chosen?: RehearsalContext['chosen'];
  /** What is kept of machines; an offer and a lease are added, and saved nowhere. */
  readonly leases: RehearsalContext['leases'];
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** One request of the machine, and what comes of it. */
export type Exchange = {
  readonly request: DhcpPacket;
  readonly requestBytes: Uint8Array;
  readonly reply?: SimulatedReply;
  /** What the log would say. */
  readonly events: readonly BootEvent[];
  /** Addresses that would be asked for first, and are taken to be free. */
  readonly probed: readonly Ipv4[];
  readonly boot?: BootDecision;
  /** Rules of the configuration that were looked at, a line each. */
  readonly rules: readonly string[];
};

export type SimulatedReply = {
  /** As the machine reads it. */
  readonly packet: DhcpPacket;
  readonly bytes: Uint8Array;
  readonly destination: Destination;
  readonly delayMs: number;
  /** Options that did not fit. */
  readonly dropped: readonly Dropped[];
};

/**
 * What a machine says: itself, or octets of messages that it sent. After the last of them it takes what it is offered; where
 * another server gives addresses, `ip` is the one that it takes.
 */
export type Script =
  | { readonly speaker: Speaker; readonly ip?: Ipv4 | undefined }
  | { readonly messages: readonly Uint8Array[]; readonly ip?: Ipv4 | undefined };

/** Plays DHCP between a machine and the brains of the server, without a network. Rejected: octets that are no message. */
export function playDhcp(script: Script, scene: Scene): Decoded<readonly Exchange[]> {
  const context = { ...contextOf(scene), quirks: createQuirkMemory() };
  const exchanges: Exchange[] = [];
  const given = 'messages' in script ? script.messages : [bytesOf(script.speaker)];
  for (const bytes of given) {
    const decoded = decode(bytes);
    if (!decoded.ok) return decoded;
    exchanges.push(exchange(bytes, { decoded: decoded.value, scene, context }));
  }
  const last = exchanges.at(-1);
  const taken = last && takenBy(last, script.ip);
  if (taken) {
    const bytes = encode(taken, { order: 'map' });
    const decoded = decode(bytes);
    if (!decoded.ok) return decoded;
    exchanges.push(exchange(bytes, { decoded: decoded.value, scene, context }));
  }
  return ok(exchanges);
}

function bytesOf(speaker: Speaker): Uint8Array {
  return encode(firmwareRequest(speaker), limitsOf(speaker));
}

function contextOf({ plan, leases, now, exists, chosen }: Scene): Omit<RehearsalContext, 'quirks'> {
  return { plan, leases, now, ...(exists && { exists }), ...(chosen && { chosen }) };
}

/** The REQUEST that follows, of whatever offer. */
function takenBy({ request, reply }: Exchange, ip: Ipv4 | undefined): DhcpPacket | undefined {
  if (!reply || messageType(request) !== MessageType.DISCOVER) return undefined;
  const offer = offerOf(reply.packet);
  if (offer) return takeOffer(request, offer);
  const isProxy = messageType(reply.packet) === MessageType.OFFER && ip !== undefined;
  return isProxy ? takeOffer(request, { ip, server: undefined }) : undefined;
}

type Arrival = {
  readonly decoded: DecodedPacket;
  readonly scene: Scene;
  readonly context: RehearsalContext;
  readonly came?: Came;
};

/** How a message came, where that is known. */
export type Came = Pick<DhcpRequest, 'source' | 'destination' | 'port'> & {
  /** Milliseconds since 1970. */
  readonly now: number;
};

/**
 * Asks one message after the other, each as it came. What one leaves, the next finds. Rejected: octets that are no message.
 */
export function createRehearsal(scene: Scene) {
  const context = { ...contextOf(scene), quirks: createQuirkMemory() };
  return (bytes: Uint8Array, came: Came): Decoded<Exchange> => {
    const decoded = decode(bytes);
    if (!decoded.ok) return decoded;
    const at = { ...context, now: came.now };
    return ok(exchange(bytes, { decoded: decoded.value, scene, context: at, came }));
  };
}

function exchange(bytes: Uint8Array, { decoded, scene, context, came }: Arrival): Exchange {
  const usual = arrivalOf(bytes, decoded, scene.link);
  const arrived = came
    ? { ...usual, source: came.source, destination: came.destination, port: came.port }
    : usual;
  const { decision, sent, probed } = rehearse(arrived, context);
  const { reply, boot, rules } = decision;
  return {
    request: arrived.packet,
    requestBytes: bytes,
    events: decision.events,
    probed,
    ...(sent && reply && { reply: replyOf(sent, reply) }),
    ...(boot && { boot }),
    rules: rules ? explainRules(scene.plan.rules, rules) : [],
  };
}

type Told = Pick<SimulatedReply, 'destination'> & { readonly packet: DhcpPacket; readonly delayMs?: number };

function replyOf(
  { bytes, dropped }: { readonly bytes: Uint8Array; readonly dropped: readonly Dropped[] },
  { packet, destination, delayMs = 0 }: Told,
): SimulatedReply {
  const read = decode(bytes, { tolerance: 'lenient' });
  return { packet: read.ok ? read.value.packet : packet, bytes, destination, delayMs, dropped };
}

/** A relay sends from its own port 67; who has an address unicasts, as for RENEWING; all others broadcast. */
function arrivalOf(bytes: Uint8Array, { packet, warnings }: DecodedPacket, link: Link): DhcpRequest {
  const { giaddr, ciaddr } = packet;
  const relayed = giaddr !== UNSPECIFIED;
  const own = link.addresses[0]?.ip ?? UNSPECIFIED;
  return {
    packet,
    warnings,
    sizeBytes: bytes.length,
    source: relayed ? { ip: giaddr, port: 67 } : { ip: ciaddr, port: 68 },
    destination: relayed || ciaddr !== UNSPECIFIED ? own : LIMITED_BROADCAST,
    port: 67,
    link,
  };
}
