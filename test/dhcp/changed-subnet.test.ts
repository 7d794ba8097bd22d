import { expect, test } from 'vitest';
import { leasesToMove } from '../../src/dhcp/changed-subnet.ts';
import { handle } from '../../src/dhcp/handle.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { planDhcp } from '../../src/dhcp/plan.ts';
import { DEFAULT_SETTINGS, networkOfLink } from '../../src/dhcp/settings.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';
import { bind, createWorld, ETH0, ip, MAC, NOON, received, request } from './world.ts';

function planOf(...subnets: string[]) {
  const networks = subnets.map((text) => networkOfLink(ETH0, { subnet: parseSubnet(text)! }));
  return planDhcp({ ...DEFAULT_SETTINGS, networks }, [ETH0]);
}

function lease(fields: Partial<Lease> = {}): Lease {
  return {
    ...{ ip: ip('10.0.0.50'), state: 'bound', client: `10.0.0.0/24 hw 1 ${MAC}`, mac: MAC, kind: 'dhcp' },
    ...{ since: NOON, expiresAt: NOON + 3_600_000, ...fields },
  };
}

const WIDE = `10.0.0.0/23 hw 1 ${MAC}`;

function storeOf(...leases: Lease[]) {
  const store = createMemoryLeases();
  store.stage(leases.map((one) => ({ kind: 'put', lease: one, volatile: false })));
  return store;
}

function movedBy(plan: ReturnType<typeof planOf>, ...leases: Lease[]) {
  return leasesToMove(plan, storeOf(...leases), NOON);
}

test('leasesToMove() leaves leases whose network is there, and those of which there is none', () => {
  expect(movedBy(planOf('10.0.0.0/24'), lease())).toEqual([]);
  expect(movedBy(planOf('192.168.0.0/24'), lease())).toEqual([]);
  expect(movedBy(planOf('10.0.0.0/23'), lease({ state: 'abandoned', client: '', mac: '' }))).toEqual([]);
  // A narrow network within: the lease is still one of the wide one.
  expect(movedBy(planOf('10.0.0.0/24', '10.0.0.32/27'), lease())).toEqual([]);
});

test('leasesToMove() takes a lease along when its network gets another prefix', () => {
  expect(movedBy(planOf('10.0.0.0/23'), lease())).toEqual([
    { kind: 'put', lease: lease({ client: WIDE }), volatile: false },
  ]);
  const next = `10.0.0.0/24 hw 1 ${MAC} next`;
  expect(movedBy(planOf('10.0.0.0/23'), lease({ client: next, state: 'offered' }))).toEqual([
    { kind: 'put', lease: lease({ client: `${WIDE} next`, state: 'offered' }), volatile: true },
  ]);
});

test('leasesToMove() has the running and newest lease stay when one client had several', () => {
  const old = lease({ since: NOON - 9 });
  const over = lease({ ip: ip('10.0.1.7'), client: `10.0.1.0/24 hw 1 ${MAC}`, expiresAt: NOON - 1 });
  const newest = lease({ ip: ip('10.0.1.8'), client: `10.0.1.8/29 hw 1 ${MAC}` });
  const store = storeOf(newest, over, old);
  store.stage(leasesToMove(planOf('10.0.0.0/23'), store, NOON));
  expect(store.byClient(WIDE)).toEqual({ ...newest, client: WIDE });
  expect([...store.all()]).toEqual([{ ...newest, client: WIDE }]);
});

test('leasesToMove() takes no lease from a client that has one of the new network', () => {
  const present = lease({ ip: ip('10.0.1.9'), client: WIDE, since: NOON - 99 });
  expect(movedBy(planOf('10.0.0.0/23'), present, lease())).toEqual([]);
});

test('a client renews its lease after the prefix was changed', () => {
  const world = createWorld();
  const address = bind(world);
  const plan = planOf('10.0.0.0/23');
  world.leases.stage(leasesToMove(plan, world.leases, NOON));
  const decision = handle(
    {
      packet: request({ ciaddr: address }),
      ...{ warnings: [], sizeBytes: 300, source: { ip: address, port: 68 } },
      ...{ destination: ip('10.0.0.1'), port: 67, link: ETH0 },
    },
    { now: NOON, plan, leases: world.leases },
  );
  expect(decision.events).toMatchObject([{ type: 'dhcp.ack', ip: address }]);
  expect(received(decision).yiaddr).toBe(address);
});
