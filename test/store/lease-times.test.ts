import { expect, test } from 'vitest';
import { type Moment, thisMoment, wasSetBy } from '../../src/store/lease-times.ts';
import { contentOf, HOUR, lease, leaseFiles, loaded, NOON, put, save } from './lease-rig.ts';

const file = leaseFiles();
const DAY = 24 * HOUR;
const FOR_EVER = Number.POSITIVE_INFINITY;

/** A moment of the same run of the system: `uptime` and wall clock may differ by what the clock was set. */
const at = (uptime: number, setBy = 0, boot = 'one'): Moment => ({
  wall: NOON + uptime + setBy,
  uptime,
  boot,
});

test.each([
  { name: 'the clock just ran on', now: at(HOUR), want: 0 },
  { name: 'it was corrected by two seconds', now: at(HOUR, 2000), want: 0 },
  { name: 'it was set forward', now: at(HOUR, 50 * 365 * DAY), want: 50 * 365 * DAY },
  { name: 'it was set back', now: at(HOUR, -DAY), want: -DAY },
  { name: 'the system started anew, later', now: at(1000, 9 * DAY, 'two'), want: 0 },
  {
    name: 'the system started anew, years before',
    now: at(1000, -900 * DAY, 'two'),
    want: -900 * DAY + 1000,
  },
  { name: 'the system does not tell its starts', now: { wall: NOON - DAY, uptime: 0 }, want: -DAY },
])('wasSetBy() $name', ({ now, want }) => {
  expect(
    wasSetBy({ boot: 'one', ahead: NOON }, [lease(1, 'a'), lease(2, 'b', { since: NOON - DAY })], now),
  ).toBe(want);
});

test('wasSetBy() knows nothing of a store without records', () => {
  expect(wasSetBy(undefined, [], at(0))).toBe(0);
});

test('thisMoment() is of this run of the system', () => {
  const [one, two] = [thisMoment(), thisMoment()];
  expect(two.wall - two.uptime - (one.wall - one.uptime)).toBeLessThan(5000);
  expect(two.boot).toBe(one.boot);
});

test('createSqliteLeases() leases outlast a clock that was set while nobody ran', async () => {
  const path = file();
  const first = await loaded(path, { moment: at(1000) });
  const machine = { mac: '52:54:00:00:00:01', bootedAt: NOON };
  save(first, put(lease(1, 'a')), put(lease(2, 'b', { expiresAt: FOR_EVER })), { kind: 'machine', machine });
  first.close();
  const years = 10 * 365 * DAY;
  const second = await loaded(path, { moment: at(2000, years) });
  expect(second.movedByMs).toBe(years);
  expect(second.byIp(1)).toEqual(lease(1, 'a', { since: NOON + years, expiresAt: NOON + years + HOUR }));
  expect(second.byIp(2)?.expiresAt).toBe(FOR_EVER);
  expect(second.machine(machine.mac)?.bootedAt).toBe(NOON + years);
  second.close();
  const third = await loaded(path, { moment: at(3000, years) });
  expect(third.movedByMs).toBe(0);
  expect(third.byIp(1)?.expiresAt).toBe(NOON + years + HOUR);
  third.close();
});

test('createSqliteLeases() leases do not live for ever after the clock went back', async () => {
  const path = file();
  const first = await loaded(path, { moment: at(1000) });
  save(first, put(lease(1, 'a')));
  first.close();
  const second = await loaded(path, { moment: { wall: NOON - 900 * DAY, uptime: 5000, boot: 'two' } });
  expect(second.byIp(1)).toMatchObject({ since: NOON - 900 * DAY, expiresAt: NOON - 900 * DAY + HOUR });
  second.close();
});

test('shift() moves everything in one transaction, or nothing', async () => {
  const path = file();
  const moment = { wall: NOON, uptime: 0, boot: 'one' };
  const store = await loaded(path, { moment });
  save(store, put(lease(1, 'a')), put(lease(2, 'b', { state: 'offered' }), true));
  save(store, put(lease(3, 'x')));
  save(store, put(lease(3, 'y', { since: NOON + 1 })));
  store.db.exec('PRAGMA query_only = ON');
  expect(() => store.shift(DAY)).toThrow(/leases\.db/);
  expect(store.byIp(1)).toEqual(lease(1, 'a'));
  store.db.exec('PRAGMA query_only = OFF');
  moment.wall += DAY;
  store.shift(DAY);
  expect(store.byIp(2)).toMatchObject({ state: 'offered', since: NOON + DAY, expiresAt: NOON + DAY + HOUR });
  expect(store.history(1)).toMatchObject([{ client: 'x', began: NOON + DAY }]);
  // A renewal after it goes on with the binding that began before.
  save(store, put(lease(1, 'a', { since: NOON + DAY + 5, expiresAt: NOON + DAY + HOUR })));
  save(store, put(lease(1, 'z', { since: NOON + DAY + 9 })));
  expect(store.history(1)).toMatchObject([{ client: 'a', began: NOON + DAY, ended: NOON + DAY + 9 }]);
  store.close();
  const again = await loaded(path, { moment });
  expect(again.movedByMs).toBe(0);
  expect(contentOf(again).map(({ ip, client }) => [ip, client])).toEqual([
    [1, 'z'],
    [3, 'y'],
  ]);
  again.close();
});
