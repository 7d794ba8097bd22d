import { expect, test } from 'vitest';
import { createBus } from '../../../src/events/bus.ts';
import { describe as inWords } from '../../../src/events/describe.ts';
import type { BootEvent } from '../../../src/events/event.ts';
import { levelOf } from '../../../src/events/level.ts';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import { createLoopWatch } from '../../../src/server/boot/loop-guard.ts';

const PEER = { peer: '10.0.0.9', port: 2070 };
const NEGOTIATED = { blksize: 1408, windowsize: 1 };
const MAC = '52:54:00:12:34:56';

function started(file: string): BootEvent {
  return { type: 'tftp.started', file, write: false, ...NEGOTIATED, ...PEER };
}

function done(file: string): BootEvent[] {
  const facts = { file, write: false, bytes: 1, tookMs: 1, retransmissions: 0, ...NEGOTIATED, ...PEER };
  return [started(file), { type: 'tftp.done', ...facts }];
}

function failed(file: string): BootEvent[] {
  const facts = { file, write: false, bytes: 1, tookMs: 1, retransmissions: 9, ...NEGOTIATED, ...PEER };
  return [started(file), { type: 'tftp.failed', failure: 'timeout', ...facts }];
}

function refused(file: string, more: { search?: true; optional?: true } = {}): BootEvent {
  return { type: 'tftp.refused', file, write: false, code: 1, failure: 'not-found', ...more, ...PEER };
}

function config(winner?: string, rendered?: string): BootEvent {
  const facts = { ...(winner !== undefined && { winner }), ...(rendered !== undefined && { rendered }) };
  return { type: 'tftp.config', tried: ['pxelinux.cfg/default'], ...facts, ...PEER };
}

function ack(stage: 'rom' | 'os' | 'installer'): BootEvent {
  return { type: 'dhcp.ack', ip: parseIpv4(PEER.peer)!, mac: MAC, stage };
}

/** What is told of a boot that happens three times within three minutes. */
function told(...boot: readonly (BootEvent | readonly BootEvent[])[]): BootEvent[] {
  let now = 0;
  const bus = createBus(() => now);
  const loops: BootEvent[] = [];
  bus.subscribe(createLoopWatch(bus.emit));
  bus.subscribe(({ event }) => {
    if (event.type === 'boot.loop') loops.push(event);
  });
  for (let round = 0; round < 3; round++, now += 60_000) {
    for (const event of boot.flat()) bus.emit(event);
  }
  return loops;
}

test('createLoopWatch() tells of a loader that comes again and again, of whom, and what was missing', () => {
  const loops = told(ack('rom'), done('pxelinux.0'), refused('ldlinux.c32'));
  expect(loops).toEqual([
    {
      type: 'boot.loop',
      peer: '10.0.0.9',
      mac: MAC,
      file: 'pxelinux.0',
      times: 3,
      missing: 'config',
      refused: 'ldlinux.c32',
    },
  ]);
  expect(levelOf(loops[0]!)).toBe('warn');
  expect(inWords(loops[0]!)).toBe(
    '10.0.0.9 (52:54:00:12:34:56) fetched pxelinux.0 3 times within ten minutes and never got a configuration; it asked for ldlinux.c32, which is not there',
  );
});

test('createLoopWatch() follows a boot to its initrd, over TFTP and HTTP', () => {
  const boot = [
    done('pxelinux.0'),
    refused('pxelinux.cfg/C0', { search: true }),
    config('pxelinux.cfg/default'),
  ];
  expect(told(...boot, done('vmlinuz'), failed('initrd.img'))).toMatchObject([
    { missing: 'initrd', incomplete: 'initrd.img' },
  ]);
  const http = { file: '/vmlinuz', sizeBytes: 9, tookMs: 1, bytes: 3, ...PEER };
  const byHttp: BootEvent[] = [
    { type: 'http.started', length: 9, ...http },
    { type: 'http.failed', failure: 'closed', ...http },
  ];
  expect(told(...boot, byHttp)).toMatchObject([{ missing: 'kernel', incomplete: '/vmlinuz' }]);
});

test('createLoopWatch() does not take what shim asks for in case it is there for missing', () => {
  const boot = [done('shimx64.efi'), refused('grubx64.efi'), refused('revocations.efi', { optional: true })];
  expect(told(...boot)).toMatchObject([{ missing: 'second-stage', refused: 'grubx64.efi' }]);
});

test.each<[string, readonly (BootEvent | readonly BootEvent[])[]]>([
  [
    'that got all it asked for',
    [done('pxelinux.0'), config('pxelinux.cfg/default'), done('vmlinuz'), done('i')],
  ],
  ['whose system asks for an address', [done('pxelinux.0'), config('pxelinux.cfg/default'), ack('os')]],
  ['whose installer does', [done('pxelinux.0'), config('pxelinux.cfg/default'), ack('installer')]],
  ['that is told to boot its own disk', [done('pxelinux.0'), config('pxelinux.cfg/default', 'local')]],
  ['that only asks for sizes', [{ type: 'tftp.probed', file: 'pxelinux.0', ...PEER }]],
  ['that uploads', [{ ...done('core.efi')[1]!, write: true } as BootEvent]],
])('createLoopWatch() is silent about a machine %s', (_, boot) => {
  expect(told(...boot)).toEqual([]);
});
