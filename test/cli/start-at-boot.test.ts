import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unitSettings } from '../../src/app/service-unit.ts';
import { pxectl } from '../rig/pxectl.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-image-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function unit(): { command: string; all: readonly (readonly [string, string, string])[] } {
  const all = unitSettings(readFileSync(join(root, 'etc/systemd/system/pxed.service'), 'utf8'));
  return { command: all.find(([, key]) => key === 'ExecStart')![2], all };
}

test('pxectl enable takes the command line of pxed, behind --', async () => {
  const words = ['--mode', 'dhcp', '--state', 'kept', 'eth0', 'tftp', 'pxelinux.0'];
  expect(await pxectl('enable', '--root', root, '--', ...words)).toMatchObject({ code: 0, err: '' });
  // systemd starts it in /, wherever the command was given.
  const whole = ['--mode', 'dhcp', '--state', resolve('kept'), 'eth0', resolve('tftp'), 'pxelinux.0'].join(
    ' ',
  );
  expect(unit().command).toBe(`${process.execPath} ${resolve('bin/pxed.ts')} ${whole}`);
  expect(await pxectl('enable', '--root', root, '--', ...words)).toMatchObject({
    out: expect.stringContaining('already'),
  });
});

test('pxectl enable takes a configuration of the image, and opens what it writes to', async () => {
  mkdirSync(join(root, 'etc/pxed'), { recursive: true });
  const text = 'version: 1\ninterfaces: [eth0]\ntftp: {root: /srv/tftp, writes: create}\n';
  writeFileSync(join(root, 'etc/pxed/pxed.yaml'), text);
  const asked = await pxectl('enable', '--root', root, '--program', '/usr/bin/pxed', '--json');
  expect(JSON.parse(asked.out)).toMatchObject({ changed: true });
  expect(unit().command).toBe('/usr/bin/pxed --config /etc/pxed/pxed.yaml');
  expect(unit().all).toContainEqual(['Service', 'ReadWritePaths', '/srv/tftp']);
  expect(await pxectl('disable', '--root', root)).toMatchObject({
    code: 0,
    out: expect.stringContaining('removed'),
  });
});

test.each([
  {
    name: 'an option that pxed has not',
    words: ['--', '--nonsense', 'eth0', '/tftp'],
    says: /pxed does not take that: .*nonsense/,
  },
  { name: 'no interface', words: ['--', '--mode', 'dhcp'], says: /Which interface/ },
  { name: 'no configuration', words: [], says: /Cannot read .*pxed\.yaml/ },
])('pxectl enable finds a mistake before the next boot does: $name', async ({ words, says }) => {
  expect(await pxectl('enable', '--root', root, ...words)).toMatchObject({
    code: 2,
    err: expect.stringMatching(says),
  });
});
