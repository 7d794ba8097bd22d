import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type NetworkOverrides,
  networkOfLink,
} from '../../../src/dhcp/settings.ts';
import { type DhcpPacket, decode, encode } from '../../../src/dhcp-packet/index.ts';
import type { BootEvent } from '../../../src/events/event.ts';
import { LIMITED_BROADCAST } from '../../../src/lib/ipv4.ts';
import type {
  Datagram,
  DatagramSocket,
  FrameSocket,
  Network,
  Poller,
  TransmitSource,
} from '../../../src/net/datagram.ts';
import { createClock } from '../../../src/server/dhcp/clock.ts';
import type { Lookout } from '../../../src/server/dhcp/look-around.ts';
import { createDhcpServer } from '../../../src/server/dhcp/server.ts';
import { createMemoryLeases } from '../../../src/store/lease-memory.ts';
import type { LeaseStore } from '../../../src/store/lease-store.ts';
import { ETH0 } from '../../dhcp/world.ts';

export type Sent = {
  readonly to: number;
  readonly port: number;
  readonly source: TransmitSource;
  readonly bytes: Uint8Array;
};

/** Sockets without a network, a clock that is set by hand, and a server that takes its turns when it is told to. */
export function createRig(
  options: {
    readonly settings?: Partial<DhcpSettings>;
    readonly network?: NetworkOverrides;
    readonly leases?: LeaseStore;
    readonly exists?: (path: string) => boolean;
    readonly raw?: boolean;
    readonly clock?: { now: number; setBy?: number };
    /** Looks for other servers; its ears are `heard` and `asked`. */
    readonly lookout?: Omit<Lookout, 'link' | 'ears'>;
  } = {},
) {
  const clock = options.clock ?? { now: 0 };
  const events: BootEvent[] = [];
  const frames: Uint8Array[] = [];
  const inFrames: Uint8Array[] = [];
  const sockets = new Map<number, ReturnType<typeof fakeSocket>>();
  const waits: { resolve: () => void; timeoutMs: number }[] = [];
  let waiting: (() => void) | undefined;
  let finished = Promise.resolve();
  let frameErrno: string | undefined;
  let flood: Uint8Array | undefined;

  const frameSocket: FrameSocket = {
    bound: { fd: 3, interface: 'eth0', ifindex: 2 },
    send(frame) {
      if (frameErrno === undefined) frames.push(frame.slice());
      return frameErrno;
    },
    receive: () => inFrames.shift() ?? flood,
    detach: () => {},
  };
  const heard: Uint8Array[] = [];
  const asked: Uint8Array[] = [];
  const earSocket: FrameSocket = {
    bound: { fd: 4, interface: 'eth0', ifindex: 2 },
    send: (frame) => void asked.push(frame.slice()),
    receive: () => heard.shift(),
    detach: () => {},
  };
  const poller: Poller = {
    add: () => {},
    remove: () => {},
    wait: () => {
      throw new Error('not in this thread');
    },
    waitAsync: (timeoutMs) =>
      new Promise<void>((resolve) => {
        waits.push({ resolve, timeoutMs });
        waiting?.();
      }),
    woken: false,
    readyCount: 0,
    ready: () => frameSocket,
    wake: () => waits.shift()?.resolve(),
    wakeFd: -1,
    close: () => {},
  };
  const network = {
    createPoller: () => poller,
    attach(bound: { port: number }) {
      const socket = sockets.get(bound.port) ?? fakeSocket();
      sockets.set(bound.port, socket);
      return socket.face;
    },
    attachFrames: (bound: { fd: number }) => (bound.fd === 4 ? earSocket : frameSocket),
  } as unknown as Network;

  const leases = options.leases ?? createMemoryLeases();
  const settingsOf = (settings: Partial<DhcpSettings> = {}, overrides?: NetworkOverrides): DhcpSettings => ({
    ...DEFAULT_SETTINGS,
    probe: { enabled: false, timeoutMs: 400 },
    networks: [networkOfLink(ETH0, overrides)],
    ...settings,
  });
  const bound = (port: number) => ({ backend: 'linux' as const, fd: port, address: 0, port });
  const server = createDhcpServer({
    network,
    listeners: [
      {
        link: ETH0,
        dhcp: bound(67),
        pxe: bound(4011),
        ...(options.raw !== false && { frames: frameSocket.bound }),
        ...(options.lookout && { lookout: { ...options.lookout, ears: earSocket.bound } }),
      },
    ],
    settings: settingsOf(options.settings, options.network),
    leases,
    exists: options.exists ?? ((path) => path === 'pxelinux.0'),
    emit: (event) => events.push(event),
    clock: createClock(
      () => 1_000_000 + clock.now + (options.clock?.setBy ?? 0),
      () => clock.now,
    ),
    random: () => 0.5,
  });
  let ready = false;

  return {
    server,
    leases,
    events,
    frames,
    settingsOf,
    failFrames(errno: string): void {
      frameErrno = errno;
    },
    /** Starts it, and returns once it waits for the first datagram. */
    async start(signal: AbortSignal): Promise<void> {
      const idle = new Promise<void>((resolve) => {
        waiting = resolve;
      });
      finished = server.run(signal, () => {
        ready = true;
      });
      await idle;
    },
    /** Settles when the run ends. */
    finished: () => finished,
    /** Lets time pass, ends the server's wait, and returns once it waits again. */
    async turn(passMs = 0): Promise<void> {
      clock.now += passMs;
      const idle = new Promise<void>((resolve) => {
        waiting = resolve;
      });
      waits.shift()?.resolve();
      await idle;
    },
    /** How long the server means to wait. */
    timeout: () => waits.at(-1)?.timeoutMs,
    deliver(
      data: Uint8Array | DhcpPacket,
      from: { peer?: number; peerPort?: number; local?: number; port?: 67 | 4011 } = {},
    ): void {
      const bytes = data instanceof Uint8Array ? data.slice() : encode(data);
      const { peer = 0, peerPort = 68, local = LIMITED_BROADCAST, port = 67 } = from;
      sockets.get(port)?.inbox.push({
        bytes,
        buffer: bytes,
        length: bytes.length,
        truncated: false,
        peer,
        peerPort,
        local,
        replyFrom: local,
        ifindex: 2,
      });
    },
    isReady: () => ready,
    /** DISCOVERs for other servers. */
    asked,
    /** What those say, as frames. */
    hear: (frame: Uint8Array) => void heard.push(frame),
    deliverFrame: (frame: Uint8Array) => void inFrames.push(frame),
    /** From now on there is always one more frame. */
    floodFrames(frame: Uint8Array): void {
      flood = frame;
    },
    sent: (port: 67 | 4011 = 67): readonly Sent[] => sockets.get(port)?.sent ?? [],
    failure: (port: 67 | 4011, tag: unknown, errno: string) =>
      sockets.get(port)?.face.onFailure?.(tag, errno),
    detached: () => [...sockets.values()].every(({ state }) => state.detached),
  };
}

/** The packet of something that was sent. */
export function packetOf(bytes: Uint8Array): DhcpPacket {
  const decoded = decode(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

function fakeSocket() {
  const inbox: Datagram[] = [];
  const sent: Sent[] = [];
  const queued: Sent[] = [];
  const state = { detached: false };
  let batch: Datagram[] = [];
  let open: { to: number; port: number; source: TransmitSource; parts: Uint8Array[] } | undefined;
  const face: DatagramSocket = {
    bound: { backend: 'linux', fd: 1, address: 0, port: 67 },
    receive() {
      // The kernel writes the next batch over the last one.
      for (const { bytes } of batch) bytes.fill(0xa5);
      batch = inbox.splice(0, 64);
      return batch.length;
    },
    datagram: (index) => batch[index]!,
    out: {
      begin(to, port, source) {
        open = { to, port, source: source ?? { from: 0, ifindex: 0 }, parts: [] };
      },
      bytes: (data) => void open?.parts.push(data.slice()),
      words: () => {},
      slice: () => {},
      end() {
        if (open)
          queued.push({
            to: open.to,
            port: open.port,
            source: open.source,
            bytes: Buffer.concat(open.parts),
          });
        open = undefined;
      },
      get length() {
        return queued.length;
      },
    },
    flush() {
      sent.push(...queued.splice(0));
      return true;
    },
    onFailure: undefined,
    maxGsoSegments: () => 1,
    detach() {
      state.detached = true;
    },
  };
  return { face, inbox, sent, state };
}
