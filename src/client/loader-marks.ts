/** Which loader a file is: by its name, as operators name them, else by words in its octets. */
import { isIpxeBinary } from '../boot/policy.ts';
import { latin1Decode } from '../lib/bytes.ts';

export type LoaderKind = 'pxelinux' | 'syslinux-efi' | 'grub' | 'shim' | 'ipxe' | 'script' | 'unknown';

/** Debian's signed GRUBs carry a configuration that reads grub.cfg and looks for nothing else. */
export const GRUB_BUILT_IN = ['source $prefix/grub.cfg', 'source $cmdpath/grub.cfg'] as const;

const WORDS: readonly (readonly [word: string, kind: LoaderKind])[] = [
  ['UEFI SHIM', 'shim'],
  ['PXELINUX ', 'pxelinux'],
  ['iPXE', 'ipxe'],
  ['Welcome to GRUB', 'grub'],
  ['grub.cfg', 'grub'],
];
const LOOKED_FOR = [...WORDS.map(([word]) => word), ...GRUB_BUILT_IN];
const LONGEST = Math.max(...LOOKED_FOR.map((word) => word.length));

export type Marks = {
  /** Looks at the next part of the file. */
  look(part: Uint8Array): void;
  has(word: string): boolean;
  /** What the words say. */
  kind(): LoaderKind;
};

/** Finds the words while a file passes by: nothing of it is kept. */
export function createMarks(): Marks {
  const found = new Set<string>();
  let tail = '';
  return {
    look(part) {
      const text = tail + latin1Decode(part);
      for (const word of LOOKED_FOR) if (!found.has(word) && text.includes(word)) found.add(word);
      tail = text.slice(-LONGEST);
    },
    has: (word) => found.has(word),
    kind: () => WORDS.find(([word]) => found.has(word))?.[1] ?? 'unknown',
  };
}

/** The name decides where it is a usual one: images of GRUB and of iPXE for BIOS are compressed. */
export function loaderKind(path: string, marks: Marks, head: Uint8Array): LoaderKind {
  if (latin1Decode(head.subarray(0, 6)) === '#!ipxe') return 'script';
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
  if (marks.kind() === 'shim') return 'shim';
  if (/^[gl]?pxelinux\.0$/.test(base)) return 'pxelinux';
  if (/^syslinux[^/]*\.efi$/.test(base)) return 'syslinux-efi';
  if (/^(grub[^/]*\.efi(\.signed)?|core\.(efi|0))$/.test(base)) return 'grub';
  if (isIpxeBinary(path)) return 'ipxe';
  return marks.kind();
}
