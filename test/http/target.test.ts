import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTarget } from '../../src/http/target.ts';
import { treePath } from '../../src/tftp/filename.ts';

test.each<[target: string, want: string]>([
  ['/pxelinux.0', '/pxelinux.0'],
  ['/', '/'],
  ['/a%20b', '/a b'],
  ['/a%2Fb', '/a/b'],
  ['/%e2%82%ac', '/â\u0082¬'],
  ['/ü', '/ü'],
  ['//a//b', '//a//b'],
  ['/a?mac=52:54:00&x=/../', '/a'],
  ['/a#part', '/a'],
  ['/a%3fb', '/a?b'],
  ['/a%25b', '/a%b'],
  ['/a%2525', '/a%25'],
  ['http://10.0.0.1/a/b', '/a/b'],
  ['HTTP://host:8080/a?x', '/a'],
  ['http://host', ''],
  ['https://host/a', '/a'],
  ['/../etc/passwd', '/../etc/passwd'],
  ['/%2e%2e/etc', '/../etc'],
  ['/%5cBoot%5cBCD', '/\\Boot\\BCD'],
])('decodeTarget(%j) is %j', (target, want) => {
  expect(decodeTarget(target)).toEqual({ ok: true, value: want });
});

test.each<[target: string, reason: string]>([
  ['', 'target-form'],
  ['*', 'target-form'],
  ['host:443', 'target-form'],
  ['a', 'target-form'],
  ['ftp://host/a', 'target-form'],
  ['/%', 'bad-encoding'],
  ['/%2', 'bad-encoding'],
  ['/%zz', 'bad-encoding'],
  ['/%u0041', 'bad-encoding'],
  ['/a%00', 'bad-name'],
  [`/${'a'.repeat(9000)}`, 'target-too-long'],
])('decodeTarget(%j) is refused: %s', (target, reason) => {
  expect(decodeTarget(target)).toEqual({ ok: false, reason });
});

test('decodeTarget() reads any path that is encoded, octet by octet', () => {
  const octets = fc
    .uint8Array({ minLength: 1, maxLength: 60 })
    .map((bytes) => bytes.map((byte) => byte || 1));
  fc.assert(
    fc.property(octets, (bytes) => {
      const target = `/${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`;
      expect(decodeTarget(target)).toEqual({ ok: true, value: `/${String.fromCharCode(...bytes)}` });
    }),
  );
});

test('decodeTarget() and treePath() let no name leave the tree, and never throw', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '\\',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '%252e',
    '%00',
    'a',
    '%',
    '?',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((all) => `/${all.join('')}`),
        fc.string(),
      ),
      (target) => {
        const name = decodeTarget(target);
        const path = name.ok ? treePath(name.value) : name;
        if (!path.ok) return;
        const parts = path.value.path.split('/');
        expect(parts.every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true);
        expect(path.value.path).not.toMatch(/[\0\\]/);
      },
    ),
    { numRuns: 2000 },
  );
});
