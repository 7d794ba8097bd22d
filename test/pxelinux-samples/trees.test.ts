import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const SAMPLES = resolve(import.meta.dirname, '../../pxelinux-samples');
const README = readFileSync(join(SAMPLES, 'README.md'), 'utf8');

type Entry = { path: string; link: boolean };

function entriesOf(tree: string): Entry[] {
  return readdirSync(join(SAMPLES, tree), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => ({ path: join(entry.parentPath, entry.name), link: entry.isSymbolicLink() }));
}

const trees = readdirSync(SAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** Files that a configuration makes the loader ask for: `KERNEL vmlinuz`, `INITRD a,b`, `UI menu.c32`. */
function filesNamed(config: string): string[] {
  return [...config.matchAll(/^\s*(?:KERNEL|LINUX|INITRD|UI|INCLUDE)\s+(\S+)/gim)].flatMap((match) =>
    match[1]!.split(','),
  );
}

test('the README has a row for every tree', () => {
  expect(trees.filter((tree) => !README.includes(`| \`${tree}\` |`))).toEqual([]);
  expect(trees.length).toBeGreaterThan(0);
});

describe.each(trees)('%s', (tree) => {
  const entries = entriesOf(tree);

  test('links are relative, lead to a file, and stay inside the tree', () => {
    for (const { path } of entries.filter(({ link }) => link)) {
      const target = readlinkSync(path);
      expect(target.startsWith('/'), `${path} -> ${target} is relative`).toBe(false);
      expect(existsSync(path), `${path} -> ${target} leads to a file`).toBe(true);
      expect(relative(join(SAMPLES, tree), realpathSync(path)).startsWith('..'), `${path} stays inside`).toBe(
        false,
      );
    }
  });

  test('links of clients are eight upper-case hex digits, as PXELINUX asks for them', () => {
    const links = entries.filter(({ link }) => link).map(({ path }) => path.split('/').pop()!);
    expect(links.filter((name) => !/^[0-9A-F]{8}$/.test(name))).toEqual([]);
  });

  test('has a default, and every DEFAULT and ONTIMEOUT names a label of its file', () => {
    const configs = entries.filter(({ path }) => dirname(path).endsWith('pxelinux.cfg'));
    expect(configs.map(({ path }) => path.split('/').pop())).toContain('default');
    for (const { path } of configs) {
      const text = readFileSync(path, 'utf8');
      const labels = [...text.matchAll(/^LABEL\s+(\S+)/gm)].map((match) => match[1]);
      const targets = [...text.matchAll(/^(?:DEFAULT|ONTIMEOUT)\s+(\S+)/gm)].map((match) => match[1]);
      expect(targets.length, path).toBeGreaterThan(0);
      expect(
        targets.filter((target) => !labels.includes(target)),
        path,
      ).toEqual([]);
    }
  });

  test('every file that a configuration names is in the tree or in the README', () => {
    for (const { path } of entries.filter(({ path }) => dirname(path).endsWith('pxelinux.cfg'))) {
      const missing = filesNamed(readFileSync(path, 'utf8')).filter(
        (name) => !existsSync(join(SAMPLES, tree, name)) && !README.includes(`\`${name}\``),
      );
      expect(missing, path).toEqual([]);
    }
  });
});

test('the link of the per-client tree is the HOWTO’s 192.168.0.11', () => {
  const name = (parseIpv4('192.168.0.11') ?? 0).toString(16).toUpperCase();
  expect(readlinkSync(join(SAMPLES, 'per-client/pxelinux.cfg', name))).toBe('default.netboot-7.2');
});
