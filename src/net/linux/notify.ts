import { Arena } from './arena.ts';
import * as c from './ffi.ts';
import { AF_UNIX, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM } from './structs.ts';

/** struct sockaddr_un { u16 family; char path[108] }. */
const PATH = 2;
const PATH_MAX = 108;
const STATE = 128;

/**
 * Tells the service manager (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names, `@` at its start standing for an
 * abstract one. False when it cannot be delivered.
 */
export function notifyServiceManager(socketPath: string, state: string): boolean {
  const path = new TextEncoder().encode(socketPath);
  const text = new TextEncoder().encode(state);
  if (path.length === 0 || path.length >= PATH_MAX) return false;
  const fd = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const arena = new Arena(STATE + text.length);
  arena.view.setUint16(0, AF_UNIX, true);
  arena.bytes.set(path, PATH);
  if (socketPath.startsWith('@')) arena.bytes[PATH] = 0;
  arena.bytes.set(text, STATE);
  // An abstract name ends with the address, a path with its NUL.
  const length = PATH + path.length + (socketPath.startsWith('@') ? 0 : 1);
  const delivered =
    c.connect(fd, arena.pointer(0), length) === 0 &&
    c.send(fd, arena.pointer(STATE), text.length, MSG_NOSIGNAL) === text.length;
  c.close(fd);
  return delivered;
}
