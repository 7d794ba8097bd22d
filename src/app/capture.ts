import { join } from 'node:path';

import type { Config } from '../config/schema.ts';
import type { BootEvent, Emit } from '../events/event.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { InterfaceFacts, Network } from '../net/datagram.ts';
import { type CaptureMode, createRecorder, type Recorder } from '../server/capture/recorder.ts';
import { createKeptCaptures, type KeptCaptures } from '../store/kept-captures.ts';
import { CAPTURE_FOLDER } from './lease-state.ts';
import { packetsSoFar } from './packets-so-far.ts';

const MOST_KEPT = 32;
/** What a machine says when it gives up comes after what made it fail. */
const SETTLE_MS = 3000;
/** Failures that are so near are of one boot. */
const SAME_BOOT_MS = 120_000;
const LOOK_EVERY_MS = 5000;
const MOST_SEEN = 256;

export type CaptureParts = {
  readonly network: Network;
  readonly config: Pick<Config, 'capture' | 'tftp'>;
  readonly links: readonly InterfaceFacts[];
  /** The machine of an address, as far as DHCP knows. */
  readonly machineOf: (peer: string) => Mac | undefined;
  readonly emit: Emit;
};

/** A machine, how far it came and since when. */
export type WatchedMachine = { readonly id: string; readonly stage: string; readonly since: number };

/** Packets of machines: what is recorded, and what is kept of boots that failed. */
export type Capture = {
  readonly recorder: Recorder;
  /** Absent: the state is in memory. */
  readonly kept: KeptCaptures | undefined;
  /** From now on captures are kept in this state folder. */
  keepIn(stateFolder: string): void;
  configure(mode: CaptureMode, links: readonly InterfaceFacts[]): void;
  /** Events that tell of a boot that failed. */
  hear(event: BootEvent): void;
  /** This machine's boot has failed: what it said is kept, in a moment. A MAC or an address. */
  failed(machine: string): void;
  /** From now on asks now and then which machines were heard of last, and keeps the packets of those that failed. */
  watch(machines: () => readonly WatchedMachine[]): void;
  close(): void;
};

/** Opens a socket for each interface, while that is allowed; none where the system, or this user, cannot. */
export function openCapture({ network, config, links: given, machineOf, emit }: CaptureParts): Capture {
  const tftpPort = config.tftp.port;
  const { recording } = network;
  const sockets = given.flatMap(({ name }) => {
    const bound = recording?.open(name, tftpPort);
    return bound?.ok ? [bound.value] : [];
  });
  let own = ownSide(given, tftpPort);
  const recorder = createRecorder({
    ...{ network, sockets, mode: config.capture, packetsSoFar },
    own: () => own,
    now: () => performance.timeOrigin + performance.now(),
  });
  const waiting = new Map<string, NodeJS.Timeout>();
  /** The last file of each machine, so that a boot that fails twice is kept once. */
  const last = new Map<string, { readonly name: string; readonly at: number }>();
  /** Machines whose failure is known, each with when that was. */
  const seen = new Map<string, number>();
  let kept: KeptCaptures | undefined;
  let looking: NodeJS.Timeout | undefined;

  function keep(machine: string): void {
    waiting.delete(machine);
    const bytes = recorder.captureOf(machine);
    if (!kept || !bytes) return;
    const at = Date.now();
    const before = last.get(machine);
    const instead = before && at - before.at < SAME_BOOT_MS ? before.name : undefined;
    try {
      last.delete(machine);
      last.set(machine, { name: kept.keep(machine, { at, bytes }, instead), at });
      if (last.size > MOST_KEPT) last.delete(last.keys().next().value!);
    } catch (error) {
      const detail = `the packets of ${machine}, whose boot failed, could not be kept: ${String(error)}`;
      emit({ type: 'service.warning', service: 'capture', problem: 'capture-unsaved', detail });
    }
  }

  function failed(machine: string): void {
    const address = parseIpv4(machine);
    const name = address === undefined ? machine : recorder.nameOfAddress(address);
    if (waiting.has(name) || waiting.size >= MOST_KEPT) return;
    waiting.set(name, setTimeout(() => keep(name), SETTLE_MS).unref());
  }

  /** While the interfaces are busy nothing new is recorded, and others want this thread. */
  function look(machines: readonly WatchedMachine[]): void {
    for (const { id, stage, since } of machines) {
      if (stage !== 'failed' || seen.get(id) === since) continue;
      seen.delete(id);
      seen.set(id, since);
      if (seen.size > MOST_SEEN) seen.delete(seen.keys().next().value!);
      failed(id);
    }
  }

  return {
    recorder,
    get kept() {
      return kept;
    },
    keepIn(stateFolder) {
      kept = createKeptCaptures(join(stateFolder, CAPTURE_FOLDER), MOST_KEPT);
    },
    configure(mode, links) {
      own = ownSide(links, tftpPort);
      recorder.configure(mode);
    },
    hear(event) {
      if (event.type === 'tftp.failed' || event.type === 'http.failed')
        failed(machineOf(event.peer) ?? event.peer);
      else if (event.type === 'boot.loop') failed(event.mac ?? event.peer);
    },
    failed,
    watch(machines) {
      clearInterval(looking);
      looking = setInterval(() => {
        if (recorder.state === 'recording') look(machines());
      }, LOOK_EVERY_MS).unref();
    },
    close() {
      clearInterval(looking);
      for (const [machine, timer] of waiting) {
        clearTimeout(timer);
        keep(machine);
      }
      recorder.close();
      for (const bound of sockets) recording?.release(bound);
    },
  };
}

function ownSide(links: readonly InterfaceFacts[], tftpPort: number) {
  return {
    macs: new Set(links.map(({ mac }) => mac)),
    addresses: new Set(links.flatMap(({ addresses }) => addresses.map(({ address }) => address))),
    tftpPort,
  };
}
