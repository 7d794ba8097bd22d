import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TftpError } from '../../src/lib/tftp-error.ts';
import { nameOfPath, pathOfEntry, pathOfFile, pathOfName, splitPath } from '../../src/store/file-name.ts';
import { anyLetter } from '../rig/any-letter.ts';

test.each([
  ['a', 'a'],
  ['/a//b/./c/', 'a/b/c'],
  ['\\Boot\\BCD', 'Boot/BCD'],
  ['', ''],
  ['/', ''],
  ['.', ''],
  ['...', '...'],
  ['..a/b..', '..a/b..'],
  ['größe', 'gr\u00c3\u00b6\u00c3\u009fe'],
  ['\udce9', '\u00e9'],
])('pathOfName() %s', (name, path) => {
  expect(pathOfName(name)).toBe(path);
});

test.each([
  ['..', 'outside-root'],
  ['a/../b', 'outside-root'],
  ['a\\..\\..\\b', 'outside-root'],
  ['a\0', 'bad-name'],
  ['x'.repeat(256), 'bad-name'],
  ['é'.repeat(128), 'bad-name'],
  ['x/'.repeat(600), 'bad-name'],
  ['a/.pxed-0af3.part', 'bad-name'],
])('pathOfName() refuses %j', (name, reason) => {
  try {
    pathOfName(name);
    expect.unreachable();
  } catch (error) {
    expect((error as TftpError).reason).toBe(reason);
  }
});

test('pathOfEntry() refuses the root, pathOfFile() the name of a folder', () => {
  expect(() => pathOfEntry('/')).toThrow(TftpError);
  expect(() => pathOfFile('a/')).toThrow(/slash/);
  expect(() => pathOfFile('a\\')).toThrow(/slash/);
  expect(splitPath('a/b/c')).toEqual({ folder: 'a/b', name: 'c' });
  expect(splitPath('c')).toEqual({ folder: '', name: 'c' });
});

test('pathOfName() takes any text, or refuses it with a reason; no path of it leads out', () => {
  const awkward = fc.constantFrom('.', '..', '/', '\\', '\0', '%2e', '\udce9', '\ud800', 'ä', '\uffff', 'a');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: anyLetter }),
        fc.array(awkward).map((parts) => parts.join('')),
      ),
      (name) => {
        try {
          const path = pathOfName(name);
          const parts = path.split('/');
          expect(path === '' || !parts.includes('')).toBe(true);
          expect(parts.includes('..') || parts.includes('.')).toBe(false);
          expect(path).not.toMatch(/[\0\\\u0100-\uffff]/);
          expect(pathOfName(nameOfPath(path))).toBe(path);
        } catch (error) {
          if (!(error instanceof TftpError)) throw error;
          expect(['outside-root', 'bad-name']).toContain(error.reason);
        }
      },
    ),
  );
});

test('nameOfPath() gives every octet back, be it UTF-8 or not', () => {
  const octet = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f && code !== 0x5c);
  const name = fc
    .array(octet, { minLength: 1, maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes))
    .filter((text) => text !== '.' && text !== '..' && !/^\.pxed-/.test(text));
  fc.assert(
    fc.property(name, (path) => {
      expect(pathOfName(nameOfPath(path))).toBe(path);
    }),
  );
});
