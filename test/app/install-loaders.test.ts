import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installLoaders, type LoaderWish } from '../../src/app/install-loaders.ts';
import { reportLoaders } from '../../src/app/loaders-report.ts';
import { LOADER_NAMES, LOADER_SOURCES } from '../../src/boot/loader-sources-table.ts';

let folder: string;
let root: string;
let system: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-loaders-'));
  root = join(folder, 'tftp');
  system = join(folder, 'system');
  mkdirSync(root);
  mkdirSync(system);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A distribution's file. */
function packaged(path: string, content = path): void {
  mkdirSync(dirname(join(system, path)), { recursive: true });
  writeFileSync(join(system, path), content);
}

async function outcomes(wish: Partial<LoaderWish> = {}): Promise<Record<string, string>> {
  const all = await installLoaders({
    ...{ root, archs: [0, 7], loaders: LOADER_NAMES, force: false, from: system },
    ...wish,
  });
  return Object.fromEntries(
    all
      .filter(({ outcome }) => outcome !== 'missing')
      .map(({ source, outcome, files }) => [
        source.to,
        files === undefined ? outcome : `${outcome} ${files}`,
      ]),
  );
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('installLoaders() copies what a Debian has, readable by everybody, and finds it the same next time', async () => {
  packaged('/usr/lib/PXELINUX/pxelinux.0');
  packaged('/usr/lib/syslinux/modules/bios/ldlinux.c32');
  packaged('/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi');
  packaged('/usr/lib/shim/shimx64.efi.signed', 'shim');
  const want = ['pxelinux.0', 'ldlinux.c32', 'efi64/syslinux.efi', 'shimx64.efi'];
  expect(await outcomes()).toEqual(Object.fromEntries(want.map((to) => [to, 'copied'])));
  expect(read('shimx64.efi')).toBe('shim');
  expect(statSync(join(root, 'efi64/syslinux.efi')).mode & 0o777).toBe(0o644);
  expect(await outcomes()).toEqual(Object.fromEntries(want.map((to) => [to, 'same'])));
  expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('installLoaders() copies what a Fedora has, under the names of a boot root', async () => {
  packaged('/usr/share/ipxe/ipxe-snponly-x86_64.efi', 'snp');
  packaged('/boot/efi/EFI/fedora/grubx64.efi', 'grub');
  expect(await outcomes()).toEqual({ 'snponly.efi': 'copied', 'grubx64.efi': 'copied' });
  expect(read('snponly.efi')).toBe('snp');
});

test('installLoaders() leaves a file that is not the same, unless forced', async () => {
  packaged('/usr/lib/PXELINUX/pxelinux.0', 'new');
  writeFileSync(join(root, 'pxelinux.0'), 'own');
  expect(await outcomes()).toEqual({ 'pxelinux.0': 'kept' });
  expect(read('pxelinux.0')).toBe('own');
  expect(await outcomes({ force: true })).toEqual({ 'pxelinux.0': 'replaced' });
  expect(read('pxelinux.0')).toBe('new');
});

test('installLoaders() replaces a link, not the file that it leads to', async () => {
  packaged('/usr/lib/PXELINUX/pxelinux.0', 'new');
  writeFileSync(join(folder, 'elsewhere'), 'own');
  symlinkSync(join(folder, 'elsewhere'), join(root, 'pxelinux.0'));
  expect(await outcomes({ force: true })).toEqual({ 'pxelinux.0': 'replaced' });
  expect(readFileSync(join(folder, 'elsewhere'), 'utf8')).toBe('own');
});

test('installLoaders() takes modules and lists of a folder, and tells the worst that became of one', async () => {
  for (const name of ['normal.mod', 'tftp.mod', 'command.lst']) packaged(`/usr/lib/grub/x86_64-efi/${name}`);
  packaged('/usr/lib/grub/x86_64-efi/kernel.img');
  expect(await outcomes()).toEqual({ 'grub/x86_64-efi/': 'copied 3' });
  expect(readdirSync(join(root, 'grub/x86_64-efi')).sort()).toEqual([
    'command.lst',
    'normal.mod',
    'tftp.mod',
  ]);
  writeFileSync(join(root, 'grub/x86_64-efi/normal.mod'), 'own');
  rmSync(join(root, 'grub/x86_64-efi/tftp.mod'));
  expect(await outcomes()).toEqual({ 'grub/x86_64-efi/': 'kept 1' });
});

test('installLoaders() installs for the machines and loaders that are named', async () => {
  packaged('/usr/lib/PXELINUX/pxelinux.0');
  packaged('/usr/lib/ipxe/undionly.kpxe');
  packaged('/usr/lib/ipxe/ipxe.efi');
  packaged('/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed');
  expect(await outcomes({ archs: [0], loaders: ['ipxe'] })).toEqual({ 'undionly.kpxe': 'copied' });
  // shim without GRUB boots nothing.
  expect(await outcomes({ loaders: ['shim'] })).toEqual({ 'grubx64.efi': 'copied' });
});

test('installLoaders() goes on behind a file that it cannot write', async () => {
  packaged('/usr/lib/PXELINUX/pxelinux.0');
  packaged('/usr/lib/PXELINUX/lpxelinux.0');
  mkdirSync(join(root, 'pxelinux.0'));
  expect(await outcomes()).toEqual({ 'pxelinux.0': 'failed', 'lpxelinux.0': 'copied' });
});

async function report(question: { arch?: string; only?: string; force?: boolean; root?: string } = {}) {
  let out = '';
  let err = '';
  const io = {
    out: { write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) },
  };
  const code = await reportLoaders({ root, ...question }, { ...io, from: system });
  return { code, out, err };
}

test('reportLoaders() says when there is no such loader for these machines', async () => {
  const said: string[] = [];
  const io = { out: { write: () => {} }, err: { write: (text: string) => void said.push(text) } };
  expect(await reportLoaders({ root, only: 'pxelinux', arch: 'x86-64_EFI' }, { ...io, from: system })).toBe(
    2,
  );
  expect(said).toEqual(['pxectl: Nothing to install: there is no pxelinux for x86-64_EFI\n']);
});

test('reportLoaders() names the packages of what is missing, for both families, and ends with 1', async () => {
  packaged('/usr/lib/shim/shimx64.efi.signed');
  const { code, out } = await report({ only: 'shim' });
  expect(code).toBe(1);
  expect(out).toMatch(/^copied +shimx64\.efi +\/usr\/lib\/shim\/shimx64\.efi\.signed$/m);
  expect(out).toMatch(
    /^missing +grubx64\.efi +not installed: grub-efi-amd64-signed \(Debian\) or grub2-efi-x64 \(Fedora\)$/m,
  );
  expect(out).toContain('Debian:   apt-get install grub-efi-amd64-signed shim-helpers-amd64-signed\n');
  expect(out).toContain('Fedora:   dnf install grub2-efi-x64 shim-x64\n');
});

test('reportLoaders() ends with 0 when all are there but what nobody needs, with 1 when a file was kept', async () => {
  packaged('/usr/lib/shim/shimx64.efi.signed');
  packaged('/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed');
  expect((await report({ only: 'shim', arch: 'x86-64_EFI' })).code).toBe(0);
  writeFileSync(join(root, 'shimx64.efi'), 'own');
  const kept = await report({ only: 'shim' });
  expect(kept.code).toBe(1);
  expect(kept.out).toMatch(/^kept +shimx64\.efi +not the same as .*; --force replaces$/m);
  expect((await report({ only: 'shim', force: true })).code).toBe(0);
});

test.each([
  [{ arch: 'Alpha' }, 2, /no|known for x86PC, x86-64_EFI, IA32_EFI, ARM64_EFI/],
  [{ arch: 'x86PC,nonsense' }, 2, /"nonsense"/],
  [{ only: 'grubb' }, 2, /did you mean grub\?/],
  [{ root: '/no/such/folder' }, 1, /no such folder/],
])('reportLoaders() refuses %j with %i', async (question, want, words) => {
  const { code, out, err } = await report(question);
  expect({ code, out }).toEqual({ code: want, out: '' });
  expect(err).toMatch(words);
});

test('BC_EFI, as old x86-64 firmware calls itself, gets what x86-64_EFI gets', async () => {
  packaged('/usr/lib/ipxe/ipxe.efi');
  expect((await report({ arch: '9', only: 'ipxe' })).out).toMatch(/^copied +ipxe\.efi/m);
});

test('no two files of one architecture have the same place', () => {
  const places = LOADER_SOURCES.map(({ to }) => to);
  expect(places.filter((place, i) => places.indexOf(place) !== i)).toEqual([]);
});
