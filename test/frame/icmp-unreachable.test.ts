import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { internetChecksum } from '../../src/frame/checksum.ts';
import { parseIcmpUnreachable } from '../../src/frame/icmp.ts';
import { buildIpv4Packet, IP_PROTOCOL } from '../../src/frame/ipv4-packet.ts';
import { buildUdp } from '../../src/frame/udp.ts';

const BETWEEN = { from: 0x0a00_0009, to: 0x0a00_0001 };

/** What a host says of a datagram to a port that nobody has. */
function told(quoted: number): Uint8Array {
  const payload = buildUdp({ fromPort: 2070, toPort: 69, payload: new Uint8Array(20) }, BETWEEN);
  const quote = buildIpv4Packet({ ...BETWEEN, protocol: IP_PROTOCOL.udp, payload }).subarray(0, quoted);
  const bytes = new Uint8Array(8 + quote.length);
  bytes.set([3, 3], 0);
  bytes.set(quote, 8);
  new DataView(bytes.buffer).setUint16(2, internetChecksum(bytes));
  return bytes;
}

describe('parseIcmpUnreachable()', () => {
  test('tells whose datagram did not arrive where', () => {
    expect(parseIcmpUnreachable(told(28))).toEqual({
      ok: true,
      value: { code: 3, protocol: 17, ...BETWEEN, fromPort: 2070, toPort: 69 },
    });
  });

  test('refuses what is cut off, spoilt or something else', () => {
    expect(parseIcmpUnreachable(told(22))).toEqual({ ok: false, reason: 'icmp-short' });
    const echo = told(28);
    echo[0] = 8;
    expect(parseIcmpUnreachable(echo)).toEqual({ ok: false, reason: 'icmp-not-unreachable' });
    const spoilt = told(28);
    spoilt[30] = spoilt[30]! ^ 1;
    expect(parseIcmpUnreachable(spoilt)).toEqual({ ok: false, reason: 'icmp-checksum' });
  });

  test('never throws, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        if (bytes.length > 4) {
          bytes[0] = 3;
          bytes.set([0, 0], 2);
          new DataView(bytes.buffer, bytes.byteOffset).setUint16(2, internetChecksum(bytes));
        }
        expect(typeof parseIcmpUnreachable(bytes).ok).toBe('boolean');
      }),
    );
  });
});
