import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeClient } from '../../src/boot/client.ts';
import { indexHosts } from '../../src/dhcp/hosts.ts';
import { identityOf } from '../../src/dhcp/identity.ts';
import type { Reservation } from '../../src/dhcp/settings.ts';
import { clientUuidFromSmbios, relayAgentInfo } from '../../src/dhcp-packet/index.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import {
  createWorld,
  discover,
  type Fields,
  ip,
  MAC,
  message,
  received,
  request,
  whyIgnored,
} from './world.ts';

const UUID = '564d8a10-97c2-4f05-9d3a-0123456789ab';
const WIRE_UUID = '108a4d56-c297-054f-9d3a-0123456789ab';
const RELAY = ip('10.0.0.2');
const SEAT = relayAgentInfo({ circuitId: fromHex('0107'), remoteId: fromHex('aabb') });

/** A machine that sends everything one may be known by. */
const EVERYTHING: Fields = {
  giaddr: RELAY,
  with: {
    'client-uuid': clientUuidFromSmbios(UUID),
    'relay-agent-info': SEAT,
    'host-name': 'Node1.lab.example',
    'client-id': fromHex('01525400ec3381'),
  },
};

function find(list: readonly Reservation[], fields: Fields = EVERYTHING): readonly Reservation[] {
  const packet = message({ ...fields, with: { 'message-type': 1, ...fields.with } });
  const info = fields.with?.['relay-agent-info'];
  return indexHosts(list).find({
    identity: identityOf(packet),
    client: describeClient(packet),
    packet,
    relayPoint: () => (info ? { via: packet.giaddr, info } : undefined),
  });
}

test.each<[name: string, entry: Reservation, isFound: boolean]>([
  ['a MAC', { mac: MAC }, true],
  ['another MAC', { mac: '52:54:00:00:00:01' }, false],
  ['a client id', { clientId: '01525400ec3381' }, true],
  ['a longer client id', { clientId: '01525400ec338100' }, false],
  ['the UUID as dmidecode spells it', { uuid: UUID }, true],
  ['the UUID as it is on the wire', { uuid: WIRE_UUID }, true],
  ['another UUID', { uuid: '564d8a10-97c2-4f05-9d3a-0123456789ac' }, false],
  ['a port', { circuitId: '0107' }, true],
  ['a port of that relay', { circuitId: '0107', relay: RELAY }, true],
  ['a port of another relay', { circuitId: '0107', relay: ip('10.0.0.3') }, false],
  ['an agent', { remoteId: 'aabb' }, true],
  ['an agent and port', { remoteId: 'aabb', circuitId: '0107' }, true],
  ['another port of that agent', { remoteId: 'aabb', circuitId: '0108' }, false],
  ['a name, whatever its case', { hostname: 'NODE1.lab.EXAMPLE' }, true],
  ['the first label of a name', { hostname: 'node1' }, true],
  ['the beginning of a label', { hostname: 'node' }, false],
  ['a name beside a MAC is told, not asked for', { mac: MAC, hostname: 'other' }, true],
  ['a MAC and a UUID, both right', { mac: MAC, uuid: WIRE_UUID }, true],
  ['a MAC and a UUID, one wrong', { mac: MAC, uuid: '564d8a10-97c2-4f05-9d3a-0123456789ac' }, false],
  ['nothing', { ip: ip('10.0.0.9') }, false],
])('indexHosts() finds a machine by %s', (_, entry, isFound) => {
  expect(find([entry])).toEqual(isFound ? [entry] : []);
});

test('indexHosts() puts client ids before MACs, UUIDs, option 82 and names', () => {
  const order: Reservation[] = [
    { clientId: '01525400ec3381' },
    { mac: MAC },
    { uuid: UUID },
    { remoteId: 'aabb' },
    { circuitId: '0107' },
    { hostname: 'node1' },
  ];
  expect(find(order.toReversed())).toEqual(order);
});

test('indexHosts() reads option 82 for nobody when no entry is about relays', () => {
  const packet = message({ with: { 'message-type': 1 } });
  const found = indexHosts([{ mac: '52:54:00:00:00:01' }, { hostname: 'a' }]).find({
    identity: identityOf(packet),
    client: describeClient(packet),
    packet,
    relayPoint: () => {
      throw new Error('asked');
    },
  });
  expect(found).toEqual([]);
});

test('indexHosts() reads option 82 once, however many switches have a port of that name', () => {
  const index = indexHosts(
    Array.from({ length: 500 }, (_, n) => ({ circuitId: '6531', relay: ip('10.9.0.0') + n })),
  );
  let reads = 0;
  const packet = message();
  const found = index.find({
    ...{ identity: identityOf(packet), client: describeClient(packet), packet },
    relayPoint: () => {
      reads++;
      return { via: ip('10.9.0.7'), info: relayAgentInfo({ circuitId: fromHex('6531') }) };
    },
  });
  expect(found).toEqual([{ circuitId: '6531', relay: ip('10.9.0.7') }]);
  expect(reads).toBe(1);
});

test('indexHosts() finds an entry exactly when all its selectors fit', () => {
  const choice = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const entry = fc.record({
    mac: choice(MAC, '52:54:00:00:00:01'),
    clientId: choice('01525400ec3381', '00'),
    uuid: choice(UUID, WIRE_UUID, '564d8a10-97c2-4f05-9d3a-0123456789ac'),
    circuitId: choice('0107', '0108'),
    remoteId: choice('aabb', 'aabc'),
    relay: choice(RELAY, RELAY + 1),
  });
  const right: readonly unknown[] = [
    MAC,
    '01525400ec3381',
    UUID,
    WIRE_UUID,
    '0107',
    'aabb',
    RELAY,
    undefined,
  ];
  fc.assert(
    fc.property(fc.array(entry), (list) => {
      const given = list.map((one) =>
        Object.fromEntries(Object.entries(one).filter(([, v]) => v !== undefined)),
      );
      const want = given.filter(
        (one) =>
          Object.keys(one).some((key) => key !== 'relay') &&
          Object.values(one).every((v) => right.includes(v)),
      );
      const found = find(given as Reservation[]);
      expect(new Set(found)).toEqual(new Set(want));
      expect(found.length).toBe(want.length);
    }),
  );
});

test.each<[name: string, entry: Reservation]>([
  ['UUID', { uuid: WIRE_UUID }],
  ['port', { circuitId: '0107', relay: RELAY }],
  ['name', { hostname: 'node1' }],
])('handle() gives a machine the address that is reserved for its %s', (_, entry) => {
  const world = createWorld({ settings: { reservations: [{ ...entry, ip: ip('10.0.0.77') }] } });
  expect(received(world.send(discover(EVERYTHING))).yiaddr).toBe(ip('10.0.0.77'));
  const other = received(world.send(discover({ mac: '52:54:00:00:00:99' })));
  expect(other.yiaddr).not.toBe(ip('10.0.0.77'));
});

test('handle() keeps to a reservation by port in the RENEW that goes past the relay', () => {
  const world = createWorld({
    settings: {
      reservations: [
        { circuitId: '0107', ip: ip('10.0.0.77'), terms: { leaseSeconds: 300, maxLeaseSeconds: 300 } },
      ],
    },
  });
  const seat = { giaddr: RELAY, with: { 'relay-agent-info': SEAT } };
  const offer = received(world.send(discover(seat)));
  world.send(
    request({ ...seat, with: { ...seat.with, 'server-id': ip('10.0.0.1'), 'requested-ip': offer.yiaddr } }),
  );
  const renewal = world.send(request({ ciaddr: offer.yiaddr }), { destination: ip('10.0.0.1') });
  expect(received(renewal).options.get(51)).toEqual(fromHex('0000012c'));
});

test('handle() answers a machine with an entry of its own although it does not boot over the network', () => {
  const world = createWorld({ settings: { reservations: [{ hostname: 'node1' }] } });
  const system = (name: string) =>
    message({ with: { 'message-type': 1, 'host-name': name, 'vendor-class-id': 'dhcpcd' } });
  expect(whyIgnored(world.send(system('node1')))).toBe('answered');
  expect(whyIgnored(world.send(system('node2')))).toBe('not-netboot');
});
