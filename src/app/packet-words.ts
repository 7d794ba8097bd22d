import { decode, hardwareAddress, messageTypeName, Op, readOption } from '../dhcp-packet/index.ts';
import { ETHERTYPE, parseEthernet } from '../frame/ethernet.ts';
import { IP_PROTOCOL, parseIpv4Packet } from '../frame/ipv4-packet.ts';
import { toEthernet, withoutTags } from '../frame/link-type.ts';
import type { CapturedPacket } from '../frame/pcap.ts';
import { formatIpv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { decode as decodeTftp } from '../tftp-packet/index.ts';

/** `10.0.0.7 > 10.0.0.1  GET pxelinux.0`: a packet of a boot in a line, for people. Octets that a file left out may be missing. */
export function packetWords({ linkType, bytes, wireLength }: CapturedPacket): string {
  const whole = toEthernet(linkType, bytes);
  const frame = whole && withoutTags(whole).frame;
  const ethernet = frame && parseEthernet(frame);
  if (!ethernet?.ok) return `${wireLength} octets`;
  const { etherType, payload, from: sender, to: receiver } = ethernet.value;
  if (etherType !== ETHERTYPE.ipv4) return `${sender} > ${receiver}  type 0x${etherType.toString(16)}`;
  const packet = parseIpv4Packet(asWhole(payload));
  if (!packet.ok) return `${sender} > ${receiver}  ${packet.reason}`;
  const { from, to, protocol, payload: body } = packet.value;
  const ends = `${formatIpv4(from)} > ${formatIpv4(to)}`;
  if (protocol === IP_PROTOCOL.icmp) return `${ends}  ${icmpWords(body)}`;
  if (protocol !== IP_PROTOCOL.udp || body.length < 8) return `${ends}  protocol ${protocol}`;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [source, destination] = [view.getUint16(0), view.getUint16(2)];
  return `${ends}  ${udpWords(body.subarray(8), { source, destination })}`;
}

/** With zeros for what was cut off. */
function asWhole(packet: Uint8Array): Uint8Array {
  const length = packet.length < 4 ? 0 : (packet[2]! << 8) | packet[3]!;
  if (length <= packet.length) return packet;
  const padded = new Uint8Array(length);
  padded.set(packet);
  return padded;
}

const UNREACHABLE: Readonly<Record<number, string>> = {
  0: 'network unreachable',
  1: 'host unreachable',
  3: 'port unreachable',
  4: 'too large for the next link (MTU)',
  10: 'forbidden by a firewall',
  13: 'forbidden by a firewall',
};

function icmpWords(body: Uint8Array): string {
  const [type = 0, code = 0] = body;
  return type === 3 ? `ICMP: ${UNREACHABLE[code] ?? `unreachable, code ${code}`}` : `ICMP type ${type}`;
}

type Ports = { readonly source: number; readonly destination: number };

function udpWords(payload: Uint8Array, { source, destination }: Ports): string {
  const isDhcp = [67, 68, 4011].some((port) => destination === port || source === port);
  const said = isDhcp ? dhcpWords(payload) : tftpWords(payload);
  const on = source === 4011 || destination === 4011 ? ' (port 4011)' : '';
  return said === undefined ? `UDP ${source} > ${destination}, ${payload.length} octets` : said + on;
}

function dhcpWords(payload: Uint8Array): string | undefined {
  const decoded = decode(payload, { tolerance: 'lenient' });
  if (!decoded.ok) return undefined;
  const { packet } = decoded.value;
  const { op, yiaddr, file, options } = packet;
  const name = messageTypeName(packet);
  if (op === Op.REQUEST) {
    const wants = readOption(options, 'requested-ip');
    return `${name} of ${hardwareAddress(packet)}${wants === undefined ? '' : `, wants ${formatIpv4(wants)}`}`;
  }
  const told = file || readOption(options, 'bootfile-name');
  const address = yiaddr === UNSPECIFIED ? '' : ` ${formatIpv4(yiaddr)}`;
  return `${name}${address} to ${hardwareAddress(packet)}${told ? `, file ${told}` : ''}`;
}

function tftpWords(payload: Uint8Array): string | undefined {
  const decoded = decodeTftp(payload);
  if (!decoded.ok) return undefined;
  const packet = decoded.value;
  switch (packet.opcode) {
    case 'rrq':
    case 'wrq': {
      const options = packet.options.map(([name, value]) => ` ${name}=${value}`).join('');
      return `${packet.opcode === 'rrq' ? 'GET' : 'PUT'} ${packet.filename}${options}`;
    }
    case 'oack':
      return `OACK${packet.options.map(([name, value]) => ` ${name}=${value}`).join('')}`;
    case 'error':
      return `ERROR ${packet.code} ${packet.message}`;
    default:
      return `${packet.opcode.toUpperCase()} ${packet.block}`;
  }
}
