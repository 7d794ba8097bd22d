import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadNetwork } from '../../src/net/load.ts';
import type { BootTree } from '../../src/store/boot-file.ts';
import { createBootTree } from '../../src/store/boot-tree.ts';
import { relink } from '../../src/store/relink.ts';
import { unprivileged } from '../rig/unprivileged.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A tree as the HOWTO has it, `outside` beside it. */
function createTree(): string {
  const base = mkdtempSync(join(tmpdir(), 'pxed-relink-'));
  folders.push(base);
  mkdirSync(join(base, 'outside'));
  writeFileSync(join(base, 'outside/default'), 'not ours');
  const root = join(base, 'tftp');
  mkdirSync(join(root, 'pxelinux.cfg'), { recursive: true });
  writeFileSync(join(root, 'pxelinux.cfg/default'), 'localboot 0');
  writeFileSync(join(root, 'pxelinux.cfg/default.netboot-7.2'), 'kernel vmlinuz-7.2');
  return root;
}

const NAME = 'C0A8000B';
const WISH = {
  folder: 'pxelinux.cfg',
  names: ['01-52-54-00-12-34-01', NAME],
  to: 'default',
  randomHex: '5e1f',
};

const { openBeneath } = await loadNetwork();
const KINDS = [
  { kind: 'real paths', options: {} },
  ...(openBeneath ? [{ kind: 'openat2', options: { openBeneath } }] : []),
];

describe.each(KINDS)('by $kind', ({ options }) => {
  function withTree<T>(root: string, use: (tree: BootTree) => T): T {
    const tree = createBootTree(root, options);
    try {
      return use(tree);
    } finally {
      tree.close();
    }
  }

  test.each([
    { name: 'a link to a file beside it', target: 'default.netboot-7.2' },
    { name: 'a link that leads nowhere', target: 'default.netboot-6.2' },
    { name: 'a link to a folder', target: '..' },
    { name: 'a link out of the tree', target: '../../outside/default' },
    { name: 'an absolute link', target: '/tftp/pxelinux.cfg/default.netboot-7.2' },
    { name: 'a link to itself', target: NAME },
    { name: 'a link with octets that are no UTF-8', target: 'd\xe9fault' },
  ])('relink() replaces $name', ({ target }) => {
    const root = createTree();
    symlinkSync(Buffer.from(target, 'latin1'), join(root, 'pxelinux.cfg', NAME));
    const outcome = withTree(root, (tree) => relink(tree, WISH));
    expect(outcome).toEqual({ kind: 'relinked', name: NAME, from: target, to: 'default' });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default');
    expect(readdirSync(join(root, 'pxelinux.cfg')).sort()).toEqual([NAME, 'default', 'default.netboot-7.2']);
    expect(readFileSync(join(root, '../outside/default'), 'utf8')).toBe('not ours');
  });

  test('relink() replaces the first of the names that is there, as the loader takes it', () => {
    const root = createTree();
    for (const name of WISH.names) symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', name));
    expect(withTree(root, (tree) => relink(tree, WISH))).toMatchObject({ name: WISH.names[0] });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default.netboot-7.2');
  });

  test('relink() follows links of a chain no further than the first', () => {
    const root = createTree();
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg/group'));
    symlinkSync('group', join(root, 'pxelinux.cfg', NAME));
    expect(withTree(root, (tree) => relink(tree, WISH))).toMatchObject({ kind: 'relinked', from: 'group' });
    expect(readlinkSync(join(root, 'pxelinux.cfg/group'))).toBe('default.netboot-7.2');
  });

  test('relink() works in a folder that is a link inside the tree, and in a folder below', () => {
    const root = createTree();
    mkdirSync(join(root, 'efi64'));
    symlinkSync('../pxelinux.cfg', join(root, 'efi64/pxelinux.cfg'));
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    const wish = { ...WISH, folder: 'efi64/pxelinux.cfg' };
    expect(withTree(root, (tree) => relink(tree, wish))).toMatchObject({ kind: 'relinked' });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default');
  });

  test('relink() does nothing twice', () => {
    const root = createTree();
    symlinkSync('default', join(root, 'pxelinux.cfg', NAME));
    const { ino } = lstatSync(join(root, 'pxelinux.cfg', NAME));
    expect(withTree(root, (tree) => relink(tree, WISH))).toEqual({ kind: 'already' });
    expect(lstatSync(join(root, 'pxelinux.cfg', NAME)).ino).toBe(ino);
  });

  test.each([
    { name: 'a machine without a link', change: {} },
    { name: 'a folder that is not there', change: { folder: 'efi64/pxelinux.cfg' } },
  ])('relink() has nothing to do for $name', ({ change }) => {
    const root = createTree();
    expect(withTree(root, (tree) => relink(tree, { ...WISH, ...change }))).toEqual({ kind: 'none' });
    expect(readdirSync(join(root, 'pxelinux.cfg')).sort()).toEqual(['default', 'default.netboot-7.2']);
  });

  test.each<{ name: string; make: (path: string) => void }>([
    { name: 'a file', make: (path) => writeFileSync(path, 'kernel vmlinuz') },
    { name: 'a folder', make: (path) => mkdirSync(path) },
  ])('relink() leaves $name alone', ({ make }) => {
    const root = createTree();
    make(join(root, 'pxelinux.cfg', NAME));
    const outcome = withTree(root, (tree) => relink(tree, WISH));
    expect(outcome).toEqual({ kind: 'refused', name: NAME, why: 'not-a-link' });
    expect(lstatSync(join(root, 'pxelinux.cfg', NAME)).isSymbolicLink()).toBe(false);
  });

  test.each([
    { name: 'is missing', to: 'default.harddisk' },
    { name: 'is a folder', to: 'folder' },
    { name: 'leads out of the tree', to: 'out' },
    { name: 'leads nowhere', to: 'nowhere' },
    { name: 'is a path', to: '../pxelinux.cfg/default' },
    { name: 'is the folder above', to: '..' },
  ])('relink() makes no link to what $name', ({ to }) => {
    const root = createTree();
    mkdirSync(join(root, 'pxelinux.cfg/folder'));
    symlinkSync('../../outside/default', join(root, 'pxelinux.cfg/out'));
    symlinkSync('gone', join(root, 'pxelinux.cfg/nowhere'));
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    const outcome = withTree(root, (tree) => relink(tree, { ...WISH, to }));
    expect(outcome).toEqual({ kind: 'refused', name: NAME, why: 'no-target', detail: to });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default.netboot-7.2');
  });

  test('relink() never goes to a folder outside of the tree', () => {
    const root = createTree();
    symlinkSync('default', join(root, '../outside', NAME));
    symlinkSync('../outside', join(root, 'efi'));
    const outcome = withTree(root, (tree) => relink(tree, { ...WISH, folder: 'efi' }));
    expect(outcome.kind).not.toBe('relinked');
    expect(readlinkSync(join(root, '../outside', NAME))).toBe('default');
  });

  test('relink() names the target as the folder has it', () => {
    const root = createTree();
    writeFileSync(join(root, 'pxelinux.cfg/Disk'), 'localboot 0');
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    const outcome = withTree(root, (tree) => relink(tree, { ...WISH, to: 'disk' }));
    expect(outcome).toMatchObject({ kind: 'relinked', to: 'Disk' });
    expect(readFileSync(join(root, 'pxelinux.cfg', NAME), 'utf8')).toBe('localboot 0');
  });

  test('relink() says when it may not write, and leaves the link', async () => {
    const root = createTree();
    chmodSync(join(root, '..'), 0o755);
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    chmodSync(join(root, 'pxelinux.cfg'), 0o555);
    const outcome = await unprivileged(() => withTree(root, (tree) => relink(tree, WISH)));
    expect(outcome).toEqual({ kind: 'refused', name: NAME, why: 'not-permitted-to-write', detail: 'EACCES' });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default.netboot-7.2');
    chmodSync(join(root, 'pxelinux.cfg'), 0o755);
  });

  test('relink() leaves the link when its temporary name is taken', () => {
    const root = createTree();
    writeFileSync(join(root, 'pxelinux.cfg/.pxed-5e1f.link'), 'not ours');
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    expect(withTree(root, (tree) => relink(tree, WISH))).toMatchObject({
      kind: 'refused',
      why: 'link-error',
    });
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default.netboot-7.2');
    expect(readFileSync(join(root, 'pxelinux.cfg/.pxed-5e1f.link'), 'utf8')).toBe('not ours');
  });
});

/** The tree of `root`; `meddle` sees each look-up of an entry before it is used. */
function meddledTree(root: string, meddle: (name: string | undefined, times: number) => void): BootTree {
  const tree = createBootTree(root);
  let times = 0;
  return {
    ...tree,
    folder(path) {
      const opened = tree.folder(path);
      if (!opened.ok) return opened;
      const { at, close } = opened.value;
      const watched = (name?: string) => {
        meddle(name, ++times);
        return at(name);
      };
      return { ok: true, value: { at: watched, close } };
    },
  };
}

function errorOf(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('on NFS', () => {
  const DRAFT = '.pxed-5e1f.link';

  function linked(): string {
    const root = createTree();
    symlinkSync('default.netboot-7.2', join(root, 'pxelinux.cfg', NAME));
    return root;
  }

  test.each([
    { stale: 2, kind: 'relinked' },
    { stale: 100, kind: 'refused' },
  ])('relink() opens a folder whose handle is stale anew: $stale times gives $kind', ({ stale, kind }) => {
    const root = linked();
    const tree = meddledTree(root, (_, times) => {
      if (times <= stale) throw errorOf('ESTALE');
    });
    expect(relink(tree, WISH)).toMatchObject({ kind, name: kind === 'relinked' ? NAME : WISH.names[0] });
    tree.close();
  });

  test('relink() goes on when its symlink was made, though the server says that it is there', () => {
    const root = linked();
    symlinkSync('default', join(root, 'pxelinux.cfg', DRAFT));
    const tree = createBootTree(root);
    expect(relink(tree, WISH)).toMatchObject({ kind: 'relinked' });
    tree.close();
    expect(readdirSync(join(root, 'pxelinux.cfg')).sort()).toEqual([NAME, 'default', 'default.netboot-7.2']);
  });

  test('relink() is content when its rename was done, though the server says that nothing is there', () => {
    const root = linked();
    let looks = 0;
    const tree = meddledTree(root, (name) => {
      // The second look at the temporary name is for the rename, which is done already.
      if (name === DRAFT && ++looks === 2) {
        renameSync(join(root, 'pxelinux.cfg', DRAFT), join(root, 'pxelinux.cfg', NAME));
      }
    });
    expect(relink(tree, WISH)).toMatchObject({ kind: 'relinked' });
    tree.close();
    expect(looks).toBe(2);
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default');
  });

  test('relink() cleans up when the rename fails', () => {
    const root = linked();
    let looks = 0;
    const tree = meddledTree(root, (name) => {
      if (name === DRAFT && ++looks === 2) throw errorOf('EIO');
    });
    expect(relink(tree, WISH)).toEqual({ kind: 'refused', name: NAME, why: 'link-error', detail: 'EIO' });
    tree.close();
    expect(readdirSync(join(root, 'pxelinux.cfg')).sort()).toEqual([NAME, 'default', 'default.netboot-7.2']);
    expect(readlinkSync(join(root, 'pxelinux.cfg', NAME))).toBe('default.netboot-7.2');
  });
});
