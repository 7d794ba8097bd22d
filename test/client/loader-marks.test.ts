import { describe, expect, test } from 'vitest';
import { createMarks, loaderKind } from '../../src/client/loader-marks.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';

function marksOf(...parts: string[]) {
  const marks = createMarks();
  for (const part of parts) marks.look(latin1Encode(part));
  return marks;
}

describe('createMarks()', () => {
  test('finds a word that lies across two parts', () => {
    const marks = marksOf('xxxxsource $prefix/gr', 'ub.cfgxxxx');
    expect(marks.has('source $prefix/grub.cfg')).toBe(true);
    expect(marks.kind()).toBe('grub');
  });

  test('takes shim for shim though it names GRUB', () => {
    expect(marksOf('grub.cfg', 'UEFI SHIM\n$Version: 1').kind()).toBe('shim');
  });
});

test.each([
  ['pxelinux.0', '', 'pxelinux'],
  ['bios/LPXELINUX.0', '', 'pxelinux'],
  ['efi64/syslinux.efi', '', 'syslinux-efi'],
  ['http://10.0.0.1/grub/grubnetx64.efi.signed', '', 'grub'],
  ['boot\\grub\\core.0', '', 'grub'],
  ['undionly.kpxe', '', 'ipxe'],
  ['snponly.efi', '', 'ipxe'],
  ['bootx64.efi', 'UEFI SHIM', 'shim'],
  ['grubx64.efi', 'UEFI SHIM', 'shim'],
  ['bootx64.efi', 'iPXE 1.21', 'ipxe'],
  ['bootx64.efi', 'Welcome to GRUB', 'grub'],
  ['start.0', 'PXELINUX 6.04', 'pxelinux'],
  ['wdsnbp.com', 'Windows', 'unknown'],
])('loaderKind() of %s with "%s" in it', (path, words, kind) => {
  expect(loaderKind(path, marksOf(words), new Uint8Array(4))).toBe(kind);
});

test('loaderKind() knows a script by its first line, whatever its name', () => {
  expect(loaderKind('boot.0', marksOf(''), latin1Encode('#!ipxe\n'))).toBe('script');
});
