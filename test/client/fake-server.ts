import type { Received, Transmit } from '../../src/client/exchange.ts';
import {
  createPacket,
  type DhcpPacket,
  decode,
  encode,
  MessageType,
  messageType,
  Op,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';
import { formatIpv4 } from '../../src/lib/ipv4.ts';
import { decode as decodeTftp, encode as encodeTftp, type TftpPacket } from '../../src/tftp-packet/index.ts';

export const SERVER = 0xc0a8_4d01; // 192.168.77.1
export const CLIENT = 0xc0a8_4d39; // 192.168.77.57, C0A84D39

export type FakeServer = {
  /** Name -> content; names that are not here do not exist. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Changes a reply before it is sent; undefined keeps silent. */
  readonly reply?: (packet: DhcpPacket, type: number) => DhcpPacket | undefined;
  /** What port 4011 answers; silence when left out. */
  readonly bootServer?: (reply: DhcpPacket, request: DhcpPacket) => DhcpPacket | undefined;
};

/** A correct DHCP and TFTP server of the smallest kind: one function from datagram to datagrams. Notes what was asked. */
export function createFakeServer(options: FakeServer): {
  answer(transmit: Transmit): Received[];
  readonly asked: string[];
  /** Addresses that were given back. */
  readonly released: string[];
} {
  const asked: string[] = [];
  const released: string[] = [];
  const transfers = new Map<
    number,
    { readonly bytes: Uint8Array; readonly blksize: number; readonly port: number }
  >();
  let nextPort = 40_000;

  function dhcp(transmit: Transmit): Received[] {
    const decoded = decode(transmit.bytes);
    if (!decoded.ok) throw new Error(`The client sent bad DHCP: ${decoded.reason}`);
    const request = decoded.value.packet;
    const asks = messageType(request);
    if (asks === MessageType.RELEASE) {
      released.push(formatIpv4(request.ciaddr));
      return [];
    }
    const type = asks === MessageType.DISCOVER ? MessageType.OFFER : MessageType.ACK;
    const reply = (options.reply ?? ((packet) => packet))(plainReply(request, type), type);
    if (!reply) return [];
    if (asks === undefined) reply.options.clear(); // BOOTP
    return [{ source: SERVER, sourcePort: 67, destinationPort: transmit.sourcePort, bytes: encode(reply) }];
  }

  function bootServer(transmit: Transmit): Received[] {
    const decoded = decode(transmit.bytes);
    if (!decoded.ok) throw new Error(`The client sent bad DHCP: ${decoded.reason}`);
    const request = decoded.value.packet;
    const reply = options.bootServer?.(plainReply(request, MessageType.ACK), request);
    const from = { source: SERVER, sourcePort: 4011, destinationPort: transmit.sourcePort };
    return reply ? [{ ...from, bytes: encode(reply) }] : [];
  }

  function tftp(transmit: Transmit): TftpPacket[] {
    const decoded = decodeTftp(transmit.bytes);
    if (!decoded.ok) throw new Error(`The client sent bad TFTP: ${decoded.reason}`);
    const packet = decoded.value;
    if (packet.opcode === 'rrq') {
      asked.push(packet.filename);
      const content = options.files[packet.filename];
      if (content === undefined) return [{ opcode: 'error', code: 1, message: 'File not found' }];
      const bytes = typeof content === 'string' ? latin1Encode(content) : content;
      const blksize = Number(packet.options.find(([name]) => name === 'blksize')?.[1] ?? 512);
      transfers.set(transmit.sourcePort, { bytes, blksize, port: nextPort++ });
      const granted = packet.options.map(
        ([name, value]) => [name, name === 'tsize' ? `${bytes.length}` : value] as const,
      );
      return [{ opcode: 'oack', options: granted }];
    }
    const transfer = transfers.get(transmit.sourcePort);
    if (packet.opcode !== 'ack' || !transfer) return [];
    const from = packet.block * transfer.blksize;
    if (from > transfer.bytes.length) return [];
    return [
      {
        opcode: 'data',
        block: packet.block + 1,
        data: transfer.bytes.subarray(from, from + transfer.blksize),
      },
    ];
  }

  return {
    asked,
    released,
    answer(transmit) {
      if (transmit.destinationPort === 4011) return bootServer(transmit);
      if (transmit.destinationPort === 67) return dhcp(transmit);
      const packets = tftp(transmit);
      const sourcePort = transfers.get(transmit.sourcePort)?.port ?? 39_999;
      return packets.map((packet) => ({
        source: SERVER,
        sourcePort,
        destinationPort: transmit.sourcePort,
        bytes: encodeTftp(packet),
      }));
    },
  };
}

/** What pxed answers to a BIOS ROM. */
function plainReply(request: DhcpPacket, type: number): DhcpPacket {
  const reply = createPacket({
    op: Op.REPLY,
    xid: request.xid,
    chaddr: request.chaddr,
    yiaddr: CLIENT,
    siaddr: SERVER,
    file: 'pxelinux.0',
  });
  writeOption(reply.options, 'message-type', type);
  writeOption(reply.options, 'server-id', SERVER);
  writeOption(reply.options, 'lease-time', 43_200);
  writeOption(reply.options, 'subnet-mask', 0xffff_ff00);
  writeOption(reply.options, 'vendor-class-id', 'PXEClient');
  return reply;
}
