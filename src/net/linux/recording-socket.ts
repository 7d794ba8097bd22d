import type { BoundFrames, Outcome } from '../datagram.ts';
import type { RecordingPorts } from '../recording.ts';
import { Arena } from './arena.ts';
import { attachProgram } from './bpf.ts';
import * as c from './ffi.ts';
import { interfaceFacts } from './interface-facts.ts';
import { closeFd, lastError, setInt } from './open.ts';
import { recordingFilter } from './recording-filter.ts';
import { writeLinkAddress } from './sockaddr.ts';
import * as s from './structs.ts';

/** Every type of frame, in both directions. */
const ETH_P_ALL = 3;
/** A type that IEEE left for experiments: nobody sends it, and the kernel hands over incoming frames of that type alone. */
const NOBODYS_TYPE = 0x88b5;
/** What comes while this thread is busy; a storm's rest is lost. */
const BUFFER_BYTES = 512 * 1024;

/** A packet socket that is bound to a type of frame is asked about those alone: sleep is a bind(2) to one that never comes. */
export function createRecordingPorts(): RecordingPorts {
  return { open, listen, release: (bound) => closeFd(bound.fd) };
}

function open(interfaceName: string, tftpPort: number): Outcome<BoundFrames> {
  const facts = interfaceFacts().find(({ name }) => name === interfaceName);
  if (!facts) return { ok: false, error: { operation: 'bind AF_PACKET', errno: 'ENODEV' } };
  const fd = c.socket(s.AF_PACKET, s.SOCK_RAW | s.SOCK_NONBLOCK | s.SOCK_CLOEXEC, 0);
  if (fd < 0) return { ok: false, error: lastError('socket AF_PACKET') };
  if (!attachProgram(fd, s.SO_ATTACH_FILTER, recordingFilter(tftpPort))) {
    const error = lastError('setsockopt SO_ATTACH_FILTER');
    closeFd(fd);
    return { ok: false, error };
  }
  const bound = { fd, interface: interfaceName, ifindex: facts.index };
  setInt(new Arena(128), fd, s.SOL_SOCKET, s.SO_RCVBUF, BUFFER_BYTES);
  const asleep = listen(bound, false);
  if (asleep.ok) return { ok: true, value: bound };
  closeFd(fd);
  return asleep;
}

function listen({ fd, ifindex }: BoundFrames, awake: boolean): Outcome<undefined> {
  const arena = new Arena(64);
  writeLinkAddress(arena, 0, { ifindex, etherType: awake ? ETH_P_ALL : NOBODYS_TYPE });
  if (c.bind(fd, arena.pointer(0), s.SOCKADDR_LL) < 0) return { ok: false, error: lastError('bind') };
  return { ok: true, value: undefined };
}
