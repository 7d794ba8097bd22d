import type { BootEntry, BootList } from './boot-list.ts';
import { oneLine } from './boot-list.ts';

/**
 * GRUB's shell (GRUB manual §6.1, §16). Paths are of the device that GRUB was loaded from, by TFTP or HTTP: it is `$root`
 * by then. Everything that is not ours goes into single quotes, in which nothing but their end has a meaning.
 */
export function renderGrub({ menu, entries, defaultLabel }: BootList): string {
  const timeout = menu === undefined ? 0 : menu.timeoutSeconds === 0 ? -1 : menu.timeoutSeconds;
  return [
    `set default=${quoted(defaultLabel)}`,
    `set timeout=${timeout}`,
    ...(menu ? [] : ['set timeout_style=hidden']),
    ...entries.flatMap((entry) => ['', ...entryLines(entry)]),
    '',
  ].join('\n');
}

function entryLines({ label, title, profile }: BootEntry): string[] {
  const body = bodyOf(profile).map((line) => `  ${line}`);
  return [`menuentry ${quoted(title)} --id ${quoted(label)} {`, ...body, '}'];
}

function bodyOf(profile: BootEntry['profile']): string[] {
  switch (profile.kind) {
    case 'local':
      // To the firmware, which goes on with its next boot option.
      return ['exit'];
    case 'loader':
      return [
        'if [ "$grub_platform" = "efi" ]; then',
        `  chainloader ${pathOf(profile.file)}`,
        'else',
        `  linux16 ${pathOf(profile.file)}`,
        'fi',
      ];
    case 'kernel': {
      const { kernel, initrds, args } = profile;
      return [
        ['linux', pathOf(kernel), ...wordsOf(args).map(quoted)].join(' '),
        ...(initrds.length > 0 ? [['initrd', ...initrds.map(pathOf)].join(' ')] : []),
      ];
    }
  }
}

function pathOf(path: string): string {
  return quoted(`/${path.replace(/^\/+/, '')}`);
}

/** One word of the shell, plain where it is one without quotes. */
function quoted(text: string): string {
  const line = oneLine(text);
  return /^[\w./:=,@%+-]+$/.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}

/**
 * Arguments as the kernel takes them apart: at blanks that are not between double quotes. GRUB puts quotes around a word with
 * blanks by itself (grub-core/lib/cmdline.c), and would put a backslash before those that stand in it.
 */
function wordsOf(args: string): string[] {
  const words = oneLine(args).match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  return words.map((word) => word.replaceAll('"', ''));
}
