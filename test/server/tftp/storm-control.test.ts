import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { golden } from '../../golden/load.ts';
import { ack, createRig, error, type Rig, type RigOptions, rrq } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

function start(options?: RigOptions): Rig {
  rig = createRig(options);
  return rig;
}

/** One client of its own address, `10.0.0.<n>`. */
function from(n: number, peerPort = 2070) {
  return { peer: 0x0a000000 + n, peerPort };
}

/** Asks for `boot` with a window and acknowledges the OACK; what was sent before is taken away. */
function openWindow(n: number, windowsize: number): void {
  rig.request(
    rrq('boot', [
      ['blksize', '1000'],
      ['windowsize', String(windowsize)],
    ]),
    from(n),
  );
  const tid = rig.raw()[0]!.tid;
  rig.arriveFrom(ack(0), from(n), tid);
}

describe('createTftpEngine() shares out what it sends', () => {
  test('a client in lock-step does not stand behind the windows of others', () => {
    start().write('boot', 'x'.repeat(100_000));
    for (const n of [1, 2]) openWindow(n, 64);
    openWindow(3, 1);
    rig.turn();
    const clients = rig.raw().map(({ to }) => to & 255);
    expect(clients).toHaveLength(129);
    expect(clients.lastIndexOf(3)).toBe(32);
    // And the rest by turns, 16 blocks each.
    const turns = clients.filter((client, i) => client !== clients[i - 1]);
    expect(turns).toEqual([1, 2, 3, 1, 2, 1, 2, 1, 2]);
  });

  test('every block of a shared window is sent once, in order', () => {
    start().write('boot', 'x'.repeat(100_000));
    for (const n of [1, 2]) openWindow(n, 40);
    rig.turn();
    const numbers = rig
      .raw()
      .flatMap(({ to, bytes }) => ((to & 255) === 2 ? [bytes[2]! * 256 + bytes[3]!] : []));
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test('what is left of a window waits while the socket is full, and goes on when it is not', () => {
    start().write('boot', 'x'.repeat(100_000));
    for (const n of [1, 2]) openWindow(n, 64);
    for (const socket of rig.transfer) socket.full = true;
    rig.turn();
    expect(rig.sent()).toEqual([]);
    for (const socket of rig.transfer) socket.full = false;
    rig.turn();
    const sent = rig.raw();
    expect(sent).toHaveLength(128);
    expect(new Set(sent.map(({ to, bytes }) => `${to} ${bytes[2]} ${bytes[3]}`)).size).toBe(128);
  });

  test('a socket that fills up in the middle of a round keeps back the rest of it, and loses nothing', () => {
    start({ paceMbps: 100 }).write('boot', 'x'.repeat(100_000));
    for (let n = 1; n <= 20; n++) openWindow(n, 64);
    rig.turn();
    const first = rig.raw().length;
    for (const socket of rig.transfer) socket.full = true;
    rig.pass(20);
    expect(rig.sent()).toEqual([]);
    for (const socket of rig.transfer) socket.full = false;
    rig.turn();
    expect(rig.raw().length + first).toBeGreaterThan(first);
    // It is the pace that is waited for now, not the timers of the transfers.
    expect(rig.engine.nextDeadline()).toBeLessThan(rig.clock.now + 5);
  });

  test('windows leave no faster than the pace; the first blocks of each do not wait', () => {
    // 100 Mbit/s are 12,500 octets a millisecond; 256 kB may leave at once.
    start({ paceMbps: 100 }).write('boot', 'x'.repeat(100_000));
    for (let n = 1; n <= 20; n++) openWindow(n, 64);
    rig.turn();
    const atOnce = rig.raw().length;
    expect(atOnce).toBeGreaterThanOrEqual(20 * 16);
    expect(atOnce).toBeLessThan(20 * 16 + 64);
    let sent = atOnce;
    const started = rig.clock.now;
    while (sent < 20 * 64) {
      rig.pass(1);
      sent += rig.raw().length;
      const allowed = 2 * 256 * 1024 + (rig.clock.now - started) * 12_500;
      expect(sent * 1066).toBeLessThan(allowed + 20 * 16 * 1066 + 16 * 1066);
      if (rig.clock.now - started > 300) break;
    }
    expect(rig.clock.now - started).toBeGreaterThan(20);
  });

  test('an ACK inside a window that still waits makes it start behind what arrived', () => {
    start({ paceMbps: 1 }).write('boot', 'x'.repeat(400_000));
    for (let n = 1; n <= 20; n++) openWindow(n, 64);
    rig.turn();
    const first = rig.raw().find(({ to }) => (to & 255) === 1)!;
    rig.clock.now += 25;
    rig.answer(ack(10), from(1), first.tid);
    const again = rig.raw().filter(({ to }) => (to & 255) === 1);
    expect(again.map(({ bytes }) => bytes[3])).toEqual(Array.from({ length: 16 }, (_, i) => i + 11));
  });

  test('a transfer that ends while its window waits takes the rest of it along', () => {
    start({ paceMbps: 1 }).write('boot', 'x'.repeat(400_000));
    for (let n = 1; n <= 20; n++) openWindow(n, 64);
    rig.turn();
    const { tid } = rig.raw()[0]!;
    for (let n = 1; n <= 20; n++) rig.answer(error(0, 'enough'), from(n), tid);
    rig.pass(60_000);
    expect(rig.sent()).toEqual([]);
    expect(rig.engine.nextDeadline()).toBe(Infinity);
  });
});

describe('createTftpEngine() admits', () => {
  test('nobody past the limit of one address, in words; others come in', () => {
    start({ maxTransfersPerClient: 2 }).write('boot', 'x');
    for (const port of [1001, 1002, 1003]) rig.request(rrq('boot'), from(1, port));
    rig.request(rrq('boot'), from(2));
    expect(rig.sent().sort()).toEqual([
      ...['DATA 1 (1)', 'DATA 1 (1)', 'DATA 1 (1)'],
      'ERROR 0 Too many transfers of this client',
    ]);
    expect(rig.events.filter(({ type }) => type === 'tftp.refused')).toMatchObject([
      { failure: 'client-limit', port: 1003 },
    ]);
    rig.answer(ack(1), from(1, 1001), rig.lastTid);
    rig.request(rrq('boot'), from(1, 1003));
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
  });

  test('a newcomer in the place of one never heard from, which is told; those that answered stay', () => {
    start({ maxTransfers: 3 }).write('boot', 'x'.repeat(2000));
    for (const n of [1, 2, 3]) rig.request(rrq('boot'), from(n));
    const { tid } = rig.raw()[0]!;
    rig.answer(ack(1), from(1), tid);
    rig.sent();
    rig.request(rrq('boot'), from(4));
    expect(rig.sent()).toEqual(['ERROR 0 Server busy, try again later']); // they may only be on their way
    rig.clock.now += 300;
    rig.request(rrq('boot'), from(4));
    const sent = rig.raw();
    expect(sent.map(({ to, bytes }) => [to & 255, bytes[1]])).toEqual([
      [2, 5],
      [4, 3],
    ]);
    expect(rig.events.find(({ type }) => type === 'tftp.failed')).toMatchObject({
      peer: '10.0.0.2',
      failure: 'gave-way',
    });
    expect(rig.engine.active).toBe(3);
  });

  test('a real client in the midst of 10,000 forged requests', () => {
    start({ maxTransfers: 100 }).write('boot', 'x');
    for (let n = 0; n < 10_000; n++) {
      rig.clock.now += 5;
      rig.request(rrq('boot'), from(1000 + n));
      rig.raw();
    }
    rig.request(rrq('boot'), from(1));
    const [answer] = rig.raw().filter(({ to }) => to === from(1).peer);
    expect(answer?.bytes[1]).toBe(3);
    expect(rig.engine.active).toBeLessThanOrEqual(100);
  });
});

describe('createTftpEngine() remembers how it went with a client', () => {
  const wishes: [string, string][] = [
    ['blksize', '1468'],
    ['windowsize', '16'],
  ];

  test('whose large blocks never arrive: the next OACK has smaller ones, and a warning says so', () => {
    start().write('boot', 'x'.repeat(100_000));
    const granted: string[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      rig.request(rrq('boot', wishes.slice(0, 1)), from(1, 3000 + attempt));
      granted.push(...rig.sent());
      rig.answer(ack(0), from(1, 3000 + attempt), rig.lastTid);
      rig.pass(4_000); // the client gives up and comes from another port, before we have given up
      rig.sent();
    }
    expect(granted).toEqual([
      'OACK blksize=1468',
      'OACK blksize=1428',
      'OACK blksize=1024',
      'OACK blksize=512',
    ]);
    const warnings = rig.events.filter((event) => event.type === 'service.warning');
    expect(warnings).toMatchObject([
      { problem: 'blksize-reduced', detail: expect.stringContaining('10.0.0.1') },
      { problem: 'blksize-reduced' },
      { problem: 'blksize-reduced' },
    ]);
    rig.request(rrq('boot', wishes.slice(0, 1)), from(2));
    expect(rig.sent()).toContain('OACK blksize=1468');
  });

  test('that was only away before it acknowledged anything, in no way', () => {
    start().write('boot', 'x'.repeat(100_000));
    rig.request(rrq('boot', wishes), from(1));
    rig.pass(60_000);
    rig.sent();
    rig.request(rrq('boot', wishes), from(1));
    expect(rig.sent()).toEqual(['OACK blksize=1468 windowsize=16']);
  });

  test('that lost the end of every window: the next window is half as wide', () => {
    start().write('boot', 'x'.repeat(200_000));
    rig.request(rrq('boot', wishes), from(1));
    const tid = rig.raw()[0]!.tid;
    for (let block = 0; block <= 137; block = Math.min(block + 8, block === 137 ? 138 : 137)) {
      rig.clock.now += 1;
      rig.answer(ack(block), from(1), tid);
      rig.sent();
    }
    expect(rig.events.find(({ type }) => type === 'tftp.done')).toBeDefined();
    expect(rig.events.filter(({ type }) => type === 'service.warning')).toMatchObject([
      { problem: 'windowsize-reduced' },
    ]);
    rig.request(rrq('boot', wishes), from(1, 2071));
    expect(rig.sent()).toEqual(['OACK blksize=1468 windowsize=8']);
  });
});

describe('createTftpEngine() and files that are not in memory', () => {
  /** A disk that is read by hand: octets up to `there` are in memory, whatever was asked for. */
  function createDisk() {
    const disk = { there: 0, asked: [] as [offset: number, length: number][] };
    const pageCache = {
      cachedFrom: (_fd: number, offset: number, length: number) =>
        Math.max(0, Math.min(length, disk.there - offset)),
      readAhead: (_fd: number, offset: number, length: number) => void disk.asked.push([offset, length]),
    };
    return { disk, pageCache };
  }

  test('asks for them, serves the others meanwhile, and sends when they are there', () => {
    const { disk, pageCache } = createDisk();
    start({ pageCache }).write('boot', 'x'.repeat(100_000));
    rig.write('empty', '');
    openWindow(1, 32);
    rig.turn();
    expect(rig.sent()).toEqual([]);
    expect(disk.asked).toEqual([[0, 4 << 20]]);
    rig.request(rrq('empty'), from(2));
    expect(rig.sent()).toEqual(['DATA 1 (0)']);
    rig.pass(5);
    expect(rig.sent()).toEqual([]);
    disk.there = 20_480;
    rig.pass(1);
    expect(rig.raw()).toHaveLength(16);
    disk.there = 100_000;
    rig.pass(1);
    expect(rig.raw()).toHaveLength(16);
    expect(disk.asked).toHaveLength(1);
  });

  test('stays ahead of a client by 2 MB and more', () => {
    const { disk, pageCache } = createDisk();
    start({ pageCache }).write('boot', new Uint8Array(12 << 20));
    openWindow(1, 32);
    rig.turn();
    const { tid } = rig.raw()[0] ?? { tid: rig.lastTid };
    for (let block = 0; block < 12_000; block += 32) {
      disk.there = disk.asked.reduce((end, [offset, length]) => Math.max(end, offset + length), 0);
      rig.pass(1);
      rig.raw();
      const [offset, length] = disk.asked.at(-1)!;
      expect(offset + length - Math.min(12 << 20, (block + 32) * 1000)).toBeGreaterThanOrEqual(
        Math.min(1 << 20, (12 << 20) - block * 1000 - 32_000),
      );
      rig.answer(ack((block + 32) & 0xffff), from(1), rig.lastTid || tid);
    }
    expect(disk.asked.map(([offset]) => offset)).toEqual([0, 4 << 20, 8 << 20]);
  });

  test('does not wait for a disk for ever', () => {
    const { pageCache } = createDisk();
    start({ pageCache }).write('boot', 'x'.repeat(2_000));
    rig.request(rrq('boot'));
    expect(rig.sent()).toEqual([]);
    rig.pass(2_500);
    expect(rig.sent()[0]).toBe('DATA 1 (512)');
  });
});

describe('createTftpEngine() and the boot manager of Windows', () => {
  const wds = golden('61-tftp-rrq-wds').bytes;
  /** ACK 16, next window 32. */
  const ack16 = golden('58-tftp-ack-msft').bytes;

  function bootFolder(options?: RigOptions): void {
    start(options);
    mkdirSync(join(rig.root, 'Boot'));
    rig.write('Boot/BCD', 'x'.repeat(100 * 1456));
  }

  test('is granted msftwindow when that is on, and then chooses its windows', () => {
    bootFolder({ msftwindow: true });
    rig.request(wds);
    expect(rig.sent()).toEqual(['OACK tsize=145600 blksize=1456 windowsize=4 msftwindow=27182']);
    rig.answer(Uint8Array.of(0, 4, 0, 0, 16));
    expect(rig.sent()).toHaveLength(16);
    rig.answer(ack16);
    expect(rig.sent()).toHaveLength(32);
  });

  test('is not granted it otherwise, and its fifth octet means nothing', () => {
    bootFolder();
    rig.request(wds);
    expect(rig.sent()).toEqual(['OACK tsize=145600 blksize=1456 windowsize=4']);
    rig.answer(Uint8Array.of(0, 4, 0, 0, 16));
    expect(rig.sent()).toHaveLength(4);
  });
});

test('createTftpEngine() sends a file to the clients of each interface by a group of its own', () => {
  start({ multicast: { address: 0xefff_4500, port: 1758 } });
  rig.write('image', 'x'.repeat(100_000));
  const asked = rrq('image', [['multicast', '']]);
  rig.request(asked, { peer: 0x0a00_0010, ifindex: 2 });
  rig.request(asked, { peer: 0x0a00_0011, ifindex: 2 });
  rig.request(asked, { peer: 0x0a00_0012, ifindex: 3 });
  expect(rig.sent()).toEqual([
    'OACK multicast=239.255.69.0,1758,1',
    'OACK multicast=239.255.69.0,1758,0',
    'OACK multicast=239.255.69.1,1758,1',
  ]);
});
