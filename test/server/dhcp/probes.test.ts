import { describe, expect, test } from 'vitest';
import type { DhcpRequest, Probe } from '../../../src/dhcp/conversation.ts';
import { buildIcmpEcho, parseIcmpEcho } from '../../../src/frame/icmp.ts';
import { buildIpv4Packet, IP_PROTOCOL } from '../../../src/frame/ipv4-packet.ts';
import type { Ipv4 } from '../../../src/lib/ipv4.ts';
import { createProbes } from '../../../src/server/dhcp/probes.ts';
import { discover, ETH0, ip, MAC, SERVER } from '../../dhcp/world.ts';

const FAR = ip('10.9.0.50');
const SECRET = Uint8Array.of(0x12, 0x34, 1, 2, 3, 4, 5, 6, 7, 8);
const WHEN = { now: 1000, timeoutMs: 400, attempt: 1 };

const REQUEST: DhcpRequest = {
  packet: discover({ giaddr: ip('10.9.0.1') }),
  warnings: [],
  sizeBytes: 300,
  source: { ip: ip('10.9.0.1'), port: 67 },
  destination: SERVER,
  port: 67,
  link: ETH0,
};

function relayed(address: Ipv4): Probe {
  return { ip: address, mac: MAC, link: ETH0, onLink: false };
}

function createPinging(works = true) {
  const sent: { ip: Ipv4; message: Uint8Array }[] = [];
  const frames: Uint8Array[] = [];
  const probes = createProbes({
    arp: (_, frame) => frames.push(frame) > 0,
    echo: (address, message) => works && sent.push({ ip: address, message }) > 0,
    secret: SECRET,
  });
  return { probes, sent, frames };
}

/** The answer of a host to the message it got, as a raw socket sees it; fields may be spoilt. */
function echoOf(message: Uint8Array, change: Partial<{ from: Ipv4; id: number; payload: Uint8Array }> = {}) {
  const asked = parseIcmpEcho(message);
  if (!asked.ok) throw new Error(asked.reason);
  const { id, sequence, payload } = asked.value;
  return buildIpv4Packet({
    from: change.from ?? FAR,
    to: SERVER,
    protocol: IP_PROTOCOL.icmp,
    payload: buildIcmpEcho({
      kind: 'reply',
      id: change.id ?? id,
      sequence,
      payload: change.payload ?? payload,
    }),
  });
}

describe('createProbes() behind a relay', () => {
  test('pings, and an answer says that the address is taken', () => {
    const { probes, sent, frames } = createPinging();
    expect(probes.start(relayed(FAR), REQUEST, WHEN)).toBe(true);
    expect(frames).toEqual([]);
    expect(sent.map((one) => one.ip)).toEqual([FAR]);
    const settled = probes.observeEcho(echoOf(sent[0]!.message));
    expect(settled).toEqual({ request: REQUEST, attempt: 1, outcome: { ip: FAR, inUse: true } });
    expect(probes.size).toBe(0);
  });

  test('asks again half way, and takes silence for a free address', () => {
    const { probes, sent } = createPinging();
    probes.start(relayed(FAR), REQUEST, WHEN);
    expect(probes.nextAt()).toBe(1200);
    expect(probes.due(1200)).toEqual([]);
    expect(sent).toHaveLength(2);
    expect(probes.due(1400)).toEqual([{ request: REQUEST, attempt: 1, outcome: { ip: FAR, inUse: false } }]);
  });

  test.each([
    { name: 'of another address', change: { from: ip('10.9.0.51') } },
    { name: 'to another program’s ping', change: { id: 0x4321 } },
    { name: 'forged by somebody who did not see the question', change: { payload: new Uint8Array(8) } },
    { name: 'forged without the payload', change: { payload: new Uint8Array() } },
  ])('an echo reply $name settles nothing', ({ change }) => {
    const { probes, sent } = createPinging();
    probes.start(relayed(FAR), REQUEST, WHEN);
    expect(probes.observeEcho(echoOf(sent[0]!.message, change))).toBeUndefined();
    expect(probes.size).toBe(1);
  });

  test('our own question, come back, settles nothing; nor do cut or foreign octets', () => {
    const { probes, sent } = createPinging();
    probes.start(relayed(FAR), REQUEST, WHEN);
    const { message } = sent[0]!;
    const question = buildIpv4Packet({ from: FAR, to: SERVER, protocol: IP_PROTOCOL.icmp, payload: message });
    expect(probes.observeEcho(question)).toBeUndefined();
    const whole = echoOf(message);
    for (let length = 0; length < whole.length; length++) {
      expect(probes.observeEcho(whole.subarray(0, length))).toBeUndefined();
    }
    expect(probes.size).toBe(1);
  });

  test('an answer to a probe on our own link is left to ARP: the client itself may still answer pings', () => {
    const { probes, sent } = createPinging();
    probes.start({ ...relayed(FAR), onLink: true }, REQUEST, WHEN);
    const message = buildIcmpEcho({ kind: 'request', id: 0x1234, sequence: 1, payload: SECRET.subarray(2) });
    expect(probes.observeEcho(echoOf(message))).toBeUndefined();
    expect(sent).toEqual([]);
  });

  test('start() is false where nothing can be sent: nothing is known of the address', () => {
    expect(createPinging(false).probes.start(relayed(FAR), REQUEST, WHEN)).toBe(false);
    const mute = createProbes({ arp: () => true, secret: SECRET });
    expect(mute.start(relayed(FAR), REQUEST, WHEN)).toBe(false);
    expect(mute.nextAt()).toBe(Number.POSITIVE_INFINITY);
  });
});
