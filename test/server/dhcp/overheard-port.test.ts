import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode } from '../../../src/dhcp-packet/index.ts';
import { BROADCAST_MAC } from '../../../src/frame/ethernet.ts';
import { buildUdpFrame, parseUdpFrame, type UdpFrame } from '../../../src/frame/udp.ts';
import { LIMITED_BROADCAST, UNSPECIFIED } from '../../../src/lib/ipv4.ts';
import type { FrameSocket } from '../../../src/net/datagram.ts';
import { createOverheardPort } from '../../../src/server/dhcp/overheard-port.ts';
import { discover, ETH0, ip, SERVER } from '../../dhcp/world.ts';

const CLIENT_MAC = '52:54:00:ec:33:81';
const RELAY_MAC = '02:00:00:00:00:99';
const RELAY = ip('10.9.0.1');

const BROADCAST: UdpFrame = {
  fromMac: CLIENT_MAC,
  toMac: BROADCAST_MAC,
  from: UNSPECIFIED,
  to: LIMITED_BROADCAST,
  fromPort: 68,
  toPort: 67,
  payload: encode(discover()),
};

function fakeFrames() {
  const inbox: Uint8Array[] = [];
  const sent: Uint8Array[] = [];
  const state = { errno: undefined as string | undefined, detached: false };
  const memory = new Uint8Array(2048);
  const frames: FrameSocket = {
    bound: { fd: 9, interface: 'eth0', ifindex: 2 },
    send(frame) {
      if (state.errno === undefined) sent.push(frame.slice());
      return state.errno;
    },
    // As the real one: the next frame takes the last one's place.
    receive() {
      const next = inbox.shift();
      if (!next) return undefined;
      memory.set(next);
      return memory.subarray(0, next.length);
    },
    detach() {
      state.detached = true;
    },
  };
  return { frames, inbox, sent, state };
}

function port() {
  const fake = fakeFrames();
  return {
    ...fake,
    socket: createOverheardPort(
      fake.frames,
      () => ETH0,
      (ip) => ip === SERVER,
    ),
  };
}

function answer({ socket }: ReturnType<typeof port>, to: number, toPort: number): void {
  socket.out.begin(to, toPort, { from: SERVER, ifindex: 2, tag: to });
  socket.out.bytes(new Uint8Array([1, 2, 3]));
  socket.out.end();
  socket.flush();
}

describe('createOverheardPort()', () => {
  test('leaves what is routed through this machine to another server', () => {
    const { socket, inbox } = port();
    const through = { ...BROADCAST, toMac: ETH0.mac, from: RELAY };
    inbox.push(buildUdpFrame({ ...through, to: ip('192.0.2.1') }), buildUdpFrame({ ...through, to: SERVER }));
    expect(socket.receive()).toBe(1);
    expect(socket.datagram(0).local).toBe(SERVER);
  });

  test('reads what is broadcast to port 67, with its addresses, each datagram on its own', () => {
    const { socket, inbox } = port();
    const second = { ...BROADCAST, payload: encode(discover({ xid: 7 })) };
    inbox.push(buildUdpFrame(BROADCAST), buildUdpFrame(second));
    expect(socket.receive()).toBe(2);
    expect(socket.datagram(0).bytes).toEqual(BROADCAST.payload);
    expect(socket.datagram(1).bytes).toEqual(second.payload);
    expect(socket.datagram(0)).toMatchObject({
      ...{ peer: 0, peerPort: 68, local: LIMITED_BROADCAST, ifindex: 2, truncated: false },
    });
    expect(socket.receive()).toBe(0);
  });

  test('takes a datagram whose checksum is still to be made', () => {
    const { socket, inbox } = port();
    const frame = buildUdpFrame(BROADCAST);
    frame[14 + 20 + 6]! ^= 0x55;
    expect(parseUdpFrame(frame)).toEqual({ ok: false, reason: 'udp-checksum' });
    inbox.push(frame);
    expect(socket.receive()).toBe(1);
  });

  test.each([
    ['a frame between others', { toMac: '02:00:00:00:00:77' }],
    ['a frame of our own', { fromMac: ETH0.mac }],
    ['another port', { toPort: 68 }],
  ])('leaves %s', (_, change) => {
    const { socket, inbox } = port();
    inbox.push(buildUdpFrame({ ...BROADCAST, ...change }), buildUdpFrame(BROADCAST));
    expect(socket.receive()).toBe(1);
  });

  test('broadcasts from port 67 of our own address', () => {
    const one = port();
    answer(one, LIMITED_BROADCAST, 68);
    expect(parseUdpFrame(one.sent[0]!)).toMatchObject({
      ok: true,
      value: {
        ...{ toMac: BROADCAST_MAC, to: LIMITED_BROADCAST, toPort: 68 },
        ...{ fromMac: ETH0.mac, from: SERVER, fromPort: 67, payload: new Uint8Array([1, 2, 3]) },
      },
    });
  });

  test('answers a relay, by giaddr, at the MAC its request came from', () => {
    const one = port();
    const relayed = { ...BROADCAST, toMac: ETH0.mac, fromMac: RELAY_MAC, from: ip('10.0.0.9'), fromPort: 67 };
    const payload = encode(discover({ giaddr: RELAY }));
    one.inbox.push(buildUdpFrame({ ...relayed, to: SERVER, payload }));
    expect(one.socket.receive()).toBe(1);
    for (const to of [RELAY, ip('10.0.0.9')]) answer(one, to, 67);
    for (const frame of one.sent) {
      expect(parseUdpFrame(frame)).toMatchObject({ value: { toMac: RELAY_MAC, toPort: 67 } });
    }
    expect(one.sent).toHaveLength(2);
  });

  test('tells of an answer to somebody never heard of, and of frames that cannot be sent', () => {
    const one = port();
    const failures: unknown[] = [];
    one.socket.onFailure = (tag, errno) => failures.push([tag, errno]);
    answer(one, RELAY, 67);
    one.state.errno = 'ENETDOWN';
    answer(one, LIMITED_BROADCAST, 68);
    expect(failures).toEqual([
      [RELAY, 'EHOSTUNREACH'],
      [LIMITED_BROADCAST, 'ENETDOWN'],
    ]);
    expect(one.socket.out.length).toBe(0);
    one.socket.detach();
    expect(one.state.detached).toBe(true);
  });

  test('lets nobody keep it busy: foreign frames end a batch', () => {
    const one = port();
    const foreign = buildUdpFrame({ ...BROADCAST, toMac: '02:00:00:00:00:77' });
    for (let i = 0; i < 5000; i++) one.inbox.push(foreign);
    expect(one.socket.receive()).toBe(0);
    expect(one.inbox.length).toBeGreaterThan(0);
  });

  test('never throws, whatever octets arrive', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(300), fc.nat(255)).map(([at, value]) => {
        const frame = buildUdpFrame(BROADCAST);
        frame[at % frame.length] = value;
        return frame;
      }),
      fc.nat(400).map((length) => buildUdpFrame(BROADCAST).subarray(0, length)),
      fc.uint8Array({ maxLength: 40 }).map((payload) => buildUdpFrame({ ...BROADCAST, payload })),
    );
    fc.assert(
      fc.property(bytes, (frame) => {
        const { socket, inbox } = port();
        inbox.push(frame);
        const count = socket.receive();
        if (count === 1) expect(socket.datagram(0).bytes.length).toBeLessThanOrEqual(frame.length);
      }),
      { numRuns: 2000 },
    );
  });
});
