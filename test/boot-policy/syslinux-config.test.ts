import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { includedFile, parseSyslinux, readSyslinux } from '../../src/boot/syslinux-config.ts';
import { anyLetter } from '../rig/any-letter.ts';

const read = (...lines: string[]) => readSyslinux(parseSyslinux(lines.join('\n')));

describe('readSyslinux()', () => {
  test.each([
    {
      name: 'takes the label that DEFAULT names, whatever the order and case of keywords',
      lines: [
        'label other',
        ' kernel a',
        'Label linux',
        ' KERNEL vmlinuz',
        ' append initrd=i.gz quiet',
        'DEFAULT linux',
      ],
      want: { label: 'linux', kernel: 'vmlinuz', append: 'initrd=i.gz quiet', initrds: ['i.gz'] },
    },
    {
      name: 'reads LINUX and several INITRD files',
      lines: ['DEFAULT x', 'LABEL x', ' LINUX /boot/vmlinuz', ' INITRD a.img,b.img', ' APPEND ro'],
      want: { label: 'x', kernel: '/boot/vmlinuz', append: 'ro', initrds: ['a.img', 'b.img'] },
    },
    {
      name: 'boots locally',
      lines: ['DEFAULT local', 'LABEL local', ' LOCALBOOT 0'],
      want: { label: 'local', append: '', initrds: [], localBoot: 0 },
    },
    {
      name: 'uses the label as the kernel when the label names none',
      lines: ['DEFAULT memtest', 'LABEL memtest'],
      want: { label: 'memtest', kernel: 'memtest', append: '', initrds: [] },
    },
    {
      name: 'runs a DEFAULT that is no label as a command line',
      lines: ['DEFAULT vmlinuz initrd=i root=/dev/ram0'],
      want: { label: 'vmlinuz', kernel: 'vmlinuz', append: 'initrd=i root=/dev/ram0', initrds: ['i'] },
    },
    {
      name: 'adds the options behind a label in DEFAULT',
      lines: ['DEFAULT x single', 'LABEL x', ' KERNEL k', ' APPEND initrd=i'],
      want: { label: 'x', kernel: 'k', append: 'initrd=i single', initrds: ['i'] },
    },
    {
      name: 'gives a label without APPEND the global one, and none to APPEND -',
      lines: ['APPEND initrd=global', 'DEFAULT x', 'LABEL x', ' KERNEL k'],
      want: { label: 'x', kernel: 'k', append: 'initrd=global', initrds: ['global'] },
    },
    {
      name: 'lets APPEND - cancel the global one',
      lines: ['APPEND initrd=global', 'DEFAULT x', 'LABEL x', ' KERNEL k', ' APPEND -'],
      want: { label: 'x', kernel: 'k', append: '', initrds: [] },
    },
    {
      name: 'ignores comments',
      lines: ['# DEFAULT a', '  # more', 'DEFAULT b', 'LABEL b', ' KERNEL k'],
      want: { label: 'b', kernel: 'k', append: '', initrds: [] },
    },
  ])('$name', ({ lines, want }) => {
    expect(read(...lines).entry).toEqual(want);
  });

  test('has no entry without DEFAULT or UI: the loader stops at its prompt', () => {
    expect(read('LABEL a', ' KERNEL k').entry).toBeUndefined();
  });

  test.each([
    ['MENU DEFAULT', ['UI menu.c32', 'LABEL a', ' KERNEL ka', 'LABEL b', ' MENU DEFAULT', ' KERNEL kb'], 'b'],
    [
      'the DEFAULT label',
      ['UI menu.c32', 'DEFAULT b', 'LABEL a', ' KERNEL ka', 'LABEL b', ' KERNEL kb'],
      'b',
    ],
    ['the first label', ['DEFAULT vesamenu.c32', 'LABEL a', ' KERNEL ka', 'LABEL b', ' KERNEL kb'], 'a'],
  ])('under a menu starts with %s', (_, lines, label) => {
    const config = read(...lines);
    expect(config.ui).toMatch(/menu\.c32$/);
    expect(config.entry?.label).toBe(label);
  });

  test('never throws, whatever the text', () => {
    const word = fc.constantFrom(
      'DEFAULT',
      'LABEL',
      'UI',
      'APPEND',
      'INITRD',
      'menu',
      'default',
      'initrd=',
      '-',
      'a',
      '\n',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: anyLetter }),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const config = readSyslinux(parseSyslinux(text));
          expect(config.entry === undefined || typeof config.entry.append === 'string').toBe(true);
        },
      ),
    );
  });
});

test('parseSyslinux() reads each octet of a hostile line a few times only', () => {
  // With work that grows as the square of the length this takes hours.
  const spaces = ' '.repeat(1_000_000);
  expect(parseSyslinux(`${spaces}APPEND a${spaces}b${spaces}`)).toEqual([
    { keyword: 'append', value: `a${spaces}b` },
  ]);
});

test.each([
  ['INCLUDE common.cfg', 'common.cfg'],
  ['MENU INCLUDE graphics.conf tag', 'graphics.conf'],
  ['MENU TITLE include', undefined],
  ['INCLUDE', undefined],
])('includedFile() of "%s" is %s', (line, file) => {
  expect(includedFile(parseSyslinux(line)[0]!)).toBe(file);
});
