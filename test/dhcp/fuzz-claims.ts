import type { LeaseView } from '../../src/dhcp/lease.ts';
import type { DhcpSettings } from '../../src/dhcp/settings.ts';
import { type DhcpPacket, MessageType, messageType, readOption } from '../../src/dhcp-packet/index.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { contains, formatIpv4, type Ipv4 } from '../../src/lib/ipv4.ts';
import { type Flags, LINKS } from './fuzz-settings.ts';

/** What clients may believe, kept beside the server and from its replies alone. */

type Lease = { readonly address: Ipv4; readonly until: number; readonly mac: string };
type Offer = { readonly client: string; readonly until: number };

/** When something happened, and under which settings. */
export type Moment = { readonly now: number; readonly settings: DhcpSettings };

export function createClaims(flags: Flags) {
  /** `client subnet` -> the lease it was told of. */
  const leases = new Map<string, Lease>();
  /** Address -> who was offered it. */
  const offers = new Map<Ipv4, Offer>();
  /** Address -> since when it is known to be somebody else's. */
  const declined = new Map<Ipv4, number>();

  /** Who a packet is of, as RFC 2131 §4.2 and the settings have it. */
  function clientOf({ htype, hlen, chaddr, options }: DhcpPacket): string {
    const id = options.get(61);
    const mac = macOf({ htype, hlen, chaddr });
    const useId =
      id !== undefined && id.length >= 2 && id.length <= 255 && (flags.matchClientId || /^[0:]*$/.test(mac));
    return useId ? `id ${toHex(id)}` : `hw ${htype} ${mac}`;
  }

  function placeOf(address: Ipv4, { settings }: Moment): string {
    return settings.networks.find(({ subnet }) => contains(subnet, address))?.name ?? 'nowhere';
  }

  /** What the sending of a message means to its sender. */
  function sent(packet: DhcpPacket, moment: Moment): void {
    const type = messageType(packet);
    const client = clientOf(packet);
    const server = readOption(packet.options, 'server-id');
    const takesOther = type === MessageType.REQUEST && server !== undefined && !isOurs(server);
    // Who asks anew waits for a new offer, be it of another address, once that is probed.
    if (takesOther || type === MessageType.DISCOVER || type === undefined) {
      for (const [address, offer] of offers) if (offer.client === client) offers.delete(address);
    }
    if (type !== MessageType.RELEASE && type !== MessageType.DECLINE) return;
    const address = type === MessageType.RELEASE ? packet.ciaddr : readOption(packet.options, 'requested-ip');
    if (address === undefined || server === undefined || !isOurs(server)) return;
    const key = `${client} ${placeOf(address, moment)}`;
    if (leases.get(key)?.address === address) leases.delete(key);
    if (offers.get(address)?.client === client) offers.delete(address);
  }

  /** What a reply means to who gets it; returns every contradiction to what others were told. */
  function told(packet: DhcpPacket, reply: DhcpPacket, moment: Moment): string[] {
    const type = messageType(reply);
    const address = reply.yiaddr;
    const client = clientOf(packet);
    if (type === MessageType.NAK) {
      const about = readOption(packet.options, 'requested-ip') ?? packet.ciaddr;
      const key = `${client} ${placeOf(about, moment)}`;
      if (leases.get(key)?.address === about) leases.delete(key);
      return [];
    }
    if (address === 0) return [];
    const faults = contradictions(address, client, moment);
    const key = `${client} ${placeOf(address, moment)}`;
    forgetOffers(client, address, moment);
    if (type === MessageType.OFFER) {
      offers.set(address, { client, until: moment.now + moment.settings.offerSeconds * 1000 });
    } else {
      const seconds = type === undefined ? undefined : readOption(reply.options, 'lease-time');
      const until = seconds === undefined || seconds === 0xffff_ffff ? Infinity : moment.now + seconds * 1000;
      leases.set(key, { address, until, mac: macOf(packet) });
    }
    return faults;
  }

  function contradictions(address: Ipv4, client: string, { now }: Moment): string[] {
    const faults = [...leases]
      .filter(
        ([key, lease]) => lease.address === address && lease.until > now && !key.startsWith(`${client} `),
      )
      .map(
        ([key, { until }]) =>
          `${formatIpv4(address)} is ${key}'s for ${(until - now) / 1000} s, and now ${client}'s`,
      );
    const offer = offers.get(address);
    if (offer && offer.until > now && offer.client !== client) {
      faults.push(`${formatIpv4(address)} is offered to ${offer.client}, and now to ${client}`);
    }
    const since = declined.get(address);
    if (since !== undefined && now - since < 600_000)
      faults.push(`${formatIpv4(address)} was declined just now`);
    return faults;
  }

  /** A client has one offer in a network. */
  function forgetOffers(client: string, address: Ipv4, moment: Moment): void {
    const place = placeOf(address, moment);
    for (const [other, offer] of offers) {
      if (other === address || (offer.client === client && placeOf(other, moment) === place))
        offers.delete(other);
    }
  }

  /** Every lease that somebody counts on and the server does not know. */
  function lost(view: LeaseView, { now }: Moment): string[] {
    return [...leases]
      .filter(([, { until }]) => until > now)
      .filter(([, { address, until, mac }]) => {
        const record = view.byIp(address);
        return record?.state !== 'bound' || record.expiresAt < until || record.mac !== mac;
      })
      .map(
        ([key, { address }]) =>
          `the lease of ${key} is lost: ${formatIpv4(address)} ${JSON.stringify(view.byIp(address))}`,
      );
  }

  return {
    sent,
    told,
    lost,
    clientOf,
    /** The offers are volatile. */
    restarted: () => offers.clear(),
    setAside: (address: Ipv4, now: number) => declined.set(address, now),
    /** The running lease of a client at a place. */
    leaseOf(packet: DhcpPacket, address: Ipv4, moment: Moment): boolean {
      const lease = leases.get(`${clientOf(packet)} ${placeOf(address, moment)}`);
      return lease?.address === address && lease.until > moment.now;
    },
  };
}

function isOurs(server: Ipv4): boolean {
  return LINKS.some(({ addresses }) => addresses.some(({ ip }) => ip === server));
}

/** '' where the hardware has no address (RFC 4390 §2.1). */
function macOf({ htype, hlen, chaddr }: Pick<DhcpPacket, 'htype' | 'hlen' | 'chaddr'>): string {
  return htype === 0 ? '' : toHex(chaddr.subarray(0, hlen), ':');
}
