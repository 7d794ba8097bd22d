import { expect, test } from 'vitest';
import { changesOf } from '../../src/app/config-changes.ts';
import { createLeaseOperations } from '../../src/app/lease-operations.ts';
import { reservationIn } from '../../src/app/reservation.ts';
import { editText } from '../../src/config/edit.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { ControlError } from '../../src/server/control/control-error.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';
import type { LeaseStore } from '../../src/store/lease-store.ts';
import { HOUR, lease, leaseFiles, loaded, NOON, put, save } from '../store/lease-rig.ts';

const newFile = leaseFiles();
const ip = (text: string): number => parseIpv4(text)!;
const NET = '10.0.0.0/24';

function client(last: string): { client: string; mac: string } {
  const mac = `52:54:00:00:00:${last}`;
  return { client: `${NET} hw 1 ${mac}`, mac };
}

function bound(address: string, last: string, more: Parameters<typeof lease>[2] = {}) {
  const { client: key, mac } = client(last);
  return lease(ip(address), key, { mac, ...more });
}

function seeded(store: LeaseStore): LeaseStore {
  save(
    store,
    put(bound('10.0.0.30', '03', { expiresAt: NOON + 2 * HOUR })),
    put(bound('10.0.0.10', '01', { hostname: 'node1', via: ip('10.0.9.1') })),
    put(bound('10.0.0.20', '02', { expiresAt: NOON - 1 })),
    put(bound('10.0.0.40', '04', { state: 'offered' }), true),
    put(lease(ip('10.0.0.50'), '', { state: 'abandoned' })),
    put(bound('10.0.0.60', '06', { state: 'released', expiresAt: NOON })),
    put(bound('10.0.0.70', '07', { kind: 'bootp', expiresAt: Number.POSITIVE_INFINITY })),
    put(lease(ip('10.1.0.5'), '10.1.0.0/16 id 0102ff', { mac: '52:54:00:00:00:01' })),
    { kind: 'machine', machine: { mac: '52:54:00:00:00:01', bootedAt: NOON, arch: 'x86-64_EFI' } },
  );
  return store;
}

function opened(leases: LeaseStore = seeded(createMemoryLeases())) {
  const events: BootEvent[] = [];
  const config = loadConfig(
    'version: 1\nhosts: [{ mac: 52:54:00:00:00:01, address: 10.0.0.11, hostname: one }]\n',
    { file: 'x', archNames: [] },
  );
  const operations = createLeaseOperations({
    leases,
    emit: (event) => events.push(event),
    now: () => NOON,
    hosts: () => (config.ok ? config.value.hosts : []),
  });
  return { operations, events, leases };
}

function refusal(act: () => unknown): ControlError {
  try {
    act();
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error('was done');
}

test('list() tells leases by address, in words', () => {
  const { operations } = opened();
  const { total, leases, next } = operations.list({});
  expect(total).toBe(8);
  expect(next).toBeUndefined();
  expect(leases.map(({ ip: address, state }) => `${address} ${state}`)).toEqual([
    '10.0.0.10 bound',
    '10.0.0.20 expired',
    '10.0.0.30 bound',
    '10.0.0.40 offered',
    '10.0.0.50 abandoned',
    '10.0.0.60 released',
    '10.0.0.70 bound',
    '10.1.0.5 bound',
  ]);
  expect(leases[0]).toEqual({
    ip: '10.0.0.10',
    state: 'bound',
    mac: '52:54:00:00:00:01',
    network: NET,
    hostname: 'node1',
    kind: 'dhcp',
    since: '2026-01-01T12:00:00.000Z',
    expiresAt: '2026-01-01T13:00:00.000Z',
    relay: '10.0.9.1',
    arch: 'x86-64_EFI',
  });
  expect(leases[4]).not.toHaveProperty('mac');
  expect(leases[6]).not.toHaveProperty('expiresAt');
  expect(leases[7]).toMatchObject({ clientId: '0102ff', network: '10.1.0.0/16' });
});

test.each([
  { query: { network: '10.1.0.0/16' }, want: ['10.1.0.5'] },
  { query: { state: 'bound' }, want: ['10.0.0.10', '10.0.0.30', '10.0.0.70', '10.1.0.5'] },
  { query: { state: 'live' }, want: ['10.0.0.10', '10.0.0.30', '10.0.0.40', '10.0.0.70', '10.1.0.5'] },
  { query: { state: 'expired' }, want: ['10.0.0.20'] },
  { query: { state: 'abandoned' }, want: ['10.0.0.50'] },
  { query: { mac: '52-54-00-00-00-01' }, want: ['10.0.0.10', '10.1.0.5'] },
  { query: { mac: '52:54:00:00:00:0', state: 'released' }, want: ['10.0.0.60'] },
  { query: { hostname: 'node1' }, want: ['10.0.0.10'] },
  { query: { hostname: 'node' }, want: [] },
] as const)('list() finds $query', ({ query, want }) => {
  expect(
    opened()
      .operations.list(query)
      .leases.map(({ ip: address }) => address),
  ).toEqual(want);
});

test('list() has pages, and says how many there are in all', () => {
  const { operations } = opened();
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = operations.list({ limit: 3, ...(after !== undefined && { after }) });
    expect(page.total).toBe(8);
    seen.push(...page.leases.map(({ ip: address }) => address));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toHaveLength(8);
  expect(new Set(seen).size).toBe(8);
});

test('one() tells all of an address, or of a machine in all its networks', () => {
  const { operations } = opened();
  const [of10, ofMachine] = [operations.one('10.0.0.10'), operations.one('52-54-00-00-00-01')];
  expect(of10.leases).toHaveLength(1);
  expect(of10.reservations).toEqual([{ mac: '52:54:00:00:00:01', address: '10.0.0.11', hostname: 'one' }]);
  expect(ofMachine.leases.map(({ ip: address }) => address)).toEqual(['10.0.0.10', '10.1.0.5']);
  // Reserved, and nobody's yet.
  expect(operations.one('10.0.0.11').leases).toEqual([]);
  expect(refusal(() => operations.one('10.0.0.99'))).toMatchObject({ status: 404, code: 'no-such-lease' });
  expect(refusal(() => operations.one('node1'))).toMatchObject({ status: 400, code: 'bad-name' });
});

test('release() takes an address back for good, remembers it for its client, and tells', async () => {
  const path = newFile();
  const { operations, events, leases } = opened(seeded(await loaded(path)));
  expect(operations.release('10.0.0.10', 'alice').released).toMatchObject([
    { ip: '10.0.0.10', mac: '52:54:00:00:00:01', state: 'released' },
  ]);
  expect(events).toEqual([
    { type: 'lease.released', ip: ip('10.0.0.10'), mac: '52:54:00:00:00:01', by: 'alice' },
  ]);
  leases.close();
  const again = await loaded(path);
  expect(again.byIp(ip('10.0.0.10'))).toMatchObject({ state: 'released', client: client('01').client });
  // One that was set aside is anybody's again.
  const after = opened(again);
  after.operations.release('10.0.0.50', 'alice');
  expect(again.byIp(ip('10.0.0.50'))).toBeUndefined();
  expect(after.operations.history(9).history).toMatchObject([{ ip: '10.0.0.10', why: 'released' }]);
});

test('release() of a machine takes all back that it has', () => {
  const { operations, events } = opened();
  expect(operations.release('52:54:00:00:00:01', 'x').released).toHaveLength(2);
  expect(events).toHaveLength(2);
  expect(operations.list({ state: 'released' }).total).toBe(3);
});

test('release() says that there is nothing to take back', () => {
  const { operations, events } = opened();
  for (const who of ['10.0.0.20', '10.0.0.60']) {
    expect(refusal(() => operations.release(who, 'x'))).toMatchObject({ status: 409, code: 'not-held' });
  }
  expect(refusal(() => operations.release('10.0.0.99', 'x'))).toMatchObject({ status: 404 });
  expect(events).toEqual([]);
});

test('release() that cannot be saved changes nothing, and tells nobody', () => {
  const store = seeded(createMemoryLeases());
  const broken: LeaseStore = {
    ...store,
    stage: () => {},
    commit: () => {
      throw new Error('the disk is full');
    },
  };
  const { operations, events } = opened(broken);
  expect(refusal(() => operations.release('10.0.0.10', 'x'))).toMatchObject({
    status: 503,
    code: 'not-saved',
  });
  expect(events).toEqual([]);
});

test('history() tells who had an address, the newest first', async () => {
  const store = seeded(await loaded(newFile()));
  const { operations } = opened(store);
  operations.release('10.0.0.10', 'x');
  save(store, put(bound('10.0.0.10', '09', { since: NOON + HOUR, expiresAt: NOON + 2 * HOUR })));
  operations.release('10.0.0.30', 'x');
  expect(operations.history(9, '10.0.0.10').history).toEqual([
    {
      ip: '10.0.0.10',
      mac: '52:54:00:00:00:01',
      network: NET,
      hostname: 'node1',
      began: '2026-01-01T12:00:00.000Z',
      ended: '2026-01-01T12:00:00.000Z',
      why: 'released',
    },
  ]);
  expect(operations.history(9, '52:54:00:00:00:03').history).toHaveLength(1);
  expect(operations.history(1).history).toMatchObject([{ ip: '10.0.0.30' }]);
  expect(operations.one('10.0.0.10').history).toHaveLength(1);
});

async function exported(format: 'csv' | 'json' | 'hosts'): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of opened().operations.export(format)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

test('export() makes CSV with a header, JSON, and lines for hosts(5)', async () => {
  const csv = (await exported('csv')).split('\r\n');
  expect(csv[0]).toBe('ip,state,mac,hostname,network,kind,since,expiresAt,relay,clientId,arch');
  expect(csv).toHaveLength(10);
  expect(csv[1]).toBe(
    '10.0.0.10,bound,52:54:00:00:00:01,node1,10.0.0.0/24,dhcp,2026-01-01T12:00:00.000Z,2026-01-01T13:00:00.000Z,10.0.9.1,,x86-64_EFI',
  );
  expect(JSON.parse(await exported('json'))).toEqual(opened().operations.list({}).leases);
  expect(await exported('hosts')).toBe('10.0.0.10\tnode1\n');
});

test('operations say so where no addresses are given', () => {
  const none = createLeaseOperations({ leases: undefined, emit: () => {}, now: () => NOON, hosts: () => [] });
  expect(refusal(() => none.list({}))).toMatchObject({ status: 409, code: 'no-leases' });
  expect(refusal(() => none.release('10.0.0.1', 'x')).code).toBe('no-leases');
});

test.each([
  {
    name: 'a new entry',
    text: 'version: 1 # x\n',
    want: 'version: 1 # x\nhosts:\n  - mac: 52:54:00:00:00:0a\n    address: 10.0.0.9\n    hostname: ten\n',
  },
  {
    name: 'one entry more',
    text: 'hosts:\n  - mac: 52:54:00:00:00:01 # one\n',
    want: 'hosts:\n  - mac: 52:54:00:00:00:01 # one\n  - mac: 52:54:00:00:00:0a\n    address: 10.0.0.9\n    hostname: ten\n',
  },
  {
    name: 'the entry that it has, however that is written',
    text: 'hosts:\n  - uuid: 564d8a10-97c2-4f05-9d3a-0123456789ab\n  - mac: 52-54-00-00-00-0A # ten\n    address: 10.0.0.8\n',
    want: 'hosts:\n  - uuid: 564d8a10-97c2-4f05-9d3a-0123456789ab\n  - mac: 52-54-00-00-00-0A # ten\n    address: 10.0.0.9\n    hostname: ten\n',
  },
])('reservationIn() makes $name', ({ text, want }) => {
  const set = reservationIn(text, '52:54:00:00:00:0A', { address: '10.0.0.9', hostname: 'ten' });
  expect(editText(text, changesOf({ set }))).toMatchObject({ ok: true, text: want });
});

test('reservationIn() refuses what is no MAC', () => {
  expect(refusal(() => reservationIn('', '10.0.0.1', { address: '10.0.0.9' })).code).toBe('bad-mac');
});
