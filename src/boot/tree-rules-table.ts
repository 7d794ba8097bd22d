import type { Cpu } from './arch-table.ts';

/**
 * What a loader needs beside itself. `loader` and `needs` are names without folders, in lower case; what is needed may
 * depend on the processor that the loader is built for. `also`: folders of the root that it searches as well.
 */
export type Companion = {
  readonly loader: RegExp;
  readonly needs: string | Readonly<Partial<Record<Cpu, string>>>;
  readonly also?: readonly string[];
  /** Only from this major version on, which the loader's beginning tells (`PXELINUX 6.04`). */
  readonly since?: number;
  /** What happens without it, for people. */
  readonly otherwise: string;
  readonly fix: string;
};

/** Folders where PXELINUX and syslinux.efi look for their core module after their own (syslinux core/fs/pxe). */
export const LDLINUX_FOLDERS: readonly string[] = [
  'boot/isolinux/',
  'isolinux/',
  'boot/syslinux/',
  'syslinux/',
  '',
];

/** The second stage of shim: `grub` and what the processor is called in UEFI's file names (shim, Makefile). */
export const SECOND_STAGES: Readonly<Partial<Record<Cpu, string>>> = {
  x64: 'grubx64.efi',
  x86: 'grubia32.efi',
  aa64: 'grubaa64.efi',
  arm: 'grubarm.efi',
  riscv64: 'grubriscv64.efi',
  loongarch64: 'grubloongarch64.efi',
};

export const COMPANIONS: readonly Companion[] = [
  {
    loader: /^[gl]?pxelinux\.0$/,
    needs: 'ldlinux.c32',
    also: LDLINUX_FOLDERS,
    since: 5,
    otherwise: 'the machine stops with "Failed to load ldlinux.c32"',
    fix: 'copy it from the same SYSLINUX (Debian: /usr/lib/syslinux/modules/bios; Fedora: /usr/share/syslinux)',
  },
  {
    loader: /^syslinux[^/]*\.efi$/,
    needs: { x64: 'ldlinux.e64', x86: 'ldlinux.e32' },
    also: LDLINUX_FOLDERS,
    otherwise: 'the machine stops with "Failed to load ldlinux"',
    fix: 'copy it from the same SYSLINUX (Debian: /usr/lib/syslinux/modules/efi64 or efi32; Fedora: /usr/share/syslinux/efi64)',
  },
  {
    loader: /^(shim[^/]*|bootnet[^/]*)\.efi$/,
    needs: SECOND_STAGES,
    otherwise: 'shim asks for it next, and stops',
    fix: 'put GRUB’s network image there under that name (Debian: grubnetx64.efi.signed of grub-efi-amd64-signed; Fedora: grubx64.efi of grub2-efi-x64)',
  },
  {
    loader: /^core\.(efi|0)$/,
    needs: 'normal.mod',
    otherwise: 'this image of grub-mknetdir loads its modules from there, and stops at "grub rescue>"',
    fix: 'run grub-mknetdir again, which puts them there',
  },
];

/**
 * What loaders ask for in case it is there, in either spelling of folders: shim revocations and certificates (shim.c), GRUB the
 * lists of its modules, iPXE a script beside itself (efi_autoexec.c). Not MokManager (`mmx64.efi`): shim asks for that
 * one when a signature did not hold, which somebody should see.
 */
export const OPTIONAL_FILES =
  /(^|[\\/])((revocations(_[a-z0-9]+)?|shim_certificate(_\d+)?)\.efi|[a-z0-9_]+-[a-z0-9]+[\\/](command|fs|crypto|terminal)\.lst|autoexec\.ipxe)$/i;

/** Libraries that SYSLINUX modules are linked with: what `readelf -d` prints of 6.04's, BIOS and EFI alike. */
export const MODULE_LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  'chain.c32': ['libutil.c32', 'libcom32.c32'],
  'cmd.c32': ['libcom32.c32'],
  'cmenu.c32': ['libmenu.c32'],
  'config.c32': ['libcom32.c32'],
  'cptime.c32': ['libutil.c32'],
  'cpu.c32': ['libgpl.c32'],
  'cpuidtest.c32': ['libgpl.c32'],
  'dhcp.c32': ['libcom32.c32'],
  'disk.c32': ['libgpl.c32'],
  'dmi.c32': ['libgpl.c32'],
  'dmitest.c32': ['libgpl.c32'],
  'elf.c32': ['libcom32.c32'],
  'ethersel.c32': ['libcom32.c32'],
  'gfxboot.c32': ['libcom32.c32'],
  'gpxecmd.c32': ['libcom32.c32'],
  'hdt.c32': ['libutil.c32', 'libgpl.c32', 'libcom32.c32', 'libmenu.c32'],
  'hexdump.c32': ['libcom32.c32'],
  'ifcpu.c32': ['libutil.c32', 'libgpl.c32', 'libcom32.c32'],
  'ifcpu64.c32': ['libcom32.c32'],
  'ifmemdsk.c32': ['libcom32.c32'],
  'ifplop.c32': ['libcom32.c32'],
  'kbdmap.c32': ['libcom32.c32'],
  'kontron_wdt.c32': ['libcom32.c32'],
  'libmenu.c32': ['libutil.c32', 'libcom32.c32'],
  'linux.c32': ['libcom32.c32'],
  'lua.c32': ['liblua.c32', 'libcom32.c32'],
  'mboot.c32': ['libcom32.c32'],
  'menu.c32': ['libutil.c32'],
  'pci.c32': ['libcom32.c32'],
  'pcitest.c32': ['libcom32.c32'],
  'pmload.c32': ['libcom32.c32'],
  'prdhcp.c32': ['libutil.c32', 'libcom32.c32'],
  'pxechn.c32': ['libutil.c32', 'libcom32.c32'],
  'reboot.c32': ['libcom32.c32'],
  'rosh.c32': ['libutil.c32', 'libcom32.c32'],
  'sanboot.c32': ['libcom32.c32'],
  'sdi.c32': ['libcom32.c32'],
  'sysdump.c32': ['libcom32.c32'],
  'syslinux.c32': ['libcom32.c32'],
  'vesa.c32': ['libcom32.c32'],
  'vesamenu.c32': ['libutil.c32', 'libcom32.c32'],
  'vpdtest.c32': ['libgpl.c32'],
  'whichsys.c32': ['libcom32.c32'],
  'zzjson.c32': ['libgpl.c32'],
};

/** What SYSLINUX puts behind a kernel's name that is not there as it stands (wiki, "Config": KERNEL). */
export const KERNEL_EXTENSIONS: readonly string[] = ['', '.cbt', '.0', '.com', '.c32'];

/** Names of programs that machines boot, without folder, in lower case. */
export const LOADER_NAME =
  /(\.efi(\.signed)?|\.k{1,3}pxe|\.pxe|\.lkrn|^[gl]?pxelinux\.0|^core\.0|^grub[^/]*\.0|^ldlinux\.(c32|e32|e64))$/;
