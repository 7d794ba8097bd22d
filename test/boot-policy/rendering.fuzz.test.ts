// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Profile } from '../../src/boot/profile.ts';
import { configNameOf, renderFor } from '../../src/boot/rendering.ts';
import { profile as profileSchema } from '../../src/config/profile-schema.ts';
import { anyLetter } from '../rig/any-letter.ts';
import { DEBIAN, MACHINE, MEMTEST, policyOf } from './profiles.ts';

/**
 * Foreign text (what a machine says of itself) and the operator's own may hold anything: whatever it is, a configuration has
 * the directives of one with harmless text, no more, no less, and in the same order.
 */

const NAMES = [
  'pxelinux.cfg/default',
  'grub/grub.cfg',
  'boot.ipxe',
  'autoexec.ipxe',
  'extlinux/extlinux.conf',
];

const ARGS = 'a=${hostname} b=${serial}';
const FOREIGN: Profile = {
  ...DEBIAN,
  args: ARGS,
  initrds: ['hosts/${hostname}.cpio', 'b'],
};

/** Text that is likely to break out of something. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...['\n', '\r\n', '\u2028', '\0', ' ', '\t', '"', "'", '\\', '`', '$', '${', '}', '{', ';', '|'],
        ...['||', '&&', '#', '..', '/', 'LABEL x', 'chain', 'menuentry', 'initrd=', ',', '::', '%', '=', '-'],
      ),
      fc.string({ unit: anyLetter, maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function textOf(path: string, profiles: readonly Profile[], machine = MACHINE): string {
  const made = renderFor(configNameOf(path)!, machine, { policy: policyOf(profiles) });
  if (!made) throw new Error('nothing rendered');
  return made.text;
}

/** Each line as its words; of GRUB's, as its shell parts them. Comments are left out. */
function directives(path: string, text: string): string[][] {
  const lines = text.split(/\r\n|[\n\r\u2028\u2029]/).filter((line) => !/^(# .*)?$/.test(line));
  return lines.map((line) => (path.includes('grub') ? shellWords(line) : line.trim().split(/\s+/)));
}

/** Words of GRUB's shell, of single quotes and backslashes; throws where something else could have a meaning. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i]!;
    if (letter === "'") {
      const end = line.indexOf("'", i + 1);
      if (end < 0) throw new Error(`open quote: ${line}`);
      word = (word ?? '') + line.slice(i + 1, end);
      i = end;
    } else if (letter === '\\') {
      word = (word ?? '') + line[++i];
    } else if (letter === ' ') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      if (/[$`;|&<>#]/.test(letter) && !/^\s*if \[/.test(line)) throw new Error(`${letter} in ${line}`);
      word = (word ?? '') + letter;
    }
  }
  return word === undefined ? words : [...words, word];
}

describe.each(NAMES)('%s', (path) => {
  test('what a machine says of itself adds no directive and no argument', () => {
    const plain = directives(path, textOf(path, [FOREIGN]));
    fc.assert(
      fc.property(nasty, (hostname) => {
        const found = directives(path, textOf(path, [FOREIGN], { ...MACHINE, hostname }));
        expect(found.map((words) => words.length)).toEqual(plain.map((words) => words.length));
        expect(found.map(([keyword]) => keyword)).toEqual(plain.map(([keyword]) => keyword));
      }),
    );
  });

  test('arguments and titles of the configuration stay in their lines', () => {
    const menu = (title: string): Profile => ({
      kind: 'menu',
      name: 'm',
      title,
      entries: [{ profile: 'debian', title }, { profile: 'memtest' }],
      timeoutSeconds: 5,
    });
    const plain = directives(path, textOf(path, [menu('x'), DEBIAN, MEMTEST])).map(([keyword]) => keyword);
    fc.assert(
      fc.property(nasty, nasty, (title, args) => {
        const checked = profileSchema.safeParse({ title, kernel: 'k', args });
        fc.pre(checked.success && checked.data.args !== '');
        const { title: shown = '', args: line = '' } = checked.data!;
        const text = textOf(path, [menu(shown), { ...DEBIAN, args: line }, MEMTEST]);
        expect(directives(path, text).map(([keyword]) => keyword)).toEqual(plain);
      }),
    );
  });

  test('unchecked text ends no line either', () => {
    const plain = textOf(path, [{ ...DEBIAN, args: 'x' }]).split('\n').length;
    fc.assert(
      fc.property(nasty, nasty, (title, args) => {
        const text = textOf(path, [{ ...DEBIAN, title, args: `x${args}` }]);
        expect(text.split(/\r\n|[\n\r\u2028\u2029]/)).toHaveLength(plain);
      }),
    );
  });
});

test('boot.ipxe: nothing of the operator’s text is a setting or an end of a command to iPXE', () => {
  fc.assert(
    fc.property(nasty, (args) => {
      const text = textOf('boot.ipxe', [{ ...DEBIAN, args }]);
      expect(text).not.toContain('${');
      const words = text.split(/\s+/);
      expect(words.filter((word) => word === '||' || word === '&&' || word === ';')).toEqual([]);
      const comment = words.indexOf('#');
      expect(words.filter((word, i) => i > 0 && i !== comment && word.startsWith('#'))).toEqual([]);
      expect(text.split('\n').filter((line) => line.endsWith('\\'))).toEqual([]);
    }),
    // What is left when something is taken out must not be what was taken out.
    { examples: [['$${{net0/mac}'], ['a \\ \\'], ['&&\\'], ['a \\ || \\'], ['\ue000']] },
  );
});

test('grub.cfg: the kernel gets its arguments as they were written, quotes apart', () => {
  const word = fc.stringMatching(/^[\x21\x23-\x7e]{1,8}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      fc.pre(!words.some((one) => one.includes('${')));
      const text = textOf('grub.cfg', [{ ...DEBIAN, args: words.join(' ') }]);
      const line = text.split('\n').find((one) => one.startsWith('  linux '))!;
      expect(shellWords(line).slice(2)).toEqual(words);
    }),
  );
});
