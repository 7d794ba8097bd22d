/**
 * Which files the configurations of loaders name: enough of each language to find kernels, initrds, modules and further
 * configurations with their lines. What cannot be known without running it is left out: names with variables, URLs, other
 * servers, the machine's own disks, and what stands under a condition.
 */
export type NamedFile = {
  /** Below the root, without leading slashes; several where any of them will do. */
  readonly paths: readonly string[];
  /** As it is written. */
  readonly name: string;
  /** From 1. */
  readonly line: number;
  /** `grub-module`: may be built into GRUB's image instead. `extra`: the boot goes on without it. */
  readonly kind: 'kernel' | 'initrd' | 'module' | 'grub-module' | 'config' | 'extra';
};

/** A configuration's files, and the folders where a SYSLINUX looks for libraries (PATH). */
export type Named = { readonly files: readonly NamedFile[]; readonly modulePath: readonly string[] };

/** A name and what it is, before it is known where it lies. */
export type Name = { readonly name: string; readonly kind: NamedFile['kind'] };

/** Further ones are not looked at. */
const MOST_LINES = 5000;

/** The lines of a configuration, whatever ends them. */
export function linesOf(text: string): string[] {
  return text.split(/\r\n|\n|\r/, MOST_LINES);
}

/** As TFTP reads names: `\` and `//` are `/`, and none stands at the beginning. */
export function tidy(path: string): string {
  return path
    .replaceAll('\\', '/')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}
