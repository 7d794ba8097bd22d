import { expect, test } from 'vitest';
import { locateFile } from '../../src/client/file-location.ts';

const BASE = { prefix: 'bios/', server: 1 };

test.each([
  ['vmlinuz', { server: 1, path: 'bios/vmlinuz' }],
  ['/vmlinuz', { server: 1, path: 'bios//vmlinuz' }],
  ['::vmlinuz', { server: 1, path: 'vmlinuz' }],
  ['10.0.0.2::vmlinuz', { server: 0x0a00_0002, path: 'vmlinuz' }],
  ['tftp://10.0.0.2/a/b', { server: 0x0a00_0002, path: 'a/b' }],
  ['http://10.0.0.2/a', undefined],
  ['tftp://boot.example/a', undefined],
  ['boot.example::a', undefined],
])('locateFile() of %s', (name, want) => {
  expect(locateFile(name, BASE)).toEqual(want);
});
