import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildArp, buildArpFrame, buildArpProbe, parseArp, showsConflict } from '../../src/frame/arp.ts';
import { internetChecksum } from '../../src/frame/checksum.ts';
import { buildEthernet, parseEthernet } from '../../src/frame/ethernet.ts';
import { buildIcmpEcho, parseIcmpEcho } from '../../src/frame/icmp.ts';
import { buildIpv4Packet, parseIpv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildUdp, buildUdpFrame, parseUdp, parseUdpFrame } from '../../src/frame/udp.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';
import { formatMac } from '../../src/lib/mac.ts';

const MAC_A = '52:54:00:12:34:56';
const MAC_B = '02:00:00:00:00:01';
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map(formatMac);
const ip = fc.nat(0xffff_ffff);
const port = fc.nat(0xffff);
const payload = fc.uint8Array({ maxLength: 300 });

describe('internetChecksum()', () => {
  test('agrees with the worked example of RFC 1071 §3', () => {
    expect(internetChecksum(fromHex('0001 f203 f4f5 f6f7'))).toBe(~0xddf2 & 0xffff);
  });

  test('agrees with a captured IPv4 header', () => {
    const header = fromHex('4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7');
    expect(internetChecksum(header)).toBe(0xb861);
  });

  test('pads an odd last octet with zero', () => {
    expect(internetChecksum(fromHex('0102 03'))).toBe(internetChecksum(fromHex('0102 0300')));
  });

  test('carries more than once', () => {
    expect(internetChecksum(new Uint8Array(0x20000).fill(0xff))).toBe(0);
  });
});

describe('buildUdpFrame()', () => {
  const FRAME = {
    fromMac: MAC_B,
    toMac: MAC_A,
    from: 0xc0a84d01,
    to: 0xc0a84d82,
    fromPort: 67,
    toPort: 68,
    payload: fromHex('0201 0600'),
  };

  test('lays out what tshark calls correct', () => {
    // Checksums verified with `tshark -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE`.
    expect(toHex(buildUdpFrame(FRAME))).toBe(
      '525400123456' +
        '020000000001' +
        '0800' +
        '45000020000040004011' +
        '1ef9' +
        'c0a84d01' +
        'c0a84d82' +
        '0043' +
        '0044' +
        '000c' +
        'db79' +
        '02010600',
    );
  });

  test('sends a checksum of zero as ones (RFC 768)', () => {
    const between = { from: 0, to: 0 };
    const sums = Array.from({ length: 0x10000 }, (_, word) =>
      new DataView(
        buildUdp({ fromPort: 0, toPort: 0, payload: Uint8Array.of(word >>> 8, word) }, between).buffer,
      ).getUint16(6),
    );
    expect(sums).not.toContain(0);
    expect(sums).toContain(0xffff);
  });

  test('refuses addresses that are not of Ethernet, and too much', () => {
    expect(() => buildUdpFrame({ ...FRAME, toMac: '52:54:00' })).toThrow(RangeError);
    expect(() => buildUdpFrame({ ...FRAME, payload: new Uint8Array(65_508) })).toThrow(RangeError);
  });

  test('parseUdpFrame() reads it back, padding of short frames apart', () => {
    fc.assert(
      fc.property(mac, mac, ip, ip, port, port, payload, fc.nat(30), (...parts) => {
        const [fromMac, toMac, from, to, fromPort, toPort, content, padding] = parts;
        const frame = { fromMac, toMac, from, to, fromPort, toPort, payload: content };
        const bytes = buildUdpFrame(frame);
        const padded = new Uint8Array(bytes.length + padding);
        padded.set(bytes);
        expect(parseUdpFrame(padded)).toEqual({ ok: true, value: frame });
      }),
    );
  });

  test('parseUdpFrame() notices any single flipped bit behind the Ethernet header', () => {
    const good = buildUdpFrame(FRAME);
    for (let bit = 14 * 8; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >>> 3]! ^= 1 << (bit & 7);
      expect(parseUdpFrame(bad).ok, `bit ${bit}`).toBe(false);
    }
  });
});

test.each([
  ['frame-short', '00'],
  ['frame-short', `${'00'.repeat(12)}8100`],
  ['frame-not-ethernet-2', `${'00'.repeat(12)}0100`],
  ['frame-not-ipv4', `${'00'.repeat(12)}86dd`],
  ['ipv4-short', `${'00'.repeat(12)}0800 45`],
  ['ipv4-version', `${'00'.repeat(12)}0800 65${'00'.repeat(19)}`],
  ['ipv4-header-length', `${'00'.repeat(12)}0800 44${'00'.repeat(19)}`],
  ['ipv4-total-length', `${'00'.repeat(12)}0800 450000ff${'00'.repeat(16)}`],
  ['ipv4-checksum', `${'00'.repeat(12)}0800 45000014${'00'.repeat(16)}`],
])('parseUdpFrame() says %s', (reason, hex) => {
  expect(parseUdpFrame(fromHex(hex))).toEqual({ ok: false, reason });
});

test('parseEthernet() skips a VLAN tag', () => {
  const frame = fromHex(`525400123456 020000000001 8100 0005 0806 aabb`);
  expect(parseEthernet(frame)).toMatchObject({
    ok: true,
    value: { etherType: 0x806, payload: fromHex('aabb') },
  });
});

test('parseIpv4Packet() refuses fragments', () => {
  const packet = buildIpv4Packet({ from: 1, to: 2, protocol: 17, payload: new Uint8Array(8) });
  packet[6] = 0x20;
  new DataView(packet.buffer).setUint16(10, 0);
  new DataView(packet.buffer).setUint16(10, internetChecksum(packet.subarray(0, 20)));
  expect(parseIpv4Packet(packet)).toEqual({ ok: false, reason: 'ipv4-fragment' });
});

test('parseUdp() accepts a datagram without a checksum', () => {
  const bytes = buildUdp({ fromPort: 1, toPort: 2, payload: fromHex('aa') }, { from: 1, to: 2 });
  bytes[6] = bytes[7] = 0;
  expect(parseUdp({ from: 9, to: 9, protocol: 17, payload: bytes })).toMatchObject({ ok: true });
});

describe('ARP', () => {
  test('buildArpProbe() is a request from 0.0.0.0 to everybody (RFC 5227 §2.1.1)', () => {
    expect(toHex(buildArpProbe(MAC_B, 0xc0a84d82))).toBe(
      'ffffffffffff0200000000010806' + '0001080006040001' + '02000000000100000000' + '000000000000c0a84d82',
    );
  });

  test('parseArp() reads back what buildArp() lays out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('request', 'reply'),
        mac,
        ip,
        mac,
        ip,
        (operation, senderMac, senderIp, targetMac, targetIp) => {
          const arp = { operation, senderMac, senderIp, targetMac, targetIp } as const;
          expect(parseArp(buildArp(arp))).toEqual({ ok: true, value: arp });
          const ethernet = parseEthernet(buildArpFrame(arp));
          expect(ethernet.ok && ethernet.value.payload).toEqual(buildArp(arp));
        },
      ),
    );
  });

  test.each([
    ['a reply from the address', { senderIp: 5 }, true],
    ['a request from the address', { operation: 'request', senderIp: 5, targetIp: 9 }, true],
    ['a foreign probe for it', { operation: 'request', senderIp: 0, targetIp: 5 }, true],
    ['our own probe', { operation: 'request', senderIp: 0, targetIp: 5, senderMac: MAC_B }, false],
    ['an ordinary request for it', { operation: 'request', senderIp: 7, targetIp: 5 }, false],
    ['talk between others', { senderIp: 7, targetIp: 8 }, false],
  ] as const)('showsConflict() for %s', (_, given, want) => {
    const arp = {
      operation: 'reply',
      senderMac: MAC_A,
      targetMac: MAC_B,
      targetIp: 2,
      ...given,
    } as const;
    expect(showsConflict(arp, { ip: 5, ownMac: MAC_B })).toBe(want);
  });

  test.each([
    ['arp-short', new Uint8Array(27)],
    ['arp-not-ipv4-ethernet', new Uint8Array(28)],
    ['arp-operation', fromHex(`0001080006040003${'00'.repeat(20)}`)],
  ])('parseArp() says %s', (reason, bytes) => {
    expect(parseArp(bytes)).toEqual({ ok: false, reason });
  });
});

describe('ICMP echo', () => {
  test('parseIcmpEcho() reads back what buildIcmpEcho() lays out', () => {
    fc.assert(
      fc.property(fc.constantFrom('request', 'reply'), port, port, payload, (kind, id, sequence, content) => {
        const echo = { kind, id, sequence, payload: content } as const;
        expect(parseIcmpEcho(buildIcmpEcho(echo))).toEqual({ ok: true, value: echo });
      }),
    );
  });

  test('parseIcmpEcho() refuses other messages and wrong sums', () => {
    const good = buildIcmpEcho({ kind: 'request', id: 1, sequence: 2, payload: fromHex('aabb') });
    expect(parseIcmpEcho(good.subarray(0, 7))).toEqual({ ok: false, reason: 'icmp-short' });
    expect(parseIcmpEcho(Uint8Array.of(3, ...good.subarray(1)))).toEqual({
      ok: false,
      reason: 'icmp-not-echo',
    });
    expect(parseIcmpEcho(Uint8Array.of(...good.subarray(0, -1), 0))).toEqual({
      ok: false,
      reason: 'icmp-checksum',
    });
  });
});

test('no parser throws, whatever the octets', () => {
  const frames = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .uint8Array({ maxLength: 100 })
      .map((bytes) => buildEthernet({ to: MAC_A, from: MAC_B, etherType: 0x800, payload: bytes })),
    fc.uint8Array({ maxLength: 100 }).map((bytes) =>
      buildEthernet({
        to: MAC_A,
        from: MAC_B,
        etherType: 0x800,
        payload: buildIpv4Packet({ from: 1, to: 2, protocol: 17, payload: bytes }),
      }),
    ),
  );
  fc.assert(
    fc.property(frames, (bytes) => {
      for (const parse of [parseEthernet, parseUdpFrame, parseIpv4Packet, parseArp, parseIcmpEcho]) {
        const parsed = parse(bytes);
        if (!parsed.ok) expect(parsed.reason).toMatch(/^(frame|ipv4|udp|arp|icmp)-/);
      }
    }),
    { numRuns: 2000 },
  );
});
