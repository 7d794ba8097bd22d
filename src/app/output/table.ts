import { harmless } from '../../lib/harmless.ts';

export { harmless };

/** A column: its title, what a row has in it, and on which side it is flush. */
export type Column<Row> = {
  readonly title: string;
  readonly of: (row: Row) => string | number | undefined;
  readonly align?: 'left' | 'right';
};

/** Where lines go. */
export type Out = { write(text: string): void };

/**
 * Rows for people, as text: a line of titles, then a line for each. What has no value is `-`. Whatever a stranger put into it does
 * nothing to a terminal.
 *
 *     formatTable(leases, [{ title: 'ADDRESS', of: ({ ip }) => ip }, { title: 'MAC', of: ({ mac }) => mac }])
 */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ of }) => harmless(String(of(row) ?? '-')))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => widthOf(line[at]!))));
  return lines
    .map((line) =>
      line
        .map((cell, at) => pad(cell, widths[at]!, columns[at]!.align ?? 'left'))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** {@link formatTable} to `out`; `none` is said instead of a table without rows. */
export function printTable<Row>(
  out: Out,
  rows: readonly Row[],
  { columns, none }: { readonly columns: readonly Column<Row>[]; readonly none?: string },
): void {
  if (rows.length > 0 || none === undefined) out.write(formatTable(rows, columns));
  else out.write(`${none}\n`);
}

function widthOf(text: string): number {
  return [...text].length;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(width - widthOf(text));
  return align === 'left' ? text + space : space + text;
}
