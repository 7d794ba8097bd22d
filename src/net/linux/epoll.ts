import type { DatagramSocket, FrameSocket, Poller } from '../datagram.ts';
import { Arena } from './arena.ts';
import { BatchSocket } from './batch-socket.ts';
import * as c from './ffi.ts';
import { lastError } from './open.ts';
import * as s from './structs.ts';

const MAX_EVENTS = 64;
type Watched = DatagramSocket | FrameSocket;

/** epoll over sockets and an eventfd that other threads write to. */
export class EpollPoller implements Poller {
  readonly wakeFd: number;
  readyCount = 0;
  woken = false;
  readonly #epoll: number;
  readonly #arena = new Arena(256 + MAX_EVENTS * s.EPOLL_EVENT);
  readonly #events: number;
  readonly #sockets = new Map<number, Watched>();
  readonly #ready: Watched[] = [];
  #resume: (() => void) | undefined;
  #watch: c.ReadWatch | undefined;
  #closed = false;

  constructor() {
    this.#epoll = c.epollCreate(s.EPOLL_CLOEXEC);
    this.wakeFd = c.eventfd(0, s.EFD_CLOEXEC | s.EFD_NONBLOCK);
    this.#events = this.#arena.take(MAX_EVENTS * s.EPOLL_EVENT);
    if (this.#epoll < 0 || this.wakeFd < 0 || !this.#control(s.EPOLL_CTL_ADD, this.wakeFd, s.EPOLLIN)) {
      const { operation, errno } = lastError('epoll_create1');
      throw new Error(`Cannot make a poller: ${operation}: ${errno}`);
    }
  }

  add(socket: Watched): void {
    const { fd } = socket.bound;
    this.#sockets.set(fd, socket);
    this.#control(s.EPOLL_CTL_ADD, fd, s.EPOLLIN);
    if (socket instanceof BatchSocket) {
      socket.onBlocked = (blocked) =>
        this.#control(s.EPOLL_CTL_MOD, fd, blocked ? s.EPOLLIN | s.EPOLLOUT : s.EPOLLIN);
    }
  }

  remove(socket: Watched): void {
    this.#sockets.delete(socket.bound.fd);
    this.#control(s.EPOLL_CTL_DEL, socket.bound.fd, 0);
    if (socket instanceof BatchSocket) socket.onBlocked = undefined;
  }

  wait(timeoutMs: number): void {
    if (this.#closed) throw new Error('Cannot wait: the poller is closed');
    this.#collect(timeoutMs === Infinity ? -1 : Math.max(0, Math.ceil(timeoutMs)));
  }

  /** An epoll descriptor is itself readable when something is ready, so the event loop's own poll wakes us: no thread waits. */
  waitAsync(timeoutMs: number): Promise<void> {
    if (this.#closed) throw new Error('Cannot wait: the poller is closed');
    if (this.#resume) throw new Error('Cannot wait: another wait is under way');
    this.#collect(0);
    // By way of the event loop also when something is ready: under a flood it always is, and signals, timers and messages
    // of threads would never have their turn.
    if (this.readyCount > 0 || this.woken) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => {
      const timer = timeoutMs === Infinity ? undefined : setTimeout(() => this.#resume?.(), timeoutMs);
      this.#watch ??= c.watchReadable(this.#epoll);
      const watch = this.#watch;
      this.#resume = () => {
        this.#resume = undefined;
        watch.stop();
        clearTimeout(timer);
        this.#collect(0);
        // The watch calls us outside of Node's own callbacks: nothing would run the promise's continuation before some
        // timer or other event does. An immediate is such an event.
        setImmediate(resolve);
      };
      watch.start(this.#resume);
    });
  }

  ready(index: number): Watched {
    const socket = this.#ready[index];
    if (!socket || index >= this.readyCount) throw new RangeError(`Cannot name ready socket ${index}`);
    return socket;
  }

  wake(): void {
    if (!this.#closed) wakeFd(this.wakeFd, this.#arena);
  }

  close(): void {
    if (this.#closed) return;
    this.#resume?.();
    this.#closed = true;
    this.#watch?.close();
    for (const socket of this.#sockets.values()) this.remove(socket);
    c.close(this.#epoll);
    c.close(this.wakeFd);
  }

  #collect(timeoutMs: number): void {
    const count = c.epollWait(this.#epoll, this.#arena.pointer(this.#events), MAX_EVENTS, timeoutMs);
    this.readyCount = 0;
    this.woken = false;
    for (let i = 0; i < count; i++) {
      const fd = this.#arena.view.getInt32(this.#events + i * s.EPOLL_EVENT + s.EPOLL_DATA, true);
      const socket = this.#sockets.get(fd);
      if (socket) this.#ready[this.readyCount++] = socket;
      else if (fd === this.wakeFd) {
        this.woken = true;
        c.read(fd, this.#arena.pointer(this.#arena.bytes.length - 8), 8);
      }
    }
  }

  #control(operation: number, fd: number, events: number): boolean {
    const at = this.#arena.bytes.length - 48;
    this.#arena.view.setUint32(at, events, true);
    this.#arena.view.setInt32(at + s.EPOLL_DATA, fd, true);
    this.#arena.view.setInt32(at + s.EPOLL_DATA + 4, 0, true);
    return c.epollCtl(this.#epoll, operation, fd, this.#arena.pointer(at)) === 0;
  }
}

/** Ends the wait of the poller with this eventfd, from any thread. */
export function wakeFd(fd: number, arena: Arena = new Arena(64)): void {
  const at = arena.bytes.length - 16;
  arena.setLong(at, 1);
  c.write(fd, arena.pointer(at), 8);
}
