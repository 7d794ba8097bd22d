import { afterEach, describe, expect, test } from 'vitest';
import { networkOfLink } from '../../../src/dhcp/settings.ts';
import { MessageType, readOption } from '../../../src/dhcp-packet/index.ts';
import { buildArpFrame, parseArp } from '../../../src/frame/arp.ts';
import { ETHERTYPE, parseEthernet } from '../../../src/frame/ethernet.ts';
import { parseUdpFrame } from '../../../src/frame/udp.ts';
import { LIMITED_BROADCAST } from '../../../src/lib/ipv4.ts';
import { createMemoryLeases } from '../../../src/store/lease-memory.ts';
import { discover, ETH0, ip, MAC, request, SERVER, selecting } from '../../dhcp/world.ts';
import { createRig, packetOf } from './rig.ts';

const OTHER_MAC = '52:54:00:00:00:02';
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
  return rig;
}

/** Broadcast replies are the easiest to look at. */
const toAll = { flags: 0x8000 };

describe('sending', () => {
  // A server that never gets to the end of the frames hangs here, and the test with it.
  test('createDhcpServer() answers while ARP frames come faster than it reads them', async () => {
    const rig = await started();
    rig.floodFrames(new Uint8Array(60));
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toHaveLength(1);
  });

  test('createDhcpServer() reaches a client without an address by a frame to its hardware', async () => {
    const rig = await started();
    rig.deliver(discover());
    await rig.turn();
    expect(rig.sent()).toEqual([]);
    const frame = parseUdpFrame(rig.frames[0]!);
    if (!frame.ok) throw new Error(frame.reason);
    const offer = packetOf(frame.value.payload);
    expect(frame.value).toMatchObject({
      fromMac: ETH0.mac,
      toMac: MAC,
      from: SERVER,
      to: offer.yiaddr,
      fromPort: 67,
      toPort: 68,
    });
    expect(readOption(offer.options, 'message-type')).toBe(MessageType.OFFER);
  });

  test.each([
    { name: 'the client asks for it', fields: toAll, raw: true, errno: undefined },
    { name: 'there are no raw frames', fields: {}, raw: false, errno: undefined },
    { name: 'the frame cannot be sent', fields: {}, raw: true, errno: 'ENOBUFS' },
  ])('createDhcpServer() broadcasts out of the client’s link when $name', async ({ fields, raw, errno }) => {
    const rig = await started({ raw });
    if (errno) rig.failFrames(errno);
    rig.deliver(discover(fields));
    await rig.turn();
    expect(rig.frames).toEqual([]);
    expect(rig.sent()).toMatchObject([
      { to: LIMITED_BROADCAST, port: 68, source: { from: SERVER, ifindex: ETH0.index } },
    ]);
  });

  test('createDhcpServer() answers port 4011 from port 4011, to the sender’s port', async () => {
    const rig = await started();
    const packet = request({
      ciaddr: ip('10.0.0.50'),
      with: { 'vendor-class-id': 'PXEClient', 'client-arch': [0] },
    });
    rig.deliver(packet, { port: 4011, peer: ip('10.0.0.50'), peerPort: 4011, local: SERVER });
    await rig.turn();
    expect(rig.sent()).toEqual([]);
    expect(rig.sent(4011)).toMatchObject([{ to: ip('10.0.0.50'), port: 4011, source: { from: SERVER } }]);
  });

  test('createDhcpServer() tells once which options did not fit', async () => {
    const options = Array.from({ length: 8 }, (_, i) => ({ code: 224 + i, body: new Uint8Array(200) }));
    const rig = await started({ network: { options } });
    const list = [1, 3, ...options.map(({ code }) => code)];
    const fields = { with: { 'parameter-request-list': list } };
    for (let i = 0; i < 3; i++) {
      rig.deliver(discover(fields));
      await rig.turn();
    }
    const told = rig.events.filter((event) => event.type === 'service.warning');
    expect(told).toMatchObject([{ problem: 'options-dropped', detail: expect.stringContaining('231') }]);
  });

  test('createDhcpServer() tells of a reply that the system did not send', async () => {
    const rig = await started();
    rig.failure(67, ip('10.0.0.50'), 'ENETUNREACH');
    expect(rig.events).toMatchObject([
      { type: 'service.warning', problem: 'reply-not-sent', detail: '10.0.0.50: ENETUNREACH' },
    ]);
  });
});

describe('leases', () => {
  test('createDhcpServer() commits once for all that arrived, before anything is sent', async () => {
    const memory = createMemoryLeases();
    const order: string[] = [];
    const commit = () => order.push(`commit, ${rig.sent().length} sent`) > 0;
    const rig = await started({ leases: { ...memory, commit } });
    for (let n = 0; n < 100; n++) {
      rig.deliver(discover({ ...toAll, mac: `52:54:00:00:01:${n.toString(16).padStart(2, '0')}` }));
    }
    await rig.turn();
    expect(order).toEqual(['commit, 0 sent']);
    const offered = rig.sent().map(({ bytes }) => packetOf(bytes).yiaddr);
    expect(offered).toHaveLength(100);
    expect(new Set(offered).size).toBe(100);
  });

  test('createDhcpServer() sends nothing that it could not save, and goes on when it can again', async () => {
    const memory = createMemoryLeases();
    let full = true;
    const commit = () => {
      if (full) throw new Error('ENOSPC');
      return true;
    };
    const rig = await started({ leases: { ...memory, commit } });
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toEqual([]);
    expect(rig.events).toMatchObject([
      { type: 'service.warning', problem: 'leases-not-saved', detail: expect.stringContaining('ENOSPC') },
    ]);
    full = false;
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toHaveLength(1);
  });

  test('createDhcpServer() answers from the address that its interface has since the reload', async () => {
    const rig = await started();
    const moved = { ...ETH0, mac: '02:00:00:00:00:99', addresses: [{ ip: ip('172.20.0.1'), length: 24 }] };
    const settings = { ...rig.settingsOf(), networks: [networkOfLink(moved)] };
    rig.server.reconfigure({ settings, exists: () => true, links: [moved] });
    rig.deliver(discover());
    rig.deliver(discover({ ...toAll, mac: OTHER_MAC }));
    await rig.turn();
    const frame = parseUdpFrame(rig.frames[0]!);
    if (!frame.ok) throw new Error(frame.reason);
    expect(frame.value).toMatchObject({ fromMac: moved.mac, from: ip('172.20.0.1') });
    expect(rig.sent()[0]!.source.from).toBe(ip('172.20.0.1'));
    expect(readOption(packetOf(rig.sent()[0]!.bytes).options, 'server-id')).toBe(ip('172.20.0.1'));
  });

  test('createDhcpServer() lets clients keep their addresses when a network gets another prefix, once that is saved', async () => {
    const memory = createMemoryLeases();
    const before = `192.168.0.0/16 hw 1 ${MAC}`;
    const address = ip('10.0.0.77');
    const lease = { ip: address, state: 'bound', client: before, mac: MAC, kind: 'dhcp' } as const;
    memory.stage([{ kind: 'put', lease: { ...lease, since: 0, expiresAt: 9e12 }, volatile: false }]);
    memory.commit();
    let full = true;
    const commit = () => {
      if (!full) return memory.commit();
      // As the store does: reads see the last committed state.
      memory.stage([{ kind: 'put', lease: { ...lease, since: 0, expiresAt: 9e12 }, volatile: false }]);
      throw new Error('ENOSPC');
    };
    const rig = await started({ leases: { ...memory, commit } });
    const renewing = request({ ciaddr: address });
    rig.deliver(renewing, { peer: address, local: SERVER });
    await rig.turn();
    expect(rig.sent()).toEqual([]);
    full = false;
    rig.deliver(renewing, { peer: address, local: SERVER });
    await rig.turn();
    expect(packetOf(rig.sent()[0]!.bytes)).toMatchObject({ yiaddr: address });
    expect(memory.byIp(address)?.client).toBe(`10.0.0.0/24 hw 1 ${MAC}`);
  });

  test('createDhcpServer() keeps leases over a reload and over another run', async () => {
    const rig = createRig();
    const first = new AbortController();
    await rig.start(first.signal);
    rig.deliver(discover(toAll));
    await rig.turn();
    const { yiaddr } = packetOf(rig.sent()[0]!.bytes);
    rig.server.reconfigure({
      settings: rig.settingsOf({}, { domain: 'new.example' }),
      exists: () => true,
      links: [ETH0],
    });
    rig.deliver(selecting(yiaddr, toAll));
    await rig.turn();
    const ack = packetOf(rig.sent()[1]!.bytes);
    expect(ack.yiaddr).toBe(yiaddr);
    expect(readOption(ack.options, 'domain-name')).toBe('new.example');
    first.abort();
    await rig.finished();
    expect(rig.detached()).toBe(true);
    const second = new AbortController();
    stop.add(second);
    await rig.start(second.signal);
    rig.deliver(request({ ...toAll, ciaddr: yiaddr }), { peer: yiaddr, local: SERVER });
    await rig.turn();
    expect(rig.sent().at(-1)).toMatchObject({ to: yiaddr, port: 68 });
  });
});

describe('what must not end it', () => {
  test('pTFTPd defect 11: a packet that makes our code throw is reported, the next one answered', async () => {
    let broken = true;
    const exists = (path: string): boolean => {
      if (broken) throw new Error('a bug');
      return path === 'pxelinux.0';
    };
    const rig = await started({ exists });
    const uefi = {
      ...toAll,
      with: { 'vendor-class-id': 'PXEClient:Arch:00007:UNDI:003000', 'client-arch': [7] },
    };
    rig.deliver(discover(uefi));
    rig.deliver(discover({ ...toAll, mac: OTHER_MAC }));
    await rig.turn();
    expect(rig.events).toContainEqual(
      expect.objectContaining({ problem: 'internal-error', detail: expect.stringContaining(MAC) }),
    );
    expect(rig.server.counters.faults).toBe(1);
    expect(rig.sent().map(({ bytes }) => packetOf(bytes).chaddr[5])).toEqual([2]);
    broken = false;
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toHaveLength(2);
  });

  test('pTFTPd defect 13: a thousand malformed datagrams are counted, told of a few times, and do no harm', async () => {
    const rig = await started();
    for (let n = 0; n < 1000; n++) rig.deliver(new Uint8Array(n % 236), { peer: ip('10.0.0.66') });
    for (let i = 0; i < 5; i++) await rig.turn(1000);
    expect(rig.server.counters).toMatchObject({ received: 1000, malformed: 1000, replies: 0 });
    const told = rig.events.filter((event) => event.type === 'dhcp.malformed');
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(15);
    expect(told[0]).toMatchObject({ peer: ip('10.0.0.66'), why: 'short-header' });
    rig.deliver(new Uint8Array(1));
    await rig.turn(60_000);
    const counted = rig.events.reduce(
      (sum, event) => sum + (event.type === 'dhcp.malformed' ? 1 + (event.unreported ?? 0) : 0),
      0,
    );
    expect(counted).toBe(1001);
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.sent()).toHaveLength(1);
  });
});

describe('conflict probes', () => {
  const probing = { settings: { probe: { enabled: true, timeoutMs: 400 } } };

  function probed(frame: Uint8Array | undefined): number {
    const ethernet = parseEthernet(frame ?? new Uint8Array());
    if (!ethernet.ok || ethernet.value.etherType !== ETHERTYPE.arp) throw new Error('no ARP frame');
    const arp = parseArp(ethernet.value.payload);
    if (!arp.ok) throw new Error(arp.reason);
    expect(arp.value).toMatchObject({ operation: 'request', senderIp: 0, senderMac: ETH0.mac });
    return arp.value.targetIp;
  }

  function claim(address: number, mac = '02:aa:aa:aa:aa:aa'): Uint8Array {
    return buildArpFrame({
      operation: 'reply',
      senderMac: mac,
      senderIp: address,
      targetMac: ETH0.mac,
      targetIp: 0,
    });
  }

  test('createDhcpServer() asks twice, and offers when nobody answered in time', async () => {
    const rig = await started(probing);
    rig.deliver(discover(toAll));
    await rig.turn();
    const address = probed(rig.frames[0]);
    expect(rig.timeout()).toBe(200);
    await rig.turn(200);
    expect(probed(rig.frames[1])).toBe(address);
    expect(rig.sent()).toEqual([]);
    expect(rig.timeout()).toBe(200);
    await rig.turn(200);
    expect(packetOf(rig.sent()[0]!.bytes).yiaddr).toBe(address);
    expect(rig.frames).toHaveLength(2);
  });

  test('createDhcpServer() goes on to another address when somebody answers', async () => {
    const rig = await started(probing);
    rig.deliver(discover(toAll));
    await rig.turn();
    const address = probed(rig.frames[0]);
    rig.deliverFrame(claim(address));
    await rig.turn(1);
    expect(rig.events).toContainEqual({ type: 'dhcp.conflict', ip: address, owner: '02:aa:aa:aa:aa:aa' });
    const next = probed(rig.frames[1]);
    expect(next).not.toBe(address);
    await rig.turn(200);
    await rig.turn(200);
    expect(rig.sent().map(({ bytes }) => packetOf(bytes).yiaddr)).toEqual([next]);
  });

  test('createDhcpServer() a client whose every address is taken waits for its next try, not for ever', async () => {
    const rig = await started(probing);
    rig.deliver(discover(toAll));
    await rig.turn();
    for (let tries = 0; tries < 10 && rig.frames.length > tries; tries++) {
      rig.deliverFrame(claim(probed(rig.frames[tries])));
      await rig.turn(1);
    }
    expect(rig.frames).toHaveLength(4);
    expect(rig.sent()).toEqual([]);
    rig.deliver(discover(toAll));
    await rig.turn();
    expect(rig.frames).toHaveLength(5);
  });

  test('createDhcpServer() the client’s own answer and strangers’ ARP are no conflict', async () => {
    const rig = await started(probing);
    rig.deliver(discover(toAll));
    await rig.turn();
    const address = probed(rig.frames[0]);
    rig.deliverFrame(claim(ip('10.0.0.66')));
    rig.deliverFrame(new Uint8Array(20));
    rig.deliverFrame(claim(address, MAC));
    await rig.turn(1);
    expect(packetOf(rig.sent()[0]!.bytes).yiaddr).toBe(address);
  });

  test('createDhcpServer() answers the client’s newest try, once; others do not wait for its probe', async () => {
    const rig = await started(probing);
    rig.deliver(discover({ ...toAll, xid: 1 }));
    await rig.turn();
    rig.deliver(discover({ ...toAll, xid: 2 }));
    rig.deliver(request({ ...toAll, mac: OTHER_MAC, ciaddr: ip('10.0.0.200') }), { local: SERVER });
    await rig.turn(100);
    expect(rig.sent().map(({ to }) => to)).toEqual([ip('10.0.0.200')]);
    await rig.turn(300);
    expect(
      rig
        .sent()
        .slice(1)
        .map(({ bytes }) => packetOf(bytes).xid),
    ).toEqual([2]);
  });

  test('createDhcpServer() does not ask where it cannot: behind a relay, or without raw frames', async () => {
    const relayed = await started(probing);
    relayed.deliver(discover({ giaddr: ip('10.0.0.2') }), { peer: ip('10.0.0.2'), peerPort: 67 });
    await relayed.turn();
    expect(relayed.frames).toEqual([]);
    expect(relayed.sent()).toMatchObject([{ to: ip('10.0.0.2'), port: 67 }]);
    const plain = await started({ ...probing, raw: false });
    plain.deliver(discover(toAll));
    await plain.turn();
    expect(plain.sent()).toHaveLength(1);
  });
});
