import fc from 'fast-check';
import { type DhcpPacket, encode, MessageType } from '../../src/dhcp-packet/index.ts';
import type { Ipv4 } from '../../src/lib/ipv4.ts';
import type { Arrival } from './fuzz-server.ts';
import {
  ADDRESSES,
  MACHINES,
  type Machine,
  PLACES,
  type Place,
  VARIANTS,
  type Variant,
} from './fuzz-settings.ts';
import { type Fields, ip, message, PXE_BIOS } from './world.ts';

/** What machines, relays, the operator and the cable may do. */

export type Ask = {
  readonly kind:
    | 'discover'
    | 'take'
    | 'take-other'
    | 'reboot'
    | 'renew'
    | 'rebind'
    | 'release'
    | 'decline'
    | 'inform'
    | 'bootp'
    | 'query';
  readonly who: number;
  /** Of {@link PLACES}; undefined: at home. */
  readonly where: number | undefined;
  /** Of its own choice; undefined: what it was told last. */
  readonly address: Ipv4 | undefined;
  readonly dress: Dress;
  /** Octets that the cable changes: [offset, value]. */
  readonly damage: readonly (readonly [number, number])[];
};

export type Step =
  | Ask
  | { readonly kind: 'again'; readonly back: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'probed'; readonly inUse: boolean }
  | { readonly kind: 'restart' }
  | { readonly kind: 'disk'; readonly isFull: boolean }
  | { readonly kind: 'reload'; readonly variant: Variant };

/** What else it says. */
type Dress = {
  readonly netboot: boolean;
  readonly options: Readonly<Record<number, string>>;
  readonly flags: number;
  readonly secs: number;
};

const hexOctets = (most: number) =>
  fc.uint8Array({ minLength: 1, maxLength: most }).map((bytes) => Buffer.from(bytes).toString('hex'));

/** Mostly what clients send, with all kinds of content; sometimes anything. */
const options = fc.dictionary(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        '12',
        '51',
        '55',
        '57',
        '60',
        '77',
        '80',
        '82',
        '93',
        '97',
        '108',
        '116',
        '118',
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .nat({ max: 254 })
        .filter((code) => code > 0 && ![50, 52, 53, 54, 61].includes(code))
        .map(String),
    },
  ),
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '00',
        '01',
        'ffffffff',
        '00000001',
        '0006',
        '016c',
        '0504 0a020001',
        '0b04 0a000001',
        '0a0180',
        '01020102',
        '6e616d6564',
      ),
    },
    { weight: 1, arbitrary: hexOctets(40) },
  ),
  { maxKeys: 3 },
) as fc.Arbitrary<Dress['options']>;

const dress: fc.Arbitrary<Dress> = fc.record({
  netboot: fc.constantFrom(true, true, false),
  options: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: options }),
  flags: fc.constantFrom(0, 0, 0x8000, 0xffff),
  secs: fc.constantFrom(0, 4, 0x0400),
});

const ask: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Ask['kind']>(
    ...([
      'discover',
      'discover',
      'discover',
      'take',
      'take',
      'take',
      'take-other',
      'reboot',
      'renew',
      'renew',
    ] as const),
    ...(['rebind', 'release', 'release', 'decline', 'inform', 'bootp', 'query'] as const),
  ),
  who: fc.nat({ max: MACHINES.length - 1 }),
  // Home, mostly.
  where: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat({ max: PLACES.length - 1 }) },
  ),
  address: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...ADDRESSES) },
  ),
  dress,
  damage: fc.oneof(
    { weight: 12, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.tuple(fc.nat({ max: 330 }), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 4,
      }),
    },
  ),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 16, arbitrary: ask },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), back: fc.nat({ max: 12 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(1, 30, 61, 301, 599, 601, 1800, 3601, 90_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('probed' as const), inUse: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
  {
    weight: 1,
    // Free again soon, or there would be no more leases.
    arbitrary: fc.record({ kind: fc.constant('disk' as const), isFull: fc.constantFrom(true, false, false) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reload' as const), variant: fc.constantFrom(...VARIANTS) }),
  },
);

export const conversation = fc.array(step, { minLength: 1, maxLength: 100, size: 'max' });

/** What a machine was last offered or told. */
export type Told = {
  readonly offer: { address: Ipv4; server: Ipv4 } | undefined;
  readonly lease: Ipv4 | undefined;
};

/** `intact`: as it was sent. */
export type Sent = { readonly bytes: Uint8Array; readonly arrival: Arrival; readonly intact: boolean };

/** The datagram, undefined when the machine has nothing to say: it never heard of an address. */
export function datagramOf(one: Ask, told: Told): Sent | undefined {
  const machine = MACHINES[one.who]!;
  const place = placeOf(one);
  const built = build(one, machine, told);
  if (!built) return undefined;
  const relayed = place.giaddr !== 0 && built.how === undefined;
  const packet = relayed ? { ...built.packet, giaddr: place.giaddr, hops: 1 } : built.packet;
  const bytes = encode(packet, { maxSize: 1472 });
  for (const [at, value] of one.damage) if (at < bytes.length) bytes[at] = value;
  return { bytes, arrival: { link: place.link, ...built.how }, intact: one.damage.length === 0 };
}

type Built = { readonly packet: DhcpPacket; readonly how?: Partial<Arrival> };

function build(one: Ask, machine: Machine, { offer, lease }: Told): Built | undefined {
  const say = (type: number, fields: Fields = {}): DhcpPacket => clad(one, machine, { type, fields });
  const address = one.address ?? lease;
  switch (one.kind) {
    case 'discover':
      return { packet: say(MessageType.DISCOVER, one.address === undefined ? {} : asking(one.address)) };
    case 'bootp':
      return {
        packet: message({
          mac: machine.mac,
          vend: one.dress.netboot ? 'options' : 'none',
          flags: one.dress.flags,
        }),
      };
    case 'query':
      // By address, or by the hardware address of the packet.
      return { packet: say(MessageType.LEASEQUERY, address === undefined ? {} : { ciaddr: address }) };
    case 'take': {
      const wanted = one.address ?? offer?.address;
      if (wanted === undefined) return undefined;
      return { packet: say(MessageType.REQUEST, asking(wanted, offer?.server ?? ip('10.0.0.1'))) };
    }
    case 'take-other':
      return { packet: say(MessageType.REQUEST, asking(ip('10.0.0.77'), ip('10.0.0.99'))) };
    case 'reboot':
      return address === undefined ? undefined : { packet: say(MessageType.REQUEST, asking(address)) };
    case 'renew':
      return address === undefined ? undefined : unicast(one, say(MessageType.REQUEST, { ciaddr: address }));
    case 'rebind':
      return address === undefined ? undefined : { packet: say(MessageType.REQUEST, { ciaddr: address }) };
    case 'inform':
      return address === undefined ? undefined : { packet: say(MessageType.INFORM, { ciaddr: address }) };
    case 'release': {
      if (address === undefined) return undefined;
      const server = offer?.server ?? ip('10.0.0.1');
      return unicast(one, say(MessageType.RELEASE, { ciaddr: address, with: { 'server-id': server } }));
    }
    case 'decline': {
      const wanted = address ?? offer?.address;
      if (wanted === undefined) return undefined;
      return { packet: say(MessageType.DECLINE, asking(wanted, offer?.server ?? ip('10.0.0.1'))) };
    }
  }
}

function placeOf({ who, where }: Ask): Place {
  return PLACES[where ?? MACHINES[who]!.home]!;
}

/** Unicast goes past relays, to the address of ours that the client was told. */
function unicast(one: Ask, packet: DhcpPacket): Built {
  const { link } = placeOf(one);
  return { packet, how: { destination: link.addresses[0]!.ip } };
}

function asking(address: Ipv4, server?: Ipv4): Fields {
  return { with: { 'requested-ip': address, ...(server !== undefined && { 'server-id': server }) } };
}

function clad(one: Ask, machine: Machine, { type, fields }: { type: number; fields: Fields }): DhcpPacket {
  const { netboot, options, flags, secs } = one.dress;
  return message({
    ...fields,
    mac: machine.mac,
    flags,
    secs,
    with: { 'message-type': type, ...(netboot && PXE_BIOS), ...fields.with },
    raw: {
      ...options,
      ...(machine.clientId !== undefined && { 61: machine.clientId }),
      ...(machine.uuid !== undefined && { 97: machine.uuid }),
    },
  });
}
