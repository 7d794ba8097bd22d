import { describe, expect, test } from 'vitest';
import { chooseAddress, type Wish } from '../../src/dhcp/allocate.ts';
import type { Lease, LeaseView } from '../../src/dhcp/lease.ts';
import { createPool } from '../../src/dhcp/pool.ts';
import type { Ipv4 } from '../../src/lib/ipv4.ts';

const NET = 0x0a00_0000;

function wishOf(client: string): Wish {
  return { client, mayKeep: () => true };
}

/** Every address is somebody's, but those that `record` has something else to say of. Counts how often it is asked. */
function crowd(record: (ip: Ipv4) => Partial<Lease> | undefined = () => ({})) {
  const asked = { count: 0 };
  const leases: LeaseView = {
    byIp(ip) {
      asked.count++;
      const own = record(ip);
      if (own === undefined) return undefined;
      const base = { ip, state: 'bound', client: 'another', mac: '', expiresAt: 1e9, since: 0, kind: 'dhcp' };
      return { ...base, ...own } as Lease;
    },
    byClient: () => undefined,
    machine: () => undefined,
  };
  return { leases, asked };
}

describe('chooseAddress() in a pool that is full', () => {
  test.each([
    { size: 2 ** 24, state: 'bound' },
    { size: 2 ** 16, state: 'bound' },
    { size: 2 ** 24, state: 'released' },
  ] as const)('of $size $state addresses looks at few of them', ({ size, state }) => {
    const { leases, asked } = crowd(() => ({ state }));
    const pool = createPool([{ first: NET, last: NET + size - 1 }], []);
    const chosen = chooseAddress(wishOf('one'), pool, { leases, now: 1 });
    expect(chosen !== undefined).toBe(state === 'released');
    expect(asked.count).toBeLessThanOrEqual(2048);
  });

  test('of 2048 addresses but one finds that one, whoever asks', () => {
    const pool = createPool([{ first: NET, last: NET + 2047 }], []);
    for (const free of [NET, NET + 1023, NET + 2047]) {
      const { leases } = crowd((ip) => (ip === free ? undefined : {}));
      for (let client = 0; client < 50; client++) {
        expect(chooseAddress(wishOf(`client ${client}`), pool, { leases, now: 1 })).toBe(free);
      }
    }
  });

  test('of 65,536 addresses but some finds one of them when it is asked again', () => {
    const { leases } = crowd((ip) => (ip % 2000 === 0 ? undefined : {}));
    const pool = createPool([{ first: NET, last: NET + 65_535 }], []);
    for (let client = 0; client < 50; client++) {
      const attempts = Array.from({ length: 20 }, (_, attempt) =>
        chooseAddress(wishOf(`client ${client}`), pool, { leases, now: 4000 * attempt }),
      );
      expect(attempts.filter((ip) => ip !== undefined && ip % 2000 === 0).length).toBeGreaterThan(0);
    }
  });

  test('looks at every address once, whatever their number', () => {
    for (const size of [1, 2, 97, 2048, 10_007, 10_007 * 3]) {
      const last = NET + size - 1;
      const pool = createPool([{ first: NET, last }], []);
      const seen = new Set<number>();
      const leases = {
        byIp: (ip: number) => {
          seen.add(ip);
          return {
            ip,
            state: 'bound',
            client: 'x',
            expiresAt: 1e12,
            since: 0,
            kind: 'dhcp',
            mac: '',
          } as const;
        },
        byClient: () => undefined,
        machine: () => undefined,
      };
      expect(chooseAddress(wishOf('one'), pool, { leases, now: 1 })).toBeUndefined();
      if (size <= 2048) expect(seen.size).toBe(size);
      else expect(seen.size).toBeGreaterThan(1500);
    }
  });

  test('takes the address that expired longest ago', () => {
    const { leases } = crowd((ip) => ({ expiresAt: ip === NET + 700 ? 5 : 10 + (ip - NET) }));
    const pool = createPool([{ first: NET, last: NET + 999 }], []);
    expect(chooseAddress(wishOf('one'), pool, { leases, now: 5000 })).toBe(NET + 700);
  });
});

test('chooseAddress() in a large pool gives a client that was forgotten the same address again', () => {
  const pool = createPool([{ first: NET, last: NET + 2 ** 20 }], []);
  const { leases } = crowd(() => undefined);
  const [first, ...others] = [1, 5, 1e6].map((now) => chooseAddress(wishOf('one'), pool, { leases, now }));
  expect(others).toEqual([first, first]);
});
