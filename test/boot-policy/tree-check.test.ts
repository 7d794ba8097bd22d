import { describe, expect, test } from 'vitest';
import type { BootSettings } from '../../src/boot/settings.ts';
import type { TreeFacts, TreeLink } from '../../src/boot/tree.ts';
import { checkTree } from '../../src/boot/tree-check.ts';
import { efiProgram } from './efi-program.ts';

type Tree = {
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly links?: readonly TreeLink[];
  readonly settings?: Partial<BootSettings>;
  readonly rendered?: boolean;
  readonly ruled?: readonly { arch: number; file: string }[];
  readonly unreadable?: readonly string[];
  readonly complete?: boolean;
  readonly shim?: readonly string[];
};

const X64 = efiProgram({ machine: 0x8664 });
const IA32 = efiProgram({ machine: 0x014c });
const AA64 = efiProgram({ machine: 0xaa64 });
const V6 = 'xxPXELINUX 6.04 PXE';
const MENU = { 'pxelinux.0': V6, 'ldlinux.c32': 'x', 'menu.c32': 'x', 'libutil.c32': 'x' };
const LOCAL = 'DEFAULT disk\nLABEL disk\n  LOCALBOOT 0\n';

function findings({ files, links = [], settings, shim = [], ...more }: Tree) {
  const octets = (content: string | Uint8Array) =>
    typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const facts: TreeFacts = {
    files: Object.entries(files).map(([path, content]) => ({
      path,
      size: octets(content).length,
      head: octets(content),
      ...(shim.includes(path) && { shim: true as const }),
    })),
    links,
    unreadable: more.unreadable ?? [],
    names: [...Object.keys(files), ...links.map(({ path }) => path)],
    folderLinks: [],
    complete: more.complete ?? true,
  };
  const lower = new Set(Object.keys(files).map((path) => path.toLowerCase()));
  return checkTree(facts, {
    exists: (path) => lower.has(path.toLowerCase()),
    settings: { bootFile: 'pxelinux.0', archFiles: new Map(), ...settings },
    rendered: more.rendered ?? false,
    ...(more.ruled && { ruled: more.ruled }),
  });
}

/** `severity problem path` of each finding. */
function said(tree: Tree): string[] {
  return findings(tree).map(({ severity, problem, path }) => `${severity} ${problem} ${path}`);
}

describe('checkTree() companions', () => {
  test.each<{ name: string; tree: Tree; want: string[] }>([
    {
      name: 'PXELINUX 6 with all it needs',
      tree: { files: { 'pxelinux.0': V6, 'ldlinux.c32': 'x', 'pxelinux.cfg/default': LOCAL } },
      want: [],
    },
    {
      name: 'PXELINUX 6 alone',
      tree: { files: { 'pxelinux.0': V6, 'pxelinux.cfg/default': LOCAL } },
      want: ['problem missing-companion pxelinux.0'],
    },
    {
      name: 'PXELINUX 4, which needs nothing',
      tree: { files: { 'pxelinux.0': 'PXELINUX 4.05', 'pxelinux.cfg/default': LOCAL } },
      want: [],
    },
    {
      name: 'lpxelinux.0 in a folder, its core module in one that it searches',
      tree: {
        files: { 'bios/lpxelinux.0': V6, 'isolinux/ldlinux.c32': 'x', 'bios/pxelinux.cfg/default': LOCAL },
      },
      want: [],
    },
    {
      name: 'syslinux.efi of each processor, with the other’s core module',
      tree: {
        files: {
          ...{ 'a/syslinux.efi': X64, 'a/ldlinux.e32': 'x', 'b/syslinux.efi': IA32, 'b/ldlinux.e64': 'x' },
          ...{ 'a/pxelinux.cfg/default': LOCAL, 'b/pxelinux.cfg/default': LOCAL },
        },
      },
      want: ['problem missing-companion a/syslinux.efi', 'problem missing-companion b/syslinux.efi'],
    },
    {
      name: 'shim without its second stage; revocations.efi is nobody’s need',
      tree: { files: { 'efi/shimx64.efi': X64, 'pxelinux.cfg/default': LOCAL } },
      want: ['problem missing-companion efi/shimx64.efi'],
    },
    {
      name: 'shim by its contents, under the name of removable media',
      tree: { files: { 'EFI/BOOT/BOOTX64.EFI': X64 }, shim: ['EFI/BOOT/BOOTX64.EFI'] },
      want: ['problem missing-companion EFI/BOOT/BOOTX64.EFI'],
    },
    {
      name: 'shim with GRUB, which has its configuration where Debian’s looks',
      tree: { files: { 'shimaa64.efi': AA64, 'grubaa64.efi': AA64, 'grub/grub.cfg': '' } },
      want: [],
    },
    {
      name: 'an image of grub-mknetdir without its modules',
      tree: { files: { 'boot/grub/x86_64-efi/core.efi': X64 } },
      want: ['problem missing-companion boot/grub/x86_64-efi/core.efi'],
    },
    {
      name: 'loaders without an octet',
      tree: { files: { 'undionly.kpxe': '', 'boot.ipxe': '#!ipxe' } },
      want: ['problem empty-loader undionly.kpxe'],
    },
  ])('$name', ({ tree, want }) => {
    expect(said(tree)).toEqual(want);
  });
});

describe('checkTree() processors', () => {
  test('a loader found by name that is built for another one', () => {
    const [finding] = findings({ files: { 'bootx64.efi': AA64 } });
    expect(finding).toMatchObject({ severity: 'problem', problem: 'wrong-cpu', path: 'bootx64.efi' });
    expect(finding?.detail).toBe('is an EFI program for 64-bit ARM, and UEFI x86-64 machines are given it');
  });

  test('a loader that boot.arch names, and one that BIOS machines cannot run', () => {
    const archFiles = new Map([
      [11, 'arm/loader.efi'],
      [0, 'loader.bin.efi'],
    ]);
    const files = { 'arm/loader.efi': X64, 'loader.bin.efi': X64 };
    expect(findings({ files, settings: { archFiles } }).map(({ path, detail }) => [path, detail])).toEqual([
      ['loader.bin.efi', 'is an EFI program for x86-64, and BIOS machines are given it'],
      ['arm/loader.efi', 'is an EFI program for x86-64, and UEFI 64-bit ARM machines are given it'],
    ]);
  });

  test('is silent about loaders that fit, byte code, URLs, and the boot file that everybody gets', () => {
    const settings = { bootFile: 'efi/any.efi', archFiles: new Map([[7, 'http://10.0.0.1/x.efi']]) };
    const files = {
      'bootia32.efi': IA32,
      'bootaa64.efi': efiProgram({ machine: 0x0ebc }),
      'efi/any.efi': X64,
    };
    expect(said({ files, settings })).toEqual([]);
  });

  test('a file of a rule, and one for HTTP', () => {
    const files = { 'x.efi': X64, 'y.efi': AA64 };
    const archFiles = new Map([[16, 'y.efi']]);
    const ruled = [
      { arch: 11, file: '/x.efi' },
      { arch: 7, file: 'x.efi' },
    ];
    expect(said({ files, settings: { archFiles }, ruled })).toEqual([
      'problem wrong-cpu y.efi',
      'problem wrong-cpu x.efi',
    ]);
  });

  test('modules beside a loader for other firmware, one note for all', () => {
    const elf = (machine: number) =>
      Uint8Array.from({ length: 64 }, (_, i) => [0x7f, 0x45][i] ?? (i === 18 ? machine : 0));
    const mixed = { 'menu.c32': elf(3), 'chain.c32': elf(3), 'ldlinux.c32': elf(3), 'text.c32': 'x' };
    const files = { 'syslinux.efi': X64, 'ldlinux.e64': 'x', 'pxelinux.0': V6, ...mixed };
    const notes = findings({ files, rendered: true }).map(({ problem, path, detail }) => [
      problem,
      path,
      detail,
    ]);
    expect(notes).toEqual([
      ['wrong-module', 'syslinux.efi', 'cannot run menu.c32 and 1 more, built for BIOS or 32-bit UEFI'],
    ]);
    const other = { ...files, 'menu.c32': elf(62), 'chain.c32': elf(62) };
    expect(said({ files: other, rendered: true })).toEqual(['note wrong-module pxelinux.0']);
    const apart = { 'pxelinux.0': V6, 'ldlinux.c32': elf(3), 'menu.c32': elf(3), 'efi64/menu.c32': elf(62) };
    expect(said({ files: apart, rendered: true })).toEqual([]);
  });

  test('a file that is no program at all', () => {
    expect(said({ files: { 'grubx64.efi': '<html>404', 'grub.cfg': '' } })).toEqual([
      'problem not-efi grubx64.efi',
    ]);
  });
});

describe('checkTree() what runs next', () => {
  test('iPXE without a script: a problem for the boot file, else worth a note', () => {
    const files = { 'undionly.kpxe': 'x', 'ipxe.efi': X64 };
    expect(said({ files, settings: { bootFile: 'undionly.kpxe' } })).toEqual([
      'problem no-script undionly.kpxe',
    ]);
    expect(said({ files })).toEqual(['note no-script undionly.kpxe']);
    expect(said({ files: { ...files, 'boot.ipxe': '#!ipxe' } })).toEqual([]);
    expect(said({ files, settings: { ipxeFile: 'http://10.0.0.1/x' } })).toEqual([]);
    expect(said({ files, rendered: true })).toEqual([]);
  });

  test('loaders without a configuration: a problem for the boot file, else worth a note', () => {
    const files = { 'pxelinux.0': V6, 'ldlinux.c32': 'x', 'grubx64.efi': X64 };
    expect(said({ files })).toEqual(['problem no-config pxelinux.0', 'note no-config grubx64.efi']);
    expect(said({ files, rendered: true })).toEqual([]);
    const own = { 'pxelinux.cfg/01-52-54-00-12-34-56': LOCAL, 'grub/grub.cfg-C0A84D': '' };
    expect(said({ files: { ...files, ...own } })).toEqual([]);
    expect(said({ files, complete: false }).filter((line) => line.includes('no-config'))).toEqual([]);
  });
});

describe('checkTree() what configurations name', () => {
  test('kernels and initrds that are not there, with line and the name that comes near', () => {
    const config = 'LABEL a\n  KERNEL images/vmlinux\n  INITRD gone.img\n  MENU BACKGROUND x.png\n';
    const files = { ...MENU, 'pxelinux.cfg/default': config, 'images/vmlinuz': 'x' };
    expect(findings({ files }).map(({ path, detail }) => `${path} ${detail}`)).toEqual([
      'pxelinux.cfg/default:2 kernel images/vmlinux is not there; did you mean images/vmlinuz?',
      'pxelinux.cfg/default:3 initrd gone.img is not there',
    ]);
  });

  test('a kernel whose name SYSLINUX completes is there', () => {
    const files = { ...MENU, 'pxelinux.cfg/default': 'LABEL a\nKERNEL other\n', 'other.0': 'x' };
    expect(said({ files })).toEqual([]);
  });

  test('libraries of the modules that are named, where SYSLINUX looks for them', () => {
    const config = 'UI vesamenu.c32\nLABEL a\nCOM32 modules/chain.c32\n';
    const files = {
      ...{ 'pxelinux.0': V6, 'ldlinux.c32': 'x', 'vesamenu.c32': 'x', 'modules/chain.c32': 'x' },
      ...{ 'modules/libutil.c32': 'x', 'modules/libcom32.c32': 'x', 'pxelinux.cfg/default': config },
    };
    expect(
      findings({ files }).map(({ path, problem, detail }) => `${path} ${problem} ${detail.slice(0, 35)}`),
    ).toEqual([
      'pxelinux.cfg/default:1 missing-library vesamenu.c32 needs libutil.c32, whi',
      'pxelinux.cfg/default:1 missing-library vesamenu.c32 needs libcom32.c32, wh',
      'pxelinux.cfg/default:3 missing-library modules/chain.c32 needs libutil.c32',
      'pxelinux.cfg/default:3 missing-library modules/chain.c32 needs libcom32.c3',
    ]);
    expect(said({ files: { ...files, 'pxelinux.cfg/default': `PATH modules\n${config}` } })).toEqual([]);
  });

  test('a module’s libraries need libraries themselves', () => {
    const config = 'UI cmenu.c32\n';
    const files = { ...MENU, 'cmenu.c32': 'x', 'libmenu.c32': 'x', 'pxelinux.cfg/default': config };
    expect(findings({ files }).map(({ detail }) => detail)).toEqual([
      expect.stringContaining('libcom32.c32'),
    ]);
  });

  test('what is included, however deep, once, and without going in circles', () => {
    const files = {
      ...MENU,
      'pxelinux.cfg/default': 'INCLUDE menu/a.cfg\n',
      'pxelinux.cfg/C0A84D': 'INCLUDE menu/a.cfg\n',
      'menu/a.cfg': 'MENU INCLUDE menu/b.cfg\nLABEL a\nKERNEL gone\n',
      'menu/b.cfg': 'INCLUDE menu/a.cfg\nLABEL b\nKERNEL gone\n',
    };
    expect(said({ files })).toEqual([
      'problem missing-file menu/b.cfg:3',
      'problem missing-file menu/a.cfg:3',
    ]);
  });

  test('files that are included again and again are read once', () => {
    // Read each time, the last of them would be read 4^30 times.
    const chain = Array.from({ length: 30 }, (_, i): [string, string] => {
      return [`menu/${i}.cfg`, `INCLUDE menu/${i + 1}.cfg\n`.repeat(4)];
    });
    const last = { 'menu/30.cfg': 'LABEL x\nKERNEL gone\n' };
    const files = { ...MENU, 'pxelinux.cfg/default': chain[0]![1], ...Object.fromEntries(chain), ...last };
    expect(said({ files })).toEqual(['problem missing-file menu/30.cfg:2']);
  });

  test('GRUB’s kernels are needed, its modules may be built in; iPXE’s files are beside the script', () => {
    const files = {
      'grub/grub.cfg': 'insmod gfxterm\nlinux /vmlinuz\n',
      'ipxe/boot.ipxe': '#!ipxe\nkernel vmlinuz\n',
    };
    expect(said({ files })).toEqual([
      'problem missing-file grub/grub.cfg:2',
      'problem missing-file ipxe/boot.ipxe:2',
      'note missing-file grub/grub.cfg:1',
    ]);
  });
});

describe('checkTree() links, rights and size', () => {
  test('a client’s link that leads nowhere, with the command that mends it', () => {
    const links: TreeLink[] = [
      { path: 'pxelinux.cfg/C0A8000B', target: 'default.netboot-7.3', why: 'dangling' },
    ];
    const files = { 'pxelinux.cfg/default.netboot-7.2': LOCAL };
    expect(findings({ files, links })).toEqual([
      {
        severity: 'problem',
        problem: 'dangling-link',
        path: 'pxelinux.cfg/C0A8000B',
        detail: 'is a link to default.netboot-7.3, which does not exist; did you mean default.netboot-7.2?',
        fix: 'ln -sfn default.netboot-7.2 pxelinux.cfg/C0A8000B',
      },
    ]);
  });

  test('a link out of the root, and the configuration that names it', () => {
    const links: TreeLink[] = [{ path: 'vmlinuz', target: '/boot/vmlinuz', why: 'outside' }];
    const files = { 'pxelinux.cfg/default': 'LABEL a\nKERNEL vmlinuz\n' };
    expect(findings({ files, links }).map(({ severity, detail }) => `${severity} ${detail}`)).toEqual([
      'problem kernel vmlinuz is a link to /boot/vmlinuz, outside of the root',
      'note is a link to /boot/vmlinuz, outside of the root: it is not served',
    ]);
  });

  test('what cannot be read, and that not all was looked at', () => {
    expect(said({ files: {}, unreadable: ['vmlinuz'], complete: false })).toEqual([
      'problem unreadable vmlinuz',
      'note large-tree .',
    ]);
  });

  test('says what is wrong and what to do, of every finding', () => {
    const all = findings({
      files: {
        ...MENU,
        'shimx64.efi': X64,
        'x.efi': 'x',
        'ipxe.efi': IA32,
        'pxelinux.cfg/default': 'KERNEL a',
      },
      links: [{ path: 'a', target: 'b', why: 'dangling' }],
      unreadable: ['c'],
      complete: false,
    });
    expect(all.length).toBeGreaterThan(5);
    for (const { detail, fix } of all) {
      expect(detail).not.toBe('');
      expect(fix).not.toBe('');
    }
  });
});
