import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { relayPointOf } from '../../src/dhcp/relay.ts';
import type { DhcpSettings } from '../../src/dhcp/settings.ts';
import { DEFAULT_SETTINGS, networkOfLink } from '../../src/dhcp/settings.ts';
import {
  type DhcpPacket,
  decode,
  encodeReport,
  readOption,
  relayAgentInfo,
} from '../../src/dhcp-packet/index.ts';
import { toHex } from '../../src/lib/bytes.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import { golden } from '../golden/load.ts';
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
  wireBytes,
} from './world.ts';

const RELAY = ip('10.9.0.1');
const THROUGH: How = { source: { ip: RELAY, port: 67 }, destination: SERVER };

function remote(relays: Partial<DhcpSettings['relays']> = {}, settings: Partial<DhcpSettings> = {}) {
  const far = networkOfLink(ETH0, { name: 'far', subnet: parseSubnet('10.9.0.0/24')!, routers: [RELAY] });
  return createWorld({
    settings: {
      networks: [networkOfLink(ETH0), far],
      relays: { ...DEFAULT_SETTINGS.relays, ...relays },
      ...settings,
    },
  });
}

function info(values: Parameters<typeof relayAgentInfo>[0]): string {
  return toHex(relayAgentInfo(values).raw);
}

describe('which network (dhcp-server §2)', () => {
  const far = ip('10.9.0.0');
  test.each<{ name: string; on: boolean; fields: Fields; want: string; echoed: boolean }>([
    {
      name: '82.5 beats giaddr',
      on: false,
      fields: { giaddr: ip('10.0.0.2'), raw: { 82: info({ linkSelection: far }) } },
      want: '10.9.0',
      echoed: false,
    },
    {
      name: '82.5 beats 118, which is not echoed then: it was not heard',
      on: true,
      fields: {
        giaddr: ip('10.0.0.2'),
        raw: { 82: info({ linkSelection: far }) },
        with: { 'subnet-selection': ip('10.0.0.0') },
      },
      want: '10.9.0',
      echoed: false,
    },
    {
      name: 'Cisco’s 82.150 is 82.5',
      on: false,
      fields: { giaddr: ip('10.0.0.2'), raw: { 82: '96040a090000' } },
      want: '10.9.0',
      echoed: false,
    },
    {
      name: '118 beats giaddr, and is echoed (RFC 3011 §2)',
      on: true,
      fields: { giaddr: ip('10.0.0.2'), with: { 'subnet-selection': far } },
      want: '10.9.0',
      echoed: true,
    },
    {
      name: '118 of a client without a relay',
      on: true,
      fields: { with: { 'subnet-selection': far } },
      want: '10.9.0',
      echoed: true,
    },
    {
      name: '118 is nothing when it is off, the default',
      on: false,
      fields: { giaddr: ip('10.0.0.2'), with: { 'subnet-selection': far } },
      want: '10.0.0',
      echoed: false,
    },
  ])('networksOf() $name', ({ on, fields, want, echoed }) => {
    const decision = remote({ subnetSelection: on }).send(discover(fields), THROUGH);
    const offer = received(decision);
    expect(offer.yiaddr >>> 8).toBe(ip(`${want}.0`) >>> 8);
    expect(offer.options.has(118)).toBe(echoed);
    if (fields.giaddr !== undefined) {
      expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: fields.giaddr, port: 67 });
    }
  });

  test('networksOf() 118 that names no network of ours: no answer', () => {
    const packet = discover({ with: { 'subnet-selection': ip('172.16.0.0') } });
    expect(whyIgnored(remote({ subnetSelection: true }).send(packet))).toBe('no-network');
  });
});

describe('option 82 in replies (RFC 3046 §2.2)', () => {
  test('echo() octet for octet in OFFER, ACK and NAK, as the last option', () => {
    const world = remote();
    const raw = { 82: '010200070209abcd' }; // golden 36: its second sub-option is cut off
    const offer = world.send(discover({ giaddr: RELAY, raw }), THROUGH);
    const { yiaddr } = received(offer);
    const ack = world.send(selecting(yiaddr, { giaddr: RELAY, raw }), THROUGH);
    const nak = world.send(selecting(ip('10.9.0.222'), { giaddr: RELAY, raw }), THROUGH);
    for (const decision of [offer, ack, nak]) {
      const bytes = toHex(wireBytes(decision)).replace(/(00)*$/, '');
      expect(bytes.endsWith(`5208${raw[82]}ff`)).toBe(true);
    }
    expect(readOption(received(nak).options, 'message-type')).toBe(6);
  });

  test('echo() leaves it out where it does not fit, and says so', () => {
    const raw = { 82: `01ff${'aa'.repeat(255)}02ff${'bb'.repeat(255)}` };
    const { reply } = remote().send(discover({ giaddr: RELAY, raw }), THROUGH);
    const report = encodeReport(reply!.packet, reply!.limits);
    expect(report.dropped.map(({ code }) => code)).toContain(82);
    expect(reply?.packet.options.has(67)).toBe(true);
  });

  test.each([
    { name: 'heeded and echoed by default', trusted: true, echoed: true },
    { name: 'neither when it is not trusted', trusted: false, echoed: false },
  ])('openTurn() of a request that came through no relay: $name', ({ trusted, echoed }) => {
    const world = remote({ trustDirectInfo: trusted });
    const { options, yiaddr } = received(world.send(discover({ raw: { 82: '01020007' } })));
    expect(options.has(82)).toBe(echoed);
    received(world.send(selecting(yiaddr, { raw: { 82: '01020007' } })));
    expect(world.leases.byIp(yiaddr)?.relayInfo).toBe(echoed ? '01020007' : undefined);
  });

  test('openTurn() a relay’s own is always heeded', () => {
    const world = remote({ trustDirectInfo: false });
    const { options } = received(world.send(discover({ giaddr: RELAY, raw: { 82: '01020007' } }), THROUGH));
    expect(options.has(82)).toBe(true);
  });
});

test('echo() whatever stands in option 82 comes back as it was, or with no answer; a renewal finds it again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (body) => {
      const world = remote();
      const raw = { 82: toHex(body) };
      const decision = world.send(discover({ giaddr: RELAY, raw }), THROUGH);
      if (!decision.reply) return; // it names a network that is none of ours
      const { yiaddr, options } = received(decision);
      expect(options.get(82)).toEqual(body);
      const serverId = readOption(options, 'server-id')!;
      const take = selecting(yiaddr, { giaddr: RELAY, raw, with: { 'server-id': serverId } });
      expect(received(world.send(take, THROUGH)).options.get(82)).toEqual(body);
      const renewed = received(world.send(request({ ciaddr: yiaddr }), { destination: SERVER }));
      expect(renewed.yiaddr).toBe(yiaddr);
      expect(world.leases.byIp(yiaddr)?.relayInfo).toBe(raw[82]);
    }),
  );
});

describe('what a relay said holds for the lease (RFC 3046 §2.1)', () => {
  const raw = { 82: info({ circuitId: Uint8Array.of(7), remoteId: Uint8Array.of(8, 9) }) };

  test('relayPointOf() is that of the lease for a unicast RENEW, and stays so when it is renewed', () => {
    const world = remote();
    const { yiaddr } = received(world.send(discover({ giaddr: RELAY, raw }), THROUGH));
    received(world.send(selecting(yiaddr, { giaddr: RELAY, raw }), THROUGH));
    for (const _ of [1, 2]) {
      world.later(3600);
      received(world.send(request({ ciaddr: yiaddr }), { destination: SERVER }));
      expect(world.leases.byIp(yiaddr)).toMatchObject({ via: RELAY, relayInfo: raw[82] });
    }
    const point = relayPointOf(renewal(yiaddr), { mac: MAC, htype: 1 }, { leases: world.leases });
    expect(point).toMatchObject({ via: RELAY, info: { values: { circuitId: Uint8Array.of(7) } } });
  });

  test('relayPointOf() nobody gets another machine’s', () => {
    const world = remote();
    const { yiaddr } = received(world.send(discover({ giaddr: RELAY, raw }), THROUGH));
    received(world.send(selecting(yiaddr, { giaddr: RELAY, raw }), THROUGH));
    const other = { mac: '52:54:00:00:00:99', htype: 1 };
    expect(relayPointOf(renewal(yiaddr), other, { leases: world.leases })).toBeUndefined();
  });

  test('relayFieldsOf() a machine that moved to another port is at that one', () => {
    const world = remote();
    const { yiaddr } = received(world.send(discover({ giaddr: RELAY, raw }), THROUGH));
    received(world.send(selecting(yiaddr, { giaddr: RELAY, raw }), THROUGH));
    received(world.send(request({ giaddr: RELAY, ciaddr: yiaddr, raw: { 82: '010109' } }), THROUGH));
    expect(world.leases.byIp(yiaddr)?.relayInfo).toBe('010109');
  });

  function renewal(ciaddr: number) {
    const packet = message({ ciaddr, with: { 'message-type': 3 } });
    const source = { ip: ciaddr, port: 68 };
    return {
      packet,
      warnings: [],
      sizeBytes: 300,
      source,
      destination: SERVER,
      port: 67 as const,
      link: ETH0,
    };
  }
});

describe('server-id override (RFC 5107)', () => {
  test.each([
    { name: '82.11', raw: '0b040a090001' },
    { name: 'Cisco’s 82.152', raw: '98040a090001' },
  ])(
    'serverIdOf() $name is option 54 and known as ours: DISCOVER, REQUEST, renewal through the relay',
    ({ raw }) => {
      const world = remote();
      const fields = { giaddr: RELAY, raw: { 82: raw } };
      const offer = received(world.send(discover(fields), THROUGH));
      expect(readOption(offer.options, 'server-id')).toBe(RELAY);
      const take = selecting(offer.yiaddr, { ...fields, with: { 'server-id': RELAY } });
      const ack = received(world.send(take, THROUGH));
      expect(ack.yiaddr).toBe(offer.yiaddr);
      expect(readOption(ack.options, 'server-id')).toBe(RELAY);
      const renewed = world.send(request({ ...fields, ciaddr: ack.yiaddr }), THROUGH);
      expect(received(renewed).yiaddr).toBe(ack.yiaddr);
      expect(renewed.reply?.destination).toMatchObject({ kind: 'unicast', ip: RELAY, port: 67 });
    },
  );

  test('isOurs() without a relay in between it is nobody', () => {
    const world = remote();
    const { yiaddr } = received(world.send(discover()));
    const take = selecting(yiaddr, { with: { 'server-id': RELAY }, raw: { 82: '0b040a090001' } });
    expect(whyIgnored(world.send(take))).toBe('other-server');
  });
});

describe('INFORM through a relay', () => {
  const inform = message({
    giaddr: RELAY,
    ciaddr: ip('10.9.0.200'),
    with: { 'message-type': 8, 'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001' },
  });

  test.each([
    { name: 'to the relay, by default', via: true, want: { ip: RELAY, port: 67 } },
    { name: 'to the client (RFC 2131 §4.3.5)', via: false, want: { ip: ip('10.9.0.200'), port: 68 } },
  ])('handleInform() is answered $name', ({ via, want }) => {
    const { reply } = remote({ informViaRelay: via }).send(inform, THROUGH);
    expect(reply?.destination).toMatchObject({ kind: 'unicast', ...want });
  });
});

function packetOf(name: string): DhcpPacket {
  const decoded = decode(golden(name).bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

test('handle() golden 17 is answered as golden 18: override, network of 82.5, 82 echoed last', () => {
  const world = remote({}, { boot: { ...DEFAULT_SETTINGS.boot, ipxeFile: 'http://10.0.0.1/boot.ipxe' } });
  const want = packetOf('18');
  const offer = received(world.send(packetOf('17'), THROUGH));
  for (const code of [1, 3, 53, 54, 61, 82]) {
    expect(offer.options.get(code), `option ${code}`).toEqual(want.options.get(code));
  }
  expect(readOption(offer.options, 'ipxe-encap')?.values).toEqual({ noPxeDhcp: 1 });
  expect(readOption(offer.options, 'bootfile-name')).toBe(readOption(want.options, 'bootfile-name'));
  const { giaddr, xid, flags, siaddr } = want;
  expect(offer).toMatchObject({ giaddr, xid, flags, siaddr });
  expect(offer.yiaddr >>> 8).toBe(want.yiaddr >>> 8);
});
