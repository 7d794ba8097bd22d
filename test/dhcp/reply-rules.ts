import type { Decision, DhcpRequest } from '../../src/dhcp/conversation.ts';
import {
  BROADCAST_FLAG,
  type DhcpPacket,
  decode,
  encodeReport,
  MessageType,
  messageType,
  readOption,
} from '../../src/dhcp-packet/index.ts';
import { bytesEqual } from '../../src/lib/bytes.ts';

/** What a server must never send, whatever it was sent: RFC 2131 Table 3, RFC 3046 §2.2, RFC 6842 §3, RFC 1534 §2. */

/** Options of a NAK: type, server, message, and what is echoed. */
const NAK_OPTIONS: readonly number[] = [53, 54, 56, 61, 82, 118];

/** Who a client asks decides which answers there are at all. */
const ANSWERS: ReadonlyMap<number | undefined, readonly (number | undefined)[]> = new Map([
  [MessageType.DISCOVER, [MessageType.OFFER, MessageType.ACK]],
  [MessageType.REQUEST, [MessageType.ACK, MessageType.NAK]],
  [MessageType.INFORM, [MessageType.ACK]],
  [undefined, [undefined]],
  [MessageType.LEASEQUERY, [MessageType.LEASEACTIVE, MessageType.LEASEUNASSIGNED, MessageType.LEASEUNKNOWN]],
]);

/** The reply as it arrives, and every rule it breaks. `octets` is undefined without a reply. */
export type Checked = { readonly packet: DhcpPacket | undefined; readonly faults: readonly string[] };

/** Encodes the reply, reads it back, and holds it against the rules. */
export function checkReply(request: DhcpRequest, decision: Decision): Checked {
  const { reply } = decision;
  if (!reply) return { packet: undefined, faults: [] };
  const report = encodeReport(reply.packet, reply.limits);
  const decoded = decode(report.bytes);
  if (!decoded.ok) return { packet: undefined, faults: [`cannot be read: ${decoded.reason}`] };
  const { packet, warnings } = decoded.value;
  const faults = [
    // Damage inside option 82 is the relay's: it goes back as it came (RFC 3046 §2.2).
    ...warnings
      .filter(({ code }) => code !== 82)
      .map(({ reason, code }) => `reads with a warning: ${reason} ${code ?? ''}`),
    ...headerFaults(request.packet, packet),
    ...optionFaults(request.packet, packet),
    ...(report.bytes.length < 300 ? ['shorter than 300 octets'] : []),
    ...(report.bytes.length > request.link.mtu - 28 ? ['longer than the link carries'] : []),
  ];
  return { packet, faults };
}

function headerFaults(asked: DhcpPacket, reply: DhcpPacket): string[] {
  const type = messageType(reply);
  // What a LEASEQUERY is answered with is the lessee's.
  const query = messageType(asked) === MessageType.LEASEQUERY;
  const kept = [
    ...['xid', 'giaddr', ...(query ? [] : ['htype', 'hlen'])],
    ...(type === undefined ? ['hops', 'secs', 'ciaddr'] : []),
  ];
  const faults = kept
    .filter((name) => reply[name as keyof DhcpPacket] !== asked[name as keyof DhcpPacket])
    .map((name) => `${name} is not the request's`);
  if (reply.op !== 2) faults.push('op is not BOOTREPLY');
  if (!query && !bytesEqual(reply.chaddr, asked.chaddr)) faults.push('chaddr is not the request’s');
  if (!ANSWERS.get(messageType(asked))?.includes(type)) faults.push(`type ${type} does not answer that`);
  if (type === undefined) return faults;
  if (reply.hops !== 0 || reply.secs !== 0) faults.push('hops or secs are not 0');
  if (type === MessageType.OFFER && reply.ciaddr !== 0) faults.push('an OFFER with ciaddr');
  if (type === MessageType.NAK) {
    if (reply.ciaddr + reply.yiaddr + reply.siaddr !== 0) faults.push('a NAK with addresses');
    if (reply.sname + reply.file !== '') faults.push('a NAK with sname or file');
    if (reply.giaddr !== 0 && (reply.flags & BROADCAST_FLAG) === 0)
      faults.push('a relayed NAK to be unicast');
  }
  return faults;
}

function optionFaults(asked: DhcpPacket, reply: DhcpPacket): string[] {
  const { options } = reply;
  const type = messageType(reply);
  const faults: string[] = [];
  const never = (codes: readonly number[], why: string) =>
    faults.push(...codes.filter((code) => options.has(code)).map((code) => `option ${code}: ${why}`));
  for (const [code, body] of options) {
    if ((code === 82 || code === 61) && !sameOption(asked, code, body))
      faults.push(`option ${code} is no echo`);
  }
  if (type === undefined) {
    never([51, 53, 54, 58, 59], 'not to a BOOTP client');
    return faults;
  }
  if (!options.has(54)) faults.push('no server identifier');
  never([50, 55, 57], 'not from a server');
  if (type >= MessageType.LEASEUNASSIGNED) return faults;
  if (asked.options.has(61) && asked.options.get(61)!.length < 200 && !options.has(61)) {
    faults.push('the client id is not echoed');
  }
  const informed = messageType(asked) === MessageType.INFORM || isBootServerAnswer(asked, reply);
  if (type === MessageType.NAK) {
    faults.push(
      ...[...options.keys()].filter((c) => !NAK_OPTIONS.includes(c)).map((c) => `a NAK with option ${c}`),
    );
  } else if (informed) {
    never([51, 58, 59], 'not without a lease');
  } else {
    faults.push(...leaseFaults(reply));
  }
  return faults;
}

/** PXE's boot server answers give no lease (PXE 2.1 §2.4.5). */
function isBootServerAnswer(asked: DhcpPacket, reply: DhcpPacket): boolean {
  return messageType(asked) === MessageType.REQUEST && !reply.options.has(51);
}

function leaseFaults({ options }: DhcpPacket): string[] {
  const lease = readOption(options, 'lease-time');
  if (lease === undefined) return ['no lease time'];
  const t1 = readOption(options, 'renewal-time') ?? 0;
  const t2 = readOption(options, 'rebinding-time') ?? lease;
  return t1 <= t2 && t2 <= lease ? [] : [`T1 ${t1}, T2 ${t2} of a lease of ${lease} s`];
}

function sameOption(asked: DhcpPacket, code: number, body: Uint8Array): boolean {
  const sent = asked.options.get(code);
  return sent !== undefined && bytesEqual(sent, body);
}
