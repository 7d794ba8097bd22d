import { pcapHeader, pcapRecord } from '../../frame/pcap.ts';
import { concatBytes } from '../../lib/bytes.ts';
import type { Ipv4 } from '../../lib/ipv4.ts';
import type { BoundFrames, FrameSocket, Network, Poller } from '../../net/datagram.ts';
import { createPacketOwners, type OwnSide, wireLengthOf } from './packet-owner.ts';
import { createPacketRing, type KeptPacket, type RingLimits } from './packet-ring.ts';

/** `auto`: as long as the interfaces are not busy. */
export type CaptureMode = 'auto' | 'on' | 'off';

/** Why nothing is recorded at the moment, or that it is. */
export type CaptureState = 'recording' | 'busy' | 'off';

export type RecorderParts = {
  readonly network: Pick<Network, 'recording' | 'attachFrames' | 'createPoller'>;
  /** Of `network.recording`: opened as root, asleep. */
  readonly sockets: readonly BoundFrames[];
  readonly mode: CaptureMode;
  readonly own: () => OwnSide;
  /** Packets that crossed these interfaces so far, in and out; undefined where the system does not tell. */
  readonly packetsSoFar: (interfaces: readonly string[]) => number | undefined;
  /** Milliseconds since 1970, with fractions. */
  readonly now: () => number;
  readonly limits?: RingLimits;
};

/** A whole boot of PXELINUX or GRUB each, of fifty machines. */
const LIMITS: RingLimits = { machineBytes: 64 * 1024, totalBytes: 3 * 1024 * 1024 };

/**
 * An interface that is busier than this is left alone: the kernel makes a copy of each outgoing packet's head for whoever watches, which
 * a quiet server does not notice and a storm would. It is looked at each second.
 */
const BUSY_PACKETS = 20_000;
const QUIET_PACKETS = 5000;
const LOOK_EVERY_MS = 1000;

/** So many to record within one second mean that it is busy already: nobody waits for the next look. */
const BUSY_RECORDED = 2000;

/** Packets read in one turn; others want this thread, too. */
const MOST_READ = 64;

/** Records the last packets of each machine; see net/recording.ts for what is recorded. */
export function createRecorder({
  network,
  sockets,
  mode: given,
  own,
  packetsSoFar,
  now,
  limits = LIMITS,
}: RecorderParts) {
  const ring = createPacketRing(limits);
  const owners = createPacketOwners(own);
  const listeners = new Set<(machine: string, packet: KeptPacket) => void>();
  const frames = sockets.map((bound) => network.attachFrames(bound));
  const names = sockets.map((bound) => bound.interface);
  let mode = given;
  let busy = false;
  let awake = false;
  let closed = false;
  let poller: Poller | undefined;
  let before: number | undefined;
  /** Since the last look. */
  let recorded = 0;
  let timer: NodeJS.Timeout | undefined;

  function wanted(): CaptureState {
    if (mode === 'off' || closed || sockets.length === 0) return 'off';
    return mode === 'on' || listeners.size > 0 || !busy ? 'recording' : 'busy';
  }

  function enforce(): void {
    const wake = wanted() === 'recording';
    const looks = mode === 'auto' && !closed && sockets.length > 0;
    if (looks && timer === undefined) {
      before = packetsSoFar(names);
      timer = setInterval(look, LOOK_EVERY_MS).unref();
    } else if (!looks) {
      clearInterval(timer);
      timer = undefined;
      busy = false;
    }
    if (wake === awake) return;
    awake = wake;
    for (const bound of sockets) network.recording?.listen(bound, wake);
    if (wake) read().catch(giveUp);
    else {
      poller?.close();
      poller = undefined;
    }
  }

  /** What cannot be had, a descriptor perhaps, takes nobody along who is served: it is tried again at the next look. */
  function giveUp(): void {
    if (!awake) return;
    awake = false;
    poller?.close();
    poller = undefined;
    for (const bound of sockets) network.recording?.listen(bound, false);
  }

  function look(): void {
    const so = packetsSoFar(names);
    const packets = so === undefined || before === undefined ? 0 : so - before;
    before = so;
    recorded = 0;
    busy = packets > (busy ? QUIET_PACKETS : BUSY_PACKETS);
    enforce();
  }

  async function read(): Promise<void> {
    const mine = network.createPoller();
    poller = mine;
    for (const socket of frames) mine.add(socket);
    while (poller === mine) {
      await mine.waitAsync(Number.POSITIVE_INFINITY);
      if (poller !== mine) return;
      for (const socket of frames) drain(socket);
    }
  }

  function drain(socket: FrameSocket): void {
    for (let left = MOST_READ; left > 0; left--) {
      const frame = socket.receive();
      if (!frame) return;
      if (++recorded > BUSY_RECORDED && !busy) {
        busy = true;
        enforce();
      }
      const owner = owners.ownerOf(frame);
      if (!owner) continue;
      const packet = { at: now(), bytes: frame.slice(), wireLength: wireLengthOf(frame) };
      ring.put(owner.machine, packet, owner.boots);
      for (const listener of listeners) listener(owner.machine, packet);
    }
  }

  enforce();
  return {
    get state(): CaptureState {
      return wanted();
    },
    /** Live, as a reload wants it. What was recorded stays, unless it is switched off. */
    configure(next: CaptureMode): void {
      mode = next;
      if (next === 'off') ring.clear();
      enforce();
    },
    machines: ring.machines,
    packetsOf: ring.of,
    nameOfAddress: (ip: Ipv4): string => owners.nameOfAddress(ip),
    /** A capture file of what is kept of this machine; undefined when that is nothing. */
    captureOf(machine: string): Uint8Array | undefined {
      const packets = ring.of(machine);
      return packets.length === 0 ? undefined : concatBytes([pcapHeader(), ...packets.map(pcapRecord)]);
    },
    /** Hears each packet as it comes, and keeps the recorder awake however busy it is. Gives what ends it. */
    follow(listener: (machine: string, packet: KeptPacket) => void): () => void {
      listeners.add(listener);
      enforce();
      return () => {
        listeners.delete(listener);
        enforce();
      };
    },
    /** Bytes in memory. */
    get bytes(): number {
      return ring.bytes;
    },
    /** The sockets stay open: they are the supervisor's. */
    close(): void {
      closed = true;
      listeners.clear();
      enforce();
      for (const socket of frames) socket.detach();
    },
  };
}

export type Recorder = ReturnType<typeof createRecorder>;
