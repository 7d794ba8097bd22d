import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPacket, encode, Op } from '../../../src/dhcp-packet/index.ts';
import { buildEthernet } from '../../../src/frame/ethernet.ts';
import { buildIpv4Packet } from '../../../src/frame/ipv4-packet.ts';
import { buildUdp, buildUdpFrame } from '../../../src/frame/udp.ts';
import { concatBytes, fromHex, latin1Encode } from '../../../src/lib/bytes.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import { macBytes } from '../../../src/lib/mac.ts';
import { createPacketOwners, wireLengthOf } from '../../../src/server/capture/packet-owner.ts';

const SERVER = { mac: '02:00:00:00:00:01', ip: parseIpv4('10.0.0.1')! };
const ROUTER = { mac: '02:00:00:00:00:fe' };
const MACHINE = { mac: '52:54:00:12:34:56', ip: parseIpv4('10.0.0.7')! };
const AWAY = { mac: '52:54:00:aa:bb:cc', ip: parseIpv4('10.9.0.7')! };

type End = { readonly mac: string; readonly ip: number; readonly port: number };

function udp(from: End, to: End, payload: Uint8Array): Uint8Array {
  return buildUdpFrame({
    ...{ fromMac: from.mac, toMac: to.mac, from: from.ip, to: to.ip },
    ...{ fromPort: from.port, toPort: to.port, payload },
  });
}

const at = (host: { readonly mac: string; readonly ip: number }, port: number): End => ({ ...host, port });
const RRQ = concatBytes([fromHex('0001'), latin1Encode('pxelinux.0\0octet\0')]);
const ERROR = concatBytes([fromHex('00050001'), latin1Encode('no\0')]);

function ownersOf() {
  const own = { macs: new Set([SERVER.mac]), addresses: new Set([SERVER.ip]), tftpPort: 69 };
  return createPacketOwners(() => own);
}

function message(op: 1 | 2, mac: string, more: { yiaddr?: number; ciaddr?: number } = {}): Uint8Array {
  return encode(
    createPacket({ op: op === 1 ? Op.REQUEST : Op.REPLY, xid: 1, chaddr: macBytes(mac), ...more }),
  );
}

const everybody = { mac: 'ff:ff:ff:ff:ff:ff', ip: 0xffff_ffff };

describe('createPacketOwners()', () => {
  test('gives DHCP messages to the machine that they name, whoever sends them', () => {
    const { ownerOf } = ownersOf();
    const asks = udp(at({ ...MACHINE, ip: 0 }, 68), at(everybody, 67), message(1, MACHINE.mac));
    const relayed = udp(at({ ...ROUTER, ip: 5 }, 67), at(SERVER, 67), message(1, AWAY.mac));
    const answers = udp(
      at(SERVER, 67),
      at({ ...ROUTER, ip: 5 }, 67),
      message(2, AWAY.mac, { yiaddr: AWAY.ip }),
    );
    expect([asks, relayed, answers].map((frame) => ownerOf(frame))).toEqual([
      { machine: MACHINE.mac, boots: false },
      { machine: AWAY.mac, boots: false },
      { machine: AWAY.mac, boots: false },
    ]);
  });

  test('does not take pxed itself, which asks for other servers, for a machine', () => {
    const { ownerOf } = ownersOf();
    expect(
      ownerOf(udp(at({ ...SERVER, ip: 0 }, 68), at(everybody, 67), message(1, SERVER.mac))),
    ).toBeUndefined();
  });

  test('gives transfers to the machine that asked, by the MAC of its address where DHCP told it', () => {
    const { ownerOf, nameOfAddress } = ownersOf();
    ownerOf(udp(at(SERVER, 67), at(everybody, 68), message(2, AWAY.mac, { yiaddr: AWAY.ip })));
    const behind = { ...AWAY, mac: ROUTER.mac };
    expect(ownerOf(udp(at(behind, 2070), at(SERVER, 69), RRQ))).toEqual({ machine: AWAY.mac, boots: true });
    expect(ownerOf(udp(at(SERVER, 40_000), at(behind, 2070), ERROR))).toEqual({
      machine: AWAY.mac,
      boots: true,
    });
    expect(ownerOf(udp(at(behind, 2070), at(SERVER, 40_000), ERROR))).toEqual({
      machine: AWAY.mac,
      boots: true,
    });
    expect(nameOfAddress(AWAY.ip)).toBe(AWAY.mac);
    expect(nameOfAddress(MACHINE.ip)).toBe('10.0.0.7');
  });

  test('names a machine that DHCP did not tell of by the MAC of its frames', () => {
    const { ownerOf, nameOfAddress } = ownersOf();
    expect(ownerOf(udp(at(MACHINE, 2070), at(SERVER, 69), RRQ))).toEqual({
      machine: MACHINE.mac,
      boots: true,
    });
    expect(nameOfAddress(MACHINE.ip)).toBe(MACHINE.mac);
  });

  test('leaves what nobody asked for', () => {
    const { ownerOf } = ownersOf();
    expect(ownerOf(udp(at(MACHINE, 5353), at(SERVER, 5353), ERROR))).toBeUndefined();
    ownerOf(udp(at(MACHINE, 2070), at(SERVER, 69), RRQ));
    expect(ownerOf(udp(at(MACHINE, 2070), at(SERVER, 40_000), fromHex('abcd0000')))).toBeUndefined();
    expect(ownerOf(udp(at(MACHINE, 68), at(SERVER, 67), fromHex('0101060012345678')))).toBeUndefined();
  });

  test('gives "unreachable" to the machine that it is about', () => {
    const { ownerOf } = ownersOf();
    const told = { from: SERVER.ip, to: MACHINE.ip };
    const udpPart = buildUdp({ fromPort: 40_000, toPort: 2070, payload: ERROR }, told);
    const lost = buildIpv4Packet({ ...told, protocol: 17, payload: udpPart }).subarray(0, 28);
    const payload = buildIpv4Packet({
      ...{ from: MACHINE.ip, to: SERVER.ip, protocol: 1 },
      payload: concatBytes([Uint8Array.of(3, 3, 0, 0, 0, 0, 0, 0), lost]),
    });
    const frame = buildEthernet({ from: MACHINE.mac, to: SERVER.mac, etherType: 0x0800, payload });
    expect(ownerOf(frame)).toEqual({ machine: MACHINE.mac, boots: false });
  });

  test('reads frames that were cut off', () => {
    const { ownerOf } = ownersOf();
    ownerOf(udp(at(MACHINE, 2070), at(SERVER, 69), RRQ));
    const data = concatBytes([fromHex('00030001'), new Uint8Array(1400)]);
    const frame = udp(at(SERVER, 40_000), at(MACHINE, 2070), data);
    const cut = frame.subarray(0, 128);
    expect(ownerOf(cut)).toEqual({ machine: MACHINE.mac, boots: true });
    expect([wireLengthOf(cut), wireLengthOf(frame)]).toEqual([frame.length, frame.length]);
  });

  test('never throws, whatever comes', () => {
    const { ownerOf } = ownersOf();
    const real = [
      udp(at(MACHINE, 2070), at(SERVER, 69), RRQ),
      udp(at(SERVER, 67), at(everybody, 68), message(2, AWAY.mac, { yiaddr: AWAY.ip })),
    ];
    const wounds = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...real), wounds, fc.nat(600), (whole, changes, length) => {
        const frame = whole.slice(0, length);
        for (const [where, value] of changes) if (where < frame.length) frame[where] = value;
        const owner = ownerOf(frame);
        if (owner) expect(owner.machine).toMatch(/^[0-9a-f:.]+$/);
        expect(wireLengthOf(frame)).toBeGreaterThanOrEqual(frame.length);
      }),
      { numRuns: 2000 },
    );
  });
});
