import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IP_PROTOCOL, type Ipv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildTcp, parseTcp, TCP_FLAG, type TcpSegment } from '../../src/frame/tcp.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';

const BETWEEN = { from: 0x0a00_0001, to: 0x0a00_0002 };
const packetOf = (payload: Uint8Array, protocol: number = IP_PROTOCOL.tcp): Ipv4Packet => ({
  ...BETWEEN,
  protocol,
  payload,
});
const SYN: TcpSegment = {
  fromPort: 33_000,
  toPort: 80,
  sequence: 1,
  acknowledgment: 0,
  flags: TCP_FLAG.syn,
  window: 7300,
  mss: 1460,
  payload: new Uint8Array(0),
};

describe('buildTcp()', () => {
  test('lays a SYN out as RFC 9293 §3.1 has it', () => {
    expect(toHex(buildTcp(SYN, BETWEEN))).toBe('80e80050000000010000000060021c84e6660000020405b4');
  });

  test('and parseTcp() go round', () => {
    const u16 = fc.integer({ min: 0, max: 0xffff });
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const segment = fc.record(
      {
        fromPort: u16,
        toPort: u16,
        sequence: u32,
        acknowledgment: u32,
        flags: fc.integer({ min: 0, max: 0x3f }),
        window: u16,
        mss: u16,
        payload: fc.uint8Array({ maxLength: 100 }),
      },
      { requiredKeys: ['fromPort', 'toPort', 'sequence', 'acknowledgment', 'flags', 'window', 'payload'] },
    );
    fc.assert(
      fc.property(segment, (given) => {
        expect(parseTcp(packetOf(buildTcp(given as TcpSegment, BETWEEN)))).toEqual({
          ok: true,
          value: given,
        });
      }),
    );
  });
});

describe('parseTcp()', () => {
  test.each([
    ['tcp-protocol', packetOf(buildTcp(SYN, BETWEEN), IP_PROTOCOL.udp)],
    ['tcp-short', packetOf(new Uint8Array(19))],
    ['tcp-offset', packetOf(fromHex(`80e80050000000010000000010021c84000000000204`))],
    ['tcp-offset', packetOf(fromHex(`80e800500000000100000000f0021c84000000000204`))],
    ['tcp-checksum', packetOf(fromHex('80e80050000000010000000060021c84000000000204ffff'))],
  ])('refuses with %s', (reason, packet) => {
    expect(parseTcp(packet)).toEqual({ ok: false, reason });
  });

  test('reads a segment without its checksum where that is asked for', () => {
    const bytes = fromHex('80e80050000000010000000060021c84000000000204ffff');
    expect(parseTcp(packetOf(bytes), { checksum: 'ignored' })).toMatchObject({
      ok: true,
      value: { mss: 0xffff },
    });
  });

  test('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(typeof parseTcp(packetOf(bytes), { checksum: 'ignored' }).ok).toBe('boolean');
      }),
    );
  });
});
