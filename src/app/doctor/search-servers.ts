import { type OtherServer, otherServer, searchMessage } from '../../dhcp/other-server.ts';
import { decode } from '../../dhcp-packet/index.ts';
import { BROADCAST_MAC, ETHERTYPE } from '../../frame/ethernet.ts';
import { buildUdpFrame, parseUdpFrame } from '../../frame/udp.ts';
import { LIMITED_BROADCAST, UNSPECIFIED } from '../../lib/ipv4.ts';
import type { FrameSocket, InterfaceFacts, Network } from '../../net/datagram.ts';

/** How long a server may take: dnsmasq pings a new address for three seconds before it offers it. */
const SEARCH_MS = 4500;
const REPEAT_MS = 2000;
const CLIENT_PORT = 68;

export type Found = {
  readonly interface: string;
  readonly server: OtherServer;
  /** It is this machine that answered: pxed, or another program here. */
  readonly own: boolean;
};

export type Search = {
  readonly network: Network;
  readonly links: readonly InterfaceFacts[];
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** 32 random bits. */
  readonly random: () => number;
};

/**
 * Asks each interface for DHCP servers as a boot ROM does, and takes nothing of what is offered. Each server once. Rejects with
 * the errno's name where frames cannot be sent here.
 */
export async function searchServers({ network, links, now, random }: Search): Promise<readonly Found[]> {
  const until = now() + SEARCH_MS;
  const searches = links.map((link) => ({ link, xid: random(), found: new Map<string, Found>() }));
  const poller = network.createPoller();
  const open: { socket: FrameSocket; search: (typeof searches)[number] }[] = [];
  try {
    for (const search of searches) {
      const bound = network.bindFrames(search.link.name, ETHERTYPE.ipv4, CLIENT_PORT);
      if (!bound.ok) throw new Error(bound.error.errno);
      const socket = network.attachFrames(bound.value);
      open.push({ socket, search });
      poller.add(socket);
    }
    for (let askAt = now(); now() < until; ) {
      if (now() >= askAt) {
        for (const { socket, search } of open) socket.send(question(search.link, search.xid));
        askAt = now() + REPEAT_MS;
      }
      await poller.waitAsync(Math.max(1, Math.min(askAt, until) - now()));
      for (const { socket, search } of open) listen(socket, search);
    }
  } finally {
    poller.close();
    for (const { socket } of open) {
      socket.detach();
      network.releaseFrames(socket.bound);
    }
  }
  return searches.flatMap(({ found }) => [...found.values()]);
}

function question({ mac }: InterfaceFacts, xid: number): Uint8Array {
  return buildUdpFrame({
    ...{ fromMac: mac, toMac: BROADCAST_MAC, from: UNSPECIFIED, to: LIMITED_BROADCAST },
    ...{ fromPort: CLIENT_PORT, toPort: 67, payload: searchMessage(mac, xid) },
  });
}

type Listening = { readonly link: InterfaceFacts; readonly xid: number; readonly found: Map<string, Found> };

const NOBODY = { macs: new Set<string>(), addresses: new Set<number>() };
/** Frames that are looked at in one turn. */
const MOST_READ = 256;

function listen(socket: FrameSocket, { link, xid, found }: Listening): void {
  for (let left = MOST_READ; left > 0; left--) {
    const frame = socket.receive();
    if (!frame) return;
    const datagram = parseUdpFrame(frame, { checksum: 'ignored' });
    const decoded = datagram.ok ? decode(datagram.value.payload) : undefined;
    if (!datagram.ok || !decoded?.ok || decoded.value.packet.xid !== xid) continue;
    const { from, fromMac } = datagram.value;
    const server = otherServer(decoded.value.packet, { ip: from, mac: fromMac }, NOBODY);
    const own = link.addresses.some(({ address }) => address === server?.ip || address === from);
    if (server) found.set(`${server.kind} ${server.ip}`, { interface: link.name, server, own });
  }
}
