import { afterEach, expect, test } from 'vitest';
import { parseIpv6 } from '../../../src/lib/ipv6.ts';
import { createAddressBook } from '../../../src/net/address-book.ts';
import type { Datagram, PeerNumbers } from '../../../src/net/datagram.ts';
import { dgramNetwork } from '../../../src/net/dgram.ts';
import { createTftpEngine } from '../../../src/server/tftp/engine.ts';
import { createFrameSizes } from '../../../src/server/tftp/frame-sizes.ts';
import { encode, type TftpPacket } from '../../../src/tftp-packet/index.ts';
import { ack, createRig, error, FakeSocket, describe as inWords, type Rig, rrq } from './rig.ts';

/** A fake socket whose peers are numbers of a real book, and which counts who is held. */
class Fake6 extends FakeSocket {
  readonly numbers: PeerNumbers;

  constructor(port: number, numbers: PeerNumbers) {
    super(port);
    this.numbers = numbers;
    Object.assign(this.bound, { ipv6: true });
  }
}

let rig: Rig | undefined;
afterEach(() => {
  rig?.close();
  rig = undefined;
});

/** An engine with sockets of both families. */
function createBoth({ singlePort = false } = {}) {
  rig = createRig();
  const book = createAddressBook({
    ...{ seed: 1, places: 8 },
    interfaceName: () => 'eth0',
    interfaceIndex: () => 2,
  });
  const held = new Map<number, number>();
  const numbers: PeerNumbers = {
    format: book.format,
    hold(number) {
      held.set(number, (held.get(number) ?? 0) + 1);
      book.hold(number);
    },
    letGo(number) {
      const left = held.get(number)! - 1;
      if (left === 0) held.delete(number);
      else held.set(number, left);
      book.letGo(number);
    },
  };
  const v4 = {
    listen: new FakeSocket(69),
    transfer: singlePort ? [] : [new FakeSocket(40_001), new FakeSocket(40_002)],
  };
  const v6 = {
    listen: new Fake6(69, numbers),
    transfer: singlePort ? [] : [new Fake6(50_001, numbers), new Fake6(50_002, numbers)],
  };
  const clock = { now: 10_000 };
  const events: unknown[] = [];
  const engine = createTftpEngine({
    ports: [v4, v6],
    network: { ...dgramNetwork(), interfaces: () => [] },
    settings: rig.settings,
    tree: rig.tree,
    emit: (event) => events.push(event),
    clock: () => clock.now,
    randomHex: () => 'a',
  });
  const local = book.numberOf(parseIpv6('2001:db8::1')!, 0);
  function deliver(socket: FakeSocket, packet: TftpPacket, from: Partial<Datagram>): void {
    const bytes = encode(packet);
    const datagram = {
      buffer: bytes,
      length: bytes.length,
      bytes,
      truncated: false,
      ifindex: 2,
      peerPort: 2070,
    };
    socket.deliver({ ...datagram, peer: 0, local, replyFrom: local, ...from });
    engine.onReady(socket);
  }
  const number = (text: string) => book.numberOf(parseIpv6(text)!, 0);
  return { engine, book, held, v4, v6, clock, events, local, deliver, number, write: rig.write };
}

test('createTftpEngine() serves an IPv6 client from a TID of IPv6, and says who it is', () => {
  const { v4, v6, deliver, number, events, local, write } = createBoth();
  write('boot', 'x'.repeat(600));
  const peer = number('2001:db8::50');
  deliver(v6.listen, rrq('boot'), { peer });
  const [first] = v6.transfer.flatMap(({ sent }) => sent);
  expect([first!.to, first!.from, inWords(first!.bytes)]).toEqual([peer, local, 'DATA 1 (512)']);
  const tid = v6.transfer.find(({ bound }) => bound.port === first!.tid)!;
  deliver(tid, ack(1), { peer });
  deliver(tid, ack(2), { peer });
  expect(tid.sent.map(({ bytes }) => inWords(bytes))).toEqual(['DATA 1 (512)', 'DATA 2 (88)']);
  expect([v4.listen, ...v4.transfer, v6.listen].flatMap(({ sent }) => sent)).toEqual([]);
  expect(events.at(-1)).toMatchObject({ type: 'tftp.done', peer: '2001:db8::50', port: 2070, bytes: 600 });
});

test('createTftpEngine() holds the addresses of a transfer for as long as it goes on', () => {
  const { engine, v6, clock, held, deliver, number, local, write } = createBoth();
  write('boot', 'x'.repeat(600));
  const peer = number('2001:db8::50');
  deliver(v6.listen, rrq('boot'), { peer });
  expect([...held]).toEqual([
    [peer, 1],
    [local, 1],
  ]);
  // Strangers fill the book many times over.
  for (let n = 0; n < 40; n++)
    deliver(v6.listen, rrq('none'), { peer: number(`2001:db8::1:${n.toString(16)}`) });
  expect(number('2001:db8::50')).toBe(peer);
  const tid = v6.transfer.find(({ sent }) => sent.some(({ to }) => to === peer))!;
  deliver(tid, ack(1), { peer });
  deliver(tid, ack(2), { peer });
  while (engine.nextDeadline() < clock.now + 60_000) {
    clock.now = engine.nextDeadline();
    engine.onTime();
  }
  expect([...held]).toEqual([]);
  // So does whoever starts over, gives up, or is turned away at the end.
  deliver(v6.listen, rrq('boot'), { peer });
  deliver(v6.listen, rrq('boot', [['blksize', '1024']]), { peer });
  deliver(v6.transfer[0]!, error(0, 'enough'), { peer });
  deliver(v6.transfer[1]!, error(0, 'enough'), { peer });
  deliver(v6.listen, rrq('boot'), { peer: number('2001:db8::51') });
  engine.abortAll();
  clock.now += 60_000;
  engine.onTime();
  expect([...held]).toEqual([]);
});

test('createTftpEngine() gives a client that starts over another TID of its own family', () => {
  const { v6, deliver, number, write } = createBoth();
  write('boot', 'x'.repeat(600));
  const peer = number('2001:db8::50');
  deliver(v6.listen, rrq('boot'), { peer });
  const first = v6.transfer.find(({ sent }) => sent.length > 0)!;
  const other = v6.transfer.find((socket) => socket !== first)!;
  deliver(v6.listen, rrq('boot', [['blksize', '1024']]), { peer });
  expect(other.sent.map(({ bytes }) => inWords(bytes))).toEqual(['OACK blksize=1024']);
});

test('createTftpEngine() answers from the well-known port of the family asked when that is the only one', () => {
  const { v4, v6, deliver, number, write } = createBoth({ singlePort: true });
  write('boot', 'x'.repeat(600));
  const peer = number('2001:db8::50');
  deliver(v6.listen, rrq('boot'), { peer });
  deliver(v6.listen, ack(1), { peer });
  deliver(v4.listen, rrq('boot'), { peer: 0x0a00_0002, local: 0x0a00_0001, replyFrom: 0x0a00_0001 });
  expect(v6.listen.sent.map(({ bytes }) => inWords(bytes))).toEqual(['DATA 1 (512)', 'DATA 2 (88)']);
  expect(v4.listen.sent.map(({ bytes }) => inWords(bytes))).toEqual(['DATA 1 (512)']);
});

test('createTftpEngine() keeps silent when asked by IPv6 multicast', () => {
  const { v6, deliver, number, write } = createBoth();
  write('boot', 'x');
  deliver(v6.listen, rrq('boot'), { peer: number('2001:db8::50'), local: number('ff02::1'), replyFrom: 0 });
  expect([v6.listen, ...v6.transfer].flatMap(({ sent }) => sent)).toEqual([]);
});

test('createTftpEngine() tells a stray of IPv6 from a transfer of IPv4 on the same port', () => {
  const { v4, v6, deliver, number, write } = createBoth();
  write('boot', 'x'.repeat(600));
  const home = { peer: 0x0a00_0002, local: 0x0a00_0001, replyFrom: 0x0a00_0001 };
  deliver(v4.listen, rrq('boot'), home);
  deliver(v6.transfer[0]!, ack(1), { peer: number('2001:db8::50') });
  expect(v6.transfer[0]!.sent.map(({ bytes }) => inWords(bytes))).toEqual(['ERROR 5 Unknown transfer ID']);
  expect(v4.transfer.flatMap(({ sent }) => sent).map(({ bytes }) => inWords(bytes))).toEqual([
    'DATA 1 (512)',
  ]);
});

test('createFrameSizes() knows the larger header of IPv6', () => {
  const eth0 = {
    name: 'eth0',
    index: 2,
    mac: '',
    mtu: 1500,
    up: true,
    running: true,
    loopback: false,
    addresses: [],
  };
  const sizes = createFrameSizes({ interfaces: () => [eth0] });
  expect([sizes.payloadOf(2, 0), sizes.payloadOf(2, 0, true)]).toEqual([1472, 1452]);
});
