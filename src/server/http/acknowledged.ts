import type { Socket } from 'node:net';

/** Octets of a connection that the client has not acknowledged; undefined when the system cannot tell. */
export type Unacknowledged = (fd: number) => number | undefined;

/** A look that can be taken before its time. */
export type Waiting = { readonly settled: Promise<boolean>; look(): void };

const FIRST_MS = 1;
const MOST_MS = 50;

/**
 * Resolves to true when the client's TCP has acknowledged everything that was sent to it, to false when the connection ends
 * before that.
 *
 * That the system took the octets proves nothing: it holds some megabytes, and a machine whose power is cut meanwhile would
 * count as having its kernel. There is no event for it, so the queue (SIOCOUTQ) is looked at: at once, after 1, 2, 4 ms and
 * so on, and whenever `look` is called, for who sends the next request has what came before.
 */
export function untilAcknowledged(socket: Socket, unacknowledged: Unacknowledged | undefined): Waiting {
  const outcome = Promise.withResolvers<boolean>();
  let pauseMs = FIRST_MS;
  let timer: NodeJS.Timeout | undefined;

  function settle(acknowledged: boolean): void {
    clearTimeout(timer);
    socket.off('close', onClose);
    socket.off('end', look);
    outcome.resolve(acknowledged);
  }

  function look(): void {
    clearTimeout(timer);
    const fd = descriptorOf(socket);
    const left = fd === undefined ? undefined : unacknowledged?.(fd);
    if (fd === undefined && unacknowledged) settle(false);
    else if (left === undefined || left === 0) settle(!socket.destroyed);
    else {
      timer = setTimeout(look, pauseMs);
      pauseMs = Math.min(pauseMs * 2, MOST_MS);
    }
  }

  const onClose = () => settle(false);
  socket.once('close', onClose);
  // Before node:http hears of it and answers with a FIN, which would wait to be acknowledged as well.
  socket.prependListener('end', look);
  look();
  return { settled: outcome.promise, look };
}

/** What node:net keeps to itself: there is no other name for a connection in a system call. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  return !socket.destroyed && handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
