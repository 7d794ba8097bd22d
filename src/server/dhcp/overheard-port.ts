import type { Link } from '../../dhcp/settings.ts';
import { BROADCAST_MAC } from '../../frame/ethernet.ts';
import { buildUdpFrame, parseUdpFrame, type UdpFrame } from '../../frame/udp.ts';
import { type Ipv4, LIMITED_BROADCAST } from '../../lib/ipv4.ts';
import type { Mac } from '../../lib/mac.ts';
import type { Datagram, DatagramSocket, FrameSocket, TransmitSource } from '../../net/datagram.ts';

const SERVER_PORT = 67;

/** As many as a batch of a real socket. */
const BATCH = 64;

/** Frames looked at for one batch, however many are none of ours. */
const MAX_FRAMES = 1024;

/** Neighbours that unicast answers can reach: relays, and clients with an address. Past it the oldest is forgotten. */
const MAX_NEIGHBOURS = 1024;

/**
 * Port 67 where another program of this machine has it: what is sent to it is read from whole frames, and answers leave as
 * frames, under our own address and MAC. The other server hears and answers the same requests; we see what it sees, for a
 * packet socket gets copies. Nothing of the kernel is in between, so that only frames to us and to everybody count, and of those
 * to us none that are on their way to somebody else, where this machine is a router.
 *
 * An answer goes where its request came from: to the relay's or the router's MAC, without a question by ARP. `frames` gets
 * UDP datagrams to port 67 alone.
 */
export function createOverheardPort(
  frames: FrameSocket,
  link: () => Pick<Link, 'mac' | 'index'>,
  isOurs: (ip: Ipv4) => boolean,
): DatagramSocket {
  const neighbours = new Map<Ipv4, Mac>();
  let batch: Datagram[] = [];
  let queued: { frame: Uint8Array; tag: unknown }[] = [];
  let open: { to: Ipv4; port: number; source: TransmitSource; parts: Uint8Array[] } | undefined;

  function remember(ip: Ipv4, mac: Mac): void {
    if (ip === 0) return;
    neighbours.delete(ip);
    neighbours.set(ip, mac);
    if (neighbours.size > MAX_NEIGHBOURS) neighbours.delete(neighbours.keys().next().value!);
  }

  function read(bytes: Uint8Array): Datagram | undefined {
    const parsed = parseUdpFrame(bytes, { checksum: 'ignored' });
    if (!parsed.ok) return undefined;
    const { index, mac } = link();
    const { toMac, fromMac, toPort, from, to, payload } = parsed.value;
    // With the card in promiscuous mode frames between others arrive, too.
    if (toPort !== SERVER_PORT || (toMac !== mac && toMac !== BROADCAST_MAC) || fromMac === mac)
      return undefined;
    if (toMac === mac && to !== LIMITED_BROADCAST && !isOurs(to)) return undefined;
    remember(from, fromMac);
    remember(addressAt(payload, GIADDR), fromMac);
    return datagramOf(parsed.value, index);
  }

  const socket: DatagramSocket = {
    bound: { backend: 'linux', fd: frames.bound.fd, address: 0, port: SERVER_PORT },
    onFailure: undefined,
    receive() {
      batch = [];
      for (let looks = MAX_FRAMES; looks > 0 && batch.length < BATCH; looks--) {
        const frame = frames.receive();
        if (!frame) break;
        const datagram = read(frame);
        if (datagram) batch.push(datagram);
      }
      return batch.length;
    },
    datagram: (index) => batch[index]!,
    out: {
      begin(to, port, source = { from: 0, ifindex: 0 }) {
        open = { to, port, source, parts: [] };
      },
      bytes: (data) => void open?.parts.push(data),
      words: () => {
        throw new TypeError('Cannot lay words into a frame: whole payloads only');
      },
      slice: () => {
        throw new TypeError('Cannot lay file contents into a frame: whole payloads only');
      },
      end() {
        if (!open) return;
        const { to, port, source, parts } = open;
        const toMac = to === LIMITED_BROADCAST ? BROADCAST_MAC : neighbours.get(to);
        open = undefined;
        if (toMac === undefined) {
          socket.onFailure?.(source.tag, 'EHOSTUNREACH');
          return;
        }
        const payload = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
        const addresses = { fromMac: link().mac, toMac, from: source.from, to };
        queued.push({
          frame: buildUdpFrame({ ...addresses, fromPort: SERVER_PORT, toPort: port, payload }),
          tag: source.tag,
        });
      },
      get length() {
        return queued.length;
      },
    },
    flush() {
      for (const { frame, tag } of queued) {
        const errno = frames.send(frame);
        if (errno !== undefined) socket.onFailure?.(tag, errno);
      }
      queued = [];
      return true;
    },
    maxGsoSegments: () => 1,
    detach: () => frames.detach(),
  };
  return socket;
}

/** Where giaddr stands in a DHCP message (RFC 2131 §2). */
const GIADDR = 24;

function addressAt(bytes: Uint8Array, at: number): Ipv4 {
  if (bytes.length < at + 4) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

/** A copy: the frame is the socket's memory, and the next one takes its place. */
function datagramOf({ payload, from, fromPort, to }: UdpFrame, ifindex: number): Datagram {
  const bytes = payload.slice();
  return {
    ...{ buffer: bytes, length: bytes.length, bytes, truncated: false, ifindex },
    ...{ peer: from, peerPort: fromPort, local: to, replyFrom: to },
  };
}
