import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEditPath, parseEditPath } from '../../src/config/edit-path.ts';
import { parseEditValue } from '../../src/config/edit-value.ts';

test.each([
  { text: 'mode', path: ['mode'] },
  { text: 'tftp.port', path: ['tftp', 'port'] },
  { text: 'networks[0].range', path: ['networks', 0, 'range'] },
  { text: 'networks[+]', path: ['networks', Number.POSITIVE_INFINITY] },
  { text: 'hosts[12].options.6', path: ['hosts', 12, 'options', '6'] },
  { text: 'profiles."debian.12".args', path: ['profiles', 'debian.12', 'args'] },
  { text: 'profiles["debian.12"].args', path: ['profiles', 'debian.12', 'args'] },
  { text: 'boot.arch.x86-64_EFI', path: ['boot', 'arch', 'x86-64_EFI'] },
])('parseEditPath() reads $text', ({ text, path }) => {
  expect(parseEditPath(text)).toEqual({ ok: true, path });
});

test.each([
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  '[0]',
  'a[',
  'a[x]',
  'a[-1]',
  'a[0]b',
  'a b',
  'a["b]',
  'a."b',
  'a[0',
])('parseEditPath() refuses "%s"', (text) => {
  expect(parseEditPath(text).ok).toBe(false);
});

test('parseEditPath() reads what formatEditPath() writes, and never throws', () => {
  const step = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.nat({ max: 99_999 }),
    fc.constant(Number.POSITIVE_INFINITY),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.array(step), (first, rest) => {
      const path = [first, ...rest];
      expect(parseEditPath(formatEditPath(path))).toEqual({ ok: true, path });
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => typeof parseEditPath(text).ok === 'boolean'));
});

test.each([
  { text: '1069', value: 1069 },
  { text: '-3600', value: -3600 },
  { text: '"69"', value: '69' },
  { text: 'true', value: true },
  { text: 'yes', value: 'yes' },
  { text: '12h', value: '12h' },
  { text: '52:54:00:12:34:56', value: '52:54:00:12:34:56' },
  { text: '007', value: '007' },
  { text: 'Install Debian: now #1', value: 'Install Debian: now #1' },
  { text: '["10.0.0.1-10.0.0.9"]', value: ['10.0.0.1-10.0.0.9'] },
  { text: '[10.0.0.1-10.0.0.9, 10.0.0.20]', value: ['10.0.0.1-10.0.0.9', '10.0.0.20'] },
  { text: '{ to: default, via: 10.0.0.1 }', value: { to: 'default', via: '10.0.0.1' } },
  { text: '{"a": [1, "b"]}', value: { a: [1, 'b'] } },
])('parseEditValue() takes $text', ({ text, value }) => {
  expect(parseEditValue(text)).toEqual({ ok: true, value });
});

test('parseEditValue() says what it cannot read', () => {
  expect(parseEditValue('[1, 2')).toMatchObject({ ok: false });
  expect(parseEditValue('{"a')).toMatchObject({ ok: false });
});
