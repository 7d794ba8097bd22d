import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namedByGrub } from '../../src/boot/named-by-grub.ts';
import { namedByIpxe } from '../../src/boot/named-by-ipxe.ts';
import { namedBySyslinux } from '../../src/boot/named-by-syslinux.ts';
import type { Named } from '../../src/boot/named-files.ts';

/** `line kind path|path` of each file. */
function rows({ files }: Named): string[] {
  return files.map(({ line, kind, paths }) => `${line} ${kind} ${paths.join('|')}`);
}

describe('namedBySyslinux()', () => {
  test('finds kernels, initrds, modules and further configurations, with their lines', () => {
    const text = [
      'UI vesamenu.c32',
      'PATH modules:more/modules',
      'MENU INCLUDE graphics.conf',
      'MENU BACKGROUND splash.png',
      'F1 help.txt',
      'LABEL linux',
      '  LINUX boot/vmlinuz',
      '  INITRD one.img,two.img',
      '  APPEND initrd=three.img quiet root=/dev/nfs',
      'LABEL memdisk',
      '  COM32 chain.c32',
      '  APPEND hd0',
      'LABEL other',
      '  CONFIG other.cfg',
      'LABEL disk',
      '  LOCALBOOT 0',
    ].join('\n');
    const named = namedBySyslinux(text, '');
    expect(rows(named)).toEqual([
      '1 module vesamenu.c32',
      '3 config graphics.conf',
      '5 extra help.txt',
      '7 kernel boot/vmlinuz',
      '8 initrd one.img',
      '8 initrd two.img',
      '9 initrd three.img',
      '11 module chain.c32',
      '14 config other.cfg',
    ]);
    expect(named.modulePath).toEqual(['modules', 'more/modules']);
  });

  test.each([
    { name: 'vmlinuz', prefix: 'bios/', paths: ['bios/vmlinuz'] },
    { name: '::vmlinuz', prefix: 'bios/', paths: ['vmlinuz'] },
    { name: '/boot/vmlinuz', prefix: 'bios/', paths: ['bios/boot/vmlinuz', 'boot/vmlinuz'] },
    { name: './a//b', prefix: '', paths: ['a/b'] },
    { name: '10.0.0.2::vmlinuz', prefix: '', paths: undefined },
    { name: 'http://10.0.0.2/vmlinuz', prefix: '', paths: undefined },
  ])('takes $name of a loader in "$prefix" for $paths', ({ name, prefix, paths }) => {
    const [file] = namedBySyslinux(`LABEL x\nKERNEL ${name}`, prefix).files;
    expect(file?.paths).toEqual(paths);
  });

  test('takes DEFAULT for a file only when it looks like one: its label may be in an included file', () => {
    expect(rows(namedBySyslinux('DEFAULT linux', ''))).toEqual([]);
    expect(rows(namedBySyslinux('DEFAULT menu.c32', ''))).toEqual(['1 module menu.c32']);
    expect(rows(namedBySyslinux('DEFAULT x/y\nLABEL x/y\nLOCALBOOT 0', ''))).toEqual([]);
  });
});

describe('namedByGrub()', () => {
  test('finds kernels, initrds, modules and further configurations, with their lines', () => {
    const text = [
      'insmod gfxterm',
      'source /grub/common.cfg',
      'menuentry "Debian" {',
      "  linux '/debian/vm linuz' auto=true",
      '  initrd /debian/a.img (tftp)/debian/b.img',
      '}',
      'menuentry "shim" {',
      '  chainloader /efi/other.efi',
      '}',
    ].join('\n');
    const named = rows(namedByGrub(text, 'grub/'));
    expect(named[0]).toMatch(/^1 grub-module grub\/x86_64-efi\/gfxterm\.mod\|grub\/i386-pc\//);
    expect(named.slice(1)).toEqual([
      '2 config grub/common.cfg',
      '4 kernel debian/vm linuz',
      '5 initrd debian/a.img',
      '5 initrd debian/b.img',
      '8 kernel efi/other.efi',
    ]);
  });

  test.each([
    ['variables', 'linux $prefix/vmlinuz'],
    ['another server', 'linux (tftp,10.0.0.2)/vmlinuz'],
    ['HTTP', 'linux (http,10.0.0.2)/vmlinuz'],
    ['a disk', 'chainloader (hd0,gpt1)/EFI/BOOT/BOOTX64.EFI'],
    ['blocks of a disk', 'chainloader +1'],
    ['what a condition decides', 'if [ "$x" = y ]; then\nlinux /vmlinuz\nfi'],
    ['a condition in one line', 'if [ -e /x ]; then linux /x; fi'],
    ['disks that were searched for', 'menuentry x {\n  search --set=root --label x\n  linux /vmlinuz\n}'],
    ['disks that were named', 'set root=(hd0,1)\nlinux /vmlinuz'],
    ['comments', '# linux /vmlinuz'],
  ])('leaves out %s', (_, text) => {
    expect(rows(namedByGrub(text, ''))).toEqual([]);
  });

  test('comes back to the server behind an entry of the disk, and behind a condition', () => {
    const text = 'menuentry a {\n  search x\n  linux /no\n}\nif x; then\n  linux /no\nfi\nlinux /yes';
    expect(rows(namedByGrub(text, ''))).toEqual(['8 kernel yes']);
  });
});

describe('namedByIpxe()', () => {
  test('finds what is beside the script, or below the root', () => {
    const text = [
      '#!ipxe',
      'dhcp',
      'kernel --timeout 5 vmlinuz quiet initrd=a.img',
      'initrd --name a.img /images/a.img',
      'chain --autofree menu.ipxe',
      'chain maybe.ipxe || goto shell',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how scripts are written
      'chain ${base}/x.ipxe',
      'chain http://10.0.0.1/x.ipxe',
      'boot',
    ].join('\n');
    expect(rows(namedByIpxe(text, 'ipxe/boot.ipxe'))).toEqual([
      '3 kernel ipxe/vmlinuz',
      '4 initrd images/a.img',
      '5 kernel ipxe/menu.ipxe',
    ]);
  });
});

test('no text makes a reader throw, and every path is one of the tree', () => {
  const word = fc.constantFrom(
    ...[
      'LABEL',
      'KERNEL',
      'INITRD',
      'APPEND',
      'initrd=',
      'PATH',
      'UI',
      '::',
      '/',
      '\\',
      '..',
      'linux',
      'if',
      'fi',
    ],
    ...['menuentry', '{', '}', '"', "'", '(tftp)', '(', 'chain', '--name', '\n', '\r\n', ' ', ',', 'x', 'é'],
  );
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(word, { maxLength: 40 }).map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(text, (config) => {
      const all = [namedBySyslinux(config, 'a/'), namedByGrub(config, 'a/'), namedByIpxe(config, 'a/b.ipxe')];
      for (const { paths, line } of all.flatMap(({ files }) => files)) {
        expect(line).toBeGreaterThan(0);
        for (const path of paths) expect(path).not.toMatch(/^\/|\/\/|\\/);
      }
    }),
  );
});
