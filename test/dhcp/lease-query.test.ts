import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS, networkOfLink } from '../../src/dhcp/settings.ts';
import { type DhcpPacket, decode, readOption } from '../../src/dhcp-packet/index.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import { golden } from '../golden/load.ts';
import {
  bind,
  createWorld,
  discover,
  ETH0,
  type Fields,
  ip,
  MAC,
  message,
  received,
  SERVER,
  selecting,
  whyIgnored,
} from './world.ts';

const ASKER = ip('10.9.0.1');
const UNKNOWN_MAC = '52:54:00:99:99:99';
const ID = '01525400ec3381';
const LIST = [51, 58, 59, 61, 82, 91, 92, 3, 12];

function queried() {
  const far = networkOfLink(ETH0, { name: 'far', subnet: parseSubnet('10.9.0.0/24')! });
  return createWorld({
    settings: { networks: [networkOfLink(ETH0), far], leaseQuery: [ASKER] },
  });
}

/** `ask(world, { ciaddr })`: by address; `{ mac }`; `{ raw: { 61: … } }`. */
function query(fields: Fields): DhcpPacket {
  const blank = { chaddr: new Uint8Array(16), htype: 0, hlen: 0 };
  const key = fields.mac === undefined ? blank : {};
  const packet = message({
    giaddr: ASKER,
    ...fields,
    with: { 'message-type': 10, 'parameter-request-list': LIST, ...fields.with },
  });
  return { ...packet, ...key };
}

function typeOf(packet: DhcpPacket): string {
  const names = new Map([
    [11, 'UNASSIGNED'],
    [12, 'UNKNOWN'],
    [13, 'ACTIVE'],
  ]);
  return names.get(readOption(packet.options, 'message-type') ?? 0) ?? '?';
}

describe('handleLeaseQuery() (RFC 4388)', () => {
  test.each<{ name: string; key: (address: number) => Fields; want: string }>([
    { name: 'a leased address', key: (ciaddr) => ({ ciaddr }), want: 'ACTIVE' },
    { name: 'a free address of ours', key: () => ({ ciaddr: ip('10.0.0.222') }), want: 'UNASSIGNED' },
    { name: 'an address of nobody’s', key: () => ({ ciaddr: ip('172.16.0.1') }), want: 'UNKNOWN' },
    { name: 'a MAC with a lease', key: () => ({ mac: MAC }), want: 'ACTIVE' },
    { name: 'a MAC without one', key: () => ({ mac: UNKNOWN_MAC }), want: 'UNKNOWN' },
    { name: 'a client id with a lease', key: () => ({ raw: { 61: ID } }), want: 'ACTIVE' },
    { name: 'a client id without one', key: () => ({ raw: { 61: '0102' } }), want: 'UNKNOWN' },
    { name: 'address and MAC: by address', key: (ciaddr) => ({ ciaddr, mac: UNKNOWN_MAC }), want: 'ACTIVE' },
    {
      name: 'MAC and client id: by MAC',
      key: () => ({ mac: UNKNOWN_MAC, raw: { 61: ID } }),
      want: 'UNKNOWN',
    },
  ])('$name: $want', ({ key, want }) => {
    const world = queried();
    const address = bind(world, { raw: { 61: ID } });
    const decision = world.send(query(key(address)), { destination: SERVER });
    const reply = received(decision);
    expect(typeOf(reply)).toBe(want);
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: ASKER, port: 67 });
    expect(decision.mutations).toEqual([]);
    // §6.4.1: nothing but who says so when there is no lease.
    if (want !== 'ACTIVE') expect([...reply.options.keys()].sort()).toEqual([53, 54]);
  });

  test('ACTIVE tells whose it is, what is left, and what its relay said; nothing else of the client', () => {
    const world = queried();
    const relayed: Fields = {
      giaddr: ASKER,
      raw: { 61: ID, 82: '01020007' },
      with: { 'host-name': 'secret' },
    };
    const { yiaddr } = received(world.send(discover(relayed)));
    const granted = readOption(received(world.send(selecting(yiaddr, relayed))).options, 'lease-time')!;
    world.later(100);
    const reply = received(world.send(query({ ciaddr: yiaddr })));
    expect(reply).toMatchObject({ ciaddr: yiaddr, yiaddr: 0, htype: 1, hlen: 6, giaddr: ASKER });
    expect(Buffer.from(reply.chaddr.subarray(0, 6)).toString('hex')).toBe(MAC.replaceAll(':', ''));
    expect(readOption(reply.options, 'lease-time')).toBe(granted - 100);
    expect(readOption(reply.options, 'renewal-time')).toBe(granted / 2 - 100);
    expect(readOption(reply.options, 'client-last-transaction-time')).toBe(100);
    expect(Buffer.from(reply.options.get(61)!).toString('hex')).toBe(ID);
    expect(Buffer.from(reply.options.get(82)!).toString('hex')).toBe('01020007');
    expect([...reply.options.keys()].sort((a, b) => a - b)).toEqual([51, 53, 54, 58, 59, 61, 82, 91]);
  });

  test('ACTIVE has T1 and T2 only while they are to come, and what is asked for only', () => {
    const world = queried();
    const address = bind(world);
    world.later(40_000); // of 43,200: past both
    const reply = received(world.send(query({ ciaddr: address })));
    expect(reply.options.has(58) || reply.options.has(59)).toBe(false);
    expect(readOption(reply.options, 'lease-time')).toBe(3200);
    const modest = received(world.send(query({ ciaddr: address, with: { 'parameter-request-list': [1] } })));
    expect([...modest.options.keys()].sort()).toEqual([53, 54]);
  });

  test('ACTIVE by MAC with leases in two networks: the newest in ciaddr, both in option 92', () => {
    const world = queried();
    const near = bind(world);
    world.later(10);
    const there: Fields = { giaddr: ip('10.9.0.1') };
    const offer = received(world.send(discover(there)));
    const far = received(world.send(selecting(offer.yiaddr, there))).yiaddr;
    const reply = received(world.send(query({ mac: MAC })));
    expect(reply.ciaddr).toBe(far);
    expect(readOption(reply.options, 'associated-ip')).toEqual([far, near]);
  });

  test.each([
    { name: 'over', spoil: (world: ReturnType<typeof queried>) => world.later(90_000) },
    {
      name: 'given back',
      spoil: (world: ReturnType<typeof queried>, ciaddr: number) =>
        world.send(message({ ciaddr, with: { 'message-type': 7, 'server-id': SERVER } })),
    },
  ])('a lease that is $name is none', ({ spoil }) => {
    const world = queried();
    const address = bind(world);
    spoil(world, address);
    expect(typeOf(received(world.send(query({ ciaddr: address }))))).toBe('UNASSIGNED');
    expect(typeOf(received(world.send(query({ mac: MAC }))))).toBe('UNKNOWN');
  });

  test('an offer is no lease', () => {
    const world = queried();
    const { yiaddr } = received(world.send(discover()));
    expect(typeOf(received(world.send(query({ ciaddr: yiaddr }))))).toBe('UNASSIGNED');
  });

  test.each([
    { name: 'no relay', fields: { giaddr: 0 }, why: 'query-not-allowed' },
    { name: 'a relay that is not listed', fields: { giaddr: ip('10.9.0.2') }, why: 'query-not-allowed' },
    { name: 'no question', fields: {}, why: 'query-without-key' },
  ])('silence for $name', ({ fields, why }) => {
    expect(whyIgnored(queried().send(query(fields)))).toBe(why);
  });

  test('silence for everybody by default; leases do not keep client ids then', () => {
    const world = createWorld();
    const address = bind(world, { raw: { 61: ID } });
    expect(DEFAULT_SETTINGS.leaseQuery).toEqual([]);
    expect(whyIgnored(world.send(query({ ciaddr: address })))).toBe('query-not-allowed');
    expect(world.leases.byIp(address)?.clientId).toBeUndefined();
  });

  test('golden 28, by MAC, is answered to giaddr', () => {
    const decoded = decode(golden('28').bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const world = queried();
    const address = bind(world);
    const decision = world.send(decoded.value.packet, { destination: SERVER });
    expect(received(decision)).toMatchObject({ ciaddr: address, xid: decoded.value.packet.xid });
    expect(typeOf(received(decision))).toBe('ACTIVE');
    expect(decision.events).toEqual([{ type: 'dhcp.lease-query', via: ASKER, about: MAC, answer: 'active' }]);
  });

  test('whatever is asked, nothing is changed and the answer can be read', () => {
    const world = queried();
    const address = bind(world);
    const before = [...world.leases.all()];
    const octets = (max: number) => fc.uint8Array({ minLength: 0, maxLength: max });
    fc.assert(
      fc.property(
        fc.record({
          ciaddr: fc.constantFrom(0, address, ip('10.9.0.9'), 0xffff_ffff),
          htype: fc.nat(255),
          hlen: fc.nat(16),
          chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
          asked: fc.uint8Array({ minLength: 1, maxLength: 40 }),
          id: fc.option(octets(300), { nil: undefined }),
        }),
        ({ asked, id, ...header }) => {
          const packet = { ...query({}), ...header };
          packet.options.set(55, asked);
          if (id !== undefined) packet.options.set(61, id);
          const decision = world.send(packet);
          expect(decision.mutations).toEqual([]);
          if (decision.reply)
            expect(['ACTIVE', 'UNKNOWN', 'UNASSIGNED']).toContain(typeOf(received(decision)));
        },
      ),
    );
    expect([...world.leases.all()]).toEqual(before);
  });
});

test('handleLeaseQuery() answers from an address of ours, whatever the relay has us called', () => {
  const world = queried();
  const override = `0b04${'0a090001'}`;
  const decision = world.send(query({ ciaddr: ip('10.0.0.222'), raw: { 82: override } }));
  expect(readOption(received(decision).options, 'server-id')).toBe(ASKER);
  expect(decision.reply?.destination.from).toBe(SERVER);
});

test('handleLeaseQuery() finds a MAC without looking through all leases', () => {
  const world = queried();
  const address = bind(world);
  world.leases.all = () => {
    throw new Error('looked through');
  };
  expect(received(world.send(query({ mac: MAC }))).ciaddr).toBe(address);
});

test('handleLeaseQuery() finds a MAC where clients are known by their ids', () => {
  const networks = [networkOfLink(ETH0, { matchClientId: true })];
  const world = createWorld({ settings: { networks, leaseQuery: [ASKER] } });
  const address = bind(world, { raw: { 61: ID } });
  expect(received(world.send(query({ mac: MAC }))).ciaddr).toBe(address);
});
