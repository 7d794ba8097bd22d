import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LINK_TYPE, toEthernet, withoutTags } from '../../src/frame/link-type.ts';
import { type CapturedPacket, pcapHeader, pcapRecord, readPcap } from '../../src/frame/pcap.ts';
import { readCapture, readPcapng } from '../../src/frame/pcapng.ts';
import { buildUdpFrame, parseUdpFrame } from '../../src/frame/udp.ts';
import { concatBytes, fromHex } from '../../src/lib/bytes.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { command, ring } from '../rig/requirement.ts';

const AT = Date.UTC(2026, 10, 20, 12, 0, 0) + 123.456;

const frame = buildUdpFrame({
  fromMac: '52:54:00:12:34:56',
  toMac: 'ff:ff:ff:ff:ff:ff',
  from: 0,
  to: 0xffff_ffff,
  fromPort: 68,
  toPort: 67,
  payload: fromHex('010203'),
});

const packet = (bytes: Uint8Array, more: Partial<CapturedPacket> = {}): CapturedPacket => ({
  at: AT,
  linkType: LINK_TYPE.ethernet,
  bytes,
  wireLength: bytes.length,
  ...more,
});

const fileOf = (packets: readonly CapturedPacket[]) =>
  concatBytes([pcapHeader(), ...packets.map(pcapRecord)]);

/** A file with every number of more than one octet turned round. */
function bigEndian(packets: readonly CapturedPacket[], magic = 0xa1b2c3d4): Uint8Array {
  const words = (...numbers: number[]) => {
    const view = new DataView(new ArrayBuffer(numbers.length * 4));
    for (const [i, number] of numbers.entries()) view.setUint32(i * 4, number);
    return new Uint8Array(view.buffer);
  };
  const perMs = magic === 0xa1b23c4d ? 1_000_000 : 1000;
  const records = packets.flatMap(({ at, bytes, wireLength }) => [
    words(Math.floor(at / 1000), Math.round((at % 1000) * perMs), bytes.length, wireLength),
    bytes,
  ]);
  return concatBytes([words(magic, 0x0002_0004, 0, 0, 65_535, 1), ...records]);
}

describe('pcap', () => {
  test('readPcap() reads what pcapRecord() wrote, to the microsecond', () => {
    const cut = packet(frame.subarray(0, 30), { wireLength: frame.length, at: AT + 1 });
    expect(readPcap(fileOf([packet(frame), cut]))).toEqual({
      ok: true,
      value: { packets: [packet(frame), cut] },
    });
  });

  test.each([
    { name: 'big-endian, microseconds', magic: 0xa1b2c3d4 },
    { name: 'big-endian, nanoseconds', magic: 0xa1b23c4d },
  ])('readPcap() reads $name', ({ magic }) => {
    const read = readCapture(bigEndian([packet(frame)], magic));
    expect(read.ok && read.value.packets).toMatchObject([{ linkType: 1, wireLength: frame.length }]);
    expect(read.ok && read.value.packets[0]!.bytes).toEqual(frame);
    expect(read.ok && read.value.packets[0]!.at).toBeCloseTo(AT, 2);
  });

  test('readPcap() says where a file breaks, and keeps what is before', () => {
    const whole = fileOf([packet(frame), packet(frame)]);
    const cut = readPcap(whole.subarray(0, whole.length - 1));
    expect(cut.ok && [cut.value.packets.length, cut.value.broken]).toEqual([1, 'record-short']);
    const long = fileOf([packet(frame)]);
    new DataView(long.buffer).setUint32(24 + 8, 0xffff_ffff, true);
    expect(readPcap(long)).toEqual({ ok: true, value: { packets: [], broken: 'record-length' } });
  });

  test.each([
    { name: 'nothing', bytes: '', reason: 'not-a-capture' },
    { name: 'text', bytes: '68656c6c6f20776f726c64', reason: 'not-a-capture' },
    { name: 'a header cut off', bytes: 'd4c3b2a102000400', reason: 'pcap-short' },
  ])('readCapture() refuses $name', ({ bytes, reason }) => {
    expect(readCapture(fromHex(bytes))).toEqual({ ok: false, reason });
  });

  test('readCapture() says a reason or gives packets within the file, for any octets', () => {
    const magics = [
      'd4c3b2a1',
      'a1b2c3d4',
      '4d3cb2a1',
      '0a0d0d0a1c0000004d3c2b1a',
      '0a0d0d0a0000001c1a2b3c4d',
    ];
    const noise = fc.tuple(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(noise, ([magic, tail]) => {
        const bytes = concatBytes([fromHex(magic), tail]);
        const read = readCapture(bytes);
        if (!read.ok) {
          expect(read.reason).toMatch(/^[a-z-]+$/);
          return;
        }
        for (const { bytes: kept, wireLength, at } of read.value.packets) {
          expect(kept.byteOffset + kept.length).toBeLessThanOrEqual(bytes.byteOffset + bytes.length);
          expect(wireLength).toBeGreaterThanOrEqual(kept.length);
          expect(new Date(at).toISOString()).toMatch(/^\d{4}-/);
          toEthernet(read.value.packets[0]!.linkType, kept);
          withoutTags(kept);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('readCapture() never throws for a real file with wounds', () => {
    const real = fileOf([packet(frame), packet(frame), packet(frame)]);
    const wounds = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(wounds, fc.nat(real.length), (changes, length) => {
        const bytes = real.slice(0, length);
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        const read = readCapture(bytes);
        if (read.ok) expect(read.value.packets.length).toBeLessThanOrEqual(length / 16);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Blocks of pcapng, little-endian. */
function block(type: number, body: Uint8Array): Uint8Array {
  const padded = concatBytes([body, new Uint8Array((4 - (body.length % 4)) % 4)]);
  const length = le(padded.length + 12);
  return concatBytes([le(type), length, padded, length]);
}

function le(...words: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

const SECTION = block(0x0a0d0d0a, concatBytes([le(0x1a2b3c4d), fromHex('01000000ffffffffffffffff')]));
const ETHERNET = block(1, le(1, 0));

function enhanced(bytes: Uint8Array, ticks: bigint, card = 0): Uint8Array {
  const high = Number(ticks >> 32n);
  const low = Number(ticks & 0xffff_ffffn);
  return block(6, concatBytes([le(card, high, low, bytes.length, bytes.length), bytes]));
}

describe('pcapng', () => {
  const micros = BigInt(Math.round(AT * 1000));

  test('readPcapng() reads packets of a section, in microseconds when nothing else is said', () => {
    const file = concatBytes([SECTION, ETHERNET, block(0x99, le(1)), enhanced(frame, micros)]);
    expect(readPcapng(file)).toEqual({ ok: true, value: { packets: [packet(frame)] } });
  });

  test.each([
    { name: 'nanoseconds', option: '0900010009000000', ticks: micros * 1000n },
    { name: 'powers of two', option: '090001009e000000', ticks: (micros << 30n) / 1_000_000n },
    { name: 'an offset', option: '0e000800e803000000000000', ticks: micros - 1_000_000_000n },
  ])('readPcapng() counts times in $name', ({ option, ticks }) => {
    const card = block(1, concatBytes([le(1, 0), fromHex(option)]));
    const read = readPcapng(concatBytes([SECTION, card, enhanced(frame, ticks)]));
    expect(read.ok && read.value.packets[0]!.at).toBeCloseTo(AT, 2);
  });

  test.each([
    { name: 'an offset of aeons', option: '0e0008000000000000000040', ticks: 0n },
    { name: 'an offset before 1970', option: '0e000800ffffffffffffffff', ticks: 0n },
    { name: 'whole seconds, as many as 64 bits hold', option: '0900010000000000', ticks: 2n ** 64n - 1n },
  ])('readPcapng() takes no packet of a time that no clock has: $name', ({ option, ticks }) => {
    const card = block(1, concatBytes([le(1, 0), fromHex(option)]));
    const file = concatBytes([
      SECTION,
      ETHERNET,
      enhanced(frame, micros),
      SECTION,
      card,
      enhanced(frame, ticks),
    ]);
    expect(readPcapng(file)).toEqual({
      ok: true,
      value: { packets: [packet(frame)], broken: 'packet-time' },
    });
  });

  test('readPcapng() keeps the interfaces of sections apart', () => {
    const cooked = block(1, le(113, 0));
    const file = concatBytes([
      SECTION,
      ETHERNET,
      cooked,
      enhanced(frame, 0n, 1),
      SECTION,
      enhanced(frame, 0n),
    ]);
    const read = readPcapng(file);
    expect(read.ok && [read.value.packets.map(({ linkType }) => linkType), read.value.broken]).toEqual([
      [113],
      'no-interface',
    ]);
  });

  test('readPcapng() reads simple packets, cut to what the card keeps', () => {
    const card = block(1, le(1, 40));
    const simple = block(3, concatBytes([le(frame.length), frame.subarray(0, 40)]));
    const read = readPcapng(concatBytes([SECTION, card, simple]));
    expect(read.ok && read.value.packets).toEqual([
      { at: 0, linkType: 1, bytes: frame.subarray(0, 40), wireLength: frame.length },
    ]);
  });
});

describe('link types', () => {
  test('toEthernet() makes frames of what tcpdump -i any writes', () => {
    const ip = frame.subarray(14);
    const cooked = concatBytes([fromHex('0000 0001 0006 525400123456 0000 0800'), ip]);
    const cooked2 = concatBytes([fromHex('0800 0000 00000002 0001 00 06 525400123456 0000'), ip]);
    for (const [type, bytes] of [
      [113, cooked],
      [276, cooked2],
    ] as const) {
      const read = parseUdpFrame(toEthernet(type, bytes)!);
      expect(read.ok && read.value).toMatchObject({ fromMac: '52:54:00:12:34:56', toPort: 67 });
    }
    const bare = parseUdpFrame(toEthernet(101, ip)!);
    expect(bare.ok && bare.value).toMatchObject({
      fromMac: '00:00:00:00:00:00',
      to: parseIpv4('255.255.255.255'),
    });
    expect(toEthernet(147, ip)).toBeUndefined();
    expect(toEthernet(113, ip.subarray(0, 15))).toBeUndefined();
  });

  test('withoutTags() takes all VLAN tags off and tells them', () => {
    const tagged = concatBytes([frame.subarray(0, 12), fromHex('88a80064 8100a00a'), frame.subarray(12)]);
    expect(withoutTags(tagged)).toEqual({ frame, vlans: [100, 10] });
    expect(withoutTags(frame)).toEqual({ frame, vlans: [] });
    expect(withoutTags(tagged.subarray(0, 15))).toMatchObject({ vlans: [] });
  });
});

ring('captures and Wireshark', [command('tshark', 'tshark'), command('editcap', 'wireshark-common')], () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pxed-pcap-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('tshark reads what pcapRecord() writes', () => {
    const path = join(folder, 'ours.pcap');
    writeFileSync(
      path,
      fileOf([packet(frame), packet(frame.subarray(0, 50), { wireLength: 60, at: AT + 10 })]),
    );
    const args = [
      '-r',
      path,
      '-T',
      'fields',
      '-e',
      'frame.time_epoch',
      '-e',
      'frame.len',
      '-e',
      'udp.dstport',
    ];
    const { stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', timeout: 60_000 });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(
      lines.map(([, ...rest]) => rest),
      stderr,
    ).toEqual([
      [String(frame.length), '67'],
      ['60', '67'],
    ]);
    expect(lines[0]![0]).toContain('.123456');
  });

  test('readCapture() reads what editcap makes of it', () => {
    const path = join(folder, 'first.pcap');
    writeFileSync(path, fileOf([packet(frame), packet(frame, { at: AT + 7 })]));
    for (const format of ['pcapng', 'nsecpcap', 'pcap']) {
      const made = join(folder, `made.${format}`);
      const { status, stderr } = spawnSync('editcap', ['-F', format, path, made], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(status, stderr).toBe(0);
      const read = readCapture(readFileSync(made));
      const told = read.ok ? read.value.packets.map(({ at, bytes }) => [at.toFixed(2), bytes.length]) : read;
      expect(told, format).toEqual([
        [AT.toFixed(2), frame.length],
        [(AT + 7).toFixed(2), frame.length],
      ]);
    }
  });
});
