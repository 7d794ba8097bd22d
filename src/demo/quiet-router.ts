/**
 * QEMU's iPXE asks for IPv6 routers and waits 16 s for an answer before it loads anything, even with an IPv4 boot file in
 * hand. Any router advertisement ends the wait, so the demo gives it one: of a router that offers nothing.
 */
import { internetChecksum } from '../frame/checksum.ts';
import { buildEthernet } from '../frame/ethernet.ts';
import type { Mac } from '../lib/mac.ts';
import type { Network } from '../net/datagram.ts';

const ETHERTYPE_IPV6 = 0x86dd;
const ICMPV6 = 58;
const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const IPV6_HEADER = 40;
const ADVERTISEMENT = 16;

/** `fe80::1` to `ff02::1`, all nodes, which Ethernet carries to 33:33:00:00:00:01 (RFC 2464 §7). */
const FROM = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const TO = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const ALL_NODES: Mac = '33:33:00:00:00:01';

const LOOK_MS = 50;

/** Answers router solicitations on `interfaceName` until the returned function is called. */
export function answerSolicitations(network: Network, interfaceName: string): () => void {
  const link = network.interfaces().find(({ name }) => name === interfaceName);
  const bound = network.bindFrames(interfaceName, ETHERTYPE_IPV6);
  if (!link || !bound.ok) return () => {}; // then the boot takes longer
  const socket = network.attachFrames(bound.value);
  const answer = advertiseNothing(link.mac);
  const timer = setInterval(() => {
    for (let frame = socket.receive(); frame; frame = socket.receive()) {
      if (isSolicitation(frame)) socket.send(answer);
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    socket.detach();
    network.releaseFrames(bound.value);
  };
}

/** Is this IPv6 frame a router solicitation (RFC 4861 §4.1)? */
export function isSolicitation(frame: Uint8Array): boolean {
  return frame[14 + 6] === ICMPV6 && frame[14 + IPV6_HEADER] === ROUTER_SOLICITATION;
}

/** A router advertisement with a lifetime of 0: not a default router, no prefixes, no DHCPv6 (RFC 4861 §4.2). */
export function advertiseNothing(fromMac: Mac): Uint8Array {
  const payload = new Uint8Array(IPV6_HEADER + ADVERTISEMENT);
  const view = new DataView(payload.buffer);
  payload[0] = 0x60;
  view.setUint16(4, ADVERTISEMENT);
  payload[6] = ICMPV6;
  payload[7] = 255; // hop limit: proof that no router forwarded it
  payload.set(FROM, 8);
  payload.set(TO, 24);
  payload[IPV6_HEADER] = ROUTER_ADVERTISEMENT;
  // Pseudo header (RFC 8200 §8.1): both addresses, which stand right before the message, its length and the protocol.
  view.setUint16(IPV6_HEADER + 2, internetChecksum(payload.subarray(8), ADVERTISEMENT + ICMPV6));
  return buildEthernet({ to: ALL_NODES, from: fromMac, etherType: ETHERTYPE_IPV6, payload });
}
