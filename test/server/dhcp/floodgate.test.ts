import { describe, expect, test } from 'vitest';
import type { DatagramKind, DatagramSocket } from '../../../src/net/datagram.ts';
import { createFloodgate } from '../../../src/server/dhcp/floodgate.ts';

/** A socket whose system drops what it is told to. */
function refusing(): DatagramSocket & { refused: (DatagramKind | undefined)[]; drops: number } {
  const socket = {
    refused: [] as (DatagramKind | undefined)[],
    drops: 0,
    refuse(kind: DatagramKind | undefined) {
      socket.refused.push(kind);
      return true;
    },
    dropped: () => socket.drops >>> 0,
  };
  return socket as unknown as DatagramSocket & typeof socket;
}

const DISCOVERS = { at: 240, octets: [53, 1, 1] };

describe('createFloodgate()', () => {
  test('shuts when thousands wait, stays shut until few are left, and then opens', () => {
    const socket = refusing();
    const gate = createFloodgate([socket]);
    const states = [0, 2047, 2048, 4096, 1000, 513, 512, 600, 2047].map((waiting) => {
      gate.follow(waiting);
      return gate.shut;
    });
    expect(states).toEqual([false, false, true, true, true, true, false, false, false]);
    expect(socket.refused).toEqual([DISCOVERS, undefined]);
  });

  test('counts what was dropped since it was asked, also where the counter wraps', () => {
    const [one, other] = [refusing(), refusing()];
    one.drops = 0xffff_fff0;
    other.drops = 7;
    const gate = createFloodgate([one, other]);
    expect(gate.takeDropped()).toBe(0);
    one.drops += 0x20;
    other.drops += 3;
    expect(gate.takeDropped()).toBe(0x23);
    expect(gate.takeDropped()).toBe(0);
  });

  test('leaves sockets alone whose system cannot', () => {
    const gate = createFloodgate([{} as DatagramSocket]);
    gate.follow(5000);
    expect(gate.shut).toBe(true);
    expect(gate.takeDropped()).toBe(0);
  });
});
