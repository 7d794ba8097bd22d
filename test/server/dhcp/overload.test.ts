import { afterEach, describe, expect, test, vi } from 'vitest';
import { MessageType, readOption } from '../../../src/dhcp-packet/index.ts';
import { bareDiscover, discover, ip, MAC, selecting } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

const stop = new Set<AbortController>();

afterEach(() => {
  for (const controller of stop) controller.abort();
  stop.clear();
});

async function started(options: Parameters<typeof createRig>[0] = {}) {
  const rig = createRig({
    settings: { probe: { enabled: false, timeoutMs: 400 }, answerAll: true },
    ...options,
  });
  const controller = new AbortController();
  stop.add(controller);
  await rig.start(controller.signal);
  return rig;
}

const mac = (n: number) =>
  `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
const toAll = { flags: 0x8000 };
const typesOf = (rig: Awaited<ReturnType<typeof started>>) =>
  rig.sent().map(({ bytes }) => readOption(packetOf(bytes).options, 'message-type'));

describe('createDhcpServer() past what it can answer', () => {
  test('finishes a conversation although thousands of DISCOVERs came before its REQUEST', async () => {
    const rig = await started();
    rig.deliver(discover(toAll));
    await rig.turn();
    const offered = packetOf(rig.sent()[0]!.bytes).yiaddr;
    for (let n = 0; n < 1500; n++) rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
    rig.deliver(selecting(offered, toAll));
    await rig.turn();
    expect(typesOf(rig)).toContain(MessageType.ACK);
    expect(rig.leases.byIp(offered)).toMatchObject({ state: 'bound', mac: MAC });
  });

  test('comes back at once for what it left, and answers all of it in the end', async () => {
    const rig = await started({
      network: {
        subnet: { network: ip('10.0.0.0'), length: 16 },
        ranges: [{ first: ip('10.0.1.0'), last: ip('10.0.200.0') }],
      },
    });
    for (let n = 0; n < 1000; n++) rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
    await rig.turn();
    expect(rig.sent().length).toBeLessThan(1000);
    expect(rig.timeout()).toBe(0);
    for (let i = 0; i < 8; i++) await rig.turn();
    expect(rig.sent()).toHaveLength(1000);
    expect(rig.server.counters).toMatchObject({ received: 1000, shed: 0 });
  });

  test('leaves what is stale, counts it and says so', async () => {
    const rig = await started();
    for (let n = 0; n < 1000; n++) rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
    await rig.turn();
    await rig.turn(10_000);
    expect(rig.server.counters.shed).toBeGreaterThan(500);
    expect(rig.events).toContainEqual(
      expect.objectContaining({ type: 'service.warning', problem: 'overloaded' }),
    );
  });
});

describe('createDhcpServer() under load', () => {
  test.each([
    [1, false],
    [2, true],
    [32, true],
    [33, false],
  ])('after a turn of %i requests it lets more come: %s', async (requests, waits) => {
    const rig = await started();
    const wait = vi.spyOn(Atomics, 'wait');
    try {
      for (let n = 0; n < requests; n++) rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
      await rig.turn();
      expect(wait).toHaveBeenCalledTimes(waits ? 1 : 0);
      await rig.turn();
      expect(wait, 'none came').toHaveBeenCalledTimes(waits ? 1 : 0);
      expect(rig.sent()).toHaveLength(requests);
    } finally {
      wait.mockRestore();
    }
  });
});

describe('limits', () => {
  test('a client that sends without pause is looked at 30 times a second, others as ever', async () => {
    const rig = await started();
    for (let n = 0; n < 100; n++) rig.deliver(discover({ ...toAll, xid: n }));
    rig.deliver(discover({ ...toAll, mac: mac(1) }));
    await rig.turn();
    expect(rig.server.counters).toMatchObject({ received: 101, limited: 70, replies: 31 });
    expect(rig.events.filter((event) => event.type === 'service.warning')).toEqual([
      expect.objectContaining({ problem: 'rate-limited', detail: expect.stringContaining(MAC) }),
    ]);
    rig.deliver(discover(toAll));
    await rig.turn(1_000);
    expect(rig.server.counters.replies).toBe(32);
  });

  test('a relay has the limit it was given', async () => {
    const rig = await started({
      settings: {
        answerAll: true,
        probe: { enabled: false, timeoutMs: 1 },
        limits: { perClient: undefined, perRelay: 10 },
      },
    });
    for (let n = 0; n < 40; n++) rig.deliver(discover({ giaddr: ip('10.0.0.254'), mac: mac(n) }));
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.server.counters).toMatchObject({ limited: 30 });
    expect(rig.sent()).toHaveLength(11);
  });
});

describe('a flood of DISCOVERs from made-up addresses', () => {
  const network = { ranges: [{ first: ip('10.0.0.100'), last: ip('10.0.0.199') }] };

  async function flooded() {
    const rig = await started({ network });
    rig.deliver(discover(toAll));
    await rig.turn();
    rig.deliver(selecting(packetOf(rig.sent()[0]!.bytes).yiaddr, toAll));
    await rig.turn();
    // Its lease is over, and others may have its address now.
    for (let n = 0; n < 1000; n++) {
      rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
      if (n % 50 === 0) await rig.turn(100);
    }
    await rig.turn();
    return rig;
  }

  test('holds three quarters of the pool at most, and is told why', async () => {
    const rig = await flooded();
    const held = [...rig.leases.all()].filter(({ state }) => state === 'offered');
    expect(held.length).toBeGreaterThan(60);
    expect(held.length).toBeLessThan(80);
    expect(rig.events).toContainEqual(expect.objectContaining({ type: 'dhcp.ignored', why: 'pool-guarded' }));
  });

  test('does not keep out a machine that had an address before', async () => {
    const rig = await flooded();
    const before = rig.sent().length;
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toHaveLength(before + 1);
  });

  test('ends with the offers: strangers are answered again', async () => {
    const rig = await flooded();
    const before = rig.sent().length;
    rig.deliver(bareDiscover({ ...toAll, mac: '06:00:00:00:00:01' }));
    await rig.turn();
    expect(rig.sent()).toHaveLength(before);
    rig.deliver(bareDiscover({ ...toAll, mac: '06:00:00:00:00:01' }));
    await rig.turn(61_000);
    expect(rig.sent()).toHaveLength(before + 1);
  });

  test('a REQUEST gives the place back: any number of clients that mean it get through', async () => {
    const rig = await started({ network });
    for (let n = 0; n < 95; n++) {
      rig.deliver(bareDiscover({ ...toAll, mac: mac(n) }));
      await rig.turn();
      rig.deliver(selecting(packetOf(rig.sent().at(-1)!.bytes).yiaddr, { ...toAll, mac: mac(n) }));
      await rig.turn();
    }
    expect([...rig.leases.all()].filter(({ state }) => state === 'bound')).toHaveLength(95);
  });
});
