import type { DatagramKind, DatagramSocket } from '../../net/datagram.ts';
import { DISCOVER_HEAD } from './glance.ts';

/**
 * Has the system leave DISCOVERs while more of them wait than are answered in the next moments.
 *
 * Theory of operation. Whoever cannot keep up should not also pay for what he will not answer: reading, sorting and dropping a
 * request takes some microseconds, which at five times the load that can be carried is most of the time there is. So when
 * {@link SHUT_AT} DISCOVERs wait, the sockets refuse more of them, and take them again when {@link OPEN_AT} are left. REQUESTs,
 * renewals and everything else come through all the time. Between the two marks lie some tenths of a second: the
 * DISCOVERs of one opening are answered during the next closing, newest first, and a client that came in vain repeats itself
 * after one second at the earliest. The marks are far apart because each change has the kernel compile a program.
 */
export type Floodgate = {
  /** After each turn: how many DISCOVERs are left. */
  follow(waiting: number): void;
  readonly shut: boolean;
  /** How many datagrams the sockets dropped since this was asked the last time. */
  takeDropped(): number;
};

const SHUT_AT = 2_048;
const OPEN_AT = 512;

const DISCOVERS: DatagramKind = { at: DISCOVER_HEAD.at, octets: DISCOVER_HEAD.octets };

export function createFloodgate(sockets: readonly DatagramSocket[]): Floodgate {
  const gates = sockets.filter(({ refuse }) => refuse !== undefined);
  const counted = gates.map((socket) => socket.dropped?.() ?? 0);
  let shut = false;
  return {
    follow(waiting) {
      if (shut ? waiting > OPEN_AT : waiting < SHUT_AT) return;
      shut = !shut;
      for (const socket of gates) socket.refuse?.(shut ? DISCOVERS : undefined);
    },
    get shut() {
      return shut;
    },
    takeDropped() {
      let sum = 0;
      gates.forEach((socket, i) => {
        const now = socket.dropped?.() ?? 0;
        sum += (now - counted[i]!) >>> 0;
        counted[i] = now;
      });
      return sum;
    },
  };
}
