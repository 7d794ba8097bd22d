import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHostStack, type HostStack } from '../../src/client/host-stack.ts';
import { buildArpFrame, parseArp } from '../../src/frame/arp.ts';
import { BROADCAST_MAC, buildEthernet, ETHERTYPE, parseEthernet } from '../../src/frame/ethernet.ts';
import { buildIcmpEcho, parseIcmpEcho } from '../../src/frame/icmp.ts';
import { buildIpv4Packet, IP_PROTOCOL, parseIpv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildUdpFrame, parseUdpFrame } from '../../src/frame/udp.ts';

const MAC = '52:54:00:77:00:01';
const PEER_MAC = '52:54:00:aa:aa:aa';
const PEER = 0x0a00_0001;
const OWN = 0x0a00_0009;

function configured(): HostStack {
  const stack = createHostStack(MAC);
  stack.configure({ ip: OWN, prefixLength: 24, router: PEER });
  return stack;
}

function frames(stack: HostStack, now = 0): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let frame = stack.poll(now); frame; frame = stack.poll(now)) out.push(frame);
  return out;
}

function arpIn(frame: Uint8Array) {
  const ethernet = parseEthernet(frame);
  if (!ethernet.ok) throw new Error(ethernet.reason);
  const arp = parseArp(ethernet.value.payload);
  if (!arp.ok) throw new Error(arp.reason);
  return arp.value;
}

const datagram = (to: number) => ({
  sourcePort: 2070,
  destination: to,
  destinationPort: 69,
  bytes: Uint8Array.of(1, 2),
});

const toMachine = (fields: { toMac?: string; to?: number }) =>
  buildUdpFrame({
    fromMac: PEER_MAC,
    toMac: fields.toMac ?? MAC,
    from: PEER,
    to: fields.to ?? OWN,
    fromPort: 67,
    toPort: 68,
    payload: Uint8Array.of(9),
  });

const answerOf = (ip: number) =>
  buildArpFrame({ operation: 'reply', senderMac: PEER_MAC, senderIp: ip, targetMac: MAC, targetIp: OWN });

describe('createHostStack()', () => {
  test('broadcasts from 0.0.0.0 while it has no address', () => {
    const stack = createHostStack(MAC);
    stack.send(datagram(0xffff_ffff), 0);
    const [frame] = frames(stack);
    expect(parseUdpFrame(frame!)).toMatchObject({
      ok: true,
      value: { toMac: BROADCAST_MAC, from: 0, fromMac: MAC },
    });
  });

  test('asks who has an address, keeps the datagram, and sends it to the one that answers', () => {
    const stack = configured();
    stack.send(datagram(PEER), 0);
    const asked = frames(stack);
    expect(asked).toHaveLength(1);
    expect(arpIn(asked[0]!)).toMatchObject({ operation: 'request', senderIp: OWN, targetIp: PEER });
    stack.receive(answerOf(PEER));
    expect(frames(stack).map((bytes) => parseUdpFrame(bytes))).toMatchObject([
      { ok: true, value: { toMac: PEER_MAC, to: PEER } },
    ]);
    stack.send(datagram(PEER), 1);
    expect(frames(stack).map((bytes) => parseUdpFrame(bytes))).toMatchObject([
      { ok: true, value: { toMac: PEER_MAC } },
    ]);
  });

  test('asks for the router when the destination is on another network', () => {
    const stack = configured();
    stack.send(datagram(0x0b00_0001), 0);
    expect(arpIn(frames(stack)[0]!).targetIp).toBe(PEER);
    stack.receive(answerOf(PEER));
    expect(parseUdpFrame(frames(stack)[0]!)).toMatchObject({
      ok: true,
      value: { to: 0x0b00_0001, toMac: PEER_MAC },
    });
  });

  test('asks four times and then forgets the datagram', () => {
    const stack = configured();
    stack.send(datagram(PEER), 0);
    let asked = 0;
    while (stack.deadline() !== Number.POSITIVE_INFINITY) asked += frames(stack, stack.deadline()).length;
    expect(asked).toBe(4);
    stack.receive(answerOf(PEER));
    expect(frames(stack, 5000)).toEqual([]);
  });

  test.each([
    ['its own MAC and any address while it has none', createHostStack(MAC), { to: 0x0a00_0063 }, true],
    ['everybody', createHostStack(MAC), { toMac: BROADCAST_MAC, to: 0xffff_ffff }, true],
    ['another MAC', createHostStack(MAC), { toMac: PEER_MAC }, false],
    ['its address', configured(), {}, true],
    ['its network', configured(), { toMac: BROADCAST_MAC, to: 0x0a00_00ff }, true],
    ['another address once it has its own', configured(), { to: 0x0a00_0063 }, false],
  ])('judges a datagram to %s', (_, stack, fields, taken) => {
    expect(stack.receive(toMachine(fields)) !== undefined).toBe(taken);
  });

  test('answers ARP for its address, and for no other', () => {
    const stack = configured();
    const ask = (targetIp: number) =>
      buildArpFrame({
        operation: 'request',
        senderMac: PEER_MAC,
        senderIp: PEER,
        targetMac: '00:00:00:00:00:00',
        targetIp,
      });
    stack.receive(ask(OWN));
    stack.receive(ask(OWN + 1));
    expect(frames(stack).map(arpIn)).toEqual([
      { operation: 'reply', senderMac: MAC, senderIp: OWN, targetMac: PEER_MAC, targetIp: PEER },
    ]);
  });

  test('answers ping', () => {
    const stack = configured();
    const echo = buildIcmpEcho({ kind: 'request', id: 5, sequence: 1, payload: Uint8Array.of(42) });
    const packet = buildIpv4Packet({ from: PEER, to: OWN, protocol: IP_PROTOCOL.icmp, payload: echo });
    stack.receive(buildEthernet({ to: MAC, from: PEER_MAC, etherType: ETHERTYPE.ipv4, payload: packet }));
    const frame = parseEthernet(frames(stack)[0]!);
    const answer = frame.ok ? parseIpv4Packet(frame.value.payload) : frame;
    expect(answer).toMatchObject({ ok: true, value: { from: OWN, to: PEER } });
    expect(answer.ok && parseIcmpEcho(answer.value.payload)).toMatchObject({
      ok: true,
      value: { kind: 'reply', id: 5, sequence: 1, payload: Uint8Array.of(42) },
    });
  });

  test('never throws, whatever is on the wire', () => {
    const good = [answerOf(PEER), toMachine({}), toMachine({ toMac: BROADCAST_MAC, to: 0xffff_ffff })];
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .tuple(fc.constantFrom(...good), fc.nat(60), fc.nat(255), fc.nat(60))
        .map(([bytes, at, value, cut]) => {
          const out = bytes.slice(0, Math.max(0, bytes.length - cut));
          if (at < out.length) out[at] = value;
          return out;
        }),
    );
    fc.assert(
      fc.property(fc.array(frame), (all) => {
        const stack = configured();
        for (const bytes of all) {
          stack.send(datagram(PEER), 0);
          stack.receive(bytes);
          for (const out of frames(stack)) expect(parseEthernet(out).ok).toBe(true);
        }
      }),
    );
  });
});
