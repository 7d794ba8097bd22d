/** A network in memory: a fake server at one end of a wire, any number of machines at the other, in virtual time. */
import type { FrameLink } from '../../src/client/run-walk.ts';
import { buildArpFrame, parseArp } from '../../src/frame/arp.ts';
import { ETHERTYPE, parseEthernet } from '../../src/frame/ethernet.ts';
import { buildUdpFrame, parseUdpFrame } from '../../src/frame/udp.ts';
import { LIMITED_BROADCAST, UNSPECIFIED } from '../../src/lib/ipv4.ts';
import { CLIENT, createFakeServer, type FakeServer, SERVER } from './fake-server.ts';

const SERVER_MAC = '52:54:00:00:00:01';

export type FakeEthernet = {
  readonly link: FrameLink;
  /** Goes on when the machines wait. */
  now(): number;
  /** When each machine was first heard. */
  readonly heard: Map<string, number>;
  /** Every address that was given back, in order. */
  readonly released: string[];
};

/** Every machine gets an address of its own; `lost` decides about each frame from a machine. */
export function createFakeEthernet(
  server: FakeServer,
  lost: (frame: Uint8Array) => boolean = () => false,
): FakeEthernet {
  const queue: Uint8Array[] = [];
  const servers = new Map<string, ReturnType<typeof createFakeServer>>();
  const heard = new Map<string, number>();
  const released: string[] = [];
  let time = 0;

  /** The machine's own corner of the server. */
  function serverOf(mac: string) {
    const known = servers.get(mac);
    if (known) return known;
    const ip = CLIENT + servers.size;
    const change = server.reply ?? ((packet) => packet);
    const made = createFakeServer({
      ...server,
      reply: (packet, type) => change({ ...packet, yiaddr: ip }, type),
    });
    servers.set(mac, made);
    heard.set(mac, time);
    return made;
  }

  function takeArp(payload: Uint8Array): void {
    const arp = parseArp(payload);
    if (!arp.ok || arp.value.operation !== 'request' || arp.value.targetIp !== SERVER) return;
    const { senderMac, senderIp } = arp.value;
    const answer = { senderMac: SERVER_MAC, senderIp: SERVER, targetMac: senderMac, targetIp: senderIp };
    queue.push(buildArpFrame({ operation: 'reply', ...answer }));
  }

  return {
    heard,
    released,
    now: () => time,
    link: {
      read: () => queue.shift(),
      write(frame) {
        if (lost(frame)) return true;
        const ethernet = parseEthernet(frame);
        if (!ethernet.ok) throw new Error(`A machine sent a bad frame: ${ethernet.reason}`);
        if (ethernet.value.etherType === ETHERTYPE.arp) takeArp(ethernet.value.payload);
        const udp = parseUdpFrame(frame);
        if (!udp.ok) return true;
        const { fromMac, fromPort, from, to, toPort, payload } = udp.value;
        const own = serverOf(fromMac);
        const answers = own.answer({
          sourcePort: fromPort,
          destination: to,
          destinationPort: toPort,
          bytes: payload,
        });
        released.push(...own.released.splice(0));
        for (const { sourcePort, destinationPort, bytes } of answers) {
          const back = from === UNSPECIFIED ? LIMITED_BROADCAST : from;
          const toMac = from === UNSPECIFIED ? 'ff:ff:ff:ff:ff:ff' : fromMac;
          const ports = { fromPort: sourcePort, toPort: destinationPort };
          queue.push(
            buildUdpFrame({ fromMac: SERVER_MAC, toMac, from: SERVER, to: back, ...ports, payload: bytes }),
          );
        }
        return true;
      },
      async readable(timeoutMs) {
        if (queue.length > 0) return true;
        time += Math.max(1, timeoutMs);
        return false;
      },
    },
  };
}
