import { describe, expect, test } from 'vitest';
import { renewalTimes } from '../../src/dhcp/lease-time.ts';
import type { DhcpSettings, NetworkOverrides } from '../../src/dhcp/settings.ts';
import { type EncodeReport, encodeReport, readOption } from '../../src/dhcp-packet/index.ts';
import {
  bareDiscover,
  createWorld,
  discover,
  type Fields,
  ip,
  MAC,
  message,
  received,
  request,
  SERVER,
  selecting,
  type WorldOptions,
  whyIgnored,
  wireBytes,
} from './world.ts';

const OTHER = '52:54:00:ec:33:82';

/** A world in which every client is answered, as systems are. */
function open(network: NetworkOverrides = {}, settings: Partial<DhcpSettings> = {}): WorldOptions {
  return { network, settings: { answerAll: true, ...settings } };
}

/** What an operating system sends. */
function system(asked: readonly number[], fields: Fields = {}): Fields {
  const named = { 'vendor-class-id': 'MSFT 5.0', 'parameter-request-list': asked, ...fields.with };
  return { ...fields, with: named };
}

describe('rapid commit (RFC 4039)', () => {
  const asks: Fields = { with: { 'rapid-commit': true } };

  test('handleDiscover() binds and acknowledges at once, with option 80', () => {
    const world = createWorld(open({}, { rapidCommit: true }));
    const decision = world.send(bareDiscover(asks));
    const ack = received(decision);
    expect(readOption(ack.options, 'message-type')).toBe(5);
    expect(ack.options.has(80)).toBe(true);
    expect(world.leases.byIp(ack.yiaddr)).toMatchObject({ state: 'bound', mac: MAC });
    expect(decision.mutations).toContainEqual(expect.objectContaining({ kind: 'put', volatile: false }));
  });

  test('handleDiscover() a client that lost the ACK gets it again, with the same address', () => {
    const world = createWorld(open({}, { rapidCommit: true }));
    const first = received(world.send(bareDiscover(asks)));
    expect(received(world.send(bareDiscover(asks))).yiaddr).toBe(first.yiaddr);
    expect([...world.leases.all()]).toHaveLength(1);
  });

  test.each([
    { name: 'it is off, the default', settings: {}, fields: asks },
    { name: 'the client does not ask', settings: { rapidCommit: true }, fields: {} },
  ])('handleDiscover() offers, without option 80, when $name', ({ settings, fields }) => {
    const reply = received(createWorld(open({}, settings)).send(bareDiscover(fields)));
    expect(readOption(reply.options, 'message-type')).toBe(2);
    expect(reply.options.has(80)).toBe(false);
  });

  test('handleDiscover() nobody but who sent option 80 sees it, whatever is configured', () => {
    const options = [{ code: 80, body: Uint8Array.of(1) }];
    expect(received(createWorld(open({ options })).send(bareDiscover())).options.has(80)).toBe(false);
  });

  test('handleDiscover() probes first, like any other new address', () => {
    const world = createWorld(open({}, { rapidCommit: true, probe: { enabled: true, timeoutMs: 400 } }));
    const asked = world.send(bareDiscover(asks));
    expect(asked.reply).toBeUndefined();
    const ack = received(world.answerProbe({ ip: asked.probe!.ip, inUse: false }));
    expect(ack).toMatchObject({ yiaddr: asked.probe!.ip });
    expect(readOption(ack.options, 'message-type')).toBe(5);
  });
});

describe('IPv6-only preferred (RFC 8925)', () => {
  const mostly = open({ ipv6OnlySeconds: 3600 }, { rapidCommit: true });

  test('handleDiscover() offers 0.0.0.0 and how long, and takes no address; option 80 is not heeded', () => {
    const world = createWorld(mostly);
    const decision = world.send(bareDiscover(system([1, 3, 6, 108], { with: { 'rapid-commit': true } })));
    const offer = received(decision);
    expect(offer.yiaddr).toBe(0);
    expect(readOption(offer.options, 'message-type')).toBe(2);
    expect(readOption(offer.options, 'ipv6-only-preferred')).toBe(3600);
    expect(decision.events).toMatchObject([{ type: 'dhcp.no-address', why: 'ipv6-only' }]);
    expect([...world.leases.all()]).toEqual([]);
    expect(decision.reply?.destination.kind).toBe('broadcast');
  });

  test('handleRequest() who wants an address all the same gets it, with 108 in the ACK', () => {
    const world = createWorld(mostly);
    const address = received(world.send(bareDiscover(system([1])))).yiaddr;
    const take = selecting(address, system([1, 108]));
    const ack = received(world.send(take));
    expect(ack.yiaddr).toBe(address);
    expect(readOption(ack.options, 'ipv6-only-preferred')).toBe(3600);
  });

  test.each([
    { name: 'the network is not of that kind', network: {}, asked: [1, 108] },
    { name: 'the client does not ask', network: { ipv6OnlySeconds: 0 }, asked: [1] },
  ])('handleDiscover() an ordinary offer when $name', ({ network, asked }) => {
    const offer = received(createWorld(open(network)).send(bareDiscover(system(asked))));
    expect(offer.yiaddr).not.toBe(0);
    expect(offer.options.has(108)).toBe(false);
  });

  test('handleDiscover() 0 seconds is a value: the client’s own least time', () => {
    const offer = received(createWorld(open({ ipv6OnlySeconds: 0 })).send(bareDiscover(system([108]))));
    expect(readOption(offer.options, 'ipv6-only-preferred')).toBe(0);
  });

  test('handleDiscover() says by option 116 not to make up an address either, to who listens to it (§3.3.1)', () => {
    const world = createWorld(open({ ipv6OnlySeconds: 60, autoConfigure: false }));
    const listening = system([108], { with: { 'auto-configure': 1 } });
    expect(readOption(received(world.send(bareDiscover(listening))).options, 'auto-configure')).toBe(0);
    expect(received(world.send(bareDiscover(system([108])))).options.has(116)).toBe(false);
  });
});

describe('auto-configure (RFC 2563)', () => {
  const full = (autoConfigure: boolean) => {
    const only = ip('10.0.0.50');
    const world = createWorld(open({ autoConfigure, ranges: [{ first: only, last: only }] }));
    received(world.send(bareDiscover({ mac: OTHER })));
    return world;
  };
  const listening: Fields = { with: { 'auto-configure': 1 } };

  test('handleDiscover() no address left: the client is told not to make one up', () => {
    const decision = full(false).send(bareDiscover(listening));
    const offer = received(decision);
    expect(offer.yiaddr).toBe(0);
    expect(readOption(offer.options, 'message-type')).toBe(2);
    expect(readOption(offer.options, 'auto-configure')).toBe(0);
    const types = decision.events.map(({ type }) => type);
    expect(types).toEqual(['dhcp.pool-exhausted', 'dhcp.no-address']);
  });

  test.each([
    { name: 'it did not send option 116', autoConfigure: false, fields: {} },
    { name: 'it may make one up here', autoConfigure: true, fields: listening },
  ])('handleDiscover() no address left: silence when $name', ({ autoConfigure, fields }) => {
    expect(full(autoConfigure).send(bareDiscover(fields)).reply).toBeUndefined();
  });

  test('handleDiscover() 116 is never beside an address', () => {
    const world = createWorld(
      open({ autoConfigure: false, options: [{ code: 116, body: Uint8Array.of(0) }] }),
    );
    const offer = received(world.send(bareDiscover(listening)));
    expect(offer.yiaddr).not.toBe(0);
    expect(offer.options.has(116)).toBe(false);
  });
});

describe('min-secs (ISC dhcpd)', () => {
  test.each([
    { name: 'less', secs: 4, want: 'min-secs' },
    { name: 'as much', secs: 5, want: 'answered' },
    { name: 'five in the wrong byte order', secs: 5 << 8, want: 'answered' },
    { name: 'four in the wrong byte order', secs: 4 << 8, want: 'min-secs' },
  ])('handleDiscover() $name: $want', ({ secs, want }) => {
    const world = createWorld({ settings: { minSecs: 5 } });
    expect(whyIgnored(world.send(discover({ secs })))).toBe(want);
  });

  test('handleRequest() a REQUEST for us is answered whatever secs says', () => {
    const world = createWorld({ settings: { minSecs: 5 } });
    const { yiaddr } = received(world.send(discover({ secs: 9 })));
    expect(received(world.send(selecting(yiaddr, { secs: 0 }))).yiaddr).toBe(yiaddr);
  });
});

describe('what is asked for (RFC 2131 §4.3.1, RFC 2132 §9.8)', () => {
  const options = [
    { code: 42, body: Uint8Array.of(10, 0, 0, 5) },
    { code: 26, body: Uint8Array.of(5, 0xdc) },
    { code: 121, body: Uint8Array.of(0, 10, 0, 0, 1) },
    { code: 33, body: Uint8Array.of(10, 9, 0, 1, 10, 0, 0, 1) },
    { code: 100, body: Uint8Array.of(0x55) },
  ];

  function codesOnWire(report: EncodeReport): number[] {
    const codes: number[] = [];
    for (let at = 240; report.bytes[at] !== 255; at += 2 + report.bytes[at + 1]!)
      codes.push(report.bytes[at]!);
    return codes;
  }

  function codesFor(asked: readonly number[] | undefined): number[] {
    const fields = asked ? system(asked) : { with: { 'vendor-class-id': 'MSFT 5.0' } };
    const { reply } = createWorld(open({ options })).send(bareDiscover(fields));
    return codesOnWire(encodeReport(reply!.packet, reply!.limits));
  }

  test('writeConfigured() each requested and configured option once, in the order asked, others not at all', () => {
    const configured = new Set([42, 26, 100, 33]);
    const sent = codesFor([100, 42, 0, 255, 26, 42, 7]).filter((code) => configured.has(code));
    expect(sent).toEqual([100, 42, 26]);
  });

  test('writeConfigured() who asks for classless routes gets neither routers nor static routes (RFC 3442)', () => {
    const codes = codesFor([1, 3, 33, 121]);
    expect(codes).toContain(121);
    expect(codes).not.toContain(3);
    expect(codes).not.toContain(33);
  });

  test.each([
    { name: 'asks for routers alone', asked: [1, 3, 33] },
    { name: 'has no list (GRUB): it may not know of classless routes', asked: undefined },
  ])('writeConfigured() keeps the routers for who $name', ({ asked }) => {
    expect(codesFor(asked)).toContain(3);
    expect(codesFor(asked)).toContain(33);
  });
});

describe('long options (RFC 3396)', () => {
  const names = [
    `${'a'.repeat(63)}.${'b'.repeat(63)}.example`,
    `${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(20)}.test`,
  ];
  const holder = message({ with: { 'domain-search': names } });
  const body = holder.options.get(119)!;
  const world = () => createWorld(open({ options: [{ code: 119, body }] }));
  const big = { 'max-message-size': 1500 };

  test('limitsFor() a system that asks for an option made for it gets it in parts, and reads it as one (RFC 3397)', () => {
    expect(body.length).toBeGreaterThan(255);
    const decision = world().send(bareDiscover(system([1, 119], { with: big })));
    expect(partsOf(wireBytes(decision), 119)).toBe(2);
    expect(readOption(received(decision).options, 'domain-search')).toEqual(names);
  });

  test('limitsFor() it is left out for firmware, which reads the first part alone (EDK2)', () => {
    const asking = discover({ with: { ...big, 'parameter-request-list': [1, 3, 67, 119] } });
    const { reply } = world().send(asking);
    const report = encodeReport(reply!.packet, reply!.limits);
    expect(report.dropped).toEqual([{ code: 119, reason: 'too-long' }]);
  });

  function partsOf(bytes: Uint8Array, code: number): number {
    let parts = 0;
    for (let at = 240; bytes[at] !== 255; at += 2 + bytes[at + 1]!) if (bytes[at] === code) parts++;
    return parts;
  }
});

describe('lease times (RFC 2131 §4.3.1, §4.4.5)', () => {
  const network = { leaseSeconds: 1000, minLeaseSeconds: 200, maxLeaseSeconds: 2000 };
  test.each([
    { name: 'nothing asked: the default', asked: undefined, want: 1000 },
    { name: '0 is nothing asked', asked: 0, want: 1000 },
    { name: 'too little is raised', asked: 60, want: 200 },
    { name: 'too much is cut', asked: 5000, want: 2000 },
    { name: 'for ever is cut, too', asked: 0xffff_ffff, want: 2000 },
    { name: 'what lies between is granted', asked: 300, want: 300 },
  ])('grantSeconds() $name', ({ asked, want }) => {
    const fields = system([1], asked === undefined ? {} : { with: { 'lease-time': asked } });
    const offer = received(createWorld(open(network)).send(bareDiscover(fields)));
    expect(readOption(offer.options, 'lease-time')).toBe(want);
    expect(readOption(offer.options, 'renewal-time')).toBe(want / 2);
    expect(readOption(offer.options, 'rebinding-time')).toBe(Math.floor(want * 0.875));
  });

  test('grantSeconds() for ever, where that is allowed, has no T1 and T2', () => {
    const endless = { leaseSeconds: 3600, minLeaseSeconds: 60, maxLeaseSeconds: 0xffff_ffff };
    const fields = system([1], { with: { 'lease-time': 0xffff_ffff } });
    const { options } = received(createWorld(open(endless)).send(bareDiscover(fields)));
    expect(readOption(options, 'lease-time')).toBe(0xffff_ffff);
    expect(options.has(58) || options.has(59)).toBe(false);
  });

  test('renewalTimes() are in order, or not there', () => {
    for (let seconds = 0; seconds < 4000; seconds++) {
      const times = renewalTimes(seconds);
      const ordered = times === undefined || (0 < times.renewal && times.renewal < times.rebinding);
      expect(ordered && (times === undefined || times.rebinding < seconds), `${seconds}`).toBe(true);
      if (seconds > 8) expect(times).toBeDefined();
    }
  });
});

describe('client identifiers (RFC 6842, RFC 4361)', () => {
  const duid = 'ff00ec338100010001' + '2a2b2c2d525400ec3381'; // golden 26

  test.each([
    { name: 'sent', raw: { 61: duid }, want: duid },
    { name: 'not sent', raw: {}, want: undefined },
  ])('echo() option 61 $name: so it is in OFFER, ACK and NAK', ({ raw, want }) => {
    const world = createWorld();
    const offer = received(world.send(discover({ raw })));
    const ack = received(world.send(selecting(offer.yiaddr, { raw })));
    const nak = received(world.send(selecting(ip('10.0.0.222'), { raw })));
    expect(readOption(nak.options, 'message-type')).toBe(6);
    for (const { options } of [offer, ack, nak]) {
      expect(options.get(61) && Buffer.from(options.get(61)!).toString('hex')).toBe(want);
    }
  });

  test('clientKey() with match-client-id the DUID is the client, on whatever card', () => {
    const world = createWorld(open({ matchClientId: true }));
    const first = received(world.send(bareDiscover({ raw: { 61: duid } })));
    const second = received(world.send(bareDiscover({ mac: OTHER, raw: { 61: duid } })));
    expect(second.yiaddr).toBe(first.yiaddr);
  });
});

describe('a message that comes twice (dhcp-server §1, row 10)', () => {
  test('handle() DISCOVER and REQUEST get the same octets again, and one record', () => {
    const world = createWorld();
    const offers = [1, 2, 3].map(() => wireBytes(world.send(discover())));
    expect(offers[1]).toEqual(offers[0]);
    expect(offers[2]).toEqual(offers[0]);
    const address = received(world.send(discover())).yiaddr;
    const acks = [1, 2].map(() => wireBytes(world.send(selecting(address))));
    expect(acks[1]).toEqual(acks[0]);
    expect([...world.leases.all()]).toHaveLength(1);
  });
});

describe('option 50 that cannot be (dhcp-server §14)', () => {
  const addresses = ['0.0.0.0', '10.0.0.255', '10.0.0.0', '10.0.0.1', '10.1.2.3', '255.255.255.255'];
  test.each(addresses)('handleDiscover() %s is not given', (address) => {
    const offer = received(createWorld().send(discover({ with: { 'requested-ip': ip(address) } })));
    expect(offer.yiaddr).not.toBe(ip(address));
    expect(offer.yiaddr >>> 8).toBe(SERVER >>> 8);
  });
  test.each(addresses)('handleRequest() %s is refused', (address) => {
    const nak = received(createWorld().send(selecting(ip(address))));
    expect(readOption(nak.options, 'message-type')).toBe(6);
  });
});

test('handle() option 90 (authentication) is neither echoed nor a reason to be silent (dhcp-server §14)', () => {
  const raw = { 90: '0100000000000000000001aabb' };
  const offer = received(createWorld().send(discover({ raw })));
  expect(offer.options.has(90)).toBe(false);
  expect(offer.yiaddr).not.toBe(0);
});

test('handle() FORCERENEW is a server’s word, and not heeded', () => {
  expect(whyIgnored(createWorld().send(request({ with: { 'message-type': 9 } })))).toBe('unexpected-type');
});
