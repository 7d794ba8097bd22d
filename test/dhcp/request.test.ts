import { describe, expect, test } from 'vitest';
import { readOption, wantsBroadcast } from '../../src/dhcp-packet/index.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  type Fields,
  type How,
  ip,
  MAC,
  received,
  request,
  SERVER,
  selecting,
  type World,
  whyIgnored,
} from './world.ts';

const OTHER_SERVER = ip('10.0.0.99');
const OTHER_MAC = '52:54:00:00:00:02';
const UNICAST: How = { destination: SERVER };

/** ACK with its address, NAK with its text, or why there is no answer. */
function answerTo(world: World, fields: Fields, how: How = {}): string {
  const packet = request(fields);
  const decision = world.send(packet, how);
  if (!decision.reply) return `silent: ${whyIgnored(decision)}`;
  const reply = received(decision);
  const type = readOption(reply.options, 'message-type');
  if (type === 5)
    return `ACK ${reply.yiaddr === packet.ciaddr || reply.yiaddr === askedOf(fields) ? 'same' : 'other'}`;
  return `NAK ${readOption(reply.options, 'message')}`;
}

function askedOf(fields: Fields): number | undefined {
  return fields.with?.['requested-ip'];
}

describe('SELECTING', () => {
  test('handleRequest() SELECTING binds the offered address and says for how long', () => {
    const world = createWorld();
    const offer = received(world.send(discover()));
    const decision = world.send(selecting(offer.yiaddr));
    const ack = received(decision);
    expect(readOption(ack.options, 'message-type')).toBe(5);
    expect(ack.yiaddr).toBe(offer.yiaddr);
    expect(world.leases.byIp(offer.yiaddr)).toMatchObject({
      state: 'bound',
      mac: MAC,
      expiresAt: world.now() + 43_200_000,
    });
    // The ACK says what the OFFER said (RFC 2131 §4.3.2).
    const values = (options: ReadonlyMap<number, Uint8Array>) =>
      [...options].filter(([code]) => code !== 53).map(([code, body]) => [code, [...body]]);
    expect(values(ack.options)).toEqual(values(offer.options));
    expect(decision.mutations).toMatchObject([{ kind: 'put', volatile: false }, { kind: 'machine' }]);
  });

  test('handleRequest() SELECTING a repeated REQUEST gets the same ACK', () => {
    const world = createWorld();
    const offer = received(world.send(discover()));
    const [first, second] = [1, 2].map(() => received(world.send(selecting(offer.yiaddr))));
    expect(second).toEqual(first);
  });

  test('handleRequest() SELECTING another server: silent, and our offer is free for others', () => {
    const ranges = [{ first: ip('10.0.0.50'), last: ip('10.0.0.50') }];
    const world = createWorld({ network: { ranges } });
    world.send(discover());
    const taken = world.send(
      request({ with: { 'server-id': OTHER_SERVER, 'requested-ip': ip('10.0.0.77') } }),
    );
    expect(whyIgnored(taken)).toBe('other-server');
    expect(received(world.send(discover({ mac: OTHER_MAC }))).yiaddr).toBe(ip('10.0.0.50'));
  });

  test('handleRequest() SELECTING another server does not give up a lease that is running', () => {
    const world = createWorld();
    const address = bind(world);
    world.send(request({ with: { 'server-id': OTHER_SERVER, 'requested-ip': ip('10.0.0.77') } }));
    expect(world.leases.byIp(address)?.state).toBe('bound');
  });

  test('handleRequest() SELECTING an offer that ran out is honoured while nobody else has the address', () => {
    const ranges = [{ first: ip('10.0.0.50'), last: ip('10.0.0.50') }];
    const world = createWorld({ network: { ranges } });
    const { yiaddr } = received(world.send(discover()));
    world.later(61);
    expect(received(world.send(selecting(yiaddr))).yiaddr).toBe(yiaddr);
  });

  test.each([
    {
      name: 'an address given to another meanwhile',
      asked: 'taken',
      want: 'NAK address was not offered to you',
    },
    { name: 'an address never offered', asked: '10.0.0.77', want: 'NAK address was not offered to you' },
    { name: 'an address of another network', asked: '192.168.1.1', want: 'NAK wrong network' },
    { name: 'our own address', asked: '10.0.0.1', want: 'NAK address was not offered to you' },
    { name: 'the broadcast address', asked: '10.0.0.255', want: 'NAK address was not offered to you' },
  ])('handleRequest() SELECTING $name: $want', ({ asked, want }) => {
    const ranges = [{ first: ip('10.0.0.50'), last: ip('10.0.0.50') }];
    const world = createWorld({ network: { ranges } });
    const { yiaddr } = received(world.send(discover()));
    world.later(61);
    bind(world, { mac: OTHER_MAC });
    const address = asked === 'taken' ? yiaddr : ip(asked);
    expect(answerTo(world, { with: { 'server-id': SERVER, 'requested-ip': address } })).toBe(want);
    expect(world.leases.byIp(yiaddr)?.mac).toBe(OTHER_MAC);
  });

  test('handleRequest() SELECTING knows each of our addresses as ours (RFC 2131 §4.1)', () => {
    const links = [
      {
        name: 'eth0',
        index: 2,
        mac: '02:00:00:00:00:01',
        mtu: 1500,
        addresses: [{ ip: SERVER, length: 24 }],
      },
      {
        name: 'eth1',
        index: 3,
        mac: '02:00:00:00:00:02',
        mtu: 1500,
        addresses: [{ ip: ip('10.1.0.1'), length: 24 }],
      },
    ];
    const world = createWorld({ links });
    const { yiaddr } = received(world.send(discover()));
    const fields = { with: { 'server-id': ip('10.1.0.1'), 'requested-ip': yiaddr } };
    expect(answerTo(world, fields)).toBe('ACK same');
  });
});

describe('INIT-REBOOT', () => {
  test.each([
    { name: 'its own address', known: true, asked: 'own', authoritative: false, want: 'ACK same' },
    {
      name: 'its own address, lease over',
      known: 'expired',
      asked: 'own',
      authoritative: false,
      want: 'ACK same',
    },
    {
      name: 'another address',
      known: true,
      asked: '10.0.0.77',
      authoritative: false,
      want: 'NAK you have another address',
    },
    {
      name: 'a wrong network',
      known: true,
      asked: '192.168.77.5',
      authoritative: false,
      want: 'NAK wrong network',
    },
    {
      name: 'a wrong network, lease over',
      known: 'expired',
      asked: '192.168.77.5',
      authoritative: false,
      want: 'silent: unknown-client',
    },
    {
      name: 'unknown machine',
      known: false,
      asked: '10.0.0.77',
      authoritative: false,
      want: 'silent: unknown-client',
    },
    {
      name: 'unknown machine, wrong network',
      known: false,
      asked: '192.168.77.5',
      authoritative: false,
      want: 'silent: unknown-client',
    },
    {
      name: 'unknown machine, authoritative',
      known: false,
      asked: '10.0.0.77',
      authoritative: true,
      want: 'ACK same',
    },
    {
      name: 'unknown machine, wrong network, authoritative',
      known: false,
      asked: '192.168.77.5',
      authoritative: true,
      want: 'NAK wrong network',
    },
    {
      name: 'unknown machine, not of the pool, authoritative',
      known: false,
      asked: '10.0.0.1',
      authoritative: true,
      want: 'NAK address not available',
    },
  ])('handleRequest() INIT-REBOOT $name: $want', ({ known, asked, authoritative, want }) => {
    const world = createWorld({ settings: { authoritative } });
    const own = known ? bind(world) : 0;
    if (known === 'expired') world.later(2 * 86_400);
    const address = asked === 'own' ? own : ip(asked);
    const pxe = { 'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001' };
    expect(answerTo(world, { with: { 'requested-ip': address, ...pxe } })).toBe(want);
  });

  test('handleRequest() INIT-REBOOT never speaks to systems that are none of ours, authoritative or not', () => {
    const world = createWorld({ settings: { authoritative: true } });
    const fields = { with: { 'requested-ip': ip('192.168.77.5'), 'host-name': 'laptop' } };
    expect(answerTo(world, fields)).toBe('silent: not-netboot');
  });

  test('handleRequest() INIT-REBOOT an offer it never took says nothing about another server’s lease', () => {
    const world = createWorld();
    world.send(discover());
    world.send(request({ with: { 'server-id': OTHER_SERVER, 'requested-ip': ip('10.0.0.77') } }));
    expect(answerTo(world, { with: { 'requested-ip': ip('10.0.0.77') } })).toMatch(/^silent/);
  });

  test('handleRequest() INIT-REBOOT an offer still held says nothing either', () => {
    const world = createWorld();
    world.send(discover());
    expect(answerTo(world, { with: { 'requested-ip': ip('10.0.0.77') } })).toMatch(/^silent/);
    expect(answerTo(world, { ciaddr: ip('10.0.0.77') })).toMatch(/^silent/);
  });

  test('handleRequest() INIT-REBOOT a machine with a reservation is known without a record', () => {
    const world = createWorld({ settings: { reservations: [{ mac: MAC, ip: ip('10.0.0.9') }] } });
    expect(answerTo(world, { with: { 'requested-ip': ip('10.0.0.9') } })).toBe('ACK same');
  });
});

describe('RENEWING and REBINDING', () => {
  test('handleRequest() RENEWING extends the lease and answers unicast to ciaddr', () => {
    const world = createWorld();
    const address = bind(world);
    world.later(21_600);
    const decision = world.send(request({ ciaddr: address }), UNICAST);
    expect(received(decision)).toMatchObject({ yiaddr: address, ciaddr: address });
    expect(decision.reply?.destination).toEqual({ kind: 'unicast', ip: address, port: 68, from: SERVER });
    expect(world.leases.byIp(address)?.expiresAt).toBe(world.now() + 43_200_000);
  });

  test.each([
    { name: 'RENEWING its lease', how: UNICAST, who: MAC, at: 'own', authoritative: false, want: 'ACK same' },
    {
      name: 'RENEWING of old clients, with 54',
      how: {},
      who: MAC,
      at: 'own',
      authoritative: false,
      serverId: SERVER,
      want: 'ACK same',
    },
    {
      name: 'RENEWING with another’s 54',
      how: UNICAST,
      who: MAC,
      at: 'own',
      authoritative: false,
      serverId: OTHER_SERVER,
      want: 'silent: other-server',
    },
    {
      name: 'RENEWING another address than its own',
      how: UNICAST,
      who: MAC,
      at: '10.0.0.77',
      authoritative: false,
      want: 'NAK you have another address',
    },
    {
      name: 'RENEWING another’s address',
      how: UNICAST,
      who: OTHER_MAC,
      at: 'own',
      authoritative: false,
      want: 'NAK lease not found',
    },
    {
      name: 'RENEWING an address out of the pool',
      how: UNICAST,
      who: OTHER_MAC,
      at: '10.0.0.1',
      authoritative: false,
      want: 'NAK lease not found',
    },
    {
      name: 'RENEWING a foreign address',
      how: UNICAST,
      who: OTHER_MAC,
      at: '172.16.0.9',
      authoritative: false,
      want: 'NAK wrong network',
    },
    {
      name: 'RENEWING a lease we lost is adopted',
      how: UNICAST,
      who: OTHER_MAC,
      at: '10.0.0.77',
      authoritative: false,
      want: 'ACK same',
    },
    { name: 'REBINDING its lease', how: {}, who: MAC, at: 'own', authoritative: false, want: 'ACK same' },
    {
      name: 'REBINDING another address than its own',
      how: {},
      who: MAC,
      at: '10.0.0.77',
      authoritative: false,
      want: 'NAK you have another address',
    },
    {
      name: 'REBINDING an unknown lease',
      how: {},
      who: OTHER_MAC,
      at: '10.0.0.77',
      authoritative: false,
      want: 'silent: unknown-client',
    },
    {
      name: 'REBINDING an unknown lease, authoritative',
      how: {},
      who: OTHER_MAC,
      at: '10.0.0.77',
      authoritative: true,
      want: 'ACK same',
    },
    {
      name: 'REBINDING in a wrong network, authoritative',
      how: {},
      who: OTHER_MAC,
      at: '172.16.0.9',
      authoritative: true,
      want: 'NAK wrong network',
    },
    {
      name: 'REBINDING another’s address, authoritative',
      how: {},
      who: OTHER_MAC,
      at: 'own',
      authoritative: true,
      want: 'NAK address not available',
    },
  ])('handleRequest() $name: $want', ({ how, who, at, authoritative, want, ...more }) => {
    const world = createWorld({ settings: { authoritative, answerAll: true } });
    const own = bind(world);
    const serverId = 'serverId' in more ? { 'server-id': more.serverId as number } : {};
    const fields = { mac: who, ciaddr: at === 'own' ? own : ip(at), with: serverId };
    expect(answerTo(world, fields, how)).toBe(want);
    expect(world.leases.byIp(own)?.mac).toBe(MAC);
  });

  test('handleRequest() RENEWING an adopted machine is one that booted here, from then on', () => {
    const world = createWorld();
    world.send(request({ ciaddr: ip('10.0.0.77') }), UNICAST);
    expect(received(world.send(bareDiscover())).yiaddr).toBe(ip('10.0.0.77'));
  });

  test('handleRequest() RENEWING moves a machine to its new reservation by NAK, once that is free', () => {
    const world = createWorld();
    const old = bind(world);
    bind(world, { mac: OTHER_MAC, with: { 'requested-ip': ip('10.0.0.9') } });
    world.reconfigure({ settings: { reservations: [{ mac: MAC, ip: ip('10.0.0.9') }] } });
    expect(answerTo(world, { ciaddr: old }, UNICAST)).toBe('ACK same');
    world.later(40_000);
    expect(answerTo(world, { ciaddr: old }, UNICAST)).toBe('ACK same');
    world.later(4000);
    expect(answerTo(world, { ciaddr: old }, UNICAST)).toBe('NAK you have another address');
    expect(received(world.send(discover())).yiaddr).toBe(ip('10.0.0.9'));
  });
});

test.each([
  { name: 'neither 50 nor ciaddr', fields: {} },
  { name: '54 without 50 and ciaddr', fields: { with: { 'server-id': SERVER } } },
])('handleRequest() $name is malformed', ({ fields }) => {
  expect(answerTo(createWorld(), fields)).toBe('silent: malformed-request');
});

describe('NAK', () => {
  test('nakReply() has 53, 54, 56 and what is echoed, and nothing else (Table 3)', () => {
    const world = createWorld();
    bind(world);
    const raw = { 61: '01525400ec3381', 97: '0078a62677c07f5348a4f6c85ac36a120a' };
    const decision = world.send(request({ raw, with: { 'requested-ip': ip('10.0.0.77') } }));
    const nak = received(decision);
    expect([...nak.options.keys()].toSorted((a, b) => a - b)).toEqual([53, 54, 56, 61]);
    expect(nak).toMatchObject({ ciaddr: 0, yiaddr: 0, siaddr: 0, file: '', sname: '' });
    expect(decision.reply?.destination.kind).toBe('broadcast');
    expect(decision.events).toMatchObject([{ type: 'dhcp.nak', ip: ip('10.0.0.77'), why: 'other-address' }]);
  });

  test('nakReply() tells a relay to broadcast', () => {
    const world = createWorld();
    bind(world);
    const fields = {
      giaddr: ip('10.0.0.2'),
      with: { 'requested-ip': ip('192.168.77.5') },
      raw: { 82: '01020007' },
    };
    const decision = world.send(request(fields));
    expect(wantsBroadcast(received(decision))).toBe(true);
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: ip('10.0.0.2'), port: 67 });
    expect([...received(decision).options.keys()].at(-1)).toBe(82);
  });
});
