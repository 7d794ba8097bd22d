import { afterEach, describe, expect, test } from 'vitest';
import { createMemoryLeases } from '../../../src/store/lease-memory.ts';
import { discover, ip, MAC, selecting } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

const stop: AbortController[] = [];

afterEach(() => {
  for (const one of stop.splice(0)) one.abort();
});

async function running(options: Parameters<typeof createRig>[0] = {}) {
  const rig = createRig(options);
  const end = new AbortController();
  stop.push(end);
  await rig.start(end.signal);
  return rig;
}

describe('createDhcpServer()', () => {
  test('holds an answer back for as long as a quirk says, and wakes for it', async () => {
    const rig = await running({ settings: { quirks: ['slow-answer', 'broadcast'] } });
    rig.deliver(discover());
    await rig.turn();
    expect(rig.sent()).toHaveLength(0);
    expect(rig.timeout()).toBe(2000);
    await rig.turn(1999);
    expect(rig.sent()).toHaveLength(0);
    await rig.turn(1);
    expect(rig.sent()).toHaveLength(1);
    await rig.turn(2000);
    expect(rig.sent()).toHaveLength(1);
  });

  test('answers a machine that goes on asking in another way, and remembers it once it downloads', async () => {
    const rig = await running();
    for (const pass of [0, 4000, 8000, 16_000]) {
      rig.deliver(discover());
      await rig.turn(pass);
    }
    const changes = () => rig.events.filter(({ type }) => type === 'dhcp.quirk');
    expect(changes()).toMatchObject([{ why: 'no-boot', before: 'default', quirk: 'broadcast', mac: MAC }]);
    const { yiaddr } = packetOf(rig.sent().at(-1)!.bytes);
    rig.deliver(selecting(yiaddr));
    await rig.turn();
    rig.server.fetched(ip('10.0.0.99'));
    await rig.turn();
    expect(changes()).toHaveLength(1);
    rig.server.fetched(yiaddr);
    await rig.turn();
    expect(changes().slice(1)).toMatchObject([{ why: 'worked', quirk: 'broadcast', mac: MAC }]);
    expect(rig.leases.machine(MAC)).toMatchObject({ quirk: 'broadcast', arch: 'x86PC' });
  });

  test('sends what was held back although by then nothing more can be saved', async () => {
    const memory = createMemoryLeases();
    let full = false;
    const commit = (): boolean => {
      if (full) throw new Error('ENOSPC');
      return memory.commit();
    };
    const settings = { quirks: ['slow-answer', 'broadcast'] as const };
    const rig = await running({ leases: { ...memory, commit }, settings });
    rig.deliver(discover());
    await rig.turn();
    full = true;
    await rig.turn(2000);
    expect(rig.sent()).toHaveLength(1);
    expect(rig.timeout()).toBeGreaterThan(0);
  });

  test('does not count answers that could not be saved, and so did not leave', async () => {
    const memory = createMemoryLeases();
    let full = true;
    const commit = (): boolean => {
      if (full) throw new Error('ENOSPC');
      return memory.commit();
    };
    const rig = await running({ leases: { ...memory, commit } });
    for (const pass of [0, 4000, 8000, 16_000]) {
      rig.deliver(discover());
      await rig.turn(pass);
    }
    full = false;
    rig.deliver(discover());
    await rig.turn(1000);
    expect(rig.sent()).toHaveLength(0); // to the client's MAC: a frame
    expect(rig.frames).toHaveLength(1);
    expect(rig.events.filter(({ type }) => type === 'dhcp.quirk')).toEqual([]);
  });

  test('does not mind downloads while it does not run', async () => {
    const rig = createRig();
    rig.server.fetched(ip('10.0.0.99'));
    expect(rig.events).toEqual([]);
  });
});
