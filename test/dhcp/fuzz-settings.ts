import fc from 'fast-check';
import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type Link,
  type Network,
  networkOfLink,
  type Reservation,
} from '../../src/dhcp/settings.ts';
import { type DhcpPacket, readOption } from '../../src/dhcp-packet/index.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { type Ipv4, subnetOf } from '../../src/lib/ipv4.ts';
import { ip } from './world.ts';

/** The place of the fuzz: two interfaces, five networks with next to no addresses, eight machines. */

export const ETH0: Link = {
  name: 'eth0',
  index: 2,
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  addresses: [{ ip: ip('10.0.0.1'), length: 24 }],
};
export const ETH1: Link = {
  ...ETH0,
  name: 'eth1',
  index: 3,
  addresses: [{ ip: ip('10.1.0.1'), length: 24 }],
};
export const LINKS: readonly Link[] = [ETH0, ETH1];

/** `clientId` is what it sends as option 61, hex. Two of them are stages of one machine. `home` is one of {@link PLACES}. */
export type Machine = {
  readonly mac: string;
  readonly clientId?: string;
  /** Option 97, hex. */
  readonly uuid?: string;
  readonly home: number;
};

export const MACHINES: readonly Machine[] = [
  { mac: '52:54:00:00:00:00', home: 0 },
  { mac: '52:54:00:00:00:01', home: 0 },
  { mac: '52:54:00:00:00:02', clientId: '01525400000002', home: 1 },
  { mac: '52:54:00:00:00:03', clientId: 'ff0000000300010001', home: 0 },
  { mac: '52:54:00:00:00:04', home: 2 },
  { mac: '52:54:00:00:00:04', clientId: '0044444444444444444444444444444444', home: 2 },
  { mac: '52:54:00:00:00:06', uuid: '0000112233445566778899aabbccddeeff', home: 0 },
  { mac: '52:54:00:00:00:07', clientId: '01525400000007', home: 1 },
];

/** Where a machine is: behind which interface, through which relay. */
export type Place = { readonly link: Link; readonly giaddr: Ipv4 };

export const PLACES: readonly Place[] = [
  { link: ETH0, giaddr: 0 },
  { link: ETH1, giaddr: 0 },
  { link: ETH0, giaddr: ip('10.2.0.254') },
  { link: ETH0, giaddr: ip('10.1.0.254') },
  { link: ETH0, giaddr: ip('192.0.2.1') }, // a relay named in the network's `relays`
  { link: ETH1, giaddr: ip('172.16.0.1') }, // of no network
];

export type Flags = {
  readonly probing: boolean;
  readonly authoritative: boolean;
  readonly answerAll: boolean;
  readonly matchClientId: boolean;
  readonly bootp: boolean;
  readonly rapidCommit: boolean;
  readonly shared: boolean;
  readonly conditions: boolean;
  readonly addressless: boolean;
  /** One network lies in another, with the same addresses to give. */
  readonly nested: boolean;
};

export const flags: fc.Arbitrary<Flags> = fc.record({
  probing: fc.boolean(),
  authoritative: fc.boolean(),
  answerAll: fc.constantFrom(true, true, true, false),
  matchClientId: fc.boolean(),
  bootp: fc.boolean(),
  rapidCommit: fc.boolean(),
  shared: fc.boolean(),
  conditions: fc.boolean(),
  addressless: fc.boolean(),
  nested: fc.boolean(),
});

/** What a reload may change. */
export const VARIANTS = ['first', 'moved-pool', 'moved-hosts', 'fewer', 'short-leases', 'no-rules'] as const;
export type Variant = (typeof VARIANTS)[number];

export const FIRST = ip('10.0.0.50');

/** Every address that some client may come to hear of, and a few that none may. */
export const ADDRESSES: readonly Ipv4[] = [
  ...[-1, 0, 1, 2, 3, 4].map((n) => FIRST + n),
  ...['10.0.0.1', '10.0.0.9', '10.0.3.50', '10.0.3.51', '10.1.0.50', '10.1.0.51', '10.1.0.9'].map(ip),
  ...['10.2.0.50', '10.2.0.51', '192.0.2.50', '172.31.0.1'].map(ip),
];

export function settingsOf(on: Flags, variant: Variant): DhcpSettings {
  return {
    ...DEFAULT_SETTINGS,
    networks: networksOf(on, variant),
    reservations: hostsOf(variant),
    rules:
      on.conditions && variant !== 'no-rules'
        ? [
            { match: { mac: ['52:54:00:00:00:06'] }, says: { tags: ['guest'], goOn: true } },
            { match: { stage: ['rom'] }, says: { terms: { leaseSeconds: 600 } } },
          ]
        : [],
    bootp: { enabled: true, ranges: on.bootp ? 'network' : [], serverName: 'boot1' },
    answerAll: on.answerAll,
    authoritative: on.authoritative,
    probe: { enabled: on.probing, timeoutMs: 400 },
    rapidCommit: on.rapidCommit,
    leaseQuery: [ip('10.2.0.254')],
    relays: { ...DEFAULT_SETTINGS.relays, subnetSelection: on.shared },
    quirks: on.probing ? 'auto' : 'off',
  };
}

function networksOf(on: Flags, variant: Variant): Network[] {
  const moved = variant === 'moved-pool' ? 2 : 0;
  const count = variant === 'fewer' ? 1 : 3;
  const common = {
    matchClientId: on.matchClientId,
    leaseSeconds: variant === 'short-leases' ? 300 : 3600,
    ...(on.addressless && { ipv6OnlySeconds: 1800, autoConfigure: false }),
  };
  const range = (first: Ipv4) => [{ first: first + moved, last: first + moved + count }];
  const at = (text: string, more: Partial<Network> = {}): Network =>
    networkOfLink(ETH0, {
      ...common,
      name: text,
      subnet: subnetOf(ip(text), 24),
      ranges: range(ip(text) + 50),
      routers: [],
      ...more,
    });
  const guests = { ...range(FIRST)[0]!, last: FIRST + moved, allow: ['guest'] };
  const others = { first: FIRST + moved + 1, last: FIRST + moved + count, deny: ['guest'] };
  return [
    at('10.0.0.0', {
      ...(on.conditions && { ranges: [guests, others] }),
      ...(on.shared && { sharedNetwork: 'lan' }),
      ...(on.nested && { interface: 'eth0' }),
    }),
    ...(on.shared ? [at('10.0.3.0', { sharedNetwork: 'lan' })] : []),
    ...(on.nested
      ? [
          at('10.0.0.48', {
            subnet: { network: ip('10.0.0.48'), length: 28 },
            interface: 'eth1',
            ranges: range(FIRST),
          }),
        ]
      : []),
    at('10.1.0.0', { bootLeaseSeconds: 120 }),
    at('10.2.0.0', { relays: [ip('192.0.2.1')], denyUnknown: on.conditions }),
  ];
}

function hostsOf(variant: Variant): Reservation[] {
  if (variant === 'fewer') return [];
  const moved = variant === 'moved-hosts';
  return [
    { mac: '52:54:00:00:00:00', ip: moved ? FIRST + 1 : ip('10.0.0.9') },
    { mac: '52:54:00:00:00:00', ip: ip('10.1.0.9') },
    { clientId: '01525400000002', ip: moved ? ip('10.1.0.51') : FIRST + 2 },
    { mac: '52:54:00:00:00:07', hostname: 'named' },
    { circuitId: '0102', relay: ip('10.2.0.254'), ip: ip('10.2.0.51') },
    moved
      ? { mac: '52:54:00:00:00:06', ip: ip('10.0.0.9') }
      : { uuid: '00112233-4455-6677-8899-aabbccddeeff', ip: FIRST + 1 },
  ];
}

/**
 * Whose address it is by name: true for them, false for all others, undefined when it is nobody's, or when that cannot be seen:
 * what a relay said of a machine holds for its unicast requests, too.
 */
export function isReservedFor(
  packet: DhcpPacket,
  address: Ipv4,
  { reservations }: DhcpSettings,
): boolean | undefined {
  const owners = reservations.filter((one) => one.ip === address);
  if (owners.length === 0) return undefined;
  const mac = toHex(packet.chaddr.subarray(0, packet.hlen), ':');
  const id = packet.options.get(61);
  const uuid = packet.options.get(97);
  const circuit = readOption(packet.options, 'relay-agent-info')?.values.circuitId;
  if (packet.giaddr === 0 && owners.some((one) => one.circuitId !== undefined)) return undefined;
  return owners.some(
    (one) =>
      (one.mac === undefined || one.mac === mac) &&
      (one.clientId === undefined || one.clientId === (id && toHex(id))) &&
      (one.uuid === undefined || one.uuid.replaceAll('-', '') === (uuid && toHex(uuid.subarray(1)))) &&
      (one.circuitId === undefined || one.circuitId === (circuit && toHex(circuit))) &&
      (one.relay === undefined || one.relay === packet.giaddr),
  );
}
