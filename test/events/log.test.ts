import { expect, test } from 'vitest';
import { createBus } from '../../src/events/bus.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { createLog } from '../../src/events/log.ts';
import { createRepeats } from '../../src/events/once.ts';
import { harmlessLines } from '../../src/lib/harmless.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const IP = parseIpv4('192.168.77.130')!;
const ACK: BootEvent = {
  type: 'dhcp.ack',
  mac: '52:54:00:ec:33:81',
  xid: 0x3903f326,
  arch: 'x86PC',
  stage: 'rom',
  ip: IP,
  leaseSeconds: 43_200,
  file: 'pxelinux.0',
};

function capture(options: Partial<Parameters<typeof createLog>[0]> = {}) {
  const lines: string[] = [];
  const out = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: 'info', format: 'json', out, ...options });
  return { lines, log: (event: BootEvent, at = 0) => log({ at, event }) };
}

test('createLog() writes an event as one JSON line with readable addresses', () => {
  const { lines, log } = capture();
  log(ACK, 1_700_000_000_000);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 30,
    time: 1_700_000_000_000,
    type: 'dhcp.ack',
    mac: '52:54:00:ec:33:81',
    xid: '3903f326',
    arch: 'x86PC',
    stage: 'rom',
    ip: '192.168.77.130',
    leaseSeconds: 43_200,
    file: 'pxelinux.0',
    msg: '52:54:00:ec:33:81 (x86PC rom) got 192.168.77.130 for 12h, boots pxelinux.0',
  });
});

test('createLog() writes readable lines without colour codes unless asked for', () => {
  const { lines, log } = capture({ format: 'text' });
  log(ACK);
  expect(lines[0]).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: 52:54:00:ec:33:81 .* boots pxelinux\.0\n$/);
  expect(lines[0]).not.toContain('\u001b');
  const coloured = capture({ format: 'text', colour: true });
  coloured.log(ACK);
  expect(coloured.lines[0]).toContain('\u001b[');
});

test('createLog() writes lines for the journal: no time, each with its priority', () => {
  const { lines, log } = capture({ format: 'journal', level: 'debug' });
  log(ACK);
  log({ type: 'service.failed', service: 'tftp', detail: 'one\ntwo' });
  log({ type: 'service.warning', service: 'tftp', problem: 'x', detail: 'look' });
  log({ ...ACK, type: 'dhcp.offer' });
  expect(lines[0]).toBe('<6>52:54:00:ec:33:81 (x86PC rom) got 192.168.77.130 for 12h, boots pxelinux.0\n');
  expect(lines[1]).toMatch(/^<3>.*one\n<3>two/);
  expect(lines[2]).toMatch(/^<4>.*look/);
  expect(lines[3]).toMatch(/^<7>/);
});

test.each(['text', 'journal'] as const)(
  'createLog() has a stranger do nothing to a terminal: %s',
  (format) => {
    const { lines, log } = capture({ format });
    const name = 'a\u001b]0;evil\u0007\n<0>forged\u202e';
    log({ type: 'files.stored', path: name, by: 'ann', bytes: 1, replaced: false });
    log({ type: 'files.changed', change: 'moved', path: 'b', to: name, by: 'ann' });
    log({ type: 'service.warning', service: 'x', problem: 'y', detail: 'two\nlines\u001b[2J\u009b2J' });
    const text = lines.join('');
    expect(harmlessLines(text)).toBe(text);
    expect(text).toContain('a?]0;evil??<0>forged? stored by ann');
    expect(text).toContain('b moved to a?]0;evil??<0>forged? by ann');
    expect(text.trimEnd().split('\n')).toHaveLength(4);
  },
);

test('createLog() keeps quiet below its level', () => {
  const { lines, log } = capture({ level: 'warn' });
  log(ACK);
  expect(lines).toEqual([]);
});

test('createLog() tells once that a client is ignored, and why; repeats are for debug', () => {
  const ignored: BootEvent = {
    type: 'dhcp.ignored',
    mac: '02:00:00:00:00:01',
    messageType: 'DISCOVER',
    why: 'not-netboot',
  };
  const { lines, log } = capture();
  log(ignored, 0);
  log(ignored, 1000);
  log({ ...ignored, mac: '02:00:00:00:00:02' }, 1000);
  log(ignored, 601_000);
  expect(lines).toHaveLength(3);
  const verbose = capture({ level: 'debug' });
  verbose.log(ignored, 0);
  verbose.log(ignored, 1000);
  expect(verbose.lines.map((line) => JSON.parse(line).level)).toEqual([30, 20]);
});

test('createLog() shows which configuration won and which names were not there', () => {
  const { lines, log } = capture();
  const tried = ['pxelinux.cfg/01-52-54-00-ec-33-81', 'pxelinux.cfg/C0A84D82', 'pxelinux.cfg/default'];
  log({ type: 'tftp.config', peer: '192.168.77.130', port: 49152, winner: 'pxelinux.cfg/default', tried });
  expect(JSON.parse(lines[0]!).msg).toBe(
    '192.168.77.130 is configured by pxelinux.cfg/default (not there: pxelinux.cfg/01-52-54-00-ec-33-81, pxelinux.cfg/C0A84D82)',
  );
});

test('createLog() shows which profile a configuration was made from, and why that one', () => {
  const { lines, log } = capture();
  const peer = { peer: '192.168.77.130', port: 49152 };
  const made = { rendered: 'install', reason: 'hosts: profile install' };
  log({ type: 'tftp.config', ...peer, winner: 'grub/grub.cfg', ...made, tried: ['grub/grub.cfg'] });
  expect(JSON.parse(lines[0]!)).toMatchObject({
    rendered: 'install',
    msg: '192.168.77.130 is configured by grub/grub.cfg, made from profile install (hosts: profile install)',
  });
});

test('createBus() stamps events and survives a listener that throws', () => {
  const heard: number[] = [];
  const bus = createBus(() => 42);
  bus.subscribe(() => {
    throw new Error('full disk');
  });
  const end = bus.subscribe(({ at }) => void heard.push(at));
  bus.emit(ACK);
  bus.emit(ACK);
  end();
  bus.emit(ACK);
  expect(heard).toEqual([42, 42]);
});

test('createLog() warns when a search found no configuration; single names of a search are for debug', () => {
  const { lines, log } = capture();
  const peer = { peer: '192.168.77.130', port: 49152 };
  const refused = { type: 'tftp.refused', ...peer, file: 'pxelinux.cfg/C', write: false, code: 1 } as const;
  log({ ...refused, failure: 'not-found', detail: 'ENOENT', search: true });
  expect(lines).toEqual([]);
  log({ ...refused, file: 'vmlinuz', failure: 'not-found', detail: 'ENOENT' });
  log({ type: 'tftp.config', ...peer, tried: ['pxelinux.cfg/C', 'pxelinux.cfg/default'] });
  const [missing, none] = lines.map((line) => JSON.parse(line));
  expect([missing.level, missing.msg]).toEqual([30, '192.168.77.130 cannot have vmlinuz: not-found']);
  expect([none.level, none.msg]).toEqual([
    40,
    '192.168.77.130 found no configuration; it asked for pxelinux.cfg/C, pxelinux.cfg/default',
  ]);
});

test.each(['json', 'text'] as const)(
  'createLog() as %s keeps no more than some MB for a reader that is stuck',
  (format) => {
    const lines: string[] = [];
    const out = { writableLength: 0, write: (line: string) => void lines.push(line) };
    const log = createLog({ level: 'info', format, out });
    const event: BootEvent = { type: 'service.ready', service: 'tftp' };
    log({ at: 0, event });
    out.writableLength = 5_000_000;
    for (let i = 0; i < 1000; i++) log({ at: i, event });
    log({ at: 1, event: { type: 'dhcp.malformed', peer: 1, why: 'short-header' } }); // below the level: not missed
    expect(lines).toHaveLength(1);
    out.writableLength = 0;
    log({ at: 2000, event });
    log({ at: 2001, event });
    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain('1000 lines are missing here');
    expect(lines[2]).toContain('tftp ready');
  },
);

test('createRepeats() lets a flood of made-up clients be news 20 times a second; a full pool is told of anyway', () => {
  const isRepeat = createRepeats();
  const news = (at: number, first: number) =>
    Array.from({ length: 100 }, (_, i): BootEvent => {
      const mac = `02:00:00:00:${String(first).padStart(2, '0')}:${String(i).padStart(2, '0')}`;
      return { type: 'dhcp.ignored', mac, why: 'not-netboot', messageType: 'DISCOVER' };
    }).filter((event) => !isRepeat(event, at)).length;
  expect(news(0, 1)).toBe(20);
  expect(news(999, 2)).toBe(0);
  const full: BootEvent = { type: 'dhcp.pool-exhausted', mac: '02:00:00:00:00:01', pool: 'lab' };
  expect(isRepeat(full, 999)).toBe(false);
  expect(news(1000, 3)).toBe(20);
});
