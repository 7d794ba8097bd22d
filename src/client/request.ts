/** Takes an offer: REQUEST, repeated until ACK or NAK (RFC 2131 §3.1, SELECTING). */
import { type DhcpPacket, MessageType, messageType, readOption } from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4, lengthOfMask } from '../lib/ipv4.ts';
import { bootSourceOf, dhcpReply, senderOf } from './dhcp-reply.ts';
import { firmwareOf, requestOf, toServers } from './dhcp-voice.ts';
import { DHCP_RETRY_MS } from './discover.ts';
import { type Exchange, failure, type Outcome, success } from './exchange.ts';
import type { Offer } from './offers.ts';
import type { RomIdentity } from './rom-identity.ts';

/** What the ROM and the loader after it know from now on. */
export type Lease = {
  readonly ip: Ipv4;
  readonly prefixLength: number;
  readonly router?: Ipv4;
  readonly leaseSeconds?: number;
  /** Who gave the address. */
  readonly dhcpServer: Ipv4;
  readonly bootServer: Ipv4;
  /** Empty while only port 4011 knows it. */
  readonly bootFile: string;
  /** Options 209 and 210, for PXELINUX (RFC 5071). */
  readonly configFile?: string;
  readonly pathPrefix?: string;
  /** The reply had option 97: GRUB then looks for a file with the UUID in its name. */
  readonly echoesUuid?: boolean;
};

/** Its failure codes are `nak`, `no-ack`, `wrong-address`, `no-server-id` and `no-boot-file`. */
export function createRequest(rom: RomIdentity, offer: Offer, startedAt: number): Exchange<Lease> {
  const serverId = readOption(offer.packet.options, 'server-id');
  let tries = 0;
  let sendAt = startedAt;
  let result: Outcome<Lease> | undefined;
  if (serverId === undefined) {
    // RFC 2131 Table 3: an OFFER MUST have option 54, and without it the REQUEST cannot name its server.
    result = failure('no-server-id', `the offer of ${formatIpv4(offer.packet.yiaddr)} has no option 54`);
  }

  return {
    receive(datagram) {
      const packet = result ? undefined : dhcpReply(datagram, rom);
      if (!packet) return;
      const type = messageType(packet);
      if (type === MessageType.NAK) result = failure('nak', nakText(packet));
      if (type === MessageType.ACK && senderOf(packet) === serverId) result = leaseOf(packet, offer, rom);
    },
    poll(now) {
      if (result || now < sendAt) return undefined;
      const wait = DHCP_RETRY_MS[tries];
      if (wait === undefined) {
        const asked = formatIpv4(offer.packet.yiaddr);
        result = failure('no-ack', `the server offered ${asked} and then kept silent`);
        return undefined;
      }
      tries++;
      sendAt = now + wait;
      const taken = { ip: offer.packet.yiaddr, server: serverId };
      return toServers(rom, requestOf(rom, taken, (now - startedAt) / 1000));
    },
    deadline: () => (result ? Number.POSITIVE_INFINITY : sendAt),
    result: () => result,
  };
}

function nakText(packet: DhcpPacket): string {
  const text = readOption(packet.options, 'message')?.replace(/[^\x20-\x7e]/g, '?');
  return `${formatIpv4(senderOf(packet))} refused${text ? `: ${text}` : ''}`;
}

/** The ACK's own fields count, not the OFFER's: ROMs forget the OFFER. A proxy's OFFER keeps the boot file. */
function leaseOf(ack: DhcpPacket, offer: Offer, rom: RomIdentity): Outcome<Lease> {
  if (ack.yiaddr !== offer.packet.yiaddr) {
    const detail = `offered ${formatIpv4(offer.packet.yiaddr)}, acknowledged ${formatIpv4(ack.yiaddr)}`;
    return failure('wrong-address', detail);
  }
  if (offer.ask || offer.local) {
    return success({ ...leaseFacts(ack), bootServer: offer.ask?.server ?? 0, bootFile: '' });
  }
  const source = bootSourceOf(offer.proxy ?? ack, firmwareOf(rom));
  if (typeof source === 'string') return failure('no-boot-file', `the ACK differs from the offer: ${source}`);
  return success({ ...leaseFacts(ack), bootServer: source.server, bootFile: source.file });
}

/** What a reply says of the machine's place in the network. */
export function leaseFacts(reply: DhcpPacket): Omit<Lease, 'bootServer' | 'bootFile'> {
  const { options } = reply;
  const router = readOption(options, 'routers')?.[0];
  const leaseSeconds = readOption(options, 'lease-time');
  const configFile = readOption(options, 'config-file');
  const pathPrefix = readOption(options, 'path-prefix');
  return {
    ip: reply.yiaddr,
    prefixLength: lengthOfMask(readOption(options, 'subnet-mask') ?? 0xffff_ff00) ?? 24,
    dhcpServer: senderOf(reply),
    ...(router !== undefined && { router }),
    ...(leaseSeconds !== undefined && { leaseSeconds }),
    ...(configFile !== undefined && { configFile }),
    ...(pathPrefix !== undefined && { pathPrefix }),
    ...(options.has(97) && { echoesUuid: true }),
  };
}
