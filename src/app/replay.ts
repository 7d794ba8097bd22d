import { type DhcpPacket, messageTypeName, readOption } from '../dhcp-packet/index.ts';
import { describe } from '../events/describe.ts';
import { formatIpv4, type Ipv4, LIMITED_BROADCAST, UNSPECIFIED } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { formatBytes } from '../lib/size.ts';
import type { TftpPacket } from '../tftp-packet/index.ts';
import { type DhcpAnswer, type ReplayItem, serverOf } from './replay-items.ts';
import { type Lookup, resolver, type Shelf } from './simulated-lookups.ts';
import { createRehearsal, type Exchange } from './simulation.ts';

/** A request of a capture: what would be answered, and what was. */
export type ReplayStep = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly vlans: readonly number[];
  /** MAC, or address where the capture does not say it. */
  readonly machine: string;
  /** `DISCOVER`, `GET pxelinux.0`. */
  readonly asked: string;
  /** A line; further ones say why. */
  readonly would: readonly string[];
  /** One for each answer in the capture. */
  readonly was: readonly string[];
  /** What is not the same: fields of DHCP, or `answer`. Absent when nothing was answered to compare with. */
  readonly differs?: readonly string[];
};

/** What is said of an answer by both sides. */
type Said = Readonly<Record<string, string>>;

/**
 * Puts the requests of a capture to the brains of the server, one after the other, as they came. Times go on from the shelf's
 * now, so that what a lease needs to end does.
 */
export function replay(items: readonly ReplayItem[], shelf: Shelf): ReplayStep[] {
  const ask = createRehearsal(shelf);
  const machines = new Map<Mac, Exchange[]>();
  const macOf = new Map<Ipv4, Mac>();
  const first = items[0]?.at ?? 0;

  function dhcp(item: Extract<ReplayItem, { kind: 'dhcp' }>): ReplayStep {
    const { frame, mac, port, answers } = item;
    const own = shelf.link.addresses[0]?.ip ?? UNSPECIFIED;
    const isOurs = shelf.links.some(({ addresses }) => addresses.some(({ ip }) => ip === frame.to));
    const played = ask(frame.payload, {
      now: shelf.now + (item.at - first),
      source: { ip: frame.from, port: frame.fromPort },
      destination: isOurs || frame.to === LIMITED_BROADCAST ? frame.to : own,
      port,
    });
    const when = { at: item.at, vlans: item.vlans, machine: mac };
    if (!played.ok) return { ...when, asked: `malformed (${played.reason})`, would: ['no answer'], was: [] };
    const exchange = played.value;
    const exchanges = machines.get(mac);
    if (exchanges) exchanges.push(exchange);
    else machines.set(mac, [exchange]);
    for (const { packet } of answers) if (packet.yiaddr !== UNSPECIFIED) macOf.set(packet.yiaddr, mac);
    return {
      ...when,
      asked:
        port === 4011
          ? `${messageTypeName(exchange.request)} on port 4011`
          : messageTypeName(exchange.request),
      would: wouldSay(exchange),
      was: answers.map((answer) => wordsOf(saidOf(answer))),
      ...(answers.length > 0 && { differs: differences(exchange, answers) }),
    };
  }

  function tftp({ at, vlans, frame, request, answer }: Extract<ReplayItem, { kind: 'tftp' }>): ReplayStep {
    const mac = macOf.get(frame.from);
    const machine =
      mac ??
      (shelf.links.some((link) => link.mac === frame.fromMac) ? formatIpv4(frame.from) : frame.fromMac);
    const exchanges = machines.get(machine) ?? [];
    const given = exchanges.findLast(({ reply }) => reply && reply.packet.yiaddr !== UNSPECIFIED)?.reply;
    const peer = given?.packet.yiaddr ?? frame.from;
    const isRead = request.opcode === 'rrq';
    const lookup = isRead ? resolver(exchanges, { shelf, peer, here: true })(request.filename) : undefined;
    return {
      ...{ at, vlans, machine, asked: `${isRead ? 'GET' : 'PUT'} ${request.filename}` },
      would: [lookup ? lookupWords(lookup) : 'uploads are not replayed'],
      was: answer ? [tftpWords(answer)] : [],
      ...(answer && lookup && { differs: wasSent(answer) === isFound(lookup) ? [] : ['answer'] }),
    };
  }

  return items.map((item) => {
    if (item.kind === 'dhcp') return dhcp(item);
    if (item.kind === 'tftp') return tftp(item);
    const { at, vlans, frame, port, reason } = item;
    const asked = `octets to port ${port} that are no request (${reason})`;
    return { at, vlans, machine: frame.fromMac, asked, would: ['no answer'], was: [] };
  });
}

function wouldSay({ reply, events, boot }: Exchange): string[] {
  if (!reply) return ['no answer', ...events.map((event) => describe(event))];
  const trace = boot?.trace ?? [];
  return [wordsOf(saidBy(reply.packet, reply.destination.from)), ...trace];
}

function saidOf(answer: DhcpAnswer): Said {
  return saidBy(answer.packet, serverOf(answer));
}

function saidBy(packet: DhcpPacket, from: Ipv4): Said {
  const { yiaddr, siaddr, options } = packet;
  const file = packet.file || (readOption(options, 'bootfile-name') ?? '');
  const shown = (ip: Ipv4) => (ip === UNSPECIFIED ? '' : formatIpv4(ip));
  return {
    type: messageTypeName(packet),
    address: shown(yiaddr),
    file,
    'next-server': shown(siaddr),
    from: formatIpv4(from),
  };
}

/** `OFFER 10.0.0.50, file pxelinux.0, next-server 10.0.0.1, from 10.0.0.1`. */
function wordsOf({ type, address, ...rest }: Said): string {
  const more = Object.entries(rest).flatMap(([key, value]) => (value === '' ? [] : [`${key} ${value}`]));
  return [`${type}${address ? ` ${address}` : ''}`, ...more].join(', ');
}

/** The fields of the answer that is nearest. Its server is what it is: another one's answer may be the same in all else. */
function differences({ reply }: Exchange, answers: readonly DhcpAnswer[]): string[] {
  if (!reply) return ['answer'];
  const would = saidBy(reply.packet, reply.destination.from);
  const all = answers.map((answer) => {
    const was = saidOf(answer);
    return Object.keys(would).filter((key) => key !== 'from' && would[key] !== was[key]);
  });
  return all.reduce((nearest, one) => (one.length < nearest.length ? one : nearest));
}

function lookupWords(lookup: Lookup): string {
  switch (lookup.found) {
    case 'file':
      return `sent: a file of the tree${lookup.sizeBytes === undefined ? '' : ` (${formatBytes(lookup.sizeBytes)})`}`;
    case 'rendered':
      return `sent: made from profile ${lookup.profile} (${lookup.reason})`;
    case 'nothing':
      return 'refused: not there';
    case 'not-served-here':
      return 'no answer: files are not served';
  }
}

function isFound({ found }: Lookup): boolean {
  return found === 'file' || found === 'rendered';
}

function wasSent({ opcode }: TftpPacket): boolean {
  return opcode === 'data' || opcode === 'oack';
}

function tftpWords(packet: TftpPacket): string {
  switch (packet.opcode) {
    case 'oack':
      return `sent: ${packet.options.map(([name, value]) => `${name} ${value}`).join(', ')}`;
    case 'data':
      return `sent: ${packet.data.length} octets in block ${packet.block}`;
    case 'error':
      return `refused: ${packet.message || 'without a word'} (code ${packet.code})`;
    default:
      return packet.opcode;
  }
}
