import type { Socket } from 'node:net';
import type { SentOctets } from '../../net/tcp.ts';

/** A look that can be taken before its time. */
export type Waiting = { readonly settled: Promise<boolean>; look(): void };

const FIRST_MS = 1;
const MOST_MS = 50;

/**
 * Resolves to true when the client's TCP has acknowledged everything that was sent to it, to false when the connection ends
 * before that; to true at once where the system does not tell.
 *
 * That the system took the octets proves nothing: it holds some megabytes, and a machine whose power is cut meanwhile would
 * count as having its kernel. There is no event for it, so the queue (SIOCOUTQ) is looked at: at once, after 1, 2, 4 ms and
 * so on, and whenever `look` is called, for who sends the next request has what came before. GRUB resets a connection as
 * soon as it has a file: the descriptor is held, so that the queue can be asked about after that as well.
 */
export function untilAcknowledged(socket: Socket, sent: SentOctets | undefined): Waiting {
  const fd = descriptorOf(socket);
  if (!sent || fd === undefined) return decided(!socket.destroyed);
  const left = sent.unacknowledged(fd);
  return left === 0 || left === undefined ? decided(true) : watch(socket, sent, fd);
}

function watch(socket: Socket, sent: SentOctets, fd: number): Waiting {
  // Without one, when there are none left, the socket's own is asked for as long as it is open.
  const held = sent.hold(fd);
  const left = () => {
    if (held !== undefined) return sent.unacknowledged(held);
    return descriptorOf(socket) === fd ? sent.unacknowledged(fd) : undefined;
  };
  const outcome = Promise.withResolvers<boolean>();
  let isOver = false;
  let pauseMs = FIRST_MS;
  let timer: NodeJS.Timeout | undefined;

  function settle(acknowledged: boolean): void {
    isOver = true;
    socket.off('close', onClose);
    socket.off('end', look);
    if (held !== undefined) sent.letGo(held);
    outcome.resolve(acknowledged);
  }

  function look(): void {
    clearTimeout(timer);
    if (isOver) return;
    if (left() === 0) {
      settle(true);
      return;
    }
    timer = setTimeout(look, pauseMs);
    pauseMs = Math.min(pauseMs * 2, MOST_MS);
  }

  function onClose(): void {
    clearTimeout(timer);
    if (!isOver) settle(left() === 0);
  }

  socket.once('close', onClose);
  // Before node:http hears of it and answers with a FIN, which would wait to be acknowledged as well.
  socket.prependListener('end', look);
  timer = setTimeout(look, pauseMs);
  return { settled: outcome.promise, look };
}

function decided(acknowledged: boolean): Waiting {
  return { settled: Promise.resolve(acknowledged), look() {} };
}

/** What node:net keeps to itself: there is no other name for a connection in a system call. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  return !socket.destroyed && handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
