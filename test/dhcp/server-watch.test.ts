import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OtherServer } from '../../src/dhcp/other-server.ts';
import { createServerWatch, type ServerWatch, type WatchOptions } from '../../src/dhcp/server-watch.ts';
import type { BootEvent } from '../../src/events/event.ts';

const MINUTE = 60_000;
const THEIRS: OtherServer = { kind: 'address', ip: 0xc0a84d02, mac: '02:00:00:00:00:02', xid: 7 };
const PROXY: OtherServer = { ...THEIRS, kind: 'boot', ip: 0xc0a84d03, mac: '02:00:00:00:00:03' };

/** A link whose server, if any, answers each DISCOVER. */
function createLink(options: Partial<WatchOptions> = {}, random = () => 0.5) {
  const watch = createServerWatch({ interface: 'eth0', role: 'auto', watching: true, random, ...options });
  const events: BootEvent[] = [];
  const asked: number[] = [];
  let now = 0;
  let answers: OtherServer | undefined;

  return {
    watch,
    events,
    asked,
    /** This server answers what is asked from now on. */
    answer(server: OtherServer | undefined) {
      answers = server;
    },
    hear(server: OtherServer) {
      events.push(...watch.heard(server, now));
    },
    carrier(up: boolean) {
      watch.carrier(up, now);
    },
    /** Lets time pass; everything happens when it is due. */
    pass(ms: number) {
      const until = now + ms;
      while (watch.deadline() <= until) {
        now = Math.max(now, watch.deadline());
        const turn = watch.poll(now);
        events.push(...turn.events);
        if (turn.ask === undefined) continue;
        asked.push(now);
        if (answers) events.push(...watch.heard({ ...answers, xid: turn.ask }, now));
      }
      now = until;
    },
    told: (type: BootEvent['type']) => events.filter((event) => event.type === type),
  };
}

describe('createServerWatch() in mode auto', () => {
  test('is a server where nobody answers, after it asked twice', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(4_499);
    expect([link.watch.role, link.asked]).toEqual([undefined, [0, 2_000]]);
    link.pass(1);
    expect(link.watch.role).toBe('server');
    expect(link.events).toEqual([{ type: 'dhcp.role', interface: 'eth0', role: 'server' }]);
  });

  test('is a proxy as soon as another server offers an address, and says which', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(3_000); // as long as dnsmasq pings a new address
    link.hear(THEIRS);
    expect(link.watch.role).toBe('proxy');
    const { ip, mac } = THEIRS;
    expect(link.events).toEqual([{ type: 'dhcp.role', interface: 'eth0', role: 'proxy', ip, mac }]);
  });

  test('takes what it hears a server tell others for an answer', () => {
    const link = createLink();
    link.carrier(true);
    link.hear({ ...THEIRS, offered: 0xc0a84d32 });
    expect(link.watch.role).toBe('proxy');
  });

  test('is a server beside a proxyDHCP server, and tells of it', () => {
    const link = createLink();
    link.answer(PROXY);
    link.carrier(true);
    link.pass(5_000);
    expect(link.watch.role).toBe('server');
    expect(link.told('dhcp.other-server')).toMatchObject([{ kind: 'boot', ip: PROXY.ip }]);
  });

  test('asks nothing without a carrier, and begins when it comes', () => {
    const link = createLink();
    link.pass(10 * MINUTE);
    expect([link.asked, link.watch.role]).toEqual([[], undefined]);
    link.carrier(true);
    link.pass(1_000);
    link.carrier(false); // a plug that bounces
    link.pass(MINUTE);
    expect(link.watch.role).toBeUndefined();
    link.carrier(true);
    link.pass(5_000);
    expect(link.watch.role).toBe('server');
  });

  test('looks again once a spanning tree lets frames through, and gives way while it gave nobody an address', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(20_000);
    expect(link.watch.role).toBe('server');
    link.answer(THEIRS); // the switch forwards from now on
    link.pass(40_000);
    expect(link.watch.role).toBe('proxy');
    expect(link.events.map(({ type }) => type)).toEqual(['dhcp.role', 'dhcp.other-server', 'dhcp.role']);
  });

  test('stays a server once it gave somebody an address, and tells of the other', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(5_000);
    link.watch.granted();
    link.answer(THEIRS);
    link.pass(30 * MINUTE);
    expect(link.watch.role).toBe('server');
    expect(link.told('dhcp.other-server')).toHaveLength(1);
  });

  test('does not give way to an offer that nobody repeats', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(5_000);
    link.hear(THEIRS);
    link.pass(10 * MINUTE);
    expect(link.watch.role).toBe('server');
  });

  test('does not give way when a client gets its address while it makes sure', () => {
    const link = createLink();
    link.carrier(true);
    link.pass(5_000);
    link.hear(THEIRS);
    link.watch.granted();
    link.answer(THEIRS);
    link.pass(10 * MINUTE);
    expect(link.watch.role).toBe('server');
  });

  test.each([
    [0.1, 0.9],
    [0.9, 0.1],
    [0.5, 0.51],
  ])('of two that started at the same time one gives way (random %f and %f)', (first, second) => {
    const links = [createLink({}, () => first), createLink({}, () => second)];
    const watches = links.map(({ watch }) => watch);
    for (const link of links) link.carrier(true);
    // Each answers what the other one asks, when it is a server.
    for (let now = 0; now < 3 * MINUTE; now += 10) {
      for (const [i, link] of links.entries()) {
        const before = link.asked.length;
        link.answer(
          watches[1 - i]!.role === 'server' ? { ...THEIRS, mac: `02:00:00:00:01:0${i}` } : undefined,
        );
        link.pass(10);
        // What was asked before the other one was a server waited in its queue.
        if (now === 4_600) link.hear({ ...THEIRS, xid: 1 });
        expect(link.asked.length - before).toBeLessThan(3);
      }
    }
    expect(watches.map(({ role }) => role).sort()).toEqual(['proxy', 'server']);
  });

  test('with rogue-watch off looks once and never again', () => {
    const link = createLink({ watching: false });
    link.carrier(true);
    link.pass(5_000);
    expect([link.watch.role, link.asked.length]).toEqual(['server', 2]);
    link.answer(THEIRS);
    link.hear(THEIRS);
    link.pass(10 * MINUTE);
    expect([link.watch.role, link.asked.length, link.told('dhcp.other-server')]).toEqual(['server', 2, []]);
  });
});

describe('createServerWatch() as a server', () => {
  test('asks about once a minute, not at the same moment as everybody', () => {
    let turn = 0;
    const link = createLink({ role: 'server' }, () => (turn++ % 10) / 10);
    link.carrier(true);
    link.pass(60 * MINUTE);
    expect(link.asked.length).toBeGreaterThan(40);
    expect(link.asked.length).toBeLessThan(90);
    const pauses = link.asked.slice(4).map((at, i) => at - link.asked[i + 3]!);
    expect(new Set(pauses).size).toBeGreaterThan(3);
  });

  test('tells of another server once an hour, and stays what it is', () => {
    const link = createLink({ role: 'server' });
    link.answer({ ...THEIRS, offered: 0xc0a84d32, file: 'theirs.0' });
    link.carrier(true);
    link.pass(55 * MINUTE);
    const { ip, mac } = THEIRS;
    expect(link.events).toEqual([
      {
        ...{ type: 'dhcp.other-server', interface: 'eth0', kind: 'address', ip, mac },
        ...{ offered: 0xc0a84d32, file: 'theirs.0' },
      },
    ]);
    link.pass(60 * MINUTE);
    expect([link.told('dhcp.other-server').length, link.watch.role]).toEqual([2, 'server']);
  });

  test('is not talked to death by servers with ever new names', () => {
    const link = createLink({ role: 'server' });
    link.carrier(true);
    for (let i = 0; i < 10_000; i++) link.hear({ ...THEIRS, ip: 0x0a000000 + i });
    expect(link.events.length).toBeLessThanOrEqual(16);
    link.pass(61 * MINUTE);
    link.hear(THEIRS);
    expect(link.events.at(-1)).toMatchObject({ type: 'dhcp.other-server', ip: THEIRS.ip });
  });
});

describe('createServerWatch() as a proxy', () => {
  test('tells whose addresses it leaves alone, and once that nobody gives any', () => {
    const link = createLink({ role: 'proxy' });
    link.answer(THEIRS);
    link.carrier(true);
    link.pass(10 * MINUTE);
    expect(link.events).toMatchObject([{ type: 'dhcp.role', role: 'proxy', ip: THEIRS.ip }]);
    link.answer(undefined);
    link.pass(3 * MINUTE);
    expect(link.told('dhcp.server-gone')).toEqual([]); // a restart is nobody's business
    link.pass(20 * MINUTE);
    expect(link.told('dhcp.server-gone')).toHaveLength(1);
    link.answer(THEIRS);
    link.pass(5 * MINUTE);
    expect(link.events.at(-1)).toMatchObject({ type: 'dhcp.role', role: 'proxy', ip: THEIRS.ip });
    expect(link.watch.role).toBe('proxy');
  });

  test('tells that nobody gives addresses where nobody ever did', () => {
    const link = createLink({ role: 'proxy' });
    link.carrier(true);
    link.pass(10 * MINUTE);
    expect(link.events).toEqual([{ type: 'dhcp.server-gone', interface: 'eth0' }]);
  });
});

test('createServerWatch() always comes to an end of what is due, whatever happens', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 100_000 }) }),
    fc.record({ kind: fc.constant('carrier' as const), up: fc.boolean() }),
    fc.record({ kind: fc.constant('hear' as const), address: fc.boolean(), ip: fc.nat(5), xid: fc.nat(3) }),
    fc.constant({ kind: 'granted' as const }),
  );
  const options = fc.record({
    role: fc.constantFrom('auto' as const, 'server' as const, 'proxy' as const),
    watching: fc.boolean(),
  });
  fc.assert(
    fc.property(options, fc.array(step, { maxLength: 60 }), fc.nat(99), (chosen, steps, seed) => {
      const link = createLink(chosen, () => seed / 100);
      let granted = false;
      let before: ServerWatch['role'] = link.watch.role;
      for (const each of steps) {
        if (each.kind === 'pass') link.pass(each.ms);
        else if (each.kind === 'carrier') link.carrier(each.up);
        else if (each.kind === 'granted') {
          granted ||= link.watch.role === 'server';
          link.watch.granted();
        } else link.hear({ ...(each.address ? THEIRS : PROXY), ip: each.ip, xid: each.xid });
        const { role } = link.watch;
        if (chosen.role !== 'auto') expect(role).toBe(chosen.role);
        if (before === 'proxy') expect(role).toBe('proxy');
        if (before === 'server' && granted) expect(role).toBe('server');
        before = role;
      }
    }),
  );
});
