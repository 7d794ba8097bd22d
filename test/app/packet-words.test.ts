import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packetWords } from '../../src/app/packet-words.ts';
import { createPacket, encode, MessageType, Op, writeOption } from '../../src/dhcp-packet/index.ts';
import { buildArpProbe } from '../../src/frame/arp.ts';
import { buildEthernet } from '../../src/frame/ethernet.ts';
import { buildIpv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { macBytes } from '../../src/lib/mac.ts';
import { encode as tftp } from '../../src/tftp-packet/index.ts';

const MAC = '52:54:00:12:34:56';
const CLIENT = parseIpv4('10.0.0.7')!;
const SERVER = parseIpv4('10.0.0.1')!;

function udp(fromPort: number, toPort: number, payload: Uint8Array): Uint8Array {
  return buildUdpFrame({
    fromMac: MAC,
    toMac: '02:00:00:00:00:01',
    from: CLIENT,
    to: SERVER,
    fromPort,
    toPort,
    payload,
  });
}

function dhcp(op: 1 | 2, type: number, file = ''): Uint8Array {
  const packet = createPacket({
    op: op === 1 ? Op.REQUEST : Op.REPLY,
    xid: 1,
    chaddr: macBytes(MAC),
    file,
    yiaddr: op === 2 ? CLIENT : 0,
  });
  writeOption(packet.options, 'message-type', type);
  if (type === MessageType.REQUEST) writeOption(packet.options, 'requested-ip', CLIENT);
  return encode(packet);
}

const icmp = (type: number, code: number) =>
  buildEthernet({
    ...{ from: MAC, to: '02:00:00:00:00:01', etherType: 0x0800 },
    payload: buildIpv4Packet({
      from: CLIENT,
      to: SERVER,
      protocol: 1,
      payload: Uint8Array.of(type, code, 0, 0),
    }),
  });

test.each([
  { frame: udp(68, 67, dhcp(1, MessageType.DISCOVER)), words: `10.0.0.7 > 10.0.0.1  DISCOVER of ${MAC}` },
  {
    frame: udp(68, 67, dhcp(1, MessageType.REQUEST)),
    words: `10.0.0.7 > 10.0.0.1  REQUEST of ${MAC}, wants 10.0.0.7`,
  },
  {
    frame: udp(67, 68, dhcp(2, MessageType.OFFER, 'a.0')),
    words: `10.0.0.7 > 10.0.0.1  OFFER 10.0.0.7 to ${MAC}, file a.0`,
  },
  {
    frame: udp(68, 4011, dhcp(1, MessageType.DISCOVER)),
    words: `10.0.0.7 > 10.0.0.1  DISCOVER of ${MAC} (port 4011)`,
  },
  {
    frame: udp(2070, 69, tftp({ opcode: 'rrq', filename: 'a', mode: 'octet', options: [['tsize', '0']] })),
    words: '10.0.0.7 > 10.0.0.1  GET a tsize=0',
  },
  {
    frame: udp(40_000, 2070, tftp({ opcode: 'oack', options: [['tsize', '9']] })),
    words: '10.0.0.7 > 10.0.0.1  OACK tsize=9',
  },
  {
    frame: udp(40_000, 2070, tftp({ opcode: 'error', code: 1, message: 'no' })),
    words: '10.0.0.7 > 10.0.0.1  ERROR 1 no',
  },
  {
    frame: udp(40_000, 2070, tftp({ opcode: 'data', block: 1, data: new Uint8Array(1400) })).subarray(0, 128),
    words: '10.0.0.7 > 10.0.0.1  DATA 1',
  },
  { frame: udp(2070, 40_000, tftp({ opcode: 'ack', block: 1 })), words: '10.0.0.7 > 10.0.0.1  ACK 1' },
  { frame: udp(5353, 5353, Uint8Array.of(255, 1)), words: '10.0.0.7 > 10.0.0.1  UDP 5353 > 5353, 2 octets' },
  { frame: icmp(3, 3), words: '10.0.0.7 > 10.0.0.1  ICMP: port unreachable' },
  { frame: icmp(3, 4), words: '10.0.0.7 > 10.0.0.1  ICMP: too large for the next link (MTU)' },
  { frame: buildArpProbe(MAC, CLIENT), words: `${MAC} > ff:ff:ff:ff:ff:ff  type 0x806` },
  { frame: new Uint8Array(3), words: '3 octets' },
])('packetWords() says $words', ({ frame, words }) => {
  expect(packetWords({ at: 0, linkType: 1, bytes: frame, wireLength: frame.length })).toBe(words);
});

test('packetWords() never throws', () => {
  const real = [
    udp(68, 67, dhcp(1, MessageType.DISCOVER)),
    udp(2070, 69, tftp({ opcode: 'rrq', filename: 'a', mode: 'octet', options: [] })),
    icmp(3, 3),
  ];
  const wounds = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(
      fc.constantFrom(...real),
      wounds,
      fc.nat(400),
      fc.constantFrom(1, 101, 113, 276, 9),
      (frame, all, length, linkType) => {
        const bytes = frame.slice(0, length);
        for (const [at, value] of all) if (at < bytes.length) bytes[at] = value;
        expect(packetWords({ at: 0, linkType, bytes, wireLength: bytes.length })).toEqual(expect.any(String));
      },
    ),
    { numRuns: 1000 },
  );
});
