import { macBytes } from '../../lib/mac.ts';
import type { BoundFrames, Outcome } from '../datagram.ts';
import { Arena } from './arena.ts';
import { setsockopt } from './ffi.ts';
import { lastError, setInt } from './open.ts';
import { SO_RCVBUFFORCE, SOL_PACKET, SOL_SOCKET } from './structs.ts';

/** packet(7). */
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_PROMISC = 1;
const PACKET_MR_UNICAST = 3;
const BUFFER_BYTES = 8 << 20;

/**
 * The card of a packet socket also takes frames to this address, or all that pass by, as long as the socket is open. Without
 * it a card drops what is for other addresses than its own. Wants CAP_NET_RAW.
 */
export function hearAlso(bound: BoundFrames, mac: string | 'all'): Outcome<undefined> {
  // struct packet_mreq: int ifindex, unsigned short type, unsigned short length, 8 octets of address.
  const arena = new Arena(128);
  const at = arena.take(16);
  // Many machines may share it: best effort, beyond the system's limit.
  setInt(arena, bound.fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
  arena.setInt(at, bound.ifindex);
  arena.view.setUint16(at + 4, mac === 'all' ? PACKET_MR_PROMISC : PACKET_MR_UNICAST, true);
  if (mac !== 'all') {
    arena.view.setUint16(at + 6, 6, true);
    arena.bytes.set(macBytes(mac), at + 8);
  }
  return setsockopt(bound.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, arena.pointer(at), 16) < 0
    ? { ok: false, error: lastError('setsockopt PACKET_ADD_MEMBERSHIP') }
    : { ok: true, value: undefined };
}
