import { describe, expect, test } from 'vitest';
import { encode } from '../../../src/dhcp-packet/index.ts';
import type { Datagram } from '../../../src/net/datagram.ts';
import { createBacklog } from '../../../src/server/dhcp/backlog.ts';
import { glanceAt } from '../../../src/server/dhcp/glance.ts';
import { discover, ip, message, request } from '../../dhcp/world.ts';

const mac = (n: number) =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;

function datagram(bytes: Uint8Array): Datagram {
  const { length } = bytes;
  return {
    bytes,
    buffer: bytes,
    length,
    truncated: false,
    peer: 0,
    peerPort: 68,
    local: 0,
    replyFrom: 0,
    ifindex: 2,
  };
}

function filled(packets: readonly Uint8Array[], stepMs = 1) {
  const backlog = createBacklog<string>();
  packets.forEach((bytes, i) => {
    backlog.add({ datagram: datagram(bytes), origin: 'eth0' }, glanceAt(bytes)!, i * stepMs);
  });
  return backlog;
}

const DISCOVER = (n: number, xid = n) => encode(discover({ mac: mac(n), xid }));
const REQUEST = (n: number, xid = n) => encode(request({ mac: mac(n), xid }));
const xidsOf = (backlog: ReturnType<typeof filled>, now: number) => {
  const xids: number[] = [];
  for (let one = backlog.next(now); one; one = backlog.next(now))
    xids.push(new DataView(one.bytes.buffer).getUint32(4));
  return xids;
};

describe('createBacklog()', () => {
  test('answers conversations that were begun in order, then DISCOVERs, the newest first', () => {
    const backlog = filled([DISCOVER(1), DISCOVER(2), REQUEST(3), DISCOVER(4), REQUEST(5)]);
    expect(xidsOf(backlog, 10)).toEqual([3, 5, 4, 2, 1]);
    expect(backlog.takeDropped()).toBe(0);
  });

  test('keeps of a client its newest message of a type', () => {
    const backlog = filled([
      DISCOVER(1, 11),
      DISCOVER(2, 21),
      DISCOVER(1, 12),
      REQUEST(1, 13),
      REQUEST(1, 14),
    ]);
    expect(backlog.size).toBe(3);
    expect(xidsOf(backlog, 10)).toEqual([14, 12, 21]);
  });

  test('keeps messages of different types of one client, in order', () => {
    const release = encode(message({ mac: mac(1), xid: 22, with: { 'message-type': 7 } }));
    expect(xidsOf(filled([REQUEST(1, 21), release, REQUEST(1, 23)]), 10)).toEqual([22, 23]);
  });

  test('drops, and counts, what waited for more than three seconds', () => {
    const backlog = filled([DISCOVER(1), REQUEST(2), DISCOVER(3)], 1_000);
    expect(xidsOf(backlog, 4_500)).toEqual([3]);
    expect(backlog.takeDropped()).toBe(2);
    expect(backlog.takeDropped()).toBe(0);
  });

  test('holds 4,096 DISCOVERs at most, the newest ones', () => {
    const backlog = filled(
      Array.from({ length: 5_000 }, (_, n) => DISCOVER(n)),
      0,
    );
    expect(backlog.size).toBe(4_096);
    const xids = xidsOf(backlog, 1);
    expect([xids[0], xids.at(-1)]).toEqual([4_999, 5_000 - 4_096]);
    expect(backlog.takeDropped()).toBe(5_000 - 4_096);
  });

  test('copies what it keeps: the receive buffer is used again at once', () => {
    const bytes = DISCOVER(1, 7);
    const backlog = filled([bytes]);
    bytes.fill(0);
    expect(xidsOf(backlog, 1)).toEqual([7]);
  });
});

describe('glanceAt()', () => {
  test('tells clients by Ethernet address, and those without one by transaction', () => {
    const a = glanceAt(DISCOVER(1, 5))!;
    expect(glanceAt(REQUEST(1, 6))).toEqual({ ...a, type: 3 });
    expect(glanceAt(DISCOVER(2, 5))!.client).not.toBe(a.client);
    const infiniband = DISCOVER(1, 5);
    infiniband.set([32, 0], 1);
    expect(glanceAt(infiniband)!.client).toBe(2 ** 48 + 5);
  });

  test('a LEASEQUERY about a machine is not the machine’s own message, and replaces none', () => {
    const asking = (xid: number) => {
      const query = request({ mac: mac(1), xid, with: { 'message-type': 10 } });
      return glanceAt(encode(query))!.client;
    };
    expect(asking(7)).not.toBe(glanceAt(DISCOVER(1, 7))!.client);
    expect(asking(8)).not.toBe(asking(7));
  });

  test('reads the relay, and makes nothing of a stub', () => {
    expect(glanceAt(encode(discover({ giaddr: ip('10.9.9.9') })))).toMatchObject({
      relay: ip('10.9.9.9'),
      type: 1,
    });
    expect(glanceAt(new Uint8Array(239))).toBeUndefined();
  });
});
