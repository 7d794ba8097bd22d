import { afterEach, expect, test } from 'vitest';
import { createMemoryLeases } from '../../../src/store/lease-memory.ts';
import type { LeaseStore } from '../../../src/store/lease-store.ts';
import { discover, ip, selecting } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

const stop: AbortController[] = [];
afterEach(() => {
  for (const one of stop.splice(0)) one.abort();
});

const toAll = { flags: 0x8000 };
const YEAR = 365 * 86_400_000;

async function started(leases: LeaseStore = createMemoryLeases()) {
  const clock = { now: 0, setBy: 0 };
  const rig = createRig({ leases, clock });
  const end = new AbortController();
  stop.push(end);
  await rig.start(end.signal);
  return { rig, clock };
}

/** DISCOVER and REQUEST; the address. */
async function bind({ rig }: Awaited<ReturnType<typeof started>>): Promise<number> {
  rig.deliver(discover(toAll));
  await rig.turn();
  const { yiaddr } = packetOf(rig.sent().at(-1)!.bytes);
  rig.deliver(selecting(yiaddr, toAll));
  await rig.turn();
  return yiaddr;
}

test.each([
  { way: 'forward', ms: 50 * YEAR },
  { way: 'back', ms: -20 * YEAR },
])('createDhcpServer() moves leases with a clock that is set $way, and says so', async ({ way, ms }) => {
  const site = await started();
  const address = await bind(site);
  const before = site.rig.leases.byIp(address)!;
  site.clock.setBy = ms;
  await site.rig.turn(1000);
  const after = site.rig.leases.byIp(address)!;
  expect(after.expiresAt - before.expiresAt).toBe(ms);
  expect(site.rig.events.filter(({ type }) => type === 'service.warning')).toMatchObject([
    { problem: 'clock-set', detail: expect.stringMatching(`set ${way} by `) },
  ]);
  // A renewal counts from the new time on.
  await bind(site);
  expect(site.rig.leases.byIp(address)!.expiresAt - after.expiresAt).toBe(1000);
});

test('createDhcpServer() follows a clock that is set only once that can be saved', async () => {
  const memory = createMemoryLeases();
  let full = true;
  const shift = (ms: number): void => {
    if (full) throw new Error('the disk is full');
    memory.shift(ms);
  };
  const site = await started({ ...memory, shift });
  const address = await bind(site);
  const { expiresAt } = memory.byIp(address)!;
  site.clock.setBy = YEAR;
  await site.rig.turn(1000);
  expect(memory.byIp(address)!.expiresAt).toBe(expiresAt);
  full = false;
  await site.rig.turn(1000);
  expect(memory.byIp(address)!.expiresAt).toBe(expiresAt + YEAR);
});

test('createDhcpServer() tells of a disk that refuses now and then, not each time, and that it takes leases again', async () => {
  const memory = createMemoryLeases();
  let full = false;
  const commit = (): boolean => {
    if (full) throw new Error('leases.db: the disk is full');
    return memory.commit();
  };
  const site = await started({ ...memory, commit });
  await bind(site);
  full = true;
  for (let n = 0; n < 50; n++) {
    site.rig.deliver(discover({ ...toAll, mac: '52:54:00:00:00:77' }));
    await site.rig.turn(100);
  }
  const told = () =>
    site.rig.events.filter(({ type }) => type === 'service.warning' || type === 'service.ready');
  expect(told()).toMatchObject([
    { problem: 'leases-not-saved', detail: expect.stringContaining('leases.db: the disk is full') },
  ]);
  expect(site.rig.sent()).toHaveLength(2);
  full = false;
  site.rig.deliver(discover({ ...toAll, mac: '52:54:00:00:00:77' }));
  await site.rig.turn(100);
  expect(told().at(-1)).toMatchObject({
    service: 'leases',
    detail: expect.stringContaining('saved again; 50 replies'),
  });
});

test('createDhcpServer() has the store tidied once a second, and lives when it cannot be', async () => {
  const memory = createMemoryLeases();
  let count = 0;
  const tidy = (): void => {
    count++;
    throw new Error('the disk does not write');
  };
  const { rig } = await started({ ...memory, tidy });
  for (let n = 0; n < 10; n++) await rig.turn(250);
  expect(count).toBe(3);
  rig.deliver(discover(toAll));
  await rig.turn();
  expect(packetOf(rig.sent()[0]!.bytes).yiaddr).toBeGreaterThan(ip('10.0.0.0'));
  expect(rig.events[0]).toMatchObject({ problem: 'leases-not-tidied', detail: 'the disk does not write' });
});
