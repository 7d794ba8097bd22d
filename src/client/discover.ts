/**
 * Finds a DHCP server that offers an address and a file to boot, as a PXE ROM does (PXE §2.4.3, RFC 2131 §3.1).
 *
 *     asking   --OFFER with address, PXE and file-->    done
 *     asking   --OFFER with an address alone-->         waiting 3 s for a proxyDHCP server's boot file
 *     waiting  --OFFER of a proxy, no address, file-->  done
 *     waiting  --3 s-->                                 done with what there is, or nothing to boot
 *     asking   --silence, all repeats used up-->        failed
 */
import { type DhcpPacket, encode, MessageType, messageType } from '../dhcp-packet/index.ts';
import { LIMITED_BROADCAST } from '../lib/ipv4.ts';
import {
  bootFileOf,
  bootSourceOf,
  CLIENT_PORT,
  dhcpReply,
  isFromPxeServer,
  SERVER_PORT,
} from './dhcp-reply.ts';
import { type Exchange, failure, type Outcome, success } from './exchange.ts';
import { ROM_LIMITS, type RomIdentity, romMessage } from './rom-identity.ts';

/** QEMU's iPXE: DISCOVER at 0, 1, 3 and 7 s, up after 15 s. */
export const DHCP_RETRY_MS = [1000, 2000, 4000, 8000] as const;
const PROXY_WAIT_MS = 3000;

export type Offer = {
  /** The address and who gave it. */
  readonly packet: DhcpPacket;
  /** The proxy's OFFER, when the boot file comes from it. */
  readonly proxy?: DhcpPacket;
};

/** Its failure codes are `no-offer` and `no-boot-file`. */
export function createDiscover(rom: RomIdentity, startedAt: number): Exchange<Offer> {
  let tries = 0;
  let sendAt = startedAt;
  let decideAt = Number.POSITIVE_INFINITY;
  let address: DhcpPacket | undefined;
  let proxy: DhcpPacket | undefined;
  let result: Outcome<Offer> | undefined;

  function decide(packet: DhcpPacket): void {
    const source = bootSourceOf(proxy ?? packet);
    if (typeof source === 'string') result = failure('no-boot-file', source);
    else result = success({ packet, ...(proxy && { proxy }) });
  }

  return {
    receive(datagram, now) {
      const packet = result ? undefined : dhcpReply(datagram, rom);
      if (!packet || messageType(packet) !== MessageType.OFFER) return;
      const boots = isFromPxeServer(packet) && bootFileOf(packet) !== '';
      if (packet.yiaddr === 0) {
        if (boots) proxy ??= packet;
      } else if (boots) {
        decideAt = now;
        address = packet; // address and boot file in one: nothing to wait for, and no need of a proxy
        proxy = undefined;
      } else if (!address) {
        decideAt = now + PROXY_WAIT_MS;
        address = packet;
      }
      if (address && proxy) decideAt = now;
    },
    poll(now) {
      if (result) return undefined;
      if (address && now >= decideAt) {
        decide(address);
        return undefined;
      }
      if (address || now < sendAt) return undefined;
      const wait = DHCP_RETRY_MS[tries];
      if (wait === undefined) {
        result = failure('no-offer', `no DHCP server offered an address in ${(now - startedAt) / 1000} s`);
        return undefined;
      }
      tries++;
      sendAt = now + wait;
      return {
        sourcePort: CLIENT_PORT,
        destination: LIMITED_BROADCAST,
        destinationPort: SERVER_PORT,
        bytes: encode(romMessage(rom, MessageType.DISCOVER, (now - startedAt) / 1000), ROM_LIMITS),
      };
    },
    deadline() {
      if (result) return Number.POSITIVE_INFINITY;
      return address ? decideAt : sendAt;
    },
    result: () => result,
  };
}
