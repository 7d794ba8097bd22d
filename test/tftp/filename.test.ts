import fc from 'fast-check';
import { expect, test } from 'vitest';
import { treePath } from '../../src/tftp/filename.ts';
import { decodeRequest } from '../../src/tftp-packet/index.ts';
import { golden } from '../golden/load.ts';

test.each([
  { name: 'pxelinux.0', path: 'pxelinux.0' },
  { name: '//boot//./x', path: 'boot/x' },
  { name: './x', path: 'x' },
  { name: 'efi64//vmlinuz', path: 'efi64/vmlinuz' },
  { name: '\\Boot\\BCD', path: 'Boot/BCD' },
  { name: '/boot\\x', path: 'boot/x' },
  { name: '...', path: '...' },
  { name: 'a..b/..c', path: 'a..b/..c' },
  { name: 'a b+%2e', path: 'a b+%2e' },
  // shim, which puts its own folder before "\\grubx64.efi" and turns some of the backslashes (shim, netboot.c).
  { name: 'EFI/BOOT//grubx64.efi', path: 'EFI/BOOT/grubx64.efi' },
  { name: 'EFI/BOOT/\\\\grubx64.efi', path: 'EFI/BOOT/grubx64.efi' },
  { name: '/efi\\\\shim//revocations_sbat.efi', path: 'efi/shim/revocations_sbat.efi' },
  { name: '//grubx64.efi', path: 'grubx64.efi' },
])('treePath() reads $name as $path', ({ name, path }) => {
  expect(treePath(name)).toEqual({ ok: true, value: { path, cleaned: false } });
});

test.each(['ipxe.efi\xff', 'ipxe.efi\xff\xff', 'ipxe.efi\r\n', 'ipxe.efi\x7f', 'ipxe.efi\x01\xff'])(
  'treePath() drops what is behind the name in %j, and says so',
  (name) => {
    expect(treePath(name)).toEqual({ ok: true, value: { path: 'ipxe.efi', cleaned: true } });
  },
);

test('treePath() reads the name of golden 62', () => {
  const request = decodeRequest(golden('62').bytes);
  expect(request.ok && treePath(request.value.filename)).toEqual({
    ok: true,
    value: { path: 'ipxe.efi', cleaned: true },
  });
});

test.each([
  { name: '..', reason: 'outside-root' },
  { name: '../etc/passwd', reason: 'outside-root' },
  { name: '/../../etc/passwd', reason: 'outside-root' },
  { name: '..\\..\\etc\\passwd', reason: 'outside-root' },
  { name: 'a/../b', reason: 'outside-root' },
  { name: 'a/..', reason: 'outside-root' },
  { name: '..\xff', reason: 'outside-root' },
  { name: 'a\0b', reason: 'bad-name' },
  { name: '', reason: 'directory' },
  { name: '/', reason: 'directory' },
  { name: '.', reason: 'directory' },
  { name: '\xff', reason: 'directory' },
  { name: 'dtb/', reason: 'directory' },
  { name: 'dtb\\', reason: 'directory' },
  { name: 'dtb/.', reason: 'directory' },
  { name: 'x'.repeat(256), reason: 'name-too-long' },
  { name: `${'x/'.repeat(600)}x`, reason: 'name-too-long' },
])('treePath() refuses $name: $reason', ({ name, reason }) => {
  expect(treePath(name)).toEqual({ ok: false, reason });
});

test('treePath() reads each octet of a hostile name a few times only', () => {
  // With work that grows as the square of the length this takes hours.
  expect(treePath(`${'\x01'.repeat(1_000_000)}a`)).toEqual({ ok: false, reason: 'name-too-long' });
});

test('treePath() of anything is refused or safe to put behind the root', () => {
  const unit = fc.constantFrom('.', '..', '/', '\\', 'a', 'B', '\xff', '\n', '\0', '\xe4');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (parts) => {
      const read = treePath(parts.join(''));
      if (!read.ok) return;
      for (const component of read.value.path.split('/')) {
        expect(['', '.', '..']).not.toContain(component);
        expect(component).not.toMatch(/[\\\0]/);
      }
      expect(treePath(read.value.path)).toEqual({
        ok: true,
        value: { path: read.value.path, cleaned: false },
      });
    }),
    { numRuns: 2000 },
  );
});

test('treePath() takes a leading slash as the root (pTFTPd defect 3)', () => {
  expect(treePath('/boot/grub/grub.cfg')).toMatchObject({ ok: true, value: { path: 'boot/grub/grub.cfg' } });
});

test('treePath() keeps the octets of UTF-8 and latin1 names (pTFTPd defect 9)', () => {
  for (const path of ['f\xc3\xa4r', 'f\xe4r']) {
    expect(treePath(path)).toEqual({ ok: true, value: { path, cleaned: false } });
  }
});
