import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ARCH_NAMES } from '../../src/app/arch-names.ts';
import { replayItems } from '../../src/app/replay-items.ts';
import { type ReplayQuestion, reportReplay } from '../../src/app/replay-report.ts';
import type { Setup } from '../../src/app/setup.ts';
import {
  firmwareRequest,
  limitsOf,
  offerOf,
  type Speaker,
  takeOffer,
} from '../../src/client/firmware-request.ts';
import { loadConfig } from '../../src/config/load.ts';
import {
  createPacket,
  type DhcpPacket,
  encode,
  MessageType,
  Op,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { type CapturedPacket, pcapHeader, pcapRecord } from '../../src/frame/pcap.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { concatBytes, fromHex } from '../../src/lib/bytes.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { macBytes } from '../../src/lib/mac.ts';
import { encode as encodeTftp } from '../../src/tftp-packet/index.ts';

const MAC = '52:54:00:12:34:56';
const AT = Date.UTC(2026, 10, 20, 12);
const ip = (text: string) => parseIpv4(text)!;
const SERVER = { mac: '02:00:00:00:00:fe', ip: ip('10.0.0.254') };
const CLIENT = { mac: MAC, ip: ip('10.0.0.77') };
const NOBODY = { mac: MAC, ip: 0 };
const ALL = { mac: 'ff:ff:ff:ff:ff:ff', ip: 0xffff_ffff };
const ETH7 = {
  ...{
    name: 'eth7',
    index: 2,
    mac: '52:54:00:00:00:01',
    mtu: 1500,
    up: true,
    running: true,
    loopback: false,
  },
  addresses: [{ address: ip('10.0.0.3'), prefixLength: 24 }],
};
const CONFIG = `version: 1
interfaces: [eth7]
networks:
  - { subnet: 10.0.0.0/24, range: [10.0.0.50-10.0.0.99] }
`;
const SPEAKER: Speaker = { mac: MAC, arch: 0, stage: 'rom', xid: 7, seconds: 4 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-replay-'));
  mkdirSync(join(folder, 'pxelinux.cfg'));
  writeFileSync(join(folder, 'pxelinux.0'), 'loader');
  writeFileSync(join(folder, 'pxelinux.cfg/default'), 'DEFAULT x');
});
afterEach(() => rmSync(folder, { recursive: true }));

type End = { readonly mac: string; readonly ip: number };

/** A datagram, `ms` after the first. */
function sent(
  ms: number,
  [from, fromPort]: [End, number],
  [to, toPort]: [End, number],
  payload: Uint8Array,
): CapturedPacket {
  const bytes = buildUdpFrame({
    fromMac: from.mac,
    toMac: to.mac,
    from: from.ip,
    to: to.ip,
    fromPort,
    toPort,
    payload,
  });
  return { at: AT + ms, linkType: 1, bytes, wireLength: bytes.length };
}

const discover = firmwareRequest(SPEAKER);

/** What another server answered. */
function offer(type: number, more: Partial<DhcpPacket> = {}): DhcpPacket {
  const packet = createPacket({
    ...{ op: Op.REPLY, xid: 7, chaddr: macBytes(MAC), yiaddr: CLIENT.ip, siaddr: SERVER.ip, file: 'other.0' },
    ...more,
  });
  writeOption(packet.options, 'message-type', type);
  writeOption(packet.options, 'server-id', SERVER.ip);
  return packet;
}

const asks = (ms: number) => sent(ms, [NOBODY, 68], [ALL, 67], encode(discover, limitsOf(SPEAKER)));
const offered = (ms: number, more?: Partial<DhcpPacket>) =>
  sent(ms, [SERVER, 67], [ALL, 68], encode(offer(MessageType.OFFER, more)));
const request = takeOffer(discover, offerOf(offer(MessageType.OFFER))!);
const takes = (ms: number) => sent(ms, [NOBODY, 68], [ALL, 67], encode(request));
const acked = (ms: number) => sent(ms, [SERVER, 67], [ALL, 68], encode(offer(MessageType.ACK)));
const reads = (ms: number, filename: string, port = 2070) =>
  sent(ms, [CLIENT, port], [SERVER, 69], encodeTftp({ opcode: 'rrq', filename, mode: 'octet', options: [] }));
const told = (ms: number, packet: Parameters<typeof encodeTftp>[0], port = 2070) =>
  sent(ms, [SERVER, 40_000], [CLIENT, port], encodeTftp(packet));

const WHOLE = [
  ...[asks(0), offered(5), takes(1000), acked(1005)],
  ...[reads(1100, 'pxelinux.0'), told(1101, { opcode: 'oack', options: [['tsize', '42430']] })],
  ...[
    reads(1200, 'pxelinux.cfg/none', 2071),
    told(1201, { opcode: 'error', code: 1, message: 'File not found' }, 2071),
  ],
];

function setupOf(text = CONFIG): Setup {
  const loaded = loadConfig(`${text}tftp: { root: ${folder} }\nstate: memory\n`, {
    file: 'pxed.yaml',
    archNames: ARCH_NAMES,
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return { tool: 'pxed', config: loaded.value, overrides: {} };
}

function fileOf(packets: readonly CapturedPacket[]): Uint8Array {
  return concatBytes([pcapHeader(), ...packets.map(pcapRecord)]);
}

async function report(
  packets: readonly CapturedPacket[] | Uint8Array,
  question: Partial<ReplayQuestion> = {},
  setup = setupOf(),
) {
  const said = { out: '', err: '' };
  const into = (which: 'out' | 'err') => ({
    write(text: string) {
      said[which] += text;
    },
  });
  const capture = packets instanceof Uint8Array ? packets : fileOf(packets);
  const io = { out: into('out'), err: into('err'), now: () => AT, interfaces: [ETH7] };
  const code = await reportReplay(setup, { capture, ...question }, io);
  return { code, ...said };
}

async function steps(
  packets: readonly CapturedPacket[],
  question: Partial<ReplayQuestion> = {},
  setup = setupOf(),
) {
  const { out } = await report(packets, { ...question, json: true }, setup);
  return (JSON.parse(out) as { steps: { asked: string; would: string; was: string[]; differs?: string[] }[] })
    .steps;
}

describe('reportReplay()', () => {
  test('says what would be answered, beside what was, and what is not the same', async () => {
    const found = await steps(WHOLE, { server: SERVER.ip });
    expect(found.map(({ asked }) => asked)).toEqual([
      'DISCOVER',
      'REQUEST',
      'GET pxelinux.0',
      'GET pxelinux.cfg/none',
    ]);
    expect(found[0]).toMatchObject({
      would: expect.stringMatching(
        /^OFFER 10\.0\.0\.\d+, file pxelinux\.0, next-server 10\.0\.0\.254, from 10\.0\.0\.254$/,
      ),
      was: ['OFFER 10.0.0.77, file other.0, next-server 10.0.0.254, from 10.0.0.254'],
      differs: expect.arrayContaining(['file']),
    });
    expect(found[2]).toMatchObject({
      would: 'sent: a file of the tree (6 B)',
      was: ['sent: tsize 42430'],
      differs: [],
    });
    expect(found[3]).toMatchObject({
      would: 'refused: not there',
      was: ['refused: File not found (code 1)'],
      differs: [],
    });
  });

  test('answers a machine that asks again as what was before has it', async () => {
    const again = [asks(0), offered(5), takes(1000), acked(1005), asks(60_000), offered(60_005)];
    const [first, second, third] = await steps(again, { server: SERVER.ip });
    expect([first!.would, second!.would]).toEqual([
      expect.stringContaining('OFFER'),
      expect.stringMatching(/ACK|NAK/),
    ]);
    expect(third!.would).toContain('OFFER');
  });

  test('without --server leaves what is meant for another server to it, and says how to take its place', async () => {
    const { code, out } = await report(WHOLE);
    expect(out).toContain('10.0.0.254 gave addresses there: --server 10.0.0.254 puts pxed in its place');
    expect(out).toMatch(/REQUEST\n {2}would be {2}no answer\n {12}.*another server/);
    expect(code).toBe(1);
  });

  test('tells people what it tells programs', async () => {
    const { out, code } = await report(WHOLE, { server: SERVER.ip });
    expect(out).toMatch(/^On eth7 \(10\.0\.0\.254\/24\)$/m);
    expect(out).toMatch(/^12:00:00\.000 {2}52:54:00:12:34:56 {2}DISCOVER\n {2}would be {2}OFFER /m);
    expect(out).toMatch(/^ {2}was {7}sent: tsize 42430 \(the same\)$/m);
    expect(code).toBe(0);
  });

  test('shows one machine alone when it is asked to', async () => {
    expect(await steps(WHOLE, { mac: '52:54:00:99:99:99' })).toEqual([]);
    expect((await steps(WHOLE, { mac: MAC })).length).toBe(4);
  });

  test('reads VLAN tags, and tells them', async () => {
    const [first] = WHOLE;
    const bytes = concatBytes([first!.bytes.subarray(0, 12), fromHex('8100a064'), first!.bytes.subarray(12)]);
    const { out } = await report([{ ...first!, bytes, wireLength: bytes.length }]);
    expect(out).toContain(`${MAC} on VLAN 100  DISCOVER`);
  });

  test('says why a request is not answered', async () => {
    const { out, code } = await report(
      [asks(0)],
      {},
      setupOf(`${CONFIG}rules: [{ match: { stage: firmware }, then: { ignore: true } }]\n`),
    );
    expect(out).toMatch(/would be {2}no answer\n {12}.*a rule says to ignore it/);
    expect(code).toBe(1);
  });

  test('passes over what is broken, and counts what is no request', async () => {
    const junk = sent(1, [NOBODY, 68], [ALL, 67], fromHex('ffff'));
    const other = sent(2, [CLIENT, 5353], [SERVER, 5353], fromHex('0102'));
    const whole = fileOf([junk, other, asks(3)]);
    const { out } = await report(whole.subarray(0, whole.length - 4));
    expect(out).toMatch(/octets to port 67 that are no request \([a-z-]+\)\n {2}would be {2}no answer/);
    expect(out).toContain('1 packet of 2: no request');
    expect(out).toContain('the file breaks off: record-short');
  });

  test('refuses what is no capture, and an empty one says so', async () => {
    expect(await report(fromHex('00'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('no capture'),
    });
    expect((await report([])).out).toContain('No request to a DHCP, BOOTP or TFTP server is in it.');
  });

  test('says what keeps pxed from starting', async () => {
    const setup = setupOf(`${CONFIG}boot: { filename: none.0 }\n`);
    expect(await report(WHOLE, {}, setup)).toMatchObject({ code: 1, err: expect.stringContaining('none.0') });
  });
});

describe('replayItems()', () => {
  test('puts each answer to its request, once where a relay hands it on', () => {
    const { items, others } = replayItems(
      [asks(0), offered(1), offered(2), asks(3), offered(4, { file: 'later.0' })],
      69,
    );
    const answers = items.map((item) =>
      item.kind === 'dhcp' ? item.answers.map(({ packet }) => packet.file) : [],
    );
    expect(answers).toEqual([['other.0'], ['later.0']]);
    expect(others).toBe(0);
  });

  test('takes the first packet back for the answer to a read', () => {
    const data = { opcode: 'data', block: 1, data: new Uint8Array(3) } as const;
    const { items, others } = replayItems([reads(0, 'a'), told(1, data), told(2, { ...data, block: 2 })], 69);
    expect(items).toMatchObject([{ kind: 'tftp', answer: { opcode: 'data', block: 1 } }]);
    expect(others).toBe(1);
  });

  test('never throws, whatever was captured', () => {
    const wounds = fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.nat(600), fc.nat(255)), { maxLength: 10 });
    fc.assert(
      fc.property(wounds, fc.nat(600), (all, length) => {
        const packets = WHOLE.map((packet) => ({ ...packet, bytes: packet.bytes.slice(0, 60 + length) }));
        for (const [which, at, value] of all) {
          const { bytes } = packets[which]!;
          if (at < bytes.length) bytes[at] = value;
        }
        const { items, others } = replayItems(packets, 69);
        expect(items.length + others).toBeLessThanOrEqual(packets.length);
      }),
      { numRuns: 1000 },
    );
  });
});
