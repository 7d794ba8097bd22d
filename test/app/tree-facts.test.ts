import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookAtTree, readableBy, type TreeLook } from '../../src/app/tree-facts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-tree-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array = 'x'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function look(more: Partial<TreeLook> = {}) {
  return lookAtTree(root, { most: 1000, budgetMs: 60_000, now: () => 0, ...more });
}

test('lookAtTree() reads loaders and configurations, and the names of all the rest', async () => {
  put('pxelinux.0', 'PXELINUX 6.04');
  put('pxelinux.cfg/default', 'DEFAULT x');
  put('menu/a.cfg', 'LABEL x');
  put('images/vmlinuz', 'kernel');
  const { files, names, complete, links } = await look();
  const text = (head?: Uint8Array) => head && new TextDecoder().decode(head);
  expect(files.map(({ path, size, head }) => [path, size, text(head)]).sort()).toEqual([
    ['menu/a.cfg', 7, 'LABEL x'],
    ['pxelinux.0', 13, 'PXELINUX 6.04'],
    ['pxelinux.cfg/default', 9, 'DEFAULT x'],
  ]);
  expect([...names].sort()).toEqual([
    'images',
    'images/vmlinuz',
    'menu',
    'menu/a.cfg',
    'pxelinux.0',
    'pxelinux.cfg',
    'pxelinux.cfg/default',
  ]);
  expect({ complete, links }).toEqual({ complete: true, links: [] });
});

test('lookAtTree() knows shim under any name, far into the file', async () => {
  put('EFI/BOOT/BOOTX64.EFI', `MZ${'\0'.repeat(600_000)}UEFI SHIM\n$Version: 15.8 $`);
  put('bootaa64.efi', 'MZ');
  const { files } = await look();
  const shims = files.filter(({ shim }) => shim).map(({ path, head }) => [path, head?.length]);
  expect(shims).toEqual([['EFI/BOOT/BOOTX64.EFI', 8192]]);
});

test('lookAtTree() tells of links that lead nowhere, out of the root, or round in circles', async () => {
  put('pxelinux.cfg/default.netboot');
  const links: [string, string][] = [
    ['pxelinux.cfg/C0A8000B', 'default.netboot'],
    ['pxelinux.cfg/C0A8000C', 'default.nowhere'],
    ['vmlinuz', '/etc/hostname'],
    ['loop', 'loop'],
    ['up', '..'],
    ['here', '.'],
  ];
  for (const [path, target] of links) symlinkSync(target, join(root, path));
  const { links: found, complete } = await look();
  expect(found.map(({ path, why }) => `${path} ${why}`).sort()).toEqual([
    'loop dangling',
    'pxelinux.cfg/C0A8000C dangling',
    'up outside',
    'vmlinuz outside',
  ]);
  expect(found.find(({ path }) => path === 'pxelinux.cfg/C0A8000C')?.target).toBe('default.nowhere');
  expect(complete).toBe(true);
});

test('lookAtTree() tells that a link leads to a folder, and does not follow it', async () => {
  put('pxelinux.cfg/default');
  expect((await look()).folderLinks).toEqual([]);
  mkdirSync(join(root, 'efi64'));
  symlinkSync('../pxelinux.cfg', join(root, 'efi64/pxelinux.cfg'));
  const { folderLinks, names } = await look();
  expect(folderLinks).toEqual(['efi64/pxelinux.cfg']);
  expect(names).not.toContain('efi64/pxelinux.cfg/default');
});

test('lookAtTree() reads a link to a configuration of another folder, for the other prefix', async () => {
  put('default.cfg', 'LABEL x');
  put('bios/pxelinux.cfg/other');
  symlinkSync('../../default.cfg', join(root, 'bios/pxelinux.cfg/default'));
  const { files } = await look();
  expect(files.map(({ path }) => path)).toContain('bios/pxelinux.cfg/default');
});

test('lookAtTree() ends after so many names, those near the root first', async () => {
  for (let i = 0; i < 20; i++) put(`deep/er/${i}`);
  put('pxelinux.0');
  const { names, complete } = await look({ most: 4 });
  expect(complete).toBe(false);
  expect(names).toHaveLength(4);
  expect(names).toContain('pxelinux.0');
});

test('lookAtTree() ends when its time is over', async () => {
  for (let i = 0; i < 20; i++) put(`${i}`);
  let now = 0;
  const { names, complete } = await look({ budgetMs: 5, now: () => now++ });
  expect(complete).toBe(false);
  expect(names.length).toBeLessThan(10);
});

test('lookAtTree() finds nothing in a folder that is not there', async () => {
  rmSync(root, { recursive: true });
  const nothing = { files: [], links: [], unreadable: [], names: [] };
  expect(await look()).toEqual({ ...nothing, folderLinks: [], complete: true });
});

test('lookAtTree() tells what another user cannot read, and looks no deeper there', async () => {
  put('open');
  put('closed');
  put('folder/within');
  chmodSync(join(root, 'closed'), 0o600);
  chmodSync(join(root, 'folder'), 0o711);
  chmodSync(join(root, 'open'), 0o644);
  const { unreadable, names } = await look({ mayRead: readableBy({ uid: 65_534, gid: 65_534 }) });
  expect([...unreadable].sort()).toEqual(['closed', 'folder']);
  expect(names).not.toContain('folder/within');
});

test.each([
  { mode: 0o400, uid: 7, gid: 9, want: true },
  { mode: 0o044, uid: 7, gid: 9, want: false },
  { mode: 0o040, uid: 1, gid: 8, want: true },
  { mode: 0o404, uid: 1, gid: 8, want: false },
  { mode: 0o004, uid: 1, gid: 9, want: true },
  { mode: 0o000, uid: 0, gid: 0, want: true },
])(
  'readableBy() user $uid of group $gid: a file of 7:8 with mode $mode is $want',
  ({ mode, uid, gid, want }) => {
    const stats = { uid: 7, gid: 8, mode, isDirectory: () => false };
    expect(readableBy({ uid, gid })(stats as Parameters<ReturnType<typeof readableBy>>[0])).toBe(want);
  },
);
