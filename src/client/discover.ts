/**
 * Finds a DHCP server that offers an address and a file to boot, as firmware does (PXE §2.4.3, RFC 2131 §3.1). Which OFFER
 * is taken is told in offers.ts.
 *
 *     asking   --OFFER with address, PXE and file-->    done
 *     asking   --OFFER with an address alone-->         waiting 3 s for a proxyDHCP server's boot file
 *     waiting  --OFFER of a proxy, no address, file-->  done
 *     waiting  --3 s-->                                 done with what there is, or nothing to boot
 *     asking   --silence, all repeats used up-->        failed
 */
import { MessageType, messageType } from '../dhcp-packet/index.ts';
import { formatIpv4 } from '../lib/ipv4.ts';
import { dhcpReply, SERVER_PORT } from './dhcp-reply.ts';
import { discoverOf, firmwareOf, toServers } from './dhcp-voice.ts';
import { type Exchange, failure, type Outcome, secondsText, success, type Unreachable } from './exchange.ts';
import { createOffers, type Offer } from './offers.ts';
import type { RomIdentity } from './rom-identity.ts';

/** QEMU's iPXE: DISCOVER at 0, 1, 3 and 7 s, up after 15 s. */
export const DHCP_RETRY_MS = [1000, 2000, 4000, 8000] as const;
const PROXY_WAIT_MS = 3000;

/** A relay's question that ICMP says nobody is there for. */
export function dhcpClosed({ destination, destinationPort }: Unreachable): Outcome<never> | undefined {
  if (destinationPort !== SERVER_PORT) return undefined;
  return failure(
    'dhcp-closed',
    `UDP port ${SERVER_PORT} of ${formatIpv4(destination)} is closed (ICMP): no DHCP server there`,
  );
}

/** Its failure codes are `no-offer`, `dhcp-closed` and those of {@link createOffers}. */
export function createDiscover(rom: RomIdentity, startedAt: number): Exchange<Offer> {
  const offers = createOffers(firmwareOf(rom), rom.server);
  let tries = 0;
  let sendAt = startedAt;
  let decideAt = Number.POSITIVE_INFINITY;
  let result: Outcome<Offer> | undefined;

  return {
    receive(datagram, now) {
      const packet = result ? undefined : dhcpReply(datagram, rom);
      if (!packet || messageType(packet) !== MessageType.OFFER) return;
      offers.add(packet);
      if (!offers.hasAddress) return;
      if (decideAt === Number.POSITIVE_INFINITY) decideAt = now + PROXY_WAIT_MS;
      if (offers.best()) decideAt = now;
    },
    unreachable(notice) {
      const closed = dhcpClosed(notice);
      if (closed && !offers.hasAddress) result ??= closed;
    },
    poll(now) {
      if (result) return undefined;
      if (now >= decideAt) {
        const final = offers.final();
        result = final.ok && !offers.best() ? success({ ...final.value, waited: true }) : final;
        return undefined;
      }
      if (offers.hasAddress || now < sendAt) return undefined;
      const wait = DHCP_RETRY_MS[tries];
      if (wait === undefined) {
        const waited = `no DHCP server offered an address in ${secondsText(now - startedAt)}`;
        result = failure('no-offer', waited + offers.describeProxies());
        return undefined;
      }
      tries++;
      sendAt = now + wait;
      return toServers(rom, discoverOf(rom, (now - startedAt) / 1000));
    },
    deadline() {
      if (result) return Number.POSITIVE_INFINITY;
      return offers.hasAddress ? decideAt : sendAt;
    },
    result: () => result,
  };
}
