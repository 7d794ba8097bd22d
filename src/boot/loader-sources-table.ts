/** Where distributions keep the loaders that machines boot over the network, and under which names a boot root has them. */

export type LoaderName = 'pxelinux' | 'syslinux' | 'ipxe' | 'grub' | 'shim';

/**
 * A package of a distribution and a file of it; absent where it has none. Debian has the loaders of arm64 in packages of that
 * architecture, which others name so: apt-get otherwise takes its own, or finds none.
 */
export type PackagedFile = { readonly package: string; readonly path: string };

export type LoaderSource = {
  /** Whose file it is; several where more than one needs it. */
  readonly loaders: readonly LoaderName[];
  /** Code of option 93 of the machines that it is for. */
  readonly arch: number;
  /** Path below the root; a folder ends with a slash, and gets the files whose names fit `only`. */
  readonly to: string;
  readonly only?: RegExp;
  readonly debian?: PackagedFile;
  readonly fedora?: PackagedFile;
  /** The loader works without it, so that nobody need install a package for it. */
  readonly optional?: true;
};

/** Package and path. */
type Place = readonly [string, string];

const BIOS = 0;
const IA32 = 6;
const X64 = 7;
const ARM64 = 11;

function source(
  loaders: readonly LoaderName[],
  [arch, to]: readonly [number, string],
  more: { debian?: Place; fedora?: Place; only?: RegExp; optional?: true },
): LoaderSource {
  const { debian, fedora, ...rest } = more;
  return {
    loaders,
    arch,
    to,
    ...rest,
    ...(debian && { debian: { package: debian[0], path: debian[1] } }),
    ...(fedora && { fedora: { package: fedora[0], path: fedora[1] } }),
  };
}

/** Menus, chain-loading, power: what samples and profiles use, with the libraries these need. */
const MODULES: readonly string[] = [
  'ldlinux.c32',
  'libutil.c32',
  'libcom32.c32',
  'libmenu.c32',
  'menu.c32',
  'vesamenu.c32',
  'chain.c32',
  'linux.c32',
  'mboot.c32',
  'reboot.c32',
  'poweroff.c32',
];

/** Builds for EFI have a core module of another name, and no poweroff.c32. */
const EFI_MODULES = MODULES.filter((name) => name !== 'ldlinux.c32' && name !== 'poweroff.c32');

const GRUB_FILES = /\.(mod|lst)$/;

/**
 * Debian 12's packages as `dpkg -L` lists them, Fedora 42's by their spec files. SYSLINUX for UEFI lies in a folder of its own, for
 * its modules have the names of those for BIOS. What shim asks for as `grubx64.efi` is GRUB's network image.
 */
export const LOADER_SOURCES: readonly LoaderSource[] = [
  source(['pxelinux'], [BIOS, 'pxelinux.0'], {
    debian: ['pxelinux', '/usr/lib/PXELINUX/pxelinux.0'],
    fedora: ['syslinux-nonlinux', '/usr/share/syslinux/pxelinux.0'],
  }),
  source(['pxelinux'], [BIOS, 'lpxelinux.0'], {
    debian: ['pxelinux', '/usr/lib/PXELINUX/lpxelinux.0'],
    fedora: ['syslinux-nonlinux', '/usr/share/syslinux/lpxelinux.0'],
  }),
  ...MODULES.map((name) =>
    source(['pxelinux'], [BIOS, name], {
      debian: ['syslinux-common', `/usr/lib/syslinux/modules/bios/${name}`],
      fedora: ['syslinux-nonlinux', `/usr/share/syslinux/${name}`],
    }),
  ),
  source(['ipxe'], [BIOS, 'undionly.kpxe'], {
    debian: ['ipxe', '/usr/lib/ipxe/undionly.kpxe'],
    fedora: ['ipxe-bootimgs-x86', '/usr/share/ipxe/undionly.kpxe'],
  }),

  source(['syslinux'], [X64, 'efi64/syslinux.efi'], {
    debian: ['syslinux-efi', '/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi'],
    fedora: ['syslinux-efi64', '/usr/share/syslinux/efi64/syslinux.efi'],
  }),
  ...['ldlinux.e64', ...EFI_MODULES].map((name) =>
    source(['syslinux'], [X64, `efi64/${name}`], {
      debian: ['syslinux-common', `/usr/lib/syslinux/modules/efi64/${name}`],
      fedora: ['syslinux-efi64', `/usr/share/syslinux/efi64/${name}`],
    }),
  ),
  source(['ipxe'], [X64, 'ipxe.efi'], {
    debian: ['ipxe', '/usr/lib/ipxe/ipxe.efi'],
    fedora: ['ipxe-bootimgs-x86', '/usr/share/ipxe/ipxe-x86_64.efi'],
  }),
  source(['ipxe'], [X64, 'snponly.efi'], {
    debian: ['ipxe', '/usr/lib/ipxe/snponly.efi'],
    fedora: ['ipxe-bootimgs-x86', '/usr/share/ipxe/ipxe-snponly-x86_64.efi'],
  }),
  source(['grub', 'shim'], [X64, 'grubx64.efi'], {
    debian: ['grub-efi-amd64-signed', '/usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed'],
    fedora: ['grub2-efi-x64', '/boot/efi/EFI/fedora/grubx64.efi'],
  }),
  source(['grub'], [X64, 'grub/x86_64-efi/'], {
    only: GRUB_FILES,
    debian: ['grub-efi-amd64-bin', '/usr/lib/grub/x86_64-efi'],
    fedora: ['grub2-efi-x64-modules', '/usr/lib/grub/x86_64-efi'],
  }),
  source(['shim'], [X64, 'shimx64.efi'], {
    debian: ['shim-signed', '/usr/lib/shim/shimx64.efi.signed'],
    fedora: ['shim-x64', '/boot/efi/EFI/fedora/shimx64.efi'],
  }),
  source(['shim'], [X64, 'mmx64.efi'], {
    debian: ['shim-helpers-amd64-signed', '/usr/lib/shim/mmx64.efi.signed'],
    fedora: ['shim-x64', '/boot/efi/EFI/fedora/mmx64.efi'],
    optional: true,
  }),

  source(['syslinux'], [IA32, 'efi32/syslinux.efi'], {
    debian: ['syslinux-efi', '/usr/lib/SYSLINUX.EFI/efi32/syslinux.efi'],
  }),
  ...['ldlinux.e32', ...EFI_MODULES].map((name) =>
    source(['syslinux'], [IA32, `efi32/${name}`], {
      debian: ['syslinux-common', `/usr/lib/syslinux/modules/efi32/${name}`],
    }),
  ),
  source(['ipxe'], [IA32, 'ipxe-ia32.efi'], {
    fedora: ['ipxe-bootimgs-x86', '/usr/share/ipxe/ipxe-i386.efi'],
  }),
  source(['grub'], [IA32, 'grubia32.efi'], {
    debian: ['grub-efi-ia32-bin', '/usr/lib/grub/i386-efi/monolithic/grubnetia32.efi'],
    fedora: ['grub2-efi-ia32', '/boot/efi/EFI/fedora/grubia32.efi'],
  }),

  source(['ipxe'], [ARM64, 'snponly-arm64.efi'], {
    fedora: ['ipxe-bootimgs-aarch64', '/usr/share/ipxe/arm64-efi/snponly.efi'],
  }),
  source(['ipxe'], [ARM64, 'ipxe-arm64.efi'], {
    fedora: ['ipxe-bootimgs-aarch64', '/usr/share/ipxe/arm64-efi/ipxe.efi'],
  }),
  source(['grub', 'shim'], [ARM64, 'grubaa64.efi'], {
    debian: ['grub-efi-arm64-signed:arm64', '/usr/lib/grub/arm64-efi-signed/grubnetaa64.efi.signed'],
    fedora: ['grub2-efi-aa64', '/boot/efi/EFI/fedora/grubaa64.efi'],
  }),
  source(['grub'], [ARM64, 'grub/arm64-efi/'], {
    only: GRUB_FILES,
    debian: ['grub-efi-arm64-bin:arm64', '/usr/lib/grub/arm64-efi'],
    fedora: ['grub2-efi-aa64-modules', '/usr/lib/grub/arm64-efi'],
  }),
  source(['shim'], [ARM64, 'shimaa64.efi'], {
    debian: ['shim-signed:arm64', '/usr/lib/shim/shimaa64.efi.signed'],
    fedora: ['shim-aa64', '/boot/efi/EFI/fedora/shimaa64.efi'],
  }),
];

/** Machines that are usual: the default of `pxectl loaders install`. */
export const USUAL_ARCHS: readonly number[] = [BIOS, X64];

export const LOADER_NAMES: readonly LoaderName[] = ['pxelinux', 'syslinux', 'ipxe', 'grub', 'shim'];
