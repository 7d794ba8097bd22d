import type { BoundFrames, FrameSocket } from '../datagram.ts';
import { Arena } from './arena.ts';
import { errnoName, lastErrno, recv, send } from './ffi.ts';
import { MSG_DONTWAIT, MSG_NOSIGNAL } from './structs.ts';

/** Beyond any frame of a jumbo Ethernet. */
const FRAME_BYTES = 9216 + 64;

/** Whole frames of one interface through AF_PACKET. */
export class PacketSocket implements FrameSocket {
  readonly bound: BoundFrames;
  readonly #arena = new Arena(2 * FRAME_BYTES + 64);
  readonly #inward: number;
  readonly #outward: number;

  constructor(bound: BoundFrames) {
    this.bound = bound;
    this.#inward = this.#arena.take(FRAME_BYTES);
    this.#outward = this.#arena.take(FRAME_BYTES);
  }

  send(frame: Uint8Array): string | undefined {
    if (frame.length > FRAME_BYTES) return 'EMSGSIZE';
    this.#arena.bytes.set(frame, this.#outward);
    const at = this.#arena.pointer(this.#outward);
    const sent = send(this.bound.fd, at, frame.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? errnoName(lastErrno()) : undefined;
  }

  receive(): Uint8Array | undefined {
    const length = recv(this.bound.fd, this.#arena.pointer(this.#inward), FRAME_BYTES, MSG_DONTWAIT);
    if (length < 0) return undefined;
    return this.#arena.bytes.subarray(this.#inward, this.#inward + length);
  }

  detach(): void {
    // Nothing is held but memory, which goes with this object.
  }
}
