import { afterEach, describe, expect, test } from 'vitest';
import {
  createPacket,
  type DhcpPacket,
  encode,
  MessageType,
  Op,
  writeOption,
} from '../../../src/dhcp-packet/index.ts';
import { buildUdpFrame, parseUdpFrame } from '../../../src/frame/udp.ts';
import { LIMITED_BROADCAST } from '../../../src/lib/ipv4.ts';
import { discover, ETH0, ip, selecting } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

const THEIR_MAC = '02:00:00:00:00:09';
const THEIR_IP = ip('10.0.0.9');
const AUTO = { role: 'auto', watching: true, running: true } as const;
const toAll = { flags: 0x8000 };
const stop = new Set<AbortController>();

afterEach(() => {
  for (const controller of stop) controller.abort();
  stop.clear();
});

async function started(options: Parameters<typeof createRig>[0] = {}) {
  const rig = createRig(options);
  const controller = new AbortController();
  stop.add(controller);
  await rig.start(controller.signal);
  return { ...rig, stop: controller };
}

/** Another server's message to somebody. */
function said(type: number, fields: Partial<DhcpPacket> = {}): Uint8Array {
  const packet = createPacket({ op: Op.REPLY, yiaddr: ip('10.0.0.50'), ...fields });
  writeOption(packet.options, 'message-type', type);
  writeOption(packet.options, 'server-id', THEIR_IP);
  return buildUdpFrame({
    ...{ fromMac: THEIR_MAC, toMac: 'ff:ff:ff:ff:ff:ff', from: THEIR_IP, to: LIMITED_BROADCAST },
    ...{ fromPort: 67, toPort: 68, payload: encode(packet) },
  });
}

function xidOf(frame: Uint8Array): number {
  const parsed = parseUdpFrame(frame);
  if (!parsed.ok) throw new Error(parsed.reason);
  return packetOf(parsed.value.payload).xid;
}

describe('createDhcpServer() in mode auto', () => {
  test('answers nobody before it has asked who is there, and then those that waited', async () => {
    const rig = await started({ lookout: AUTO });
    await rig.turn(); // the first question is due at once
    const question = parseUdpFrame(rig.asked[0]!);
    if (!question.ok) throw new Error(question.reason);
    expect(question.value).toMatchObject({
      ...{ fromMac: ETH0.mac, toMac: 'ff:ff:ff:ff:ff:ff', from: 0, to: LIMITED_BROADCAST },
      ...{ fromPort: 68, toPort: 67 },
    });
    rig.deliver(discover(toAll));
    await rig.turn(2_000);
    await rig.turn(1_000);
    expect([rig.asked.length, rig.sent(), rig.isReady()]).toEqual([2, [], false]);
    expect(rig.server.counters.received).toBe(0); // it waits in the kernel
    await rig.turn(1_500);
    expect([rig.sent().length, rig.isReady()]).toEqual([1, true]);
    expect(rig.events[0]).toEqual({ type: 'dhcp.role', interface: 'eth0', role: 'server' });
  });

  test('gives no address beside another server', async () => {
    const rig = await started({ lookout: AUTO });
    rig.deliver(discover(toAll));
    await rig.turn();
    rig.hear(said(MessageType.OFFER, { xid: xidOf(rig.asked[0]!) }));
    await rig.turn(5);
    await rig.turn(10_000);
    expect(rig.isReady()).toBe(true);
    expect(rig.events[0]).toMatchObject({ type: 'dhcp.role', role: 'proxy', ip: THEIR_IP, mac: THEIR_MAC });
    for (const { bytes } of rig.sent()) expect(packetOf(bytes).yiaddr).toBe(0);
  });

  test('is not held up by an interface without a carrier, which is served once it has one', async () => {
    const rig = await started({ lookout: { ...AUTO, running: false } });
    expect([rig.isReady(), rig.asked]).toEqual([true, []]);
    rig.deliver(discover(toAll));
    await rig.turn(60_000);
    expect(rig.sent()).toEqual([]);
    rig.server.reconfigure({ settings: rig.settingsOf(), links: [ETH0], exists: () => true });
    await rig.turn();
    await rig.turn(2_000);
    await rig.turn(2_500);
    expect([rig.asked.length, rig.sent().length]).toEqual([2, 1]);
  });

  test('gives way to a late server only while nobody has a lease', async () => {
    for (const leased of [false, true]) {
      const rig = await started({ lookout: AUTO });
      await rig.turn();
      await rig.turn(2_000);
      await rig.turn(2_500);
      if (leased) {
        rig.deliver(discover(toAll));
        await rig.turn();
        rig.deliver(selecting(packetOf(rig.sent()[0]!.bytes).yiaddr, toAll));
        await rig.turn();
      }
      const before = rig.asked.length;
      rig.hear(said(MessageType.ACK));
      await rig.turn();
      await rig.turn(1_500); // it makes sure, after a pause of 1.5 s
      expect(rig.asked.length - before).toBe(leased ? 0 : 1);
      rig.hear(said(MessageType.OFFER, { xid: xidOf(rig.asked.at(-1)!) }));
      await rig.turn(5);
      const roles = rig.events.flatMap((event) => (event.type === 'dhcp.role' ? [event.role] : []));
      expect(roles).toEqual(leased ? ['server'] : ['server', 'proxy']);
      expect(rig.events.filter(({ type }) => type === 'dhcp.other-server')).toHaveLength(1);
      rig.stop.abort();
    }
  });

  test('keeps what it found out when its task is started again', async () => {
    const rig = await started({ lookout: AUTO });
    await rig.turn();
    rig.hear(said(MessageType.OFFER));
    await rig.turn(5);
    rig.stop.abort();
    await rig.finished();
    const again = new AbortController();
    stop.add(again);
    await rig.start(again.signal);
    expect(rig.isReady()).toBe(true);
    expect(rig.events.filter(({ type }) => type === 'dhcp.role')).toHaveLength(1);
  });
});

test('createDhcpServer() as a full server is ready at once, and warns of another one', async () => {
  const rig = await started({ lookout: { role: 'server', watching: true, running: true } });
  expect(rig.isReady()).toBe(true);
  const frame = said(MessageType.OFFER, { file: 'theirs.0' });
  frame.set([0xba, 0xad], 14 + 20 + 6); // from a container on this machine: nobody has made the checksum yet
  rig.hear(frame);
  rig.deliver(discover(toAll));
  await rig.turn();
  expect(rig.events[0]).toEqual({
    ...{ type: 'dhcp.other-server', interface: 'eth0', kind: 'address' },
    ...{ ip: THEIR_IP, mac: THEIR_MAC, offered: ip('10.0.0.50'), file: 'theirs.0' },
  });
  expect(packetOf(rig.sent()[0]!.bytes).yiaddr).not.toBe(0);
});

test('createDhcpServer() learns of another server from the client that takes its offer', async () => {
  const rig = await started({ lookout: { role: 'server', watching: true, running: true } });
  rig.deliver(selecting(ip('10.0.0.50'), { with: { 'server-id': THEIR_IP } }));
  await rig.turn();
  expect(rig.events.filter(({ type }) => type === 'dhcp.other-server')).toEqual([
    {
      ...{ type: 'dhcp.other-server', interface: 'eth0', kind: 'address' },
      ...{ ip: THEIR_IP, offered: ip('10.0.0.50') },
    },
  ]);
});

test('createDhcpServer() does not answer its own question, which a relay brings back', async () => {
  const rig = await started({ lookout: { role: 'server', watching: true, running: true } });
  await rig.turn(2_000);
  const question = parseUdpFrame(rig.asked[0]!);
  if (!question.ok) throw new Error(question.reason);
  const relayed = { ...packetOf(question.value.payload), giaddr: ip('10.0.0.77'), hops: 1 };
  rig.deliver(relayed);
  rig.deliver({ ...relayed, xid: relayed.xid + 1 });
  await rig.turn();
  expect(rig.sent().map(({ bytes }) => packetOf(bytes).xid)).toEqual([relayed.xid + 1]);
});

test('createDhcpServer() is not disturbed by frames that are no DHCP, nor by its own', async () => {
  const rig = await started({ lookout: { role: 'server', watching: true, running: true } });
  rig.hear(new Uint8Array(3));
  rig.hear(said(MessageType.OFFER).subarray(0, 60));
  const own = said(MessageType.OFFER);
  own.set([2, 0, 0, 0, 0, 1], 6); // from our MAC
  rig.hear(own);
  await rig.turn();
  expect(rig.events).toEqual([]);
});
