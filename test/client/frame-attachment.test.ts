import { describe, expect, test } from 'vitest';
import { createFrameAttachment } from '../../src/client/frame-attachment.ts';
import { buildArpFrame, parseArp } from '../../src/frame/arp.ts';
import { buildEthernet, ETHERTYPE, parseEthernet } from '../../src/frame/ethernet.ts';
import { buildIpv4Packet, IP_PROTOCOL, parseIpv4Packet } from '../../src/frame/ipv4-packet.ts';
import { buildTcp, parseTcp, TCP_FLAG, type TcpSegment } from '../../src/frame/tcp.ts';
import { ROM } from './drive.ts';
import { CLIENT, SERVER } from './fake-server.ts';

const { syn, ack, rst } = TCP_FLAG;
const SERVER_MAC = '52:54:00:00:00:01';

/** A machine that asks a server for a file by HTTP; ARP is answered, TCP by whoever looks. */
function asking(random: number) {
  const arriving: Uint8Array[] = [];
  const segments: TcpSegment[] = [];
  function takeFrame(frame: Uint8Array): boolean {
    const ethernet = parseEthernet(frame);
    if (!ethernet.ok) throw new Error(ethernet.reason);
    const { etherType, payload } = ethernet.value;
    const arp = etherType === ETHERTYPE.arp ? parseArp(payload) : undefined;
    if (arp?.ok) {
      const { senderMac: targetMac, senderIp: targetIp } = arp.value;
      const answer = { senderMac: SERVER_MAC, senderIp: SERVER, targetMac, targetIp };
      arriving.push(buildArpFrame({ operation: 'reply', ...answer }));
    }
    const packet = parseIpv4Packet(payload);
    const segment = packet.ok ? parseTcp(packet.value) : undefined;
    if (segment?.ok) segments.push(segment.value);
    return true;
  }
  const attachment = createFrameAttachment(
    { read: () => arriving.shift(), write: takeFrame, readable: async () => false },
    { random: () => random, resolve: async () => undefined },
  );
  attachment.plug(0, ROM, { datagram() {}, unreachable() {}, http() {} });
  attachment.configure(0, { ip: CLIENT, prefixLength: 24 } as Parameters<typeof attachment.configure>[1]);
  attachment.http(0, { url: 'http://192.168.77.1/k', method: 'GET', keepBytes: 9 }, 0);
  let now = 0;
  function turn(): void {
    now++;
    attachment.receive(now);
    attachment.flush(now);
  }
  turn();
  turn();
  return {
    attachment,
    segments,
    turn,
    say(segment: TcpSegment): void {
      const payload = buildTcp(segment, { from: SERVER, to: CLIENT });
      const packet = buildIpv4Packet({ from: SERVER, to: CLIENT, protocol: IP_PROTOCOL.tcp, payload });
      const frame = { to: ROM.mac, from: SERVER_MAC, etherType: ETHERTYPE.ipv4, payload: packet };
      arriving.push(buildEthernet(frame));
      turn();
    },
  };
}

describe('createFrameAttachment()', () => {
  test('asks by HTTP from a port that is another one at each boot', () => {
    expect(asking(7).segments).toMatchObject([{ flags: syn, fromPort: 33_007 }]);
    expect(asking(0xffff_ffff).segments[0]?.fromPort).toBe(33_000 + (0xffff_ffff % 16_000));
  });

  test('does not leave the server with a connection of a machine that is gone', () => {
    const { attachment, segments, say, turn } = asking(7);
    const { fromPort, sequence } = segments[0]!;
    const about = { fromPort: 80, toPort: fromPort, window: 9000, payload: new Uint8Array(0) };
    say({ ...about, sequence: 100, acknowledgment: (sequence + 1) >>> 0, flags: syn | ack });
    const asked = (sequence + 1 + segments.at(-1)!.payload.length) >>> 0;
    say({ ...about, sequence: 101, acknowledgment: asked, flags: ack });
    attachment.unplug(0);
    turn();
    expect(segments.at(-1)).toMatchObject({ flags: rst | ack, sequence: asked, acknowledgment: 101 });
    expect(attachment.deadline()).toBe(Number.POSITIVE_INFINITY);
  });
});
