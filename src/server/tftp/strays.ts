import type { Datagram, DatagramSocket } from '../../net/datagram.ts';
import { ERROR_CODE, encode, OPCODE } from '../../tftp-packet/index.ts';
import type { RecentPeers } from './recent-peers.ts';
import type { Throttle } from './throttle.ts';

const UNKNOWN_TID = encode({
  opcode: 'error',
  code: ERROR_CODE.unknownTid,
  message: 'Unknown transfer ID',
});

export type Stray = { readonly opcode: number; readonly now: number };

/**
 * A datagram on a TID that belongs to no transfer. RFC 1350 §4: a stranger's TID gets ERROR 5; ERROR never answers ERROR,
 * nor do we answer what we do not know. True when an answer was laid out.
 */
export function answerStray(
  socket: DatagramSocket,
  datagram: Datagram,
  { opcode, now, recent, errors }: Stray & { readonly recent: RecentPeers; readonly errors: Throttle },
): boolean {
  if (opcode !== OPCODE.ack && opcode !== OPCODE.data) return false;
  if (recent.tidOf(datagram.peer, datagram.peerPort, now) !== undefined) return false;
  if (!errors.pass(now)) return false;
  socket.out.begin(datagram.peer, datagram.peerPort, { from: datagram.replyFrom, ifindex: 0 });
  socket.out.bytes(UNKNOWN_TID);
  socket.out.end();
  return true;
}
