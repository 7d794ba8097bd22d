import { type Ourselves, otherServer, searchMessage, selectedServer } from '../../dhcp/other-server.ts';
import { createServerWatch, type Role, type ServerWatch } from '../../dhcp/server-watch.ts';
import type { Link } from '../../dhcp/settings.ts';
import { type DhcpPacket, decode, hardwareAddress } from '../../dhcp-packet/index.ts';
import type { Emit } from '../../events/event.ts';
import { BROADCAST_MAC } from '../../frame/ethernet.ts';
import { buildUdpFrame, parseUdpFrame } from '../../frame/udp.ts';
import { LIMITED_BROADCAST, UNSPECIFIED } from '../../lib/ipv4.ts';
import type { BoundFrames, FrameSocket, Network, Poller } from '../../net/datagram.ts';
import type { Clock } from './clock.ts';

/** What there is to find out on an interface. */
export type Lookout = {
  readonly link: Link;
  /** `auto`: ask the network first, then be what it leaves to be. */
  readonly role: Role | 'auto';
  /** Look for other servers each minute. */
  readonly watching: boolean;
  /** Has a carrier. */
  readonly running: boolean;
  /** What servers tell clients (UDP to port 68) in, frames out. Without them there is nothing to see, and `auto` is `server`. */
  readonly ears?: BoundFrames | undefined;
};

/** The eyes of a DHCP server: {@link createServerWatch} of each interface, joined to its frames. */
export type LookAround = {
  /** undefined: not known yet. */
  roleOf(name: string): Role | undefined;
  /** Every interface with a carrier has its role. */
  readonly settled: boolean;
  /** What the interfaces are like by now. */
  update(links: readonly Link[], running: ReadonlySet<string>): void;
  granted(name: string): void;
  /**
   * A request came in by an interface. False when it is our own question, come back by a relay or another interface of ours,
   * and no client's.
   */
  admits(name: string, packet: DhcpPacket): boolean;
  attach(poller: Poller): void;
  detach(): void;
  /** After each wait: reads what came, asks what is due. True when a role has changed. */
  take(): boolean;
  /** When {@link take} has something to do though nothing arrives, on the ticking clock. */
  nextAt(): number;
};

export type LookAroundParts = {
  readonly network: Network;
  readonly lookouts: readonly Lookout[];
  readonly emit: Emit;
  readonly clock: Clock;
  readonly random: () => number;
};

/** Frames read in one turn; they are few, unless somebody floods us. */
const MOST_READ = 256;

type Post = { link: Link; running: boolean; watch: ServerWatch; bound: BoundFrames; ears?: FrameSocket };

export function createLookAround(parts: LookAroundParts): LookAround {
  const { network, lookouts, emit, clock, random } = parts;
  const posts = new Map<string, Post>();
  const given = new Map<string, Role>();
  for (const { link, role, watching, running, ears } of lookouts) {
    if (role !== 'auto') given.set(link.name, role);
    if (!ears || (role !== 'auto' && !watching)) {
      if (role === 'auto') given.set(link.name, 'server');
      continue;
    }
    const watch = createServerWatch({ interface: link.name, role, watching, random });
    posts.set(link.name, { link, running, watch, bound: ears });
    watch.carrier(running, clock.ticks());
  }
  let own = ourselves(lookouts.map(({ link }) => link));

  function listen({ ears, watch }: Post): void {
    for (let left = MOST_READ; left > 0; left--) {
      const frame = ears?.receive();
      if (!frame) return;
      const datagram = parseUdpFrame(frame, { checksum: 'ignored' });
      if (!datagram.ok) continue;
      const { payload, from, fromMac } = datagram.value;
      const decoded = decode(payload);
      if (!decoded.ok) continue;
      const server = otherServer(decoded.value.packet, { ip: from, mac: fromMac }, own);
      if (server) for (const event of watch.heard(server, clock.ticks())) emit(event);
    }
  }

  function speak({ ears, watch, link }: Post): void {
    for (const now = clock.ticks(); watch.deadline() <= now; ) {
      const { ask, events } = watch.poll(now);
      for (const event of events) emit(event);
      if (ask !== undefined) ears?.send(searchFrame(link, ask));
    }
  }

  return {
    roleOf: (name) => posts.get(name)?.watch.role ?? given.get(name),
    get settled() {
      return [...posts.values()].every(({ watch, running }) => watch.role !== undefined || !running);
    },
    update(links, running) {
      own = ourselves(links);
      for (const link of links) {
        const post = posts.get(link.name);
        if (!post) continue;
        post.link = link;
        post.running = running.has(link.name);
        post.watch.carrier(post.running, clock.ticks());
      }
    },
    granted: (name) => posts.get(name)?.watch.granted(),
    admits(name, packet) {
      for (const { watch, link } of posts.values()) {
        if (packet.xid === watch.asked && hardwareAddress(packet) === link.mac) return false;
      }
      const post = posts.get(name);
      const server = post && selectedServer(packet, own);
      if (server) for (const event of post.watch.heard(server, clock.ticks())) emit(event);
      return true;
    },
    attach(poller) {
      for (const post of posts.values()) {
        post.ears = network.attachFrames(post.bound);
        poller.add(post.ears);
      }
    },
    detach() {
      for (const post of posts.values()) {
        post.ears?.detach();
        delete post.ears;
      }
    },
    take() {
      let changed = false;
      for (const post of posts.values()) {
        const before = post.watch.role;
        listen(post);
        speak(post);
        changed ||= post.watch.role !== before;
      }
      return changed;
    },
    nextAt() {
      let next = Number.POSITIVE_INFINITY;
      for (const { watch } of posts.values()) next = Math.min(next, watch.deadline());
      return next;
    },
  };
}

function ourselves(links: readonly Link[]): Ourselves {
  return {
    macs: new Set(links.map(({ mac }) => mac)),
    addresses: new Set(links.flatMap(({ addresses }) => addresses.map(({ ip }) => ip))),
  };
}

function searchFrame({ mac }: Link, xid: number): Uint8Array {
  return buildUdpFrame({
    fromMac: mac,
    toMac: BROADCAST_MAC,
    from: UNSPECIFIED,
    to: LIMITED_BROADCAST,
    fromPort: 68,
    toPort: 67,
    payload: searchMessage(mac, xid),
  });
}
