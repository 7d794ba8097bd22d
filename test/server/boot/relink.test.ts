import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { BootEvent } from '../../../src/events/event.ts';
import { createRelinker } from '../../../src/server/boot/relink.ts';
import { createBootTree } from '../../../src/store/boot-tree.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function rig(options: { loaders?: readonly string[]; to?: string } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'pxed-relink-'));
  folders.push(root);
  for (const folder of ['pxelinux.cfg', 'linux-install/pxelinux.cfg']) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const name of ['default', 'default.netboot']) writeFileSync(join(root, folder, name), name);
  }
  const events: BootEvent[] = [];
  let drafts = 0;
  const { hear, reportedBy } = createRelinker({
    openTree: () => createBootTree(root),
    loaders: options.loaders ?? ['pxelinux.0'],
    to: options.to ?? 'default',
    machineOf: (peer) => (peer === '192.168.0.11' ? '52:54:00:12:34:01' : undefined),
    emit: (event) => events.push(event),
    randomHex: () => `${++drafts}`,
  });
  return {
    ...{ root, events, hear, reportedBy },
    link: (name: string, to: string) => symlinkSync(to, join(root, name)),
    leads: (name: string) => readlinkSync(join(root, name)),
  };
}

type Done = Extract<BootEvent, { type: 'tftp.done' }>;

function done(file: string, fields: Partial<Done> = {}): Done {
  return {
    ...{ type: 'tftp.done', peer: '192.168.0.11', port: 2000, file, write: false, bytes: 0, tookMs: 1 },
    ...{ retransmissions: 0, blksize: 512, windowsize: 1 },
    ...fields,
  };
}

test('createRelinker() leads a machine that fetched Kickstart_end to its disk, and nobody else', () => {
  const { hear, link, leads, events } = rig();
  link('pxelinux.cfg/C0A8000B', 'default.netboot');
  link('pxelinux.cfg/C0A8000C', 'default.netboot');
  link('pxelinux.cfg/C0A800', 'default.netboot');
  hear(done('pxelinux.0'));
  expect(leads('pxelinux.cfg/C0A8000B')).toBe('default.netboot');
  hear(done('Kickstart_end'));
  hear(done('Kickstart_end'));
  expect(leads('pxelinux.cfg/C0A8000B')).toBe('default');
  expect(leads('pxelinux.cfg/C0A8000C')).toBe('default.netboot');
  expect(leads('pxelinux.cfg/C0A800')).toBe('default.netboot');
  expect(events).toEqual([
    {
      ...{ type: 'boot.relinked', peer: '192.168.0.11', link: 'pxelinux.cfg/C0A8000B' },
      ...{ from: 'default.netboot', to: 'default' },
    },
  ]);
});

test('createRelinker() knows links by MAC, and folders beside other loaders', () => {
  const { hear, link, leads, events } = rig({ loaders: ['pxelinux.0', 'linux-install/pxelinux.0'] });
  link('linux-install/pxelinux.cfg/01-52-54-00-12-34-01', 'default.netboot');
  hear(done('/linux-install/Kickstart_end', { path: 'linux-install/Kickstart_end' }));
  expect(leads('linux-install/pxelinux.cfg/01-52-54-00-12-34-01')).toBe('default');
  expect(events).toHaveLength(1);
});

test('createRelinker() does by address for a machine that nobody knows', () => {
  const { hear, link, leads } = rig({ to: 'default.netboot' });
  link('pxelinux.cfg/0A000001', 'default');
  hear(done('Kickstart_end', { peer: '10.0.0.1' }));
  expect(leads('pxelinux.cfg/0A000001')).toBe('default.netboot');
});

test.each<{ name: string; event: BootEvent }>([
  { name: 'an upload of that name', event: done('Kickstart_end', { write: true }) },
  { name: 'a file with a longer name', event: done('my-Kickstart_end') },
  {
    name: 'a fetch that failed',
    event: {
      ...{ type: 'tftp.failed', peer: '192.168.0.11', port: 2000, file: 'Kickstart_end', write: false },
      ...{ failure: 'timeout', bytes: 0, tookMs: 1, retransmissions: 5, blksize: 512, windowsize: 1 },
    },
  },
  {
    name: 'a name that is not there',
    event: {
      ...{ type: 'tftp.refused', peer: '192.168.0.11', port: 2000, file: 'Kickstart_end', write: false },
      ...{ code: 1, failure: 'not-found' },
    },
  },
  { name: 'a client without an IPv4 address and MAC', event: done('Kickstart_end', { peer: 'fe80::1' }) },
])('createRelinker() takes $name for no word', ({ event }) => {
  const { hear, link, leads, events } = rig();
  link('pxelinux.cfg/C0A8000B', 'default.netboot');
  hear(event);
  expect(leads('pxelinux.cfg/C0A8000B')).toBe('default.netboot');
  expect(events).toEqual([]);
});

test('createRelinker().reportedBy() takes a posted word like a fetched one', () => {
  const { reportedBy, link, leads } = rig();
  link('pxelinux.cfg/C0A8000B', 'default.netboot');
  expect(reportedBy('192.168.0.11', '/other')).toBe(false);
  expect(leads('pxelinux.cfg/C0A8000B')).toBe('default.netboot');
  expect(reportedBy('192.168.0.11', '/Kickstart_end')).toBe(true);
  expect(leads('pxelinux.cfg/C0A8000B')).toBe('default');
});

test('createRelinker() tells why a link stays', () => {
  const { hear, root, events } = rig();
  writeFileSync(join(root, 'pxelinux.cfg/C0A8000B'), 'a file');
  hear(done('Kickstart_end'));
  const link = 'pxelinux.cfg/C0A8000B';
  expect(events).toEqual([{ type: 'boot.not-relinked', peer: '192.168.0.11', link, why: 'not-a-link' }]);
});

test('createRelinker() survives a tree that is gone', () => {
  const { hear, root, events } = rig();
  rmSync(root, { recursive: true });
  hear(done('Kickstart_end'));
  expect(events).toMatchObject([{ type: 'boot.not-relinked', why: 'link-error' }]);
});
