import type { Cpu } from './arch-table.ts';

/** A boot loader we look for: its file, and what must lie beside it for it to run at all. */
export type Loader = { readonly name: string; readonly needs?: string };

/**
 * UEFI loaders by processor, the first that exists wins. `boot<cpu>.efi` is whatever the operator says boots; shim
 * comes before bare loaders because it boots with and without Secure Boot; iPXE counts only with a script to run
 * (see policy.ts); syslinux.efi reads the same `pxelinux.cfg` as pxelinux.0 but cannot start without ldlinux.
 */
export const UEFI_LOADERS: Readonly<Partial<Record<Cpu, readonly Loader[]>>> = {
  x64: [
    { name: 'bootx64.efi' },
    { name: 'shimx64.efi', needs: 'grubx64.efi' },
    { name: 'bootnetx64.efi', needs: 'grubx64.efi' },
    { name: 'snponly.efi' },
    { name: 'ipxe.efi' },
    { name: 'grubnetx64.efi' },
    { name: 'grubnetx64.efi.signed' },
    { name: 'grubx64.efi' },
    { name: 'syslinux.efi', needs: 'ldlinux.e64' },
  ],
  x86: [
    { name: 'bootia32.efi' },
    { name: 'shimia32.efi', needs: 'grubia32.efi' },
    { name: 'snponly-ia32.efi' },
    { name: 'ipxe-ia32.efi' },
    { name: 'grubnetia32.efi' },
    { name: 'grubia32.efi' },
    { name: 'syslinux32.efi', needs: 'ldlinux.e32' },
    { name: 'syslinux.efi', needs: 'ldlinux.e32' },
  ],
  aa64: [
    { name: 'bootaa64.efi' },
    { name: 'shimaa64.efi', needs: 'grubaa64.efi' },
    { name: 'bootnetaa64.efi', needs: 'grubaa64.efi' },
    { name: 'snponly-arm64.efi' },
    { name: 'ipxe-arm64.efi' },
    { name: 'grubnetaa64.efi' },
    { name: 'grubnetaa64.efi.signed' },
    { name: 'grubaa64.efi' },
  ],
  arm: [
    { name: 'bootarm.efi' },
    { name: 'snponly-arm32.efi' },
    { name: 'ipxe-arm32.efi' },
    { name: 'grubarm.efi' },
  ],
  riscv32: [{ name: 'bootriscv32.efi' }, { name: 'ipxe-riscv32.efi' }],
  riscv64: [{ name: 'bootriscv64.efi' }, { name: 'ipxe-riscv64.efi' }, { name: 'grubriscv64.efi' }],
  riscv128: [{ name: 'bootriscv128.efi' }],
  loongarch32: [{ name: 'bootloongarch32.efi' }],
  loongarch64: [
    { name: 'bootloongarch64.efi' },
    { name: 'ipxe-loong64.efi' },
    { name: 'grubloongarch64.efi' },
  ],
};

/** BIOS loaders, looked for only when the named boot file is an EFI program. */
export const BIOS_LOADERS: readonly Loader[] = [
  { name: 'pxelinux.0' },
  { name: 'lpxelinux.0' },
  { name: 'undionly.kpxe' },
];

/** Folders searched, in order, after that of the named boot file. `''` is the root itself. */
export const LOADER_FOLDERS: Readonly<Partial<Record<Cpu, readonly string[]>>> = {
  x64: ['', 'efi64/', 'efi/', 'EFI/BOOT/', 'syslinux/efi64/', 'debian-installer/amd64/'],
  x86: ['', 'efi32/', 'efi/', 'EFI/BOOT/', 'syslinux/efi32/', 'bios/', 'debian-installer/i386/'],
  aa64: ['', 'efi/', 'EFI/BOOT/', 'debian-installer/arm64/'],
};

/** Scripts an iPXE client is sent to, when none is configured; the first that exists wins. */
export const IPXE_SCRIPTS: readonly string[] = [
  'boot.ipxe',
  'autoexec.ipxe',
  'ipxe/boot.ipxe',
  'default.ipxe',
];
