import type { MachineUuid } from '../boot/client.ts';
import type { BootSettings } from '../boot/settings.ts';
import { broadcastOf, formatSubnet, type Ipv4, type Subnet, subnetOf } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { QuirkName } from './quirks-table.ts';
import type { Rule } from './rule.ts';

/** Addresses from `first` to `last`, both included. */
export type AddressRange = { readonly first: Ipv4; readonly last: Ipv4 };

/**
 * A range for some clients: those with a tag of `allow` (absent: all) and none of `deny`. Tags come from networks, hosts
 * and rules; `known`, `unknown` (has an entry in hosts, or not) and `bootp` are there without saying.
 */
export type PoolRange = AddressRange & {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
};

/** An interface as DHCP sees it: what it is called, what it may send, and the addresses that are ours on it. */
export type Link = {
  readonly name: string;
  readonly index: number;
  readonly mac: Mac;
  /** Octets of one IP packet; no reply is larger, for boot ROMs do not reassemble. */
  readonly mtu: number;
  readonly addresses: readonly LinkAddress[];
  /** `proxy`: another server gives the addresses here, we tell boot clients their files alone. Absent: `server`. */
  readonly role?: 'server' | 'proxy';
};

export type LinkAddress = { readonly ip: Ipv4; readonly length: number };

/** An option sent as it stands, to whoever gets a reply of this network. */
export type RawOption = { readonly code: number; readonly body: Uint8Array };

/**
 * What a client is told beside its address; absent = what the wider circle says. A host goes before a rule, that before its
 * network, that before all networks.
 */
export type Terms = {
  /** Option 3; none = not sent. */
  readonly routers?: readonly Ipv4[];
  /** Option 6; none = not sent. */
  readonly dns?: readonly Ipv4[];
  /** Option 15. */
  readonly domain?: string;
  readonly leaseSeconds?: number;
  readonly minLeaseSeconds?: number;
  readonly maxLeaseSeconds?: number;
  readonly bootLeaseSeconds?: number;
  readonly nextServer?: 'auto' | Ipv4;
  readonly options?: readonly RawOption[];
  /** How its firmware is answered, instead of {@link DhcpSettings.quirks}. */
  readonly quirks?: readonly QuirkName[];
};

/** One subnet and what its clients are told. Addresses are numbers, times are seconds. */
export type Network = {
  /** For logs and events: `eth0`, or the subnet. */
  readonly name: string;
  readonly subnet: Subnet;
  /** Its clients are behind this interface, whatever addresses that has; absent: behind one with an address of the subnet. */
  readonly interface?: string;
  /** Relays (giaddr) outside of the subnet whose clients are of it. One inside needs no naming (RFC 2131 §4.3.1). */
  readonly relays?: readonly Ipv4[];
  /** Networks of one name share a link: a client may get an address of any of them. */
  readonly sharedNetwork?: string;
  /** Clients without an entry in hosts get nothing here. */
  readonly denyUnknown?: boolean;
  /** The named boot file of its clients, instead of {@link BootSettings.bootFile}. */
  readonly file?: string;
  /** The boot profile of its clients, by name. */
  readonly profile?: string;
  /** Tags of all its clients. */
  readonly tags?: readonly string[];
  /** How its clients' firmware is answered, instead of {@link DhcpSettings.quirks}. */
  readonly quirks?: readonly QuirkName[];
  /**
   * Addresses for clients without a reservation; none = reservations only. The network and broadcast address, our
   * own addresses, routers, relays, name servers, next server, `excluded` and reserved addresses are never handed out.
   */
  readonly ranges: readonly PoolRange[];
  readonly excluded: readonly AddressRange[];
  /** Option 3; none = not sent. */
  readonly routers: readonly Ipv4[];
  /** Option 6; none = not sent. */
  readonly dns: readonly Ipv4[];
  /** Option 15. */
  readonly domain?: string;
  readonly leaseSeconds: number;
  readonly minLeaseSeconds: number;
  readonly maxLeaseSeconds: number;
  /** Lease of firmware and loaders (stages before an operating system); absent = `leaseSeconds`. */
  readonly bootLeaseSeconds?: number;
  /** siaddr, 66: the TFTP server. `auto` = our address on the link the request came in on. */
  readonly nextServer: 'auto' | Ipv4;
  /**
   * Off: a machine is its MAC in every boot stage (RFC 4361 §7 tells why stages differ in option 61). On: option 61
   * identifies, as RFC 2131 §4.2 has it.
   */
  readonly matchClientId: boolean;
  /** Option 108 for clients that ask for it: they are to do without IPv4 for so long (RFC 8925); absent = never. */
  readonly ipv6OnlySeconds?: number;
  /** Off: a client for which there is no address is told not to make one up (option 116, RFC 2563); absent = on. */
  readonly autoConfigure?: boolean;
  readonly options: readonly RawOption[];
};

/**
 * A machine with an entry of its own. Every selector that is there must fit the machine; `hostname` is one only where there
 * is no other.
 */
export type Reservation = {
  readonly mac?: Mac;
  /** Option 61, lower-case hex. */
  readonly clientId?: string;
  /** Option 97 as dmidecode or as PXELINUX spells it (see {@link MachineUuid}), lower case with dashes. */
  readonly uuid?: string;
  /** Option 82.1 and 82.2 of its relay, lower-case hex, and giaddr. Ids of switches are unique within a relay only. */
  readonly circuitId?: string;
  readonly remoteId?: string;
  readonly relay?: Ipv4;
  /** Absent: known by name, address from the pool. */
  readonly ip?: Ipv4;
  /** Option 12. */
  readonly hostname?: string;
  /** Boot file of this machine, before any rule. */
  readonly file?: string;
  /** Its boot profile, by name. */
  readonly profile?: string;
  readonly tags?: readonly string[];
  readonly terms?: Terms;
  readonly bootp?: BootpTerms;
};

/** What is said of a machine to BOOTP alone, by a bootptab(5). */
export type BootpTerms = {
  /** The folder of files that it asks for by a relative name. */
  readonly home?: string;
  /** `vmunix.node1` is taken before `vmunix`, where there is one. */
  readonly suffix?: string;
  /** The layout of the vendor area, whatever the request's. */
  readonly vendor?: 'rfc1048' | 'cmu';
  /** Octets of the reply. */
  readonly replySize?: number;
  /** Where the reply goes that would go to its hardware address. */
  readonly replyTo?: Ipv4;
  /** It is not answered before it has tried for so long. */
  readonly minSeconds?: number;
  /** Option 13 is the size of its boot file, measured each time. */
  readonly measured?: boolean;
};

/** RFC 951 clients: requests without option 53. Reservations are always answered when `enabled`. */
export type BootpSettings = {
  readonly enabled: boolean;
  /**
   * Addresses for unknown BOOTP clients, who keep them for ever (RFC 1534 §2: off unless asked for). `network` = the
   * DHCP ranges of the network; none = reservations only.
   */
  readonly ranges: 'network' | readonly AddressRange[];
  /** `sname` of replies; a request that names another server is not for us (RFC 951 §7.3). */
  readonly serverName: string;
};

/** What is believed of relays, and of clients that speak like one. */
export type RelaySettings = {
  /** Option 118 chooses the network of a client (RFC 3011). */
  readonly subnetSelection: boolean;
  /** Option 82 counts although no relay set giaddr: a switch or an access point put it in. Off: as if not there. */
  readonly trustDirectInfo: boolean;
  /** The ACK to a relayed INFORM goes to the relay; off: to the client, as RFC 2131 §4.3.5 has it. */
  readonly informViaRelay: boolean;
};

/** All that the DHCP and BOOTP brains are configured by. Plain data; {@link DEFAULT_SETTINGS} has the defaults. */
export type DhcpSettings = {
  /** Answer DHCP (messages with option 53). */
  readonly dhcp: boolean;
  readonly networks: readonly Network[];
  readonly reservations: readonly Reservation[];
  /** The first that matches holds, see rules.ts. */
  readonly rules: readonly Rule[];
  /** Options of all networks that do not say otherwise. */
  readonly options: readonly RawOption[];
  readonly bootp: BootpSettings;
  readonly boot: BootSettings;
  /** The boot profile of machines for which no host, rule or network names one; absent = none. */
  readonly profile?: string;
  /** Off: only netboot clients, machines that booted here and reservations are answered. */
  readonly answerAll: boolean;
  /**
   * On: we alone give addresses here, so a request for an address of another network, or of an unknown binding, is
   * refused (NAK) or adopted. Off: only clients with a record of ours are ever refused.
   */
  readonly authoritative: boolean;
  /** ARP/ICMP probe of an address before its first offer (RFC 2131 §2.2). */
  readonly probe: { readonly enabled: boolean; readonly timeoutMs: number };
  /** Requests of one second that are looked at, of one client and through one relay; undefined: all. */
  readonly limits: { readonly perClient: number | undefined; readonly perRelay: number | undefined };
  /** Bind and acknowledge a DISCOVER with option 80 at once (RFC 4039). Only where no other server is. */
  readonly rapidCommit: boolean;
  /** A DISCOVER of a client that has been at it for less is left to other servers; 0 = answer at once. */
  readonly minSecs: number;
  readonly relays: RelaySettings;
  /** Access concentrators (giaddr) that may ask who has which lease (RFC 4388); none = not answered. */
  readonly leaseQuery: readonly Ipv4[];
  /** How firmware is answered: always with these; `auto` = with another when it does not boot; `off` = the usual way. */
  readonly quirks: 'auto' | 'off' | readonly QuirkName[];
  /** How long an offered address is held for its client. */
  readonly offerSeconds: number;
  /** How long an address that somebody else uses (conflict, DECLINE) is set aside. */
  readonly abandonSeconds: number;
};

export const DEFAULT_SETTINGS: DhcpSettings = {
  dhcp: true,
  networks: [],
  reservations: [],
  rules: [],
  options: [],
  bootp: { enabled: true, ranges: [], serverName: '' },
  boot: { bootFile: 'pxelinux.0', archFiles: new Map() },
  answerAll: false,
  authoritative: false,
  // Long enough for an ARP reply of a sleepy host, short enough that iPXE's first retry (1 s) finds an answer.
  probe: { enabled: true, timeoutMs: 400 },
  // A ROM asks every few seconds, a handful of times; what asks 30 times a second is broken.
  limits: { perClient: 30, perRelay: undefined },
  rapidCommit: false,
  minSecs: 0,
  relays: { subnetSelection: false, trustDirectInfo: true, informViaRelay: true },
  leaseQuery: [],
  quirks: 'auto',
  offerSeconds: 60,
  abandonSeconds: 86_400,
};

const NETWORK_DEFAULTS = {
  excluded: [],
  dns: [],
  leaseSeconds: 43_200,
  minLeaseSeconds: 120,
  maxLeaseSeconds: 86_400,
  nextServer: 'auto',
  matchClientId: false,
  options: [],
} as const;

/**
 * The network of an interface nobody configured: its subnet is the pool, it is the router and the TFTP server of its
 * clients, no name servers, leases of 12 hours (2 minutes to a day when a client asks).
 *
 * `overrides` replace single fields; undefined ones are ignored. Throws RangeError for an interface without an IPv4
 * address.
 *
 * ```ts
 * networkOfLink(link, { routers: [gateway], dns });
 * ```
 */
export function networkOfLink(link: Link, overrides: NetworkOverrides = {}): Network {
  const own = link.addresses[0];
  if (!own) throw new RangeError(`Cannot make a network of ${link.name}: it has no IPv4 address`);
  const subnet = overrides.subnet ?? subnetOf(own.ip, own.length);
  const network: Network = {
    name: link.name === '' ? formatSubnet(subnet) : link.name,
    subnet,
    ranges: [{ first: subnet.network, last: broadcastOf(subnet) }],
    routers: [own.ip],
    ...NETWORK_DEFAULTS,
  };
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...network, ...Object.fromEntries(given) };
}

/** Fields of a {@link Network} to replace; a field that is undefined keeps its default. */
export type NetworkOverrides = { readonly [K in keyof Network]?: Network[K] | undefined };
