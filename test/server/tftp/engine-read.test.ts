import { closeSync, ftruncateSync, mkdirSync, openSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { levelOf } from '../../../src/events/level.ts';
import { LIMITED_BROADCAST } from '../../../src/lib/ipv4.ts';
import { ack, CLIENT, createRig, error, type Rig, type RigOptions, rrq, SERVER } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

function start(options?: RigOptions): Rig {
  rig = createRig(options);
  return rig;
}

describe('createTftpEngine() reads', () => {
  test('a file from OACK to the last ACK, from a TID, from the address asked', () => {
    start().write('boot', 'x'.repeat(1468 + 10));
    rig.request(
      rrq('boot', [
        ['blksize', '1468'],
        ['tsize', '0'],
      ]),
    );
    const [oack] = rig.raw();
    expect(oack).toMatchObject({ to: CLIENT, port: 2070, from: SERVER });
    expect(oack!.tid).not.toBe(69);
    rig.answer(ack(0));
    expect(rig.sent()).toEqual(['DATA 1 (1468)']);
    rig.answer(ack(1));
    expect(rig.sent()).toEqual(['DATA 2 (10)']);
    rig.answer(ack(2));
    expect(rig.sent()).toEqual([]);
    expect(rig.events).toMatchObject([
      {
        type: 'tftp.started',
        peer: '192.168.77.50',
        port: 2070,
        file: 'boot',
        blksize: 1468,
        sizeBytes: 1478,
      },
      { type: 'tftp.done', peer: '192.168.77.50', file: 'boot', bytes: 1478, retransmissions: 0 },
    ]);
    expect(rig.engine.active).toBe(0);
  });

  test('answers from the well-known port in single-port mode', () => {
    start({ singlePort: true }).write('boot', 'x');
    rig.request(rrq('boot'));
    expect(rig.raw()).toMatchObject([{ tid: 69 }]);
    rig.answer(ack(1));
    expect(rig.types()).toEqual(['tftp.started', 'tftp.done']);
  });

  test('sends a window at once and goes on behind a gap', () => {
    start().write('boot', 'x'.repeat(5000));
    rig.request(
      rrq('boot', [
        ['blksize', '1000'],
        ['windowsize', '4'],
      ]),
    );
    rig.raw();
    rig.answer(ack(0));
    expect(rig.sent()).toEqual(['DATA 1 (1000)', 'DATA 2 (1000)', 'DATA 3 (1000)', 'DATA 4 (1000)']);
    rig.clock.now += 30;
    rig.answer(ack(2));
    expect(rig.sent()).toEqual(['DATA 3 (1000)', 'DATA 4 (1000)', 'DATA 5 (1000)', 'DATA 6 (0)']);
  });

  test('resends by its timer when nothing comes, and tells how often (pTFTPd defect 16)', () => {
    start().write('boot', 'x');
    rig.request(rrq('boot'));
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
    rig.pass(1000);
    expect(rig.sent().length).toBeGreaterThan(0);
    rig.answer(ack(1));
    const done = rig.events.at(-1);
    expect(done).toMatchObject({ type: 'tftp.done' });
    expect(done?.type === 'tftp.done' && done.retransmissions).toBeGreaterThan(0);
  });

  test('forgets a client that went away', () => {
    start().write('boot', 'x'.repeat(2000));
    rig.request(rrq('boot'));
    rig.answer(ack(1), {}, rig.raw()[0]!.tid);
    rig.pass(120_000);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.failed', failure: 'timeout', bytes: 512 });
    expect(rig.engine.active).toBe(0);
    rig.sent();
    rig.pass(60_000);
    expect(rig.sent()).toEqual([]);
    expect(rig.engine.nextDeadline()).toBe(Infinity);
  });

  test('tells a probe (OACK, then ERROR 8) from a failure', () => {
    start().write('boot', 'x');
    rig.request(rrq('boot', [['tsize', '0']]));
    rig.raw();
    rig.answer(error(8, 'User aborted the transfer'));
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.probed', file: 'boot' });
    expect(rig.sent()).toEqual([]);
  });

  test('converts netascii', () => {
    start().write('text', 'one\ntwo\r\n');
    rig.request({ opcode: 'rrq', filename: 'text', mode: 'netascii', options: [] });
    const [sent] = rig.raw();
    expect(new TextDecoder().decode(sent!.bytes.subarray(4))).toBe('one\r\ntwo\r\0\r\n');
  });

  test('does not tell the size of an empty file, which curl takes for a mistake', () => {
    start().write('empty', '');
    rig.request(
      rrq('empty', [
        ['tsize', '0'],
        ['blksize', '512'],
      ]),
    );
    expect(rig.sent()).toEqual(['OACK blksize=512']);
    rig.answer(ack(0));
    expect(rig.sent()).toEqual(['DATA 1 (0)']);
  });

  test.each([
    [1500, '1468'],
    [1400, '1368'],
  ])('grants blocks that fit one frame of an MTU of %d', (mtu, blksize) => {
    rig = createRig({}, { mtu });
    rig.write('boot', 'x');
    rig.request(rrq('boot', [['blksize', '65464']]));
    expect(rig.sent()).toEqual([`OACK blksize=${blksize}`]);
  });
});

describe('createTftpEngine() refuses', () => {
  test.each([
    ['missing', 'ERROR 1 File not found', 'not-found'],
    ['folder', 'ERROR 1 File not found', 'not-found'],
    ['folder/', 'ERROR 1 File not found', 'directory'],
    ['../secret', 'ERROR 1 File not found', 'outside-root'],
    ['.pxed-00ff.part', 'ERROR 1 File not found', 'not-found'],
  ])('%s at once', (name, answer, failure) => {
    start().write('.pxed-00ff.part', 'half');
    mkdirSync(join(rig.root, 'folder'));
    rig.request(rrq(name));
    expect(rig.sent()).toEqual([answer]);
    expect(rig.events).toMatchObject([{ type: 'tftp.refused', file: name, write: false, failure }]);
    expect(rig.engine.active).toBe(0);
  });

  test('what shim asks for in case it is there, without making news of it', () => {
    start();
    const names = [
      'EFI/BOOT//revocations.efi',
      '\\\\revocations_sbat.efi',
      'EFI/BOOT/shim_certificate_0.efi',
    ];
    for (const name of names) rig.request(rrq(name));
    expect(rig.sent()).toEqual(names.map(() => 'ERROR 1 File not found'));
    expect(rig.events.map((event) => [levelOf(event), 'optional' in event])).toEqual(
      names.map(() => ['debug', true]),
    );
    rig.request(rrq('EFI/BOOT/mmx64.efi'));
    expect(rig.events.at(-1)).not.toHaveProperty('optional');
  });

  test.each(['EFI/BOOT//grubx64.efi', 'EFI\\BOOT\\\\grubx64.efi', '/efi/boot/GRUBX64.EFI'])(
    'nobody who asks for %j, shim’s second stage in its spellings',
    (name) => {
      start();
      mkdirSync(join(rig.root, 'EFI/BOOT'), { recursive: true });
      rig.write('EFI/BOOT/grubx64.efi', 'x');
      rig.request(rrq(name));
      expect(rig.sent()).toEqual(['DATA 1 (1)']);
    },
  );

  test('transfers past the limit, in words, until one has ended', () => {
    start({ maxTransfers: 2 }).write('boot', 'x');
    for (const peerPort of [1001, 1002, 1003]) rig.request(rrq('boot'), { peerPort });
    const sent = rig.raw();
    expect(sent.map(({ port }) => port)).toEqual([1001, 1002, 1003]);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.refused', code: 0, failure: 'busy' });
    rig.answer(ack(1), { peerPort: 1001 }, sent[0]!.tid);
    rig.request(rrq('boot'), { peerPort: 1003 });
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
  });

  test.each([
    ['an unknown mode', Uint8Array.of(0, 1, 0x61, 0, 0x78, 0)],
    ['an empty name', Uint8Array.of(0, 1, 0, 0x6f, 0)],
    ['a name without an end', Uint8Array.of(0, 1, 0x61, 0x61)],
  ])('%s with ERROR 4', (_, bytes) => {
    start().request(bytes);
    expect(rig.sent()).toEqual(['ERROR 4 Illegal request']);
    expect(rig.types()).toEqual(['tftp.malformed']);
  });

  test('nonsense without becoming an amplifier', () => {
    start();
    for (let i = 0; i < 10_000; i++) rig.request(Uint8Array.of(0, 1, 0, 0), { peerPort: 1024 + i });
    expect(rig.sent().length).toBeLessThanOrEqual(50);
    expect(rig.events.length).toBeLessThanOrEqual(20);
  });

  test.each([
    ['ports that answer whatever comes', { peerPort: 7 }],
    ['the TFTP port', { peerPort: 69 }],
    ['broadcasts (RFC 1123 §4.2.3.5)', { local: LIMITED_BROADCAST }],
    ['subnet broadcasts', { local: (SERVER | 255) >>> 0 }],
  ])('requests of %s in silence', (_, from) => {
    start().write('boot', 'x');
    rig.request(rrq('boot'), from);
    expect(rig.sent()).toEqual([]);
    expect(rig.events).toEqual([]);
  });

  test('anything but requests on the well-known port in silence', () => {
    start();
    for (const packet of [ack(1), error(1), { opcode: 'data', block: 1, data: new Uint8Array(4) } as const]) {
      rig.request(packet);
    }
    expect(rig.sent()).toEqual([]);
  });
});

describe('createTftpEngine() knows its clients', () => {
  test('a repeated request is answered by the same transfer', () => {
    start().write('boot', 'x');
    rig.request(rrq('boot', [['tsize', '0']]));
    const [first] = rig.raw();
    rig.clock.now += 100;
    rig.request(rrq('boot', [['tsize', '0']]));
    const [again] = rig.raw();
    expect(again).toEqual(first);
    expect(rig.types()).toEqual(['tftp.started']);
  });

  test('a request that was doubled on the way and comes late changes nothing', () => {
    start().write('boot', 'x'.repeat(2000));
    rig.request(rrq('boot'));
    rig.raw();
    rig.clock.now += 5;
    rig.answer(ack(1));
    expect(rig.sent()).toEqual(['DATA 2 (512)']);
    rig.request(rrq('boot'));
    expect(rig.sent()).toEqual([]);
    rig.answer(ack(2));
    expect(rig.sent()).toEqual(['DATA 3 (512)']);
    expect(rig.types()).toEqual(['tftp.started']);
  });

  test('a client that starts over from the same port (PXELINUX after a reset) gets a new transfer and TID', () => {
    start().write('boot', 'x'.repeat(2000));
    rig.request(rrq('boot'));
    const [first] = rig.raw();
    rig.answer(ack(1));
    rig.raw();
    rig.pass(1_500);
    rig.raw();
    rig.request(rrq('boot'));
    const [second] = rig.raw();
    expect(second!.bytes.subarray(0, 4)).toEqual(Uint8Array.of(0, 3, 0, 1));
    expect(second!.tid).not.toBe(first!.tid);
    expect(rig.types()).toEqual(['tftp.started', 'tftp.failed', 'tftp.started']);
    expect(rig.events[1]).toMatchObject({ failure: 'superseded' });
    expect(rig.engine.active).toBe(1);
  });

  test('a request for another file replaces the transfer without a word to the client', () => {
    start().write('one', 'x'.repeat(2000));
    rig.write('two', 'y');
    rig.request(rrq('one'));
    rig.raw();
    rig.request(rrq('two'));
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
    expect(rig.engine.active).toBe(1);
  });

  test('one port for every request, the next right behind the last ACK (lpxelinux)', () => {
    start().write('one', 'x');
    rig.write('two', 'yy');
    rig.request(rrq('one'));
    const [first] = rig.raw();
    rig.answer(ack(1));
    rig.request(rrq('two'));
    const [second] = rig.raw();
    expect(second!.bytes.length).toBe(6);
    expect(second!.tid).not.toBe(first!.tid);
    rig.answer(ack(1), {}, first!.tid); // the last ACK, doubled on the way
    expect(rig.sent()).toEqual([]);
    rig.answer(ack(1), {}, second!.tid);
    expect(rig.types()).toEqual(['tftp.started', 'tftp.done', 'tftp.started', 'tftp.done']);
  });

  test('the same request again behind a last ACK that still waits in another queue', () => {
    start().write('boot', 'x');
    rig.request(rrq('boot'));
    rig.raw();
    rig.arrive(ack(1));
    rig.request(rrq('boot'));
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
    expect(rig.types()).toEqual(['tftp.started', 'tftp.done', 'tftp.started']);
  });

  test('a stranger gets ERROR 5, an ERROR never gets one, and the transfer goes on', () => {
    start().write('boot', 'x'.repeat(600));
    rig.request(rrq('boot'));
    rig.raw();
    rig.answer(ack(1), { peerPort: 6666 });
    expect(rig.raw().map(({ port, bytes }) => [port, bytes[3]])).toEqual([[6666, 5]]);
    rig.answer(error(0), { peerPort: 6666 });
    expect(rig.sent()).toEqual([]);
    rig.answer(ack(1));
    expect(rig.sent()).toEqual(['DATA 2 (88)']);
  });

  test('a doubled last ACK is met with silence', () => {
    start().write('boot', 'x');
    rig.request(rrq('boot'));
    rig.raw();
    rig.answer(ack(1));
    rig.answer(ack(1));
    expect(rig.sent()).toEqual([]);
  });

  test('a search for its own configuration ends with an event', () => {
    start();
    mkdirSync(join(rig.root, 'pxelinux.cfg'));
    rig.write('pxelinux.cfg/default', 'DEFAULT linux');
    for (const name of ['01-52-54-00-12-34-56', 'C0A84D32', 'default'])
      rig.request(rrq(`pxelinux.cfg/${name}`));
    expect(rig.events.find(({ type }) => type === 'tftp.config')).toMatchObject({
      peer: '192.168.77.50',
      winner: 'pxelinux.cfg/default',
      tried: ['pxelinux.cfg/01-52-54-00-12-34-56', 'pxelinux.cfg/C0A84D32', 'pxelinux.cfg/default'],
    });
  });
});

describe('createTftpEngine() and files that change', () => {
  test('a file replaced by another finishes as it was; the next client gets the new one', () => {
    start().write('boot', 'old'.repeat(300));
    rig.request(rrq('boot'));
    const tid = rig.raw()[0]!.tid;
    rig.write('boot.new', 'NEW'.repeat(300));
    renameSync(join(rig.root, 'boot.new'), join(rig.root, 'boot'));
    rig.request(rrq('boot'), { peerPort: 3000 });
    expect(new TextDecoder().decode(rig.raw()[0]!.bytes.subarray(4, 10))).toBe('NEWNEW');
    rig.answer(ack(1), {}, tid);
    expect(new TextDecoder().decode(rig.raw()[0]!.bytes.subarray(5, 11))).toBe('oldold');
  });

  test('a file that is deleted finishes for who reads it, and is not found by the next', () => {
    start().write('boot', 'x'.repeat(600));
    rig.request(rrq('boot'));
    const tid = rig.raw()[0]!.tid;
    unlinkSync(join(rig.root, 'boot'));
    rig.request(rrq('boot'), { peerPort: 3000 });
    expect(rig.sent()).toEqual(['ERROR 1 File not found']);
    rig.answer(ack(1), {}, tid);
    expect(rig.sent()).toEqual(['DATA 2 (88)']);
  });

  test.each([
    ['far', 0],
    ['within its last block', 1490],
  ])('a file cut short %s ends its transfer with ERROR', (_, length) => {
    start().write('boot', 'x'.repeat(1500));
    rig.request(rrq('boot'));
    rig.raw();
    rig.answer(ack(1));
    expect(rig.sent()).toEqual(['DATA 2 (512)']);
    const fd = openSync(join(rig.root, 'boot'), 'r+');
    ftruncateSync(fd, length);
    closeSync(fd);
    rig.answer(ack(2));
    expect(rig.sent()).toEqual(['ERROR 0 File changed while it was read']);
    expect(rig.events.find(({ type }) => type === 'tftp.failed')).toMatchObject({ failure: 'read-error' });
    expect(rig.engine.active).toBe(0);
  });

  test.each(['octet', 'netascii'] as const)(
    'a file rewritten in place ends its transfer with ERROR (%s)',
    (mode) => {
      start().write('boot', 'x'.repeat(1200));
      utimesSync(join(rig.root, 'boot'), 1, 1);
      rig.request({ opcode: 'rrq', filename: 'boot', mode, options: [] });
      rig.raw();
      rig.write('boot', 'y'.repeat(1200));
      rig.answer(ack(1));
      expect(rig.sent()).toEqual(['DATA 2 (512)']);
      rig.answer(ack(2));
      expect(rig.sent()).toEqual(['ERROR 0 File changed while it was read']);
      expect(rig.types()).not.toContain('tftp.done');
      expect(rig.engine.active).toBe(0);
    },
  );

  test('a file that many read is open once, and closed when nobody has read it for a while', () => {
    start().write('boot', 'x');
    for (let peerPort = 2000; peerPort < 2050; peerPort++) rig.request(rrq('boot'), { peerPort });
    for (const { port, tid } of rig.raw()) rig.answer(ack(1), { peerPort: port }, tid);
    expect(rig.engine.openFiles).toBe(1);
    rig.pass(60_000);
    expect(rig.engine.openFiles).toBe(0);
  });
});

describe('createTftpEngine() and many files, one after the other', () => {
  const fetch = (name: string, peerPort: number) => {
    rig.write(name, 'x');
    rig.request(rrq(name), { peerPort });
    const sent = rig.sent();
    rig.answer(ack(1), { peerPort });
    return sent;
  };
  const names = Array.from({ length: 600 }, (_, i) => `file${i}`);

  test('keeps few of those that nobody reads', () => {
    start();
    const open = names.map((name, i) => {
      fetch(name, 2000 + i);
      return rig.engine.openFiles;
    });
    expect(Math.max(...open)).toBe(257);
  });

  test('closes those that nobody reads when no more can be opened', () => {
    start({ descriptors: 10 });
    for (const [i, name] of names.slice(0, 50).entries())
      expect(fetch(name, 2000 + i)).toEqual(['DATA 1 (1)']);
  });

  test('refuses one more when all are being read', () => {
    start({ descriptors: 2 });
    for (const name of ['a', 'b', 'c']) rig.write(name, 'x');
    rig.request(rrq('a'), { peerPort: 2000 });
    rig.request(rrq('b'), { peerPort: 2001 });
    rig.sent();
    rig.request(rrq('c'), { peerPort: 2002 });
    expect(rig.sent()).toEqual(['ERROR 0 Server error']);
  });
});

describe('createTftpEngine() when sending does not work', () => {
  test('waits while the socket is full and goes on where it was', () => {
    start().write('boot', 'x'.repeat(2000));
    rig.request(rrq('boot'));
    rig.raw();
    for (const socket of rig.transfer) socket.full = true;
    rig.answer(ack(1));
    rig.pass(500);
    expect(rig.sent()).toEqual([]);
    for (const socket of rig.transfer) socket.full = false;
    for (const socket of rig.transfer) rig.engine.onReady(socket);
    expect(rig.sent()[0]).toBe('DATA 2 (512)');
  });

  test.each(['ENOBUFS', 'ENETUNREACH', 'EPERM'])('sends again by its timer what %s kept back', (errno) => {
    start().write('boot', 'x');
    for (const socket of rig.transfer) socket.refuses = errno;
    rig.request(rrq('boot'));
    expect(rig.sent()).toEqual([]);
    for (const socket of rig.transfer) socket.refuses = undefined;
    rig.pass(1_000);
    expect(rig.sent()[0]).toBe('DATA 1 (1)');
    rig.answer(ack(1));
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.done' });
  });

  test('a firewall that refuses is warned of, and named as the reason in the end', () => {
    start().write('boot', 'x');
    for (const socket of rig.transfer) socket.refuses = 'EPERM';
    for (let peerPort = 2000; peerPort < 2050; peerPort++) rig.request(rrq('boot'), { peerPort });
    rig.pass(50_000);
    expect(rig.types().filter((type) => type === 'service.warning')).toHaveLength(1);
    expect(rig.events.find(({ type }) => type === 'service.warning')).toMatchObject({
      problem: 'send-failed',
    });
    expect(rig.events.at(-1)).toMatchObject({
      type: 'tftp.failed',
      failure: 'timeout',
      detail: 'sending failed: EPERM',
    });
  });
});

test('createTftpEngine() keeps control characters of names out of every event', () => {
  start().write('boot', 'x');
  for (const name of ['pxelinux.cfg/\x1b[2J\nfake', '\x1b]0;x\x07y', 'pxelinux.cfg/default', 'boot\x1b\x07'])
    rig.request(rrq(name), { peerPort: 3000 + name.length });
  expect(rig.types()).toContain('tftp.config');
  // JSON writes C0 controls as escapes, and C1 as they are.
  for (const event of rig.events) expect(JSON.stringify(event)).not.toMatch(/\\[ubfnrt]|\p{Cc}/u);
});

test('createTftpEngine() goes on while a TID is flooded faster than it reads', () => {
  // An engine that reads a TID's queue to its end hangs here, and the test with it.
  start().write('boot', 'x'.repeat(2000));
  rig.request(rrq('boot'));
  rig.sent();
  rig.flood(ack(77), { peerPort: 9999 });
  rig.request(rrq('boot', [['blksize', '1000']]));
  expect(rig.sent()).toContain('OACK blksize=1000');
});

test('createTftpEngine() tells every client when it stops', () => {
  start().write('boot', 'x'.repeat(2000));
  for (const peerPort of [1001, 1002]) rig.request(rrq('boot'), { peerPort });
  rig.raw();
  rig.engine.abortAll();
  expect(rig.sent()).toEqual(Array(2).fill('ERROR 0 Server is shutting down'));
  expect(rig.engine.active).toBe(0);
});

test('createTftpEngine() survives any datagrams and goes on serving', () => {
  start().write('boot', 'x'.repeat(2000));
  rig.request(rrq('boot'), { peerPort: 9 });
  const { tid } = rig.raw()[0]!;
  const packet = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.nat(8), fc.uint8Array({ maxLength: 40 }))
      .map(([opcode, rest]) => Uint8Array.of(0, opcode, ...rest)),
    fc
      .constantFrom('boot', '../x', 'pxelinux.cfg/default')
      .map((name) => Uint8Array.from(Buffer.from(`\0\x01${name}\0octet\0`))),
  );
  fc.assert(
    fc.property(packet, fc.integer({ min: 1024, max: 1030 }), fc.boolean(), (bytes, peerPort, toListen) => {
      if (toListen) rig.request(bytes, { peerPort });
      else rig.answer(bytes, { peerPort }, tid);
      rig.clock.now += 0.01;
      rig.raw();
    }),
    { numRuns: 3000 },
  );
  rig.answer(ack(1), { peerPort: 9 }, tid);
  expect(rig.sent()).toContain('DATA 2 (512)');
});
