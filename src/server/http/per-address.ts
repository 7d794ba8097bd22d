import type { Socket } from 'node:net';

/** Counts connections by the client's address. */
export type PerAddress = {
  /** Counts this one until it is closed; false, and not counted, when its address has as many as it may. */
  admit(socket: Socket): boolean;
};

/** `most` of one address: many machines may have one behind a NAT, but none is to keep everybody else out. */
export function createPerAddress(most: number): PerAddress {
  const counts = new Map<string, number>();
  return {
    admit(socket) {
      const address = socket.remoteAddress ?? '';
      const count = counts.get(address) ?? 0;
      if (count >= most) return false;
      counts.set(address, count + 1);
      socket.once('close', () => {
        const left = counts.get(address)! - 1;
        if (left > 0) counts.set(address, left);
        else counts.delete(address);
      });
      return true;
    },
  };
}
