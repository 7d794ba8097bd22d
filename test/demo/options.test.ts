import { expect, test } from 'vitest';
import { parseDemoOptions } from '../../src/demo/options.ts';

const NONE = { install: false, machine: undefined, keep: false, help: false };

test.each([
  [[], NONE],
  [['--client', '--keep'], { ...NONE, machine: 'client', keep: true }],
  [['--qemu'], { ...NONE, machine: 'qemu' }],
  [['--install'], { ...NONE, install: true }],
  [['-h'], { ...NONE, help: true }],
  [['--client', '--qemu'], 'Cannot use --client and --qemu together'],
])('parseDemoOptions() of %j', (argv, want) => {
  expect(parseDemoOptions(argv)).toEqual(want);
});

test.each([['--frob'], ['eth0'], ['--keep=yes']])('parseDemoOptions() refuses %s in words', (argument) => {
  expect(parseDemoOptions([argument])).toEqual(expect.any(String));
});
