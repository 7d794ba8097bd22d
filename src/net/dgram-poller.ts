import type { DatagramSocket, FrameSocket, Poller } from './datagram.ts';
import { EventSocket } from './dgram-socket.ts';

/** Waits for sockets that are filled by the event loop. */
export class EventPoller implements Poller {
  readonly wakeFd = -1;
  readonly #sockets = new Set<EventSocket>();
  readonly #ready: EventSocket[] = [];
  #resume: (() => void) | undefined;
  woken = false;
  #pendingWake = false;

  get readyCount(): number {
    return this.#ready.length;
  }

  add(socket: DatagramSocket | FrameSocket): void {
    const own = ours(socket);
    this.#sockets.add(own);
    own.onReady = () => this.#resume?.();
  }

  remove(socket: DatagramSocket | FrameSocket): void {
    const own = ours(socket);
    this.#sockets.delete(own);
    own.onReady = undefined;
  }

  wait(): void {
    throw new Error('Cannot block: the dgram backend needs the event loop');
  }

  waitAsync(timeoutMs: number): Promise<void> {
    if (this.#resume) throw new Error('Cannot wait: another wait is under way');
    this.#collect();
    // By way of the event loop, which has signals and timers to see to, and sockets to fill.
    if (this.#ready.length > 0 || this.woken) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const timer = timeoutMs === Infinity ? undefined : setTimeout(() => this.#resume?.(), timeoutMs);
      this.#resume = () => {
        this.#resume = undefined;
        clearTimeout(timer);
        this.#collect();
        resolve();
      };
    });
  }

  ready(index: number): DatagramSocket {
    const socket = this.#ready[index];
    if (!socket) throw new RangeError(`Cannot name ready socket ${index}`);
    return socket;
  }

  wake(): void {
    this.#pendingWake = true;
    this.#resume?.();
  }

  close(): void {
    this.#resume?.();
    for (const socket of this.#sockets) this.remove(socket);
  }

  #collect(): void {
    this.woken = this.#pendingWake;
    this.#pendingWake = false;
    this.#ready.length = 0;
    for (const socket of this.#sockets) if (socket.hasWork()) this.#ready.push(socket);
  }
}

function ours(socket: DatagramSocket | FrameSocket): EventSocket {
  if (!(socket instanceof EventSocket)) throw new TypeError('Cannot poll a socket of another backend');
  return socket;
}
