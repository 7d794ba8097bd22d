import { expect, test } from 'vitest';
import { buildEthernet, ETHERTYPE } from '../../src/frame/ethernet.ts';
import { buildIpv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import { HEAD_BYTES, recordingFilter } from '../../src/net/linux/recording-filter.ts';

const WHOLE = 0xffff;

/** What the kernel's machine does (linux/filter.h), of the instructions that are used. Octets past the end: nothing is kept. */
function octetsKept(frame: Uint8Array, { tagged = false, tftpPort = 69 } = {}): number {
  const program = recordingFilter(tftpPort);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let [a, x] = [0, 0];
  const load = (at: number, size: 1 | 2 | 4): boolean => {
    if (at === 0xffff_f030) a = tagged ? 1 : 0;
    else if (at + size > frame.length) return false;
    else a = size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
    return true;
  };
  for (let at = 0; ; at++) {
    const [code, k, whenTrue = 0, whenFalse = 0] = program[at]!;
    const jump = (isTrue: boolean) => {
      at += isTrue ? whenTrue : whenFalse;
    };
    let inside = true;
    if (code === 0x06) return k;
    else if (code === 0x20) inside = load(k, 4);
    else if (code === 0x28) inside = load(k, 2);
    else if (code === 0x30) inside = load(k, 1);
    else if (code === 0x48) inside = load(x + k, 2);
    else if (code === 0x50) inside = load(x + k, 1);
    else if (code === 0xb1) x = 4 * (frame[k]! & 15);
    else if (code === 0x15) jump(a === k);
    else if (code === 0x25) jump(a > k);
    else if (code === 0x45) jump((a & k) !== 0);
    else throw new Error(`no such instruction: 0x${code.toString(16)}`);
    if (!inside) return 0;
  }
}

const MACS = { fromMac: '52:54:00:12:34:56', toMac: '52:54:00:00:00:01' };

function udp(fromPort: number, toPort: number, hex: string): Uint8Array {
  return buildUdpFrame({
    ...MACS,
    from: 0x0a00_0002,
    to: 0x0a00_0001,
    fromPort,
    toPort,
    payload: fromHex(hex),
  });
}

const DATA_1 = `00030001${'ff'.repeat(512)}`;

test.each([
  { name: 'a DISCOVER', frame: udp(68, 67, '0101060012345678'), kept: WHOLE },
  { name: 'an OFFER', frame: udp(67, 68, '0201060012345678'), kept: WHOLE },
  { name: 'between relay and server', frame: udp(67, 67, '0201060012345678'), kept: WHOLE },
  { name: 'a question to port 4011', frame: udp(68, 4011, '01010600'), kept: WHOLE },
  { name: 'its answer', frame: udp(4011, 1024, '02010600'), kept: WHOLE },
  { name: 'a read request', frame: udp(2070, 69, '0001610000'), kept: WHOLE },
  { name: 'a write request', frame: udp(2070, 69, '0002610000'), kept: WHOLE },
  { name: 'the same octets to another port', frame: udp(2070, 70, '0001610000'), kept: 0 },
  { name: 'an OACK', frame: udp(40000, 2070, '00066100'), kept: HEAD_BYTES },
  { name: 'an error', frame: udp(40000, 2070, '0005000100'), kept: HEAD_BYTES },
  { name: 'block 1', frame: udp(40000, 2070, DATA_1), kept: HEAD_BYTES },
  { name: 'block 2', frame: udp(40000, 2070, DATA_1.replace('0001', '0002')), kept: 0 },
  { name: 'the ACK of the OACK', frame: udp(2070, 40000, '00040000'), kept: HEAD_BYTES },
  { name: 'the ACK of block 1', frame: udp(2070, 40000, '00040001'), kept: HEAD_BYTES },
  { name: 'the ACK of block 2', frame: udp(2070, 40000, '00040002'), kept: 0 },
  { name: 'block 2 from the one port', frame: udp(69, 2070, DATA_1.replace('0001', '0002')), kept: 0 },
  { name: 'an answer of DNS', frame: udp(53, 40000, 'abcd8180'), kept: 0 },
  { name: 'nothing at all', frame: udp(68, 67, ''), kept: 0 },
])('recordingFilter() and $name', ({ frame, kept }) => {
  expect(octetsKept(frame)).toBe(kept);
});

test('recordingFilter() knows the port that files are asked for at', () => {
  expect(octetsKept(udp(2070, 6969, '0001610000'), { tftpPort: 6969 })).toBe(WHOLE);
  expect(octetsKept(udp(2070, 69, '0001610000'), { tftpPort: 6969 })).toBe(0);
});

test('recordingFilter() leaves tagged packets, fragments and other protocols out', () => {
  const discover = udp(68, 67, '0101060012345678');
  expect(octetsKept(discover, { tagged: true })).toBe(0);
  const fragment = discover.slice();
  fragment[14 + 7] = 1;
  expect(octetsKept(fragment)).toBe(0);
  const arp = buildEthernet({
    from: MACS.fromMac,
    to: MACS.toMac,
    etherType: ETHERTYPE.arp,
    payload: new Uint8Array(28),
  });
  expect(octetsKept(arp)).toBe(0);
  expect(octetsKept(discover.subarray(0, 10))).toBe(0);
});

test.each([
  { name: 'unreachable', type: 3, kept: HEAD_BYTES },
  { name: 'echo', type: 8, kept: 0 },
])('recordingFilter() and ICMP $name', ({ type, kept }) => {
  const payload = buildIpv4Packet({ from: 1, to: 2, protocol: 1, payload: Uint8Array.of(type, 1, 0, 0) });
  expect(octetsKept(buildEthernet({ from: MACS.fromMac, to: MACS.toMac, etherType: 0x0800, payload }))).toBe(
    kept,
  );
});
