import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOurUnit, unitFor, unitSettings } from '../../src/app/service-unit.ts';
import { command, ring } from '../rig/requirement.ts';

const TEMPLATE = readFileSync(join(import.meta.dirname, '../../config/pxed.service'), 'utf8');
const NOTHING = { writes: [], reads: [] };

function settingsOf(text: string): Record<string, string> {
  return Object.fromEntries(unitSettings(text).map(([section, key, value]) => [`${section}.${key}`, value]));
}

test('config/pxed.service gives pxed what it uses, and nothing else', () => {
  const settings = settingsOf(TEMPLATE);
  expect(settings).toMatchObject({
    'Service.Type': 'notify',
    'Service.WatchdogSec': '30',
    'Service.ExecReload': '/bin/kill -HUP $MAINPID',
    'Service.NoNewPrivileges': 'yes',
    'Service.ProtectSystem': 'strict',
    'Service.StateDirectory': 'pxed',
    'Service.RuntimeDirectory': 'pxed',
    'Install.WantedBy': 'multi-user.target',
  });
  const capabilities = settings['Service.CapabilityBoundingSet']!.split(' ');
  expect(capabilities).not.toContain('CAP_SYS_ADMIN');
  expect(capabilities).not.toContain('CAP_DAC_OVERRIDE');
});

test('unitFor() puts the command in, and opens the folders that it writes to', () => {
  const text = unitFor(TEMPLATE, {
    command: ['/usr/bin/node', '/opt/pxed/dist/bin/pxed.js', 'eth0', '/srv/boot files'],
    writes: ['/srv/boot files', '/var/lib/elsewhere'],
    reads: ['/srv/boot files'],
  });
  expect(isOurUnit(text)).toBe(true);
  expect(isOurUnit(TEMPLATE)).toBe(false);
  const settings = unitSettings(text);
  expect(settings.filter(([, key]) => key === 'ExecStart')).toEqual([
    ['Service', 'ExecStart', '/usr/bin/node /opt/pxed/dist/bin/pxed.js eth0 "/srv/boot files"'],
  ]);
  expect(settings.filter(([, key]) => key === 'ReadWritePaths').map(([, , value]) => value)).toEqual([
    '"/srv/boot files"',
    '/var/lib/elsewhere',
  ]);
  expect(settingsOf(text)['Service.ProtectHome']).toBe('yes');
});

test.each([
  { name: 'the program', command: ['/home/me/node', 'x'], reads: [] },
  { name: 'the boot root', command: ['/usr/bin/pxed'], reads: ['/root/tftp'] },
])('unitFor() does not hide $name', ({ command: words, reads }) => {
  const settings = settingsOf(unitFor(TEMPLATE, { command: words, reads, writes: [] }));
  expect(settings['Service.ProtectHome']).toBe('read-only');
});

test.each([
  { name: 'specifiers', word: '100%n', want: '100%%n' },
  { name: 'variables', word: '$HOME', want: '$$HOME' },
  { name: 'quotes', word: 'a"b\\c', want: '"a\\"b\\\\c"' },
  { name: 'nothing', word: '', want: '""' },
  { name: 'a semicolon', word: ';', want: '";"' },
])('unitFor() writes $name so that systemd takes them as they are', ({ word, want }) => {
  const text = unitFor(TEMPLATE, { command: ['/usr/bin/pxed', word], ...NOTHING });
  expect(settingsOf(text)['Service.ExecStart']).toBe(`/usr/bin/pxed ${want}`);
});

test('unitFor() lets no word begin a line of its own', () => {
  const make = (word: string) => unitFor(TEMPLATE, { command: ['/usr/bin/pxed', word], ...NOTHING });
  expect(() => make('x\nUser=root')).toThrow(TypeError);
  expect(() => unitFor(TEMPLATE, { command: ['pxed'], ...NOTHING })).toThrow('whole path');
  fc.assert(
    fc.property(fc.string(), (word) => {
      if (/[\n\r\0]/.test(word)) return;
      expect(make(word).split('\n')).toHaveLength(TEMPLATE.split('\n').length + 1);
    }),
  );
});

ring('config/pxed.service and systemd', [command('systemd-analyze', 'systemd')], () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pxed-unit-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const analyze = (...args: string[]) =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8', timeout: 60_000 });

  test('systemd finds no mistake in it', () => {
    const path = join(folder, 'pxed.service');
    const program = join(folder, 'pxed 100%');
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    writeFileSync(path, unitFor(TEMPLATE, { command: [program, 'eth0', '/tftp'], ...NOTHING }));
    const { status, stdout, stderr } = analyze('verify', '--man=no', path);
    expect(stdout + stderr).not.toMatch(/pxed\.service:\d+/);
    expect(status, stderr).toBe(0);
  });

  test('its exposure is low', () => {
    const path = join(folder, 'pxed.service');
    writeFileSync(path, TEMPLATE);
    const { stdout, stderr } = analyze('security', '--offline=yes', '--no-pager', path);
    const exposure = Number(/exposure level[^:]*: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure, stderr).toBeLessThan(4);
  });
});
