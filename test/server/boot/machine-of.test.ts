import { expect, test } from 'vitest';
import type { Lease } from '../../../src/dhcp/lease.ts';
import { formatIpv4, parseIpv4 } from '../../../src/lib/ipv4.ts';
import { createKnownClients } from '../../../src/server/boot/known-clients.ts';
import { createMachines } from '../../../src/server/boot/machine-of.ts';
import { createMemoryLeases } from '../../../src/store/lease-memory.ts';

const MAC = '52:54:00:12:34:56';
const OTHER = '52:54:00:ff:ff:ff';
const IP = parseIpv4('192.168.77.50')!;
const PEER = formatIpv4(IP);
const UUID = '00112233-4455-6677-8899-aabbccddeeff';
const NOW = 1_700_000_000_000;

const LEASE: Lease = {
  ip: IP,
  state: 'bound',
  client: `mac ${MAC}`,
  mac: MAC,
  since: NOW - 1000,
  expiresAt: NOW + 1000,
  kind: 'dhcp',
};

function createSite(lease?: Partial<Lease>) {
  const leases = createMemoryLeases();
  if (lease) leases.stage([{ kind: 'put', lease: { ...LEASE, ...lease }, volatile: false }]);
  const known = createKnownClients();
  const neighbours = new Map<number, string>();
  let now = NOW;
  const machines = createMachines({
    ...{ leases: () => leases, known, neighbours: (ip) => neighbours.get(ip), now: () => now },
    interfaceOf: (ip) => (ip === IP ? 'eth0' : undefined),
  });
  const wait = (ms: number) => {
    now += ms;
  };
  return { leases, known, neighbours, machines, wait };
}

test('createMachines() finds the machine by its lease, with all that is known of it', () => {
  const { machines, known, leases } = createSite({ hostname: 'node7', clientId: '01525400123456' });
  leases.stage([{ kind: 'machine', machine: { mac: MAC, bootedAt: NOW, arch: 'x86PC' } }]);
  known.hear({ type: 'dhcp.ack', ip: IP, mac: MAC, uuid: UUID, stage: 'rom' });
  expect(machines.at(PEER)).toMatchObject({
    mac: MAC,
    ip: IP,
    uuid: { smbios: UUID },
    arch: { code: 0 },
    kind: 'pxe',
    stage: 'rom',
    hostname: 'node7',
    clientId: '01525400123456',
    interface: 'eth0',
    tags: [],
  });
});

test('createMachines() tells the relay and its words, and no interface of ours then', () => {
  const via = parseIpv4('10.9.0.1')!;
  // 82.1 = "p7", 82.2 = "sw".
  const { machines } = createSite({ via, relayInfo: '0102703702027377' });
  expect(machines.at(PEER)).toEqual({
    ...{ mac: MAC, ip: IP, tags: [] },
    relay: { via, circuitId: '7037', remoteId: '7377' },
  });
});

test('createMachines() prefers its lease to what is heard, that to the neighbours, and those to a lease that is over', () => {
  const { machines, known, neighbours } = createSite({});
  neighbours.set(IP, OTHER);
  known.hear({ type: 'dhcp.ignored', messageType: 'REQUEST', why: 'address-server', mac: OTHER, ip: IP });
  expect(machines.at(PEER)?.mac).toBe(MAC);

  const over = createSite({ expiresAt: NOW - 1 });
  expect(over.machines.at(PEER)?.mac).toBe(MAC);
  over.neighbours.set(IP, OTHER);
  expect(over.machines.at(PEER)).toMatchObject({ mac: OTHER });
  over.known.hear({ type: 'dhcp.inform', mac: '52:54:00:00:00:01', ip: IP });
  expect(over.machines.at(PEER)?.mac).toBe('52:54:00:00:00:01');
});

test('createMachines() says of a stranger in place of a lease’s machine nothing that is the machine’s', () => {
  const { machines, neighbours } = createSite({ expiresAt: NOW - 1, hostname: 'node7', via: 1 });
  neighbours.set(IP, OTHER);
  expect(machines.at(PEER)).toEqual({ mac: OTHER, ip: IP, interface: 'eth0', tags: [] });
});

test.each([
  { name: 'an address that was given back', lease: { state: 'released' as const } },
  { name: 'an address set aside', lease: { state: 'abandoned' as const, mac: '', client: '' } },
  { name: 'an address nobody knows', lease: undefined },
])('createMachines() finds nobody at $name', ({ lease }) => {
  expect(createSite(lease).machines.at(PEER)).toBeUndefined();
});

test('createMachines() finds nobody at an IPv6 address, but takes a machine’s own word for who it is', () => {
  const { machines, known } = createSite({});
  expect(machines.at('fe80::5054:ff:fe12:3456%eth0')).toBeUndefined();
  known.hear({ type: 'dhcp.ack', ip: IP + 1, mac: OTHER, arch: 'x86-64_EFI', stage: 'rom' });
  expect(machines.called(OTHER, 'fe80::1')).toMatchObject({ mac: OTHER, ip: 0, arch: { code: 7 } });
  expect(machines.called(MAC, PEER)).toMatchObject({ mac: MAC, ip: IP });
  expect(machines.called(OTHER, PEER)).toBeUndefined();
});

test('createMachines() knows a machine by its address once it said its name', () => {
  const { machines, neighbours, wait } = createSite();
  expect(machines.at(PEER)).toBeUndefined();
  expect(machines.called(MAC, PEER)).toMatchObject({ mac: MAC });
  expect(machines.at(PEER)).toMatchObject({ mac: MAC });
  wait(3_600_000);
  machines.called(OTHER, PEER);
  expect(machines.at(PEER)).toMatchObject({ mac: OTHER });
  neighbours.set(IP + 1, OTHER);
  expect(machines.called(MAC, formatIpv4(IP + 1))).toBeUndefined();
  expect(machines.called(OTHER, formatIpv4(IP + 1))).toMatchObject({ mac: OTHER });
  expect(machines.at(formatIpv4(IP + 1))).toMatchObject({ mac: OTHER });
});

test('createMachines() knows nobody where two say different names, as behind a NAT, before DHCP tells', () => {
  const { machines, known, wait } = createSite();
  machines.called(MAC, PEER);
  expect(machines.called(OTHER, PEER)).toMatchObject({ mac: OTHER });
  expect(machines.at(PEER)).toBeUndefined();
  wait(3_599_999);
  machines.called(OTHER, PEER);
  expect(machines.at(PEER)).toBeUndefined();
  known.hear({ type: 'dhcp.ack', ip: IP, mac: OTHER });
  expect(machines.at(PEER)).toMatchObject({ mac: OTHER });
  machines.called(MAC, PEER);
  expect(machines.at(PEER)).toBeUndefined();
});

test('createMachines() believes what the system knows of an address more than a name that was said before', () => {
  const { machines, neighbours } = createSite();
  machines.called(OTHER, PEER);
  neighbours.set(IP, MAC);
  expect(machines.at(PEER)).toMatchObject({ mac: MAC });
});

test('createMachines() does not take an address for that of a machine whose lease is of another', () => {
  const { machines, known, wait } = createSite({});
  known.hear({ type: 'dhcp.ack', ip: IP, mac: MAC });
  const stranger = formatIpv4(IP + 7);
  expect(machines.called(MAC, stranger)).toMatchObject({ mac: MAC });
  expect(machines.at(stranger)).toBeUndefined();
  wait(1001); // its lease is over: it may have moved
  machines.called(MAC, stranger);
  expect(machines.at(stranger)).toMatchObject({ mac: MAC });
});
