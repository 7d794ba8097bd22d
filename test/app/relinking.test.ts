import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createRelinking, relinkWarnings } from '../../src/app/relinking.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { BootEvent } from '../../src/events/event.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function createTree(): string {
  const root = mkdtempSync(join(tmpdir(), 'pxed-relink-'));
  folders.push(root);
  mkdirSync(join(root, 'pxelinux.cfg'));
  for (const name of ['default', 'harddisk']) writeFileSync(join(root, 'pxelinux.cfg', name), 'localboot 0');
  symlinkSync('default.netboot', join(root, 'pxelinux.cfg/C0A8000B'));
  return root;
}

function configOf(relink: string) {
  const loaded = loadConfig(`version: 1\nboot: { relink: ${relink} }\n`, { file: 'f', archNames: [] });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join());
  return loaded.value;
}

const POSTED = ['192.168.0.11', '/Kickstart_end'] as const;

test.each([
  { relink: 'true', leads: 'default' },
  { relink: 'harddisk', leads: 'harddisk' },
  { relink: 'false', leads: 'default.netboot' },
])('createRelinking() with boot.relink $relink leads to $leads', ({ relink, leads }) => {
  const root = createTree();
  const events: BootEvent[] = [];
  const relinking = createRelinking({
    network: { openBeneath: undefined },
    machineOf: () => undefined,
    emit: (event) => events.push(event),
  });
  expect(relinking.reportedBy(...POSTED)).toBe(false);
  relinking.configure(configOf(relink), root);
  expect(relinking.reportedBy(...POSTED)).toBe(relink !== 'false');
  expect(readlinkSync(join(root, 'pxelinux.cfg/C0A8000B'))).toBe(leads);
  expect(events).toHaveLength(relink === 'false' ? 0 : 1);
  relinking.configure(configOf('false'), root);
  expect(relinking.reportedBy(...POSTED)).toBe(false);
});

test.each(['..', 'a/b', '""', '[default]'])('boot.relink cannot be %s', (relink) => {
  expect(() => configOf(relink)).toThrow(/name of a file/);
});

test('relinkWarnings() tells of a folder that cannot be written to', () => {
  const root = createTree();
  // What even root may not enter.
  rmSync(join(root, 'pxelinux.cfg'), { recursive: true });
  writeFileSync(join(root, 'pxelinux.cfg'), '');
  const [warning] = relinkWarnings(configOf('true'), root);
  expect(warning).toMatchObject({ type: 'service.warning', service: 'boot', problem: 'unwritable' });
  expect(relinkWarnings(configOf('false'), root)).toEqual([]);
});

test('relinkWarnings() has nothing to say of a folder that can be, or is not there', () => {
  const root = createTree();
  expect(relinkWarnings(configOf('true'), root)).toEqual([]);
  rmSync(join(root, 'pxelinux.cfg'), { recursive: true });
  expect(relinkWarnings(configOf('true'), root)).toEqual([]);
});
