import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BootTree } from '../../src/store/boot-file.ts';
import { createBootTree } from '../../src/store/boot-tree.ts';

/** openat2 where this system has it; the tests of both ways are the same. */
const openBeneath =
  process.platform === 'linux'
    ? (await import('../../src/net/linux/openat2.ts')).createOpenBeneath()
    : undefined;
const WAYS = openBeneath === undefined ? (['realpath'] as const) : (['openat2', 'realpath'] as const);

let base: string;
let root: string;
const trees: BootTree[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-tree-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'pxelinux.cfg'), { recursive: true });
  writeFileSync(join(root, 'pxelinux.0'), 'loader');
  writeFileSync(join(root, 'pxelinux.cfg/default'), 'menu');
  mkdirSync(join(base, 'root-secret'));
  writeFileSync(join(base, 'root-secret/f'), 'secret');
});

afterEach(() => {
  for (const tree of trees.splice(0)) tree.close();
  rmSync(base, { recursive: true, force: true });
});

function create(way: 'openat2' | 'realpath', at = root, ignoreCase = true): BootTree {
  const tree = createBootTree(
    at,
    way === 'openat2' && openBeneath ? { openBeneath, ignoreCase } : { ignoreCase },
  );
  trees.push(tree);
  expect(tree.confinement).toBe(way);
  return tree;
}

/** The text of a file, or why there is none. */
function read(tree: BootTree, path: string): string {
  const opened = tree.open(path);
  if (!opened.ok) return `${opened.reason}: ${opened.detail}`;
  const buffer = Buffer.alloc(opened.value.sizeBytes);
  readSync(opened.value.fd, buffer);
  closeSync(opened.value.fd);
  return buffer.toString('latin1');
}

describe.each(WAYS)('createBootTree() by %s', (way) => {
  test('opens regular files with their facts', () => {
    const opened = create(way).open('pxelinux.cfg/default');
    expect(opened).toMatchObject({ ok: true, value: { sizeBytes: 4, path: 'pxelinux.cfg/default' } });
    if (!opened.ok) return;
    expect(Math.abs(opened.value.mtimeMs - Date.now())).toBeLessThan(60_000);
    closeSync(opened.value.fd);
  });

  test('serves the folder that has the name of the root by now', () => {
    let now = 0;
    const tree = createBootTree(root, {
      ...(way === 'openat2' && openBeneath && { openBeneath }),
      now: () => now,
    });
    trees.push(tree);
    renameSync(root, join(base, 'before'));
    now = 60_000;
    if (way === 'openat2') expect(read(tree, 'pxelinux.0')).toBe('loader'); // none has it
    mkdirSync(root);
    writeFileSync(join(root, 'pxelinux.0'), 'other');
    now = 120_000;
    expect(read(tree, 'pxelinux.0')).toBe('other');
    expect(read(tree, 'pxelinux.cfg/default')).toMatch(/^not-found/);
  });

  test('serves what the root leads to by now, where it is a link', () => {
    let now = 0;
    symlinkSync('root', join(base, 'tftp'));
    const tree = createBootTree(join(base, 'tftp'), {
      ...(way === 'openat2' && openBeneath && { openBeneath }),
      now: () => now,
    });
    trees.push(tree);
    symlinkSync('root-secret', join(base, 'tftp.new'));
    renameSync(join(base, 'tftp.new'), join(base, 'tftp'));
    now = 60_000;
    expect(read(tree, 'f')).toBe('secret');
  });

  test('opens no upload that is under way, in whatever case it is asked for', () => {
    writeFileSync(join(root, '.pxed-00ff.part'), 'half');
    expect(read(create(way), '.pxed-00ff.part')).toBe('not-found: an upload under way');
    expect(read(create(way), '.PXED-00FF.PART')).toMatch(/^not-found/);
  });

  test('serves a relative root (pTFTPd defect 3)', () => {
    expect(read(create(way, relative(process.cwd(), root)), 'pxelinux.0')).toBe('loader');
  });

  test('serves a root that is a link', () => {
    symlinkSync('root', join(base, 'tftp'));
    expect(read(create(way, join(base, 'tftp')), 'pxelinux.0')).toBe('loader');
  });

  test('follows links inside the root, relative and absolute ones', () => {
    symlinkSync('default', join(root, 'pxelinux.cfg/C0A8000B'));
    symlinkSync('../pxelinux.0', join(root, 'pxelinux.cfg/up'));
    symlinkSync(join(root, 'pxelinux.0'), join(root, 'absolute'));
    symlinkSync(join(root, 'pxelinux.cfg'), join(root, 'folder'));
    const tree = create(way);
    expect(read(tree, 'pxelinux.cfg/C0A8000B')).toBe('menu');
    expect(read(tree, 'pxelinux.cfg/up')).toBe('loader');
    expect(read(tree, 'absolute')).toBe('loader');
    expect(read(tree, 'folder/default')).toBe('menu');
  });

  test('never leaves the root: by a name, by a prefix that fits, by links (pTFTPd defect 2)', () => {
    symlinkSync('../root-secret/f', join(root, 'file'));
    symlinkSync(join(base, 'root-secret'), join(root, 'folder'));
    symlinkSync('..', join(root, 'up'));
    symlinkSync('/proc/self/root', join(root, 'proc'));
    const tree = create(way);
    const names = [
      '../root-secret/f',
      'file',
      'folder/f',
      'up/root-secret/f',
      'proc/etc/passwd',
      'FILE',
      'Folder/F',
    ];
    for (const name of names) expect(read(tree, name)).toMatch(/^not-found: /);
    expect(read(tree, 'file')).toBe('not-found: outside the root');
  });

  test('refuses folders, missing files, loops, and what is below a file', () => {
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('gone', join(root, 'dangling'));
    const tree = create(way);
    for (const name of ['pxelinux.cfg', 'nothing', 'pxelinux.0/x', 'loop', 'dangling', 'x'.repeat(300)]) {
      expect(read(tree, name)).toMatch(/^not-found: /);
    }
  });

  test('is not held up by a FIFO, a device or a socket', async () => {
    execFileSync('mkfifo', [join(root, 'fifo')]);
    symlinkSync('/dev/zero', join(root, 'zero'));
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(root, 'socket'), done));
    const tree = create(way);
    expect(read(tree, 'fifo')).toBe('not-found: not a regular file');
    expect(read(tree, 'zero')).toMatch(/^not-found: /);
    expect(read(tree, 'socket')).toMatch(/^not-found: /);
    await new Promise((done) => server.close(done));
  });

  test('finds other cases, the exact name first, then in byte order', () => {
    mkdirSync(join(root, 'Boot'));
    mkdirSync(join(root, 'BOOT'));
    writeFileSync(join(root, 'Boot/BCD'), 'one');
    writeFileSync(join(root, 'Boot/bcd'), 'two');
    writeFileSync(join(root, 'BOOT/only'), 'three');
    const tree = create(way);
    expect(read(tree, 'Boot/BCD')).toBe('one');
    expect(read(tree, 'Boot/bcd')).toBe('two');
    expect(read(tree, 'boot/Bcd')).toBe('one');
    expect(read(tree, 'boot/ONLY')).toBe('three');
    expect(read(tree, 'PXELINUX.CFG/DEFAULT')).toBe('menu');
    const opened = tree.open('PXELINUX.0');
    expect(opened).toMatchObject({ ok: true, value: { path: 'pxelinux.0' } });
    if (opened.ok) closeSync(opened.value.fd);
    expect(read(create(way, root, false), 'PXELINUX.0')).toBe('not-found: ENOENT');
  });

  test('sees names that came after a search in the same folder', () => {
    const tree = create(way);
    expect(read(tree, 'NEW')).toMatch(/^not-found/);
    writeFileSync(join(root, 'new'), 'x');
    expect(read(tree, 'NEW')).toBe('x');
  });

  test('takes names as octets, latin1 and UTF-8', () => {
    const latin1 = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe4])]);
    writeFileSync(latin1, 'latin1');
    writeFileSync(join(root, 'ä'), 'utf-8');
    const tree = create(way);
    expect(read(tree, '\xe4')).toBe('latin1');
    expect(read(tree, '\xc3\xa4')).toBe('utf-8');
  });

  test('gives a new identity to a file that was replaced', () => {
    const tree = create(way);
    const identity = () => {
      const opened = tree.open('pxelinux.0');
      if (!opened.ok) throw new Error(opened.detail);
      closeSync(opened.value.fd);
      return opened.value.identity;
    };
    const before = identity();
    expect(identity()).toBe(before);
    writeFileSync(join(root, 'next'), 'loadex');
    renameSync(join(root, 'next'), join(root, 'pxelinux.0'));
    expect(identity()).not.toBe(before);
  });

  test('keeps no file descriptor, whatever is asked', () => {
    const tree = create(way);
    read(tree, 'NOTHING');
    const before = heldBelow(base);
    for (const name of ['pxelinux.cfg', 'NOTHING', 'PXELINUX.CFG/x', '../x', 'pxelinux.0/x'])
      read(tree, name);
    expect(heldBelow(base)).toEqual(before);
  });
});

/** What this process holds open below a folder; other tests of this process open and close other things. */
function heldBelow(folder: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd')
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // the listing's own
      }
    })
    .filter((path) => path.startsWith(folder))
    .sort();
}

test('createBootTree() falls back to real paths where openat2 is missing', () => {
  const tree = createBootTree(root, { openBeneath: () => 'ENOSYS' });
  expect(tree.confinement).toBe('realpath');
  expect(read(tree, 'pxelinux.0')).toBe('loader');
  tree.close();
});

test('createBootTree() throws for a root that is missing or no folder', () => {
  expect(() => createBootTree(join(base, 'nowhere'))).toThrow(/ENOENT/);
  expect(() => createBootTree(join(root, 'pxelinux.0'))).toThrow(/not a directory/);
});

test.each([
  { errno: 'EACCES', reason: 'access' },
  { errno: 'EMFILE', reason: 'too-many-files' },
  { errno: 'ENFILE', reason: 'too-many-files' },
  { errno: 'EIO', reason: 'read-error' },
  { errno: 'EXDEV', reason: 'not-found' },
])('open() says $reason for $errno', ({ errno, reason }) => {
  const tree = createBootTree(root, { openBeneath: (fd, path) => (path === '.' ? dup(fd) : errno) });
  trees.push(tree);
  expect(tree.open('locked')).toMatchObject({ ok: false, reason });
});

/** A descriptor of the same folder. */
function dup(fd: number): number {
  return openSync(`/proc/self/fd/${fd}`, 'r');
}
