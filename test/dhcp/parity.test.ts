import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, readOption } from '../../src/dhcp-packet/index.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  ip,
  message,
  received,
  request,
  SERVER,
  selecting,
  whyIgnored,
  wireBytes,
} from './world.ts';

/** Defects of the server that this one succeeds: numbers of the parity list. 11 and 13 are tested with the server loop, too. */
describe('what pTFTPd gets wrong', () => {
  test('pTFTPd defect 12: name servers reach the client', () => {
    const dns = [ip('10.0.0.53'), ip('10.0.0.54'), ip('10.0.0.55')];
    const offer = received(createWorld({ network: { dns } }).send(discover()));
    expect(readOption(offer.options, 'dns-servers')).toEqual(dns);
  });

  test('pTFTPd defect 13: a packet without the options it needs is ignored, not fatal', () => {
    for (const type of [1, 2, 3, 4, 5, 6, 7, 8, 9, 255]) {
      const world = createWorld({ settings: { answerAll: true } });
      expect(() => world.send(message({ with: { 'message-type': type } }))).not.toThrow();
      expect(received(world.send(discover())).yiaddr).not.toBe(0);
    }
  });

  test('pTFTPd defect 13: options cut short anywhere never throw', () => {
    const whole = wireBytes(createWorld().send(discover()));
    whole[0] = 1;
    for (let length = 0; length <= whole.length; length++) {
      const decoded = decode(whole.subarray(0, length));
      if (decoded.ok) createWorld().send(decoded.value.packet);
    }
  });

  test('pTFTPd defect 14: a renewing client keeps its address', () => {
    const world = createWorld();
    const address = bind(world);
    world.later(21_600);
    expect(received(world.send(request({ ciaddr: address }), { destination: SERVER })).yiaddr).toBe(address);
  });

  test('pTFTPd defect 14: a REQUEST meant for another server is not answered', () => {
    const world = createWorld({ settings: { answerAll: true, authoritative: true } });
    const { yiaddr } = received(world.send(discover()));
    const other = request({ with: { 'server-id': ip('10.0.0.2'), 'requested-ip': yiaddr } });
    expect(whyIgnored(world.send(other))).toBe('other-server');
  });

  test('pTFTPd defect 14: network, broadcast and own address are never offered, a full pool ends at once', () => {
    const world = createWorld({ settings: { answerAll: true } });
    const offered = new Set<number>();
    for (let n = 0; n < 253; n++) {
      const mac = `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
      offered.add(bind(world, { mac }));
    }
    expect(offered.size).toBe(253);
    for (const never of ['10.0.0.0', '10.0.0.1', '10.0.0.255']) expect(offered.has(ip(never))).toBe(false);
    const full = world.send(discover({ mac: '52:54:00:ff:ff:ff' }));
    expect(full.reply).toBeUndefined();
    expect(full.events).toMatchObject([{ type: 'dhcp.pool-exhausted', pool: 'eth0' }]);
  });

  test('pTFTPd defect 14: an address in use by somebody else is not offered', () => {
    const world = createWorld({ settings: { probe: { enabled: true, timeoutMs: 400 } } });
    const first = world.send(discover()).probe!;
    const second = world.answerProbe({ ip: first.ip, inUse: true, owner: '02:aa:aa:aa:aa:aa' }).probe!;
    expect(received(world.answerProbe({ ip: second.ip, inUse: false })).yiaddr).not.toBe(first.ip);
  });

  test('pTFTPd defect 17: BOOTP gives each machine one address, and no two the same', () => {
    const bootp = { enabled: true, ranges: 'network' as const, serverName: '' };
    const world = createWorld({ settings: { bootp } });
    const macs = Array.from({ length: 50 }, (_, n) => `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`);
    const ask = (mac: string) => received(world.send(message({ mac, vend: 'none' }))).yiaddr;
    const addresses = macs.map(ask);
    expect(new Set(addresses).size).toBe(50);
    expect(macs.map(ask)).toEqual(addresses);
  });

  test('pTFTPd defect 18: replies end in END, keep the broadcast flag and giaddr', () => {
    const fields = { flags: 0x8000, giaddr: ip('10.0.0.2'), secs: 4 };
    const decision = createWorld().send(discover(fields));
    const bytes = wireBytes(decision);
    const decoded = decode(bytes);
    expect(decoded.ok && decoded.value.warnings).toEqual([]);
    expect(received(decision)).toMatchObject({ flags: 0x8000, giaddr: ip('10.0.0.2') });
    expect(createWorld().send(discover({ flags: 0x8000 })).reply?.destination.kind).toBe('broadcast');
    // secs has no say in whether or when a client is answered.
    for (const secs of [0, 4, 0x0400, 0xffff])
      expect(createWorld().send(discover({ secs })).reply).toBeDefined();
  });

  test('a wish of its users: leases by MAC, and the OS of a machine that booted here is answered', () => {
    const world = createWorld();
    const address = bind(world);
    const os = { raw: { 61: 'ff0011223344' }, with: { 'host-name': 'node1' } };
    expect(received(world.send(bareDiscover(os))).yiaddr).toBe(address);
    expect(whyIgnored(world.send(bareDiscover({ ...os, mac: '52:54:00:00:00:99' })))).toBe('not-netboot');
    const taken = { ...os, with: { ...os.with, 'vendor-class-id': 'udhcp 1.35.0' } };
    expect(received(world.send(selecting(address, taken))).yiaddr).toBe(address);
  });
});

test('handle() any octets that decode get a decision', () => {
  const world = createWorld({
    settings: {
      answerAll: true,
      authoritative: true,
      bootp: { enabled: true, ranges: 'network', serverName: '' },
    },
  });
  const header = fc.uint8Array({ minLength: 236, maxLength: 236 });
  const options = fc.array(fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 40 })), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(
      header,
      fc.option(fc.integer({ min: 0, max: 14 })),
      options,
      fc.constantFrom(67 as const, 4011 as const),
      (head, type, list, port) => {
        head[0] = 1;
        head[2] = head[2]! % 17;
        const tags = list.flatMap(([code, body]) => [code, body.length, ...body]);
        const first = type === null ? [] : [53, 1, type];
        const bytes = new Uint8Array([...head, 0x63, 0x82, 0x53, 0x63, ...first, ...tags, 255]);
        const decoded = decode(bytes);
        if (!decoded.ok) return;
        const decision = world.send(decoded.value.packet, {
          port,
          destination: SERVER,
          sizeBytes: bytes.length,
        });
        if (decision.reply) wireBytes(decision);
      },
    ),
    { numRuns: 3000 },
  );
});
