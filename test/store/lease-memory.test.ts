import { expect, test } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';

function lease(ip: number, client: string, mac = client): Lease {
  return { ip, client, mac, state: 'bound', expiresAt: 1, since: 0, kind: 'dhcp' };
}

function storeWith(...leases: readonly Lease[]) {
  const store = createMemoryLeases();
  store.stage(leases.map((one) => ({ kind: 'put', lease: one, volatile: false })));
  store.commit();
  return store;
}

test('createMemoryLeases() finds a record by address and by client', async () => {
  const store = storeWith(lease(1, 'a'), lease(2, 'b'));
  await store.load();
  expect(store.byIp(1)?.client).toBe('a');
  expect(store.byClient('b')?.ip).toBe(2);
  expect([...store.all()]).toHaveLength(2);
  store.close();
});

test('createMemoryLeases() a client has one record, an address too', () => {
  const store = storeWith(lease(1, 'a'), lease(2, 'a'), lease(2, 'b'));
  expect(store.byIp(1)).toBeUndefined();
  expect(store.byClient('a')).toBeUndefined();
  expect(store.byIp(2)?.client).toBe('b');
  expect([...store.all()]).toHaveLength(1);
});

test('createMemoryLeases() abandoned addresses belong to nobody', () => {
  const store = storeWith(lease(1, ''), lease(2, ''));
  expect(store.byClient('')).toBeUndefined();
  expect(store.byIp(1)?.client).toBe('');
});

test('createMemoryLeases() remove forgets the record and its client', () => {
  const store = storeWith(lease(1, 'a'));
  store.stage([
    { kind: 'remove', ip: 1 },
    { kind: 'remove', ip: 9 },
  ]);
  expect(store.byClient('a')).toBeUndefined();
});

test('createMemoryLeases() remembers machines, the newest 100,000 of them', () => {
  const store = createMemoryLeases();
  const macs = Array.from({ length: 100_002 }, (_, n) => `m${n}`);
  store.stage(macs.map((mac, bootedAt) => ({ kind: 'machine', machine: { mac, bootedAt } })));
  store.stage([{ kind: 'machine', machine: { mac: 'm2', bootedAt: 7, arch: 'x86PC' } }]);
  store.stage([{ kind: 'machine', machine: { mac: 'new', bootedAt: 8 } }]);
  expect(store.machine('m0')).toBeUndefined();
  expect(store.machine('m2')).toEqual({ mac: 'm2', bootedAt: 7, arch: 'x86PC' });
  expect(store.machine('m3')).toBeUndefined();
  expect(store.machine('m4')).toBeDefined();
});
