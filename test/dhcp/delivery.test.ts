import { describe, expect, test } from 'vitest';
import type { Network } from '../../src/dhcp/settings.ts';
import { networkOfLink } from '../../src/dhcp/settings.ts';
import { readOption } from '../../src/dhcp-packet/index.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import {
  createWorld,
  discover,
  ETH0,
  type Fields,
  type How,
  ip,
  MAC,
  message,
  received,
  request,
  SERVER,
  selecting,
  whyIgnored,
} from './world.ts';

const RELAY = ip('10.9.0.1');

describe('dhcpDestination(), the table of RFC 2131 §4.1', () => {
  test.each<{ name: string; fields: Fields; how?: How; want: object }>([
    {
      name: 'flag clear: to the hardware, no ARP',
      fields: {},
      want: { kind: 'hardware', mac: MAC, port: 68 },
    },
    { name: 'flag set: broadcast', fields: { flags: 0x8000 }, want: { kind: 'broadcast', port: 68 } },
    {
      name: 'reserved flags are not the broadcast flag',
      fields: { flags: 0x7fff },
      want: { kind: 'hardware' },
    },
    {
      name: 'hardware that is not Ethernet-like: broadcast',
      fields: { hlen: 8 },
      want: { kind: 'broadcast' },
    },
    {
      name: 'a source port other than 68 is not believed',
      fields: {},
      how: { source: { ip: 0, port: 1068 } },
      want: { port: 68 },
    },
    {
      name: 'relay: giaddr, port 67, though the flag is set',
      fields: { giaddr: ip('10.0.0.2'), flags: 0x8000 },
      want: { kind: 'unicast', ip: ip('10.0.0.2'), port: 67 },
    },
    {
      name: 'relay with source-port sub-option (RFC 8357)',
      fields: { giaddr: ip('10.0.0.2'), raw: { 82: '1300' } },
      how: { source: { ip: ip('10.0.0.2'), port: 5000 } },
      want: { kind: 'unicast', port: 5000 },
    },
  ])('$name', ({ fields, how, want }) => {
    const { reply } = createWorld().send(discover(fields), how);
    expect(reply?.destination).toMatchObject({ from: SERVER, ...want });
  });

  test('the hardware row names the address that the client will have', () => {
    const { reply } = createWorld().send(discover());
    expect(reply?.destination).toMatchObject({ kind: 'hardware', ip: reply?.packet.yiaddr });
  });
});

function relayedNetwork(): Network {
  const subnet = parseSubnet('10.9.0.0/24')!;
  return networkOfLink(ETH0, {
    name: 'remote',
    subnet,
    ranges: [{ first: ip('10.9.0.50'), last: ip('10.9.0.99') }],
    routers: [RELAY],
  });
}

describe('relays', () => {
  const relayed = () => createWorld({ settings: { networks: [networkOfLink(ETH0), relayedNetwork()] } });
  const how: How = { source: { ip: RELAY, port: 67 }, destination: SERVER };

  test('networksOf() chooses the network of giaddr, and its router', () => {
    const offer = received(relayed().send(discover({ giaddr: RELAY, hops: 1 }), how));
    expect(offer.yiaddr >>> 8).toBe(RELAY >>> 8);
    expect(offer.giaddr).toBe(RELAY);
    expect(readOption(offer.options, 'routers')).toEqual([RELAY]);
    // Both must be reachable from there: the address the relay wrote to.
    expect(readOption(offer.options, 'server-id')).toBe(SERVER);
    expect(offer.siaddr).toBe(SERVER);
  });

  test('networksOf() link selection (RFC 3527) beats giaddr; the reply goes to giaddr all the same', () => {
    const raw = { 82: '05040a090000' };
    const decision = relayed().send(discover({ giaddr: ip('172.16.0.1'), raw }), how);
    expect(received(decision).yiaddr >>> 8).toBe(RELAY >>> 8);
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: ip('172.16.0.1'), port: 67 });
  });

  test('networksOf() a direct client cannot choose its network by option 82', () => {
    const offer = received(relayed().send(discover({ raw: { 82: '05040a090000' } })));
    expect(offer.yiaddr >>> 8).toBe(SERVER >>> 8);
  });

  test.each([
    { name: 'an unknown relay', fields: { giaddr: ip('172.16.0.1') }, why: 'no-network' },
    { name: 'a relay with our own address: a loop', fields: { giaddr: SERVER }, why: 'relay-loop' },
    { name: 'more than 16 hops', fields: { hops: 17 }, why: 'too-many-hops' },
  ])('handle() $name is ignored', ({ fields, why }) => {
    expect(whyIgnored(relayed().send(discover(fields), how))).toBe(why);
  });

  test('handle() a lease through a relay, renewed past it', () => {
    const world = relayed();
    const { yiaddr } = received(world.send(discover({ giaddr: RELAY }), how));
    expect(received(world.send(selecting(yiaddr, { giaddr: RELAY }), how)).yiaddr).toBe(yiaddr);
    const renewed = world.send(request({ ciaddr: yiaddr }), { destination: SERVER });
    expect(received(renewed).yiaddr).toBe(yiaddr);
    expect(renewed.reply?.destination).toMatchObject({ kind: 'unicast', ip: yiaddr, port: 68 });
  });

  test('handle() server-id override (RFC 5107): sent as 54 and known as ours', () => {
    const world = relayed();
    const raw = { 82: '0b040a090001' };
    const offer = received(world.send(discover({ giaddr: RELAY, raw }), how));
    expect(readOption(offer.options, 'server-id')).toBe(RELAY);
    const taken = { 'server-id': RELAY, 'requested-ip': offer.yiaddr };
    expect(received(world.send(request({ giaddr: RELAY, raw, with: taken }), how)).yiaddr).toBe(offer.yiaddr);
    // Without the relay's word it is somebody else's.
    expect(whyIgnored(world.send(request({ with: taken })))).toBe('other-server');
  });

  test('handle() the relay’s unicast flag (RFC 5010) tells RENEWING from REBINDING', () => {
    const fields = { ciaddr: ip('10.9.0.60'), giaddr: RELAY };
    expect(received(relayed().send(request({ ...fields, raw: { 82: '0a0180' } }), how)).yiaddr).toBe(
      fields.ciaddr,
    );
    expect(whyIgnored(relayed().send(request({ ...fields, raw: { 82: '0a0100' } }), how))).toBe(
      'not-netboot',
    );
  });

  test('handle() the same machine has a lease in each network', () => {
    const world = relayed();
    const near = received(world.send(discover())).yiaddr;
    const far = received(world.send(discover({ giaddr: RELAY }), how)).yiaddr;
    expect(near).not.toBe(far);
    expect(world.leases.byIp(near)?.state).toBe('offered');
    expect(world.leases.byIp(far)?.state).toBe('offered');
  });
});

describe('port 4011', () => {
  const CLIENT = ip('10.0.0.50');
  const boot = { 'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001', 'client-arch': [0] };
  const from = (port: number): How => ({ port: 4011, source: { ip: CLIENT, port }, destination: SERVER });

  test.each([68, 4011])('handleBootServer() answers to the sender’s own port: %i (iPXE, EDK2)', (port) => {
    const decision = createWorld().send(request({ ciaddr: CLIENT, with: boot }), from(port));
    const ack = received(decision);
    expect(decision.reply?.destination).toEqual({ kind: 'unicast', ip: CLIENT, port, from: SERVER });
    expect(ack).toMatchObject({ yiaddr: 0, ciaddr: CLIENT, siaddr: SERVER, file: 'pxelinux.0' });
    expect(readOption(ack.options, 'message-type')).toBe(5);
    expect(readOption(ack.options, 'vendor-class-id')).toBe('PXEClient');
    expect(ack.options.get(43)).toEqual(new Uint8Array([6, 1, 8, 255]));
    expect([1, 3, 51].filter((code) => ack.options.has(code))).toEqual([]);
    expect(decision.events).toMatchObject([{ type: 'dhcp.boot-server-ack', ip: CLIENT, file: 'pxelinux.0' }]);
  });

  test('handleBootServer() echoes the boot item and moves the address to yiaddr (PXE 2.1 Table 2-5)', () => {
    const packet = request({
      ciaddr: CLIENT,
      with: boot,
      raw: { 43: '47 04 8000 0000 ff', 97: '00'.repeat(17) },
    });
    const ack = received(createWorld().send(packet, from(68)));
    expect(ack).toMatchObject({ yiaddr: CLIENT, ciaddr: 0, file: 'pxelinux.0' });
    expect(ack.options.get(43)).toEqual(new Uint8Array([0x47, 4, 0x80, 0, 0, 0, 255]));
    expect(ack.options.get(97)).toHaveLength(17);
  });

  test('handleBootServer() knows the architecture from the machine’s boot when the request does not say', () => {
    const world = createWorld({
      settings: { boot: { bootFile: 'pxelinux.0', archFiles: new Map([[7, 'x64.efi']]) } },
    });
    const uefi = { 'vendor-class-id': 'PXEClient:Arch:00007:UNDI:003000', 'client-arch': [7] };
    const { yiaddr } = received(world.send(discover({ with: uefi })));
    world.send(selecting(yiaddr, { with: uefi }));
    const packet = request({ ciaddr: yiaddr, with: { 'vendor-class-id': 'PXEClient' } });
    expect(received(world.send(packet, { ...from(4011), source: { ip: yiaddr, port: 4011 } })).file).toBe(
      'x64.efi',
    );
  });

  test.each<{ name: string; packet: Fields; how?: How; why: string }>([
    { name: 'a system that is no PXE client', packet: { ciaddr: CLIENT }, why: 'not-pxe' },
    {
      name: 'a credentials request (layer’s top bit)',
      packet: { ciaddr: CLIENT, with: boot, raw: { 43: '47 04 8000 8000 ff' } },
      why: 'boot-layer',
    },
    {
      name: 'a further layer',
      packet: { ciaddr: CLIENT, with: boot, raw: { 43: '47 04 8000 0001 ff' } },
      why: 'boot-layer',
    },
    { name: 'a DISCOVER', packet: { with: { ...boot, 'message-type': 1 } }, why: 'unexpected-type' },
    {
      name: 'no address at all',
      packet: { with: boot },
      how: { port: 4011, source: { ip: 0, port: 68 } },
      why: 'no-address',
    },
    {
      name: 'UEFI without a loader',
      packet: { ciaddr: CLIENT, with: { ...boot, 'client-arch': [7] } },
      why: 'no-boot-file',
    },
  ])('handleBootServer() $name is not answered', ({ packet, how, why }) => {
    expect(whyIgnored(createWorld().send(request(packet), how ?? from(68)))).toBe(why);
  });

  test('handleBootServer() never makes, changes or refuses a lease', () => {
    const world = createWorld();
    const packet = request({
      ciaddr: ip('10.0.0.77'),
      with: { ...boot, 'requested-ip': ip('172.16.0.1'), 'server-id': SERVER },
    });
    const decision = world.send(packet, from(68));
    expect(decision.mutations).toEqual([]);
    expect(readOption(received(decision).options, 'message-type')).toBe(5);
  });

  test('handle() a boot item on port 67 is a boot server request too, answered from there', () => {
    const packet = request({ ciaddr: CLIENT, with: boot, raw: { 43: '47 04 0000 0000 ff' } });
    const decision = createWorld().send(packet, { source: { ip: CLIENT, port: 68 } });
    expect(decision.events[0]?.type).toBe('dhcp.boot-server-ack');
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: CLIENT, port: 68 });
  });
});

describe('handle() input that no client of ours sends', () => {
  test.each<{ name: string; packet: Fields; how?: How; why: string }>([
    { name: 'a reply', packet: { op: 2, with: { 'message-type': 2 } }, why: 'not-a-request' },
    ...[2, 5, 6, 9, 11, 12, 13, 77].map((type) => ({
      name: `message type ${type}`,
      packet: { with: { 'message-type': type } },
      why: 'unexpected-type',
    })),
    {
      name: 'a LEASEQUERY of a stranger',
      packet: { with: { 'message-type': 10 } },
      why: 'query-not-allowed',
    },
    {
      name: 'no hardware address and no client id',
      packet: { chaddr: new Uint8Array(16), mac: '00:00:00:00:00:00', with: { 'message-type': 1 } },
      why: 'no-identity',
    },
    { name: 'htype 0', packet: { htype: 0, with: { 'message-type': 1 } }, why: 'no-identity' },
    {
      name: 'htype 0 and a client id longer than any option',
      packet: { htype: 0, with: { 'message-type': 1 }, raw: { 61: 'ff'.repeat(256) } },
      why: 'no-identity',
    },
    {
      name: 'a multicast hardware address',
      packet: { mac: '01:00:5e:00:00:01', with: { 'message-type': 1 } },
      why: 'bad-hardware-address',
    },
    {
      name: 'an all-ones hardware address',
      packet: { mac: 'ff:ff:ff:ff:ff:ff', with: { 'message-type': 1 } },
      why: 'bad-hardware-address',
    },
    { name: 'a BOOTP request on port 4011', packet: {}, how: { port: 4011 }, why: 'unexpected-type' },
  ])('handle() $name: $why', ({ packet, how, why }) => {
    const world = createWorld({
      settings: { answerAll: true, bootp: { enabled: true, ranges: 'network', serverName: '' } },
    });
    expect(whyIgnored(world.send(message(packet), how))).toBe(why);
    expect([...world.leases.all()]).toEqual([]);
  });

  test('handle() xid 0 is as good as any', () => {
    expect(received(createWorld().send(discover({ xid: 0 }))).xid).toBe(0);
  });
});
