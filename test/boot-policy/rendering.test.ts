import { describe, expect, test } from 'vitest';
import { archOf } from '../../src/boot/arch-table.ts';
import type { BootMachine } from '../../src/boot/machine.ts';
import { LOCAL_PROFILE, type MenuProfile, type Profile } from '../../src/boot/profile.ts';
import { configNameOf, renderFor } from '../../src/boot/rendering.ts';
import { parseSyslinux, readSyslinux } from '../../src/boot/syslinux-config.ts';
import { CHOICE, DEBIAN, MACHINE, MEMTEST, policyOf } from './profiles.ts';

type How = {
  readonly machine?: Partial<BootMachine>;
  readonly files?: readonly string[];
  readonly http?: string;
};

function rendered(path: string, profiles: readonly Profile[], { machine, files, http }: How = {}) {
  const exists = files && ((file: string) => files.includes(file));
  const policy = policyOf(profiles, {}, http);
  return renderFor(configNameOf(path)!, { ...MACHINE, ...machine }, { policy, exists });
}

/** The lines behind the note. */
function lines(path: string, profiles: readonly Profile[], how?: How): string[] {
  const text = rendered(path, profiles, how)?.text ?? '';
  expect(text.endsWith('\n')).toBe(true);
  const all = text.trimEnd().split('\n');
  expect(all.filter((line) => line.startsWith('# pxed: '))).toHaveLength(1);
  return all.filter((line) => !line.startsWith('# pxed: ') && line !== '');
}

const ARGS = 'auto=true hostname=node1 BOOTIF=01-52-54-00-12-34-56';
const UBOOT = { kind: 'u-boot', arch: archOf(22) } as const;

describe('renderFor() PXELINUX', () => {
  test('a kernel', () => {
    expect(lines('pxelinux.cfg/01-52-54-00-12-34-56', [DEBIAN])).toEqual([
      'DEFAULT debian',
      'PROMPT 0',
      'LABEL debian',
      '  MENU LABEL Install Debian',
      '  LINUX debian/vmlinuz-6.1.0',
      '  INITRD debian/initrd.gz,debian/firmware.gz',
      `  APPEND ${ARGS}`,
    ]);
  });

  test.each([
    ['efi64/pxelinux.cfg/default', '::debian/vmlinuz-6.1.0', '::debian/initrd.gz,::debian/firmware.gz'],
    ['debian/pxelinux.cfg/default', 'vmlinuz-6.1.0', 'initrd.gz,firmware.gz'],
    ['deb/pxelinux.cfg/default', '::debian/vmlinuz-6.1.0', '::debian/initrd.gz,::debian/firmware.gz'],
  ])('%s: files are named from the loader’s folder', (path, kernel, initrds) => {
    const text = lines(path, [DEBIAN]);
    expect(text).toContain(`  LINUX ${kernel}`);
    expect(text).toContain(`  INITRD ${initrds}`);
  });

  test('the local disk', () => {
    expect(lines('pxelinux.cfg/default', [LOCAL_PROFILE])).toContain('  LOCALBOOT 0');
  });

  test.each([
    ['memtest.efi', 'LINUX'],
    ['memtest.bin', 'LINUX'],
    ['hdt.c32', 'COM32'],
    ['undionly.kpxe', 'PXE'],
    ['gpxelinux.0', 'PXE'],
  ])('the program %s: %s', (file, keyword) => {
    expect(lines('pxelinux.cfg/C0A8', [{ kind: 'loader', name: 'x', file }])).toContain(
      `  ${keyword} ${file}`,
    );
  });

  test('a menu at the prompt', () => {
    expect(lines('pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST])).toEqual([
      'DEFAULT local',
      'PROMPT 1',
      'TIMEOUT 100',
      'MENU TITLE What now?',
      'SAY What now?: type a name',
      'SAY   local  Local disk',
      'SAY   debian  Install Debian',
      'SAY   memtest  RAM',
      'LABEL local',
      '  MENU LABEL Local disk',
      '  MENU DEFAULT',
      '  LOCALBOOT 0',
      'LABEL debian',
      '  MENU LABEL Install Debian',
      '  LINUX debian/vmlinuz-6.1.0',
      '  INITRD debian/initrd.gz,debian/firmware.gz',
      `  APPEND ${ARGS}`,
      'LABEL memtest',
      '  MENU LABEL RAM',
      '  LINUX memtest.efi',
    ]);
  });

  test('a real menu where menu.c32 and what it needs are there', () => {
    const files = ['bios/menu.c32', 'bios/libutil.c32'];
    const text = lines('bios/pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST], { files });
    expect(text.slice(0, 4)).toEqual(['DEFAULT local', 'UI menu.c32', 'PROMPT 0', 'TIMEOUT 100']);
    expect(text.some((line) => line.startsWith('SAY'))).toBe(false);
    const uefi = { arch: archOf(7) };
    const mixed = [...files, 'bios/ldlinux.c32', 'bios/ldlinux.e64'];
    const asked = (how: How) => lines('bios/pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST], how);
    expect(asked({ files: mixed })).toContain('UI menu.c32');
    expect(asked({ files: mixed, machine: uefi })).toContain('PROMPT 1');
    expect(asked({ files, machine: uefi })).toContain('PROMPT 1');
    expect(asked({ files: [...files, 'bios/ldlinux.e64'], machine: uefi })).toContain('UI menu.c32');
    expect(asked({ files: [...files, 'bios/ldlinux.e64'] })).toContain('PROMPT 1');
    for (const some of [files.slice(0, 1), files.slice(1), ['menu.c32', 'libutil.c32']]) {
      expect(lines('bios/pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST], { files: some })).toContain(
        'PROMPT 1',
      );
    }
  });

  test('reads back as what the profile says', () => {
    const text = rendered('pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST])!.text;
    const config = readSyslinux(parseSyslinux(text));
    expect(config.entry).toMatchObject({ label: 'local', localBoot: 0 });
    expect(config.entries[1]).toEqual({
      label: 'debian',
      kernel: 'debian/vmlinuz-6.1.0',
      initrds: ['debian/initrd.gz', 'debian/firmware.gz'],
      append: ARGS,
    });
  });
});

describe('renderFor() U-Boot', () => {
  test('one initrd, the folder of device trees, and what was left out', () => {
    const board = { ...DEBIAN, fdtdir: 'debian/dtb' };
    expect(lines('pxelinux.cfg/default-arm', [board])).toEqual([
      'DEFAULT debian',
      'PROMPT 0',
      'LABEL debian',
      '  MENU LABEL Install Debian',
      '  LINUX debian/vmlinuz-6.1.0',
      '  INITRD debian/initrd.gz',
      '  FDTDIR debian/dtb',
      `  APPEND ${ARGS}`,
    ]);
    expect(rendered('pxelinux.cfg/default', [board], { machine: UBOOT })?.reason).toBe(
      'profile debian by default; U-Boot takes one initrd: debian/firmware.gz left out',
    );
  });

  test('is known by what DHCP said, and both are served where nothing was', () => {
    const board: Profile = { ...DEBIAN, initrds: ['i'], fdtdir: 'dtb' };
    const asked = (machine: Partial<BootMachine>) => lines('pxelinux.cfg/default', [board], { machine });
    expect(asked(UBOOT)).toContain('  FDTDIR dtb');
    const { arch: _, kind: __, ...unknown } = MACHINE;
    const text = renderFor(configNameOf('pxelinux.cfg/default')!, unknown, {
      policy: policyOf([board]),
    })?.text;
    expect(text).toContain('  FDTDIR dtb\n');
    expect(text).toContain('  INITRD i\n');
    expect(asked({})).not.toContain('  FDTDIR dtb');
  });

  test('from a disk’s folder files begin with a slash', () => {
    expect(lines('extlinux/extlinux.conf', [LOCAL_PROFILE])).toContain('  LOCALBOOT 1');
    expect(lines('extlinux/extlinux.conf', [DEBIAN])).toContain('  LINUX /debian/vmlinuz-6.1.0');
  });

  test('a menu of its own', () => {
    const text = lines('pxelinux.cfg/default', [CHOICE, DEBIAN, MEMTEST], { machine: UBOOT });
    expect(text.slice(0, 4)).toEqual(['DEFAULT local', 'PROMPT 1', 'TIMEOUT 100', 'MENU TITLE What now?']);
    expect(text.filter((line) => line.startsWith('SAY'))).toEqual([]);
  });
});

describe('renderFor() GRUB', () => {
  test('a kernel', () => {
    expect(lines('grub/grub.cfg-01-52-54-00-12-34-56', [DEBIAN])).toEqual([
      'set default=debian',
      'set timeout=0',
      'set timeout_style=hidden',
      `menuentry 'Install Debian' --id debian {`,
      `  linux /debian/vmlinuz-6.1.0 ${ARGS}`,
      '  initrd /debian/initrd.gz /debian/firmware.gz',
      '}',
    ]);
  });

  test('arguments with quotes and with characters of its shell', () => {
    const args = `a="b c" d=$e f='g' h;i j={k} l|m dyndbg="file x +p"`;
    expect(lines('grub.cfg', [{ ...DEBIAN, args }])).toContain(
      `  linux /debian/vmlinuz-6.1.0 'a=b c' 'd=$e' 'f='\\''g'\\''' 'h;i' 'j={k}' 'l|m' 'dyndbg=file x +p'`,
    );
  });

  test('the local disk, a program, a menu that waits for ever', () => {
    const menu = { ...CHOICE, timeoutSeconds: 0, title: `It's` } as Profile;
    expect(lines('grub.cfg', [menu, DEBIAN, MEMTEST])).toEqual([
      'set default=local',
      'set timeout=-1',
      `menuentry 'Local disk' --id local {`,
      '  exit',
      '}',
      `menuentry 'Install Debian' --id debian {`,
      `  linux /debian/vmlinuz-6.1.0 ${ARGS}`,
      '  initrd /debian/initrd.gz /debian/firmware.gz',
      '}',
      'menuentry RAM --id memtest {',
      '  if [ "$grub_platform" = "efi" ]; then',
      '    chainloader /memtest.efi',
      '  else',
      '    linux16 /memtest.efi',
      '  fi',
      '}',
    ]);
  });
});

describe('renderFor() iPXE', () => {
  test.each(['ipxe/undionly.kpxe', 'snponly.efi'])('never iPXE again: %s', (file) => {
    const again: Profile = { kind: 'loader', name: 'again', file };
    const refusal = [`echo ${file} is iPXE, which runs already`, 'iseq it new'];
    expect(lines('boot.ipxe', [again])).toEqual(['#!ipxe', ...refusal]);
    const menu: Profile = { ...(CHOICE as MenuProfile), entries: [{ profile: 'again' }], default: 'again' };
    const text = lines('boot.ipxe', [menu, again]);
    expect(text).toEqual(expect.arrayContaining(refusal.map((line) => `${line} || goto failed`)));
    expect(text.join('\n')).not.toContain('chain');
  });

  test('a kernel: initrds have names that a kernel run by UEFI finds', () => {
    expect(lines('boot.ipxe', [DEBIAN])).toEqual([
      '#!ipxe',
      `kernel /debian/vmlinuz-6.1.0 initrd=initrd0 initrd=initrd1 ${ARGS}`,
      'initrd --name initrd0 /debian/initrd.gz',
      'initrd --name initrd1 /debian/firmware.gz',
      'boot',
    ]);
    expect(lines('x/boot.ipxe', [{ ...DEBIAN, initrds: ['i'], args: '' }])).toEqual([
      '#!ipxe',
      'kernel /debian/vmlinuz-6.1.0 initrd=initrd',
      'initrd --name initrd /i',
      'boot',
    ]);
  });

  test('says what it is in its second line', () => {
    expect(rendered('boot.ipxe', [DEBIAN])?.text.split('\n')[1]).toBe(
      '# pxed: for 52:54:00:12:34:56, profile debian by default',
    );
  });

  test.each([
    [undefined, 'tftp://10.0.0.1/memtest.efi'],
    ['http://10.0.0.1/', 'http://10.0.0.1/memtest.efi'],
  ])('found by iPXE itself it brings its address: HTTP at %s', (http, url) => {
    const how = http === undefined ? {} : { http };
    expect(lines('autoexec.ipxe', [MEMTEST], how)).toEqual(['#!ipxe', 'dhcp', `chain ${url}`]);
  });

  test('a menu', () => {
    expect(lines('boot.ipxe', [CHOICE, { ...DEBIAN, args: '' }, MEMTEST])).toEqual([
      '#!ipxe',
      ':menu',
      'menu What now?',
      'item boot_local Local disk',
      'item boot_debian Install Debian',
      'item boot_memtest RAM',
      'choose --default boot_local --timeout 10000 selected || exit',
      `goto ${'$'}{selected}`,
      ':boot_local',
      'imgfree',
      `iseq ${'$'}{platform} efi && exit || sanboot --no-describe --drive 0x80 || goto failed`,
      ':boot_debian',
      'imgfree',
      'kernel /debian/vmlinuz-6.1.0 initrd=initrd0 initrd=initrd1 || goto failed',
      'initrd --name initrd0 /debian/initrd.gz || goto failed',
      'initrd --name initrd1 /debian/firmware.gz || goto failed',
      'boot || goto failed',
      ':boot_memtest',
      'imgfree',
      'chain /memtest.efi || goto failed',
      ':failed',
      'echo This did not boot, back to the menu',
      'sleep 5',
      'goto menu',
    ]);
  });
});

describe('renderFor() menus', () => {
  const OUTER: Profile = {
    kind: 'menu',
    name: 'outer',
    entries: [{ profile: 'choice', title: 'More' }, { profile: 'debian' }, { profile: 'never' }],
    timeoutSeconds: 1,
    default: 'debian',
  };
  const NEVER: Profile = { ...MEMTEST, name: 'never', instead: 'local' };

  test('menus in a menu are its lines, labels stay unique, what is never offered is left out', () => {
    const text = lines('pxelinux.cfg/default', [OUTER, CHOICE, DEBIAN, MEMTEST, NEVER]);
    expect(text.filter((line) => /^(DEFAULT|LABEL|SAY {2})/.test(line))).toEqual([
      'DEFAULT debian',
      'SAY   local  More: Local disk',
      'SAY   debian  More: Install Debian',
      'SAY   memtest  More: RAM',
      'SAY   debian-2  Install Debian',
      'LABEL local',
      'LABEL debian',
      'LABEL memtest',
      'LABEL debian-2',
    ]);
  });

  test('a menu in itself, or with nothing in it, is none', () => {
    const loop: Profile = { kind: 'menu', name: 'loop', entries: [{ profile: 'loop' }], timeoutSeconds: 1 };
    expect(rendered('grub.cfg', [loop])).toBeUndefined();
    expect(rendered('grub.cfg', [{ ...loop, entries: [{ profile: 'nobody' }] }])).toBeUndefined();
  });
});

test('renderFor() a machine is called what the configuration calls it', () => {
  const policy = policyOf([DEBIAN], { hostname: 'desk' });
  const name = configNameOf('pxelinux.cfg/default')!;
  expect(renderFor(name, MACHINE, { policy })?.text).toContain('hostname=desk');
});

test('renderFor() names of other machines are not answered', () => {
  expect(rendered('pxelinux.cfg/01-52-54-00-12-34-57', [DEBIAN])).toBeUndefined();
  expect(rendered('grub.cfg-C0A9', [DEBIAN])).toBeUndefined();
  expect(rendered('grub.cfg-C0A8', [DEBIAN])).toMatchObject({ profile: 'debian' });
});

test('renderFor() has iPXE put in the serial number, and leaves it empty for loaders that do not know it', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
  const profile: Profile = { ...DEBIAN, args: 'node=x${serial} quiet' };
  expect(lines('boot.ipxe', [profile]).find((line) => line.startsWith('kernel '))).toMatch(
    / node=x\$\{serial:uristring\} quiet$/,
  );
  for (const path of ['pxelinux.cfg/default', 'grub/grub.cfg']) {
    expect(rendered(path, [profile])?.text).toMatch(/ node=x quiet$/m);
  }
});
