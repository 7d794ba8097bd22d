import type { Rollover } from '../../src/tftp/session.ts';
import type { Clock } from './clock.ts';
import { createTimer } from './clock.ts';

/** DATA as the simulator carries it: where its octets begin in the file, and the octets. */
export type SimData = { readonly block16: number; readonly offset: number; readonly octets: Uint8Array };

export type ClientKind = 'pxelinux' | 'ovmf' | 'edk2' | 'u-boot' | 'rfc7440';

export type ClientOptions = {
  readonly kind: ClientKind;
  readonly blksize: number;
  readonly windowsize: number;
  readonly rollover: Rollover;
  /** An OACK is to be expected. */
  readonly options: boolean;
  /** Keep the octets; without it only their offsets are checked. */
  readonly keep: boolean;
};

export type ClientPort = { request(): void; ack(block16: number): void };

export type ReadClient = {
  start(): void;
  oack(): void;
  data(data: SimData): void;
  complete(): boolean;
  gaveUp(): boolean;
  octets(): Uint8Array;
  bytes(): number;
  finishedAt(): number;
};

/** Waits before the next repeat, in milliseconds: as seen on the wire (the last one goes on). */
const REPEATS: Record<ClientKind, { request: number[]; ack: number[] }> = {
  pxelinux: {
    request: [100, 110, 160, 220, 330, 660, 1000],
    ack: [100, 110, 160, 160, 220, 270, 330, 500, 1000],
  },
  ovmf: { request: [4000], ack: [4000] },
  edk2: { request: [4000], ack: [4000] },
  'u-boot': { request: [5000], ack: [5000] },
  rfc7440: { request: [1000], ack: [1000] },
};

const PATIENCE = 40;

/**
 * Reference clients. Each takes blocks in order only and ACKs the end of a window; they differ in what they do about a
 * block they did not expect:
 *
 * - `pxelinux`: ACKs whatever block came (core/fs/pxe/tftp.c), and repeats its last ACK on a short timer.
 * - `ovmf`: says nothing for 4 s, as OVMF 2022.11 was seen to do.
 * - `edk2`: ACKs the last block in order for each of them, as EDK2's Mtftp4Rrq.c says.
 * - `u-boot`: ACKs the last block in order, once until a block in order comes.
 * - `rfc7440`: the same for a block of the future; an old one again is ACKed when it is the one ACKed last.
 */
export function createReadClient(clock: Clock, options: ClientOptions, port: ClientPort): ReadClient {
  const { kind, blksize, windowsize } = options;
  const kept: Uint8Array[] = [];
  const timer = createTimer(clock, silence);
  let opened = false;
  let received = 0;
  let inWindow = 0;
  let lastAck = -1;
  let nakSent = false;
  let repeats = 0;
  let bytes = 0;
  let complete = false;
  let gaveUp = false;
  let finishedAt = Number.NaN;

  function wire(block: number): number {
    return options.rollover === 1 && block > 0 ? ((block - 1) % 65_535) + 1 : block % 65_536;
  }

  function ack(block16: number): void {
    lastAck = block16;
    inWindow = 0;
    port.ack(block16);
  }

  function wait(): void {
    const waits = opened ? REPEATS[kind].ack : REPEATS[kind].request;
    timer.set(clock.now() + waits[Math.min(repeats, waits.length - 1)]!);
  }

  function silence(): void {
    if (complete) return;
    if (++repeats > PATIENCE) {
      gaveUp = true;
      return;
    }
    if (opened) ack(wire(received));
    else port.request();
    wait();
  }

  function unexpected(block16: number): void {
    if (kind === 'pxelinux') port.ack(block16);
    else if (kind === 'edk2') ack(wire(received));
    else if (kind === 'rfc7440' && block16 === wire(received)) {
      if (lastAck === block16) port.ack(block16);
    } else if (kind !== 'ovmf' && !nakSent) {
      nakSent = true;
      ack(wire(received));
    }
  }

  return {
    start() {
      port.request();
      wait();
    },
    oack() {
      if (received > 0 || !options.options) return;
      opened = true;
      repeats = 0;
      ack(0);
      wait();
    },
    data(data) {
      if (complete && kind !== 'rfc7440') return; // the port is closed
      if (!opened && options.options) return;
      if (data.block16 !== wire(received + 1) || complete) {
        unexpected(data.block16);
        return;
      }
      if (data.offset !== received * blksize)
        throw new Error(`block ${received + 1} has offset ${data.offset}`);
      opened = true;
      received++;
      inWindow++;
      nakSent = false;
      repeats = 0;
      bytes += data.octets.length;
      if (options.keep) kept.push(data.octets.slice());
      complete = data.octets.length < blksize;
      if (complete || inWindow === windowsize) ack(wire(received));
      if (complete) {
        finishedAt = clock.now();
        timer.clear();
      } else wait();
    },
    complete: () => complete,
    gaveUp: () => gaveUp,
    octets: () => Buffer.concat(kept),
    bytes: () => bytes,
    finishedAt: () => finishedAt,
  };
}
