import { expect, test } from 'vitest';
import { formatAge } from '../../../src/app/output/age.ts';
import { formatTable, harmless, printTable } from '../../../src/app/output/table.ts';

type Row = { readonly name: string; readonly bytes?: number };
const COLUMNS = [
  { title: 'NAME', of: ({ name }: Row) => name },
  { title: 'BYTES', of: ({ bytes }: Row) => bytes, align: 'right' },
] as const;

test('formatTable() makes columns as wide as what is in them', () => {
  const rows = [{ name: 'pxelinux.0', bytes: 42_430 }, { name: 'a', bytes: 1 }, { name: 'dänisch' }];
  expect(formatTable(rows, COLUMNS)).toBe(
    ['NAME        BYTES', 'pxelinux.0  42430', 'a               1', 'dänisch         -', ''].join('\n'),
  );
});

test('formatTable() lets nothing through that a terminal acts on', () => {
  const evil = 'a\u001b]0;title\u0007\r\nb\u009b2J\u202e';
  expect(formatTable([{ name: evil }], COLUMNS.slice(0, 1))).toBe('NAME\na?]0;title???b?2J?\n');
  expect(harmless('grüße 日本 🙂')).toBe('grüße 日本 🙂');
});

test('printTable() says so when there is nothing', () => {
  const said: string[] = [];
  const out = { write: (text: string) => void said.push(text) };
  printTable(out, [] as Row[], { columns: COLUMNS, none: 'No file.' });
  printTable(out, [] as Row[], { columns: COLUMNS });
  expect(said).toEqual(['No file.\n', 'NAME  BYTES\n']);
});

test.each([
  [0, '0s'],
  [59.9, '59s'],
  [60, '1m'],
  [3671, '1h 1m'],
  [3600, '1h'],
  [86_400 * 3 + 7200, '3d 2h'],
  [86_400 + 59, '1d'],
  [-5, '0s'],
])('formatAge() of %s s is %s', (seconds, want) => {
  expect(formatAge(seconds)).toBe(want);
});
