import { expect, test } from 'vitest';
import { HOUR, lease, leaseFiles, loaded, NOON, put, save } from './lease-rig.ts';

const file = leaseFiles();
const DAY = 24 * HOUR;
const LATER = NOON + HOUR / 2;

test.each([
  {
    name: 'a release',
    next: lease(1, 'a', { state: 'released', since: LATER, expiresAt: LATER }),
    why: 'released',
    ended: LATER,
  },
  {
    name: 'a decline',
    next: lease(1, '', { state: 'abandoned', since: LATER }),
    why: 'declined',
    ended: LATER,
  },
  {
    name: 'an end that came before the next client',
    next: lease(1, 'b', { since: NOON + 2 * HOUR }),
    why: 'expired',
    ended: NOON + HOUR,
  },
  {
    name: 'an end before the same client came again',
    next: lease(1, 'a', { since: NOON + 2 * HOUR }),
    why: 'expired',
    ended: NOON + HOUR,
  },
  {
    name: 'another client in its time',
    next: lease(1, 'b', { since: LATER }),
    why: 'replaced',
    ended: LATER,
  },
  {
    name: 'another address of the client',
    next: lease(2, 'a', { since: LATER }),
    why: 'moved',
    ended: LATER,
  },
] as const)('history() tells of $name', async ({ next, why, ended }) => {
  const store = await loaded(file());
  save(store, put(lease(1, 'a', { hostname: 'node1' })));
  save(store, put(next));
  expect(store.history(9)).toEqual([
    { ip: 1, client: 'a', mac: '52:54:00:00:00:01', hostname: 'node1', began: NOON, ended, why },
  ]);
  store.close();
});

test('history() takes a lease whose network got another prefix as one binding', async () => {
  const store = await loaded(file());
  save(store, put(lease(1, '10.0.0.0/24 hw 1 a')));
  save(store, put(lease(1, '10.0.0.0/23 hw 1 a')));
  expect(store.history(9)).toEqual([]);
  save(store, put(lease(1, '10.0.0.0/23 hw 1 b')));
  expect(store.history(9)).toHaveLength(1);
  store.close();
});

test('history() takes renewals as one binding, over a restart too, and offers as none', async () => {
  const path = file();
  const first = await loaded(path);
  save(first, put(lease(1, 'a')));
  save(first, put(lease(1, 'a', { since: LATER, expiresAt: LATER + HOUR })));
  first.close();
  const second = await loaded(path, { moment: { wall: LATER, uptime: 1000 + HOUR / 2, boot: 'one' } });
  save(second, put(lease(1, 'a', { since: LATER + 1, expiresAt: LATER + HOUR })));
  save(second, put(lease(1, 'b', { state: 'offered', since: LATER + 2 * HOUR }), true));
  expect(second.history(9)).toEqual([]);
  save(second, put(lease(1, 'b', { since: LATER + 2 * HOUR })));
  expect(second.history(9)).toMatchObject([
    { client: 'a', began: NOON, ended: LATER + HOUR, why: 'expired' },
  ]);
  second.close();
});

test('history() has an end for an endless lease that somebody removed', async () => {
  const store = await loaded(file());
  save(store, put(lease(1, 'a', { expiresAt: Number.POSITIVE_INFINITY })));
  save(store, { kind: 'remove', ip: 1 });
  expect(store.history(9)).toMatchObject([{ ip: 1, ended: NOON }]);
  store.close();
});

test('tidy() forgets bindings older than 30 days, and the oldest of too many, 500 at a step', async () => {
  const path = file();
  const store = await loaded(path, { historyMost: 100 });
  for (let n = 0; n < 700; n++) {
    store.stage([put(lease(1, `c${n}`, { since: NOON + n })), put(lease(2, `d${n}`, { since: NOON + n }))]);
    store.commit();
  }
  expect(store.history(2000)).toHaveLength(1398);
  store.tidy(NOON);
  expect(store.history(2000)).toHaveLength(898);
  for (let step = 0; step < 3; step++) store.tidy(NOON);
  const left = store.history(2000);
  expect(left).toHaveLength(100);
  expect(left[0]?.client).toBe('d698');
  store.close();
  const again = await loaded(path);
  again.tidy(NOON + 29 * DAY);
  expect(again.history(2000)).toHaveLength(100);
  again.tidy(NOON + 31 * DAY);
  expect(again.history(2000)).toEqual([]);
  again.close();
});
