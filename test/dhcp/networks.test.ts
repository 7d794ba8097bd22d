import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planDhcp } from '../../src/dhcp/plan.ts';
import { createPool, joinPools } from '../../src/dhcp/pool.ts';
import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type Link,
  type Network,
  type NetworkOverrides,
  networkOfLink,
  type PoolRange,
} from '../../src/dhcp/settings.ts';
import { readOption } from '../../src/dhcp-packet/index.ts';
import { contains, formatSubnet, parseSubnet, subnetOf } from '../../src/lib/ipv4.ts';
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
  request,
  SERVER,
  selecting,
  type World,
  whyIgnored,
} from './world.ts';

const ETH1: Link = { ...ETH0, name: 'eth1', index: 3, addresses: [{ ip: ip('10.1.0.1'), length: 24 }] };

function network(subnet: string, overrides: NetworkOverrides = {}): Network {
  return networkOfLink(ETH0, { name: subnet, subnet: parseSubnet(subnet), routers: [], ...overrides });
}

function range(first: string, last = first, condition: Pick<PoolRange, 'allow' | 'deny'> = {}): PoolRange {
  return { first: ip(first), last: ip(last), ...condition };
}

function worldOf(networks: readonly Network[], settings: Partial<DhcpSettings> = {}): World {
  return createWorld({ links: [ETH0, ETH1], settings: { networks, ...settings } });
}

/** The network of the address that is offered. */
function placeOf(world: World, fields: Fields = {}, link: Link = ETH0): string | undefined {
  const decision = world.send(discover(fields), { link });
  return decision.reply && formatSubnet(subnetOf(received(decision).yiaddr, 24));
}

const PLACES = [
  network('10.0.0.0/24'),
  network('10.1.0.0/24'),
  network('10.2.0.0/24', { relays: [ip('192.0.2.1')] }),
  network('10.3.0.0/24', { interface: 'eth2' }),
];

test.each<[name: string, fields: Fields, link: Link, want: string | undefined]>([
  ['the interface it is behind', {}, ETH0, '10.0.0.0/24'],
  ['another interface', {}, ETH1, '10.1.0.0/24'],
  ['a relay inside the subnet', { giaddr: ip('10.2.0.9') }, ETH0, '10.2.0.0/24'],
  ['a relay that is named', { giaddr: ip('192.0.2.1') }, ETH0, '10.2.0.0/24'],
  ['no relay we know', { giaddr: ip('192.0.2.2') }, ETH0, undefined],
  ['an interface that is named', {}, { ...ETH0, name: 'eth2', addresses: [] }, '10.3.0.0/24'],
])('handle() finds the network of a client by %s', (_, fields, link, want) => {
  expect(placeOf(worldOf(PLACES), fields, link)).toBe(want);
});

test('handle() gives nothing of a network that is bound to another interface', () => {
  const world = worldOf([network('10.0.0.0/24', { interface: 'eth1' })]);
  expect(whyIgnored(world.send(discover()))).toBe('no-network');
  expect(placeOf(world, {}, ETH1)).toBe('10.0.0.0/24');
});

test('handle() offers an address of a network that shares the link when the first is full', () => {
  const world = worldOf([
    network('10.0.0.0/24', { sharedNetwork: 'hall', ranges: [range('10.0.0.10')] }),
    network('10.5.0.0/24', { sharedNetwork: 'hall', ranges: [range('10.5.0.10')] }),
    network('10.6.0.0/24', { sharedNetwork: 'other' }),
  ]);
  expect(received(world.send(discover())).yiaddr).toBe(ip('10.0.0.10'));
  const second = received(world.send(discover({ mac: '52:54:00:00:00:02' })));
  expect(second.yiaddr).toBe(ip('10.5.0.10'));
  expect(readOption(second.options, 'subnet-mask')).toBe(ip('255.255.255.0'));
  expect(world.send(discover({ mac: '52:54:00:00:00:03' })).events[0]?.type).toBe('dhcp.pool-exhausted');
});

test('handle() keeps a client in the network of its link where it has, had, asks for or is reserved an address', () => {
  const shared = { sharedNetwork: 'hall' };
  const networks = [network('10.0.0.0/24', shared), network('10.5.0.0/24', shared)];
  const asking = { with: { 'requested-ip': ip('10.5.0.77') } };
  const world = worldOf(networks);
  const offer = received(world.send(discover(asking)));
  expect(offer.yiaddr).toBe(ip('10.5.0.77'));
  received(world.send(selecting(ip('10.5.0.77'))));
  expect(received(world.send(discover())).yiaddr).toBe(ip('10.5.0.77'));
  world.later(1_000_000);
  expect(received(world.send(discover())).yiaddr).toBe(ip('10.5.0.77'));
  world.reconfigure({
    links: [ETH0, ETH1],
    settings: { networks, reservations: [{ mac: MAC, ip: ip('10.0.0.5') }] },
  });
  expect(received(world.send(discover())).yiaddr).toBe(ip('10.0.0.5'));
});

test('handle() renews and refuses addresses of any network of the link', () => {
  const shared = { sharedNetwork: 'hall' };
  const world = worldOf([network('10.0.0.0/24', shared), network('10.5.0.0/24', shared)], {
    authoritative: true,
  });
  const asking = { with: { 'requested-ip': ip('10.5.0.77') } };
  world.send(discover(asking));
  received(world.send(selecting(ip('10.5.0.77'))));
  const renewed = world.send(request({ ciaddr: ip('10.5.0.77') }), { destination: SERVER });
  expect(received(renewed).yiaddr).toBe(ip('10.5.0.77'));
  const reboot = (address: string) => world.send(request({ with: { 'requested-ip': ip(address) } }));
  expect(received(reboot('10.5.0.77')).yiaddr).toBe(ip('10.5.0.77'));
  expect(reboot('10.5.0.78').events).toMatchObject([{ type: 'dhcp.nak', why: 'other-address' }]);
  expect(reboot('10.9.0.78').events).toMatchObject([{ type: 'dhcp.nak', why: 'wrong-network' }]);
});

test('NetworkIndex finds what a look at every network finds', () => {
  const subnet = fc
    .tuple(fc.nat(3), fc.integer({ min: 20, max: 28 }), fc.nat(0xffff))
    .map(([high, length, low]) => subnetOf(((10 << 24) | (high << 16) | low) >>> 0, length));
  const address = fc
    .tuple(fc.nat(3), fc.nat(0xffff))
    .map(([high, low]) => ((10 << 24) | (high << 16) | low) >>> 0);
  const entry = fc.record({
    subnet,
    sharedNetwork: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), address, (entries, place) => {
      const apart = entries.filter(
        (one, i) =>
          !entries.some(
            (other, j) =>
              j < i &&
              (contains(other.subnet, one.subnet.network) || contains(one.subnet, other.subnet.network)),
          ),
      );
      const networks = apart.map((one) => networkOfLink(ETH0, { ...one, name: formatSubnet(one.subnet) }));
      const { places } = planDhcp({ ...DEFAULT_SETTINGS, networks }, [ETH0]);
      const own = networks.find((one) => contains(one.subnet, place));
      const others = networks.filter(
        (one) => one !== own && own?.sharedNetwork !== undefined && one.sharedNetwork === own.sharedNetwork,
      );
      const want = own ? [own, ...others].map(({ name }) => name) : [];
      expect(places.at(place).map(({ name }) => name)).toEqual(want);
      expect(places.behind(place).map(({ name }) => name)).toEqual(want);
    }),
  );
});

const FOR_KNOWN = [range('10.0.0.10'), range('10.0.0.20', '10.0.0.29', { allow: ['known'] })];

test('handle() gives addresses of a range with `allow` to clients with one of its tags alone', () => {
  const world = worldOf([network('10.0.0.0/24', { ranges: FOR_KNOWN })], { reservations: [{ mac: MAC }] });
  expect(received(world.send(discover({ mac: '52:54:00:00:00:02' }))).yiaddr).toBe(ip('10.0.0.10'));
  const stranger = world.send(
    discover({ mac: '52:54:00:00:00:03', with: { 'requested-ip': ip('10.0.0.20') } }),
  );
  expect(stranger.events[0]?.type).toBe('dhcp.pool-exhausted');
  expect(received(world.send(discover())).yiaddr).toBeGreaterThanOrEqual(ip('10.0.0.20'));
});

test('handle() gives addresses of a range with `deny` to clients with none of its tags', () => {
  const ranges = [range('10.0.0.10', '10.0.0.19', { deny: ['bootp', 'guest'] })];
  const guests = [{ match: { mac: ['52:54:00:00'] }, says: { tags: ['guest'] } }];
  const world = worldOf([network('10.0.0.0/24', { ranges })], {
    rules: guests,
    bootp: { enabled: true, ranges: 'network', serverName: '' },
  });
  expect(whyIgnored(world.send(discover({ mac: '52:54:00:00:00:02' })))).toBe('no-range');
  expect(world.send(message({ mac: '52:54:01:00:00:02' })).events[0]?.type).toBe('dhcp.pool-exhausted');
  expect(received(world.send(discover())).yiaddr).toBeGreaterThanOrEqual(ip('10.0.0.10'));
});

test('handle() heeds an entry for another network of the link, file and all', () => {
  const shared = { sharedNetwork: 'hall' };
  const world = createWorld({
    files: [],
    links: [ETH0, ETH1],
    settings: {
      networks: [network('10.0.0.0/24', shared), network('10.5.0.0/24', shared)],
      reservations: [{ mac: MAC, ip: ip('10.5.0.9'), file: 'own.0' }],
      boot: { bootFile: '', archFiles: new Map() },
    },
  });
  const offer = received(world.send(discover()));
  expect([offer.yiaddr, offer.file]).toEqual([ip('10.5.0.9'), 'own.0']);
  expect(received(world.send(message({}))).yiaddr).toBe(ip('10.5.0.9'));
});

test('handle() takes an address back (NAK) when its range is for others now', () => {
  const open = network('10.0.0.0/24', { ranges: [range('10.0.0.20', '10.0.0.29')] });
  const closed = network('10.0.0.0/24', { ranges: [range('10.0.0.20', '10.0.0.29', { allow: ['known'] })] });
  const world = worldOf([open]);
  const address = bind(world);
  world.reconfigure({ links: [ETH0, ETH1], settings: { networks: [closed] } });
  const refused = world.send(request({ ciaddr: address }), { destination: SERVER });
  expect(refused.events).toMatchObject([{ type: 'dhcp.nak', why: 'not-permitted' }]);
  world.reconfigure({ links: [ETH0, ETH1], settings: { networks: [closed], reservations: [{ mac: MAC }] } });
  expect(received(world.send(request({ ciaddr: address }), { destination: SERVER })).yiaddr).toBe(address);
});

test('handle() keeps silent towards machines without an entry where strangers are denied', () => {
  const world = worldOf([network('10.0.0.0/24', { denyUnknown: true }), network('10.1.0.0/24')], {
    reservations: [{ mac: MAC }],
    answerAll: true,
    bootp: { enabled: true, ranges: 'network', serverName: '' },
  });
  const stranger = { mac: '52:54:00:00:00:02' };
  const inform = message({ ...stranger, ciaddr: ip('10.0.0.50'), with: { 'message-type': 8 } });
  expect(whyIgnored(world.send(discover(stranger)))).toBe('unknown-denied');
  expect(whyIgnored(world.send(message(stranger)))).toBe('unknown-denied');
  expect(whyIgnored(world.send(inform))).toBe('unknown-denied');
  expect(placeOf(world)).toBe('10.0.0.0/24');
  expect(placeOf(world, stranger, ETH1)).toBe('10.1.0.0/24');
});

test('handle() takes a stranger’s address back where strangers are denied now, and gives one of a network that takes them', () => {
  const shared = { sharedNetwork: 'hall' };
  const world = worldOf([network('10.0.0.0/24', shared)]);
  const address = bind(world);
  const networks = [network('10.0.0.0/24', { ...shared, denyUnknown: true }), network('10.5.0.0/24', shared)];
  world.reconfigure({ links: [ETH0, ETH1], settings: { networks } });
  const refused = world.send(request({ ciaddr: address }), { destination: SERVER });
  expect(refused.events).toMatchObject([{ type: 'dhcp.nak', why: 'not-permitted' }]);
  expect(placeOf(world)).toBe('10.5.0.0/24');
});

test('joinPools() numbers the addresses of all its pools, each once', () => {
  const part = fc.array(fc.tuple(fc.nat(40), fc.nat(12)), { maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const pools = parts.map((ranges, i) =>
        createPool(
          ranges.map(([first, more]) => ({ first: i * 100 + first, last: i * 100 + first + more })),
          [],
        ),
      );
      const joined = joinPools(pools);
      const all = Array.from({ length: joined.size }, (_, i) => joined.at(i));
      expect(new Set(all).size).toBe(joined.size);
      const member = Array.from({ length: parts.length * 100 }, (_, address) => address).filter((address) =>
        pools.some((pool) => pool.has(address)),
      );
      expect(all.toSorted((a, b) => a - b)).toEqual(member);
      expect(all.every((address) => joined.has(address))).toBe(true);
    }),
  );
});

/** One option, and the lease, set at every circle but those left out: who is heard? */
test.each<[circles: readonly string[], want: string]>([
  [['all'], 'all'],
  [['all', 'network'], 'network'],
  [['all', 'network', 'rule'], 'rule'],
  [['all', 'network', 'rule', 'host'], 'host'],
  [['all', 'host'], 'host'],
  [['all', 'rule'], 'rule'],
])('handle() tells a client what the nearest of %j says', (circles, want) => {
  const body = (name: string) => new TextEncoder().encode(name);
  const options = (name: string) => (circles.includes(name) ? [{ code: 209, body: body(name) }] : []);
  const terms = (name: string) => ({
    options: options(name),
    ...(circles.includes(name) && { domain: name }),
  });
  const world = worldOf([network('10.0.0.0/24', terms('network'))], {
    options: [...options('all'), { code: 15, body: body('all') }, { code: 210, body: body('always') }],
    rules: [{ match: {}, says: { terms: terms('rule') } }],
    reservations: [{ mac: MAC, terms: terms('host') }],
  });
  const offer = received(world.send(discover()));
  expect(readOption(offer.options, 'config-file')).toBe(want);
  expect(readOption(offer.options, 'path-prefix')).toBe('always');
  expect(readOption(offer.options, 'domain-name')).toBe(want);
});

test('handle() tells a network’s own name servers, not those of all networks', () => {
  const options = [{ code: 6, body: Uint8Array.of(10, 0, 0, 6) }];
  const dns = (overrides: NetworkOverrides) =>
    readOption(
      received(worldOf([network('10.0.0.0/24', overrides)], { options }).send(discover())).options,
      'dns-servers',
    );
  expect(dns({})).toEqual([ip('10.0.0.6')]);
  expect(dns({ dns: [ip('10.0.0.7')] })).toEqual([ip('10.0.0.7')]);
});

test('handle() gives the boot file of the host, else the rule, else the network, else of all', () => {
  const file = (settings: Partial<DhcpSettings>, overrides: NetworkOverrides = {}) =>
    received(worldOf([network('10.0.0.0/24', overrides)], settings).send(discover())).file;
  const reservations = [{ mac: MAC, file: 'host.0' }];
  const rules = [{ match: {}, says: { file: 'rule.0' } }];
  expect(file({})).toBe('pxelinux.0');
  expect(file({}, { file: 'network.0' })).toBe('network.0');
  expect(file({ rules }, { file: 'network.0' })).toBe('rule.0');
  expect(file({ rules, reservations }, { file: 'network.0' })).toBe('host.0');
});

test('handle() gives the lease of the host in every stage, and its own to firmware', () => {
  const lease = (terms: object, fields: Fields = {}) => {
    const world = worldOf([network('10.0.0.0/24', { leaseSeconds: 3600, maxLeaseSeconds: 7200 })], {
      reservations: [{ mac: MAC, terms }],
    });
    return readOption(received(world.send(discover(fields))).options, 'lease-time');
  };
  expect(lease({})).toBe(3600);
  expect(lease({ leaseSeconds: 600 })).toBe(600);
  expect(lease({ leaseSeconds: 600, bootLeaseSeconds: 60 })).toBe(60);
  expect(lease({ leaseSeconds: 600, maxLeaseSeconds: 600 }, { with: { 'lease-time': 7200 } })).toBe(600);
});
