/** One run of one server in one scenario. */
export type Measured = {
  readonly mbPerSecond: number;
  readonly packetsPerSecond: number;
  readonly packetsPerCpuSecond: number;
  readonly cpuSecondsPerGb: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly retries: number;
  readonly failures: number;
  readonly rssMb: number;
};

/** The median of several. */
export type Row = Measured & { readonly scenario: string; readonly peer: string };

/** Column by column. */
export function median(runs: readonly Measured[]): Measured {
  const keys = Object.keys(runs[0]!) as (keyof Measured)[];
  const middle = (key: keyof Measured) => {
    const values = runs.map((run) => run[key]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)]!;
  };
  return Object.fromEntries(keys.map((key) => [key, middle(key)])) as Measured;
}

const COLUMNS: [title: string, show: (row: Row) => string][] = [
  ['server', (row) => row.peer],
  ['MB/s', (row) => row.mbPerSecond.toFixed(0)],
  ['kpkt/s', (row) => (row.packetsPerSecond / 1000).toFixed(0)],
  ['kpkt/CPU s', (row) => (row.packetsPerCpuSecond / 1000).toFixed(0)],
  ['CPU s/GB', (row) => row.cpuSecondsPerGb.toFixed(2)],
  ['p50 ms', (row) => row.p50Ms.toFixed(1)],
  ['p99 ms', (row) => row.p99Ms.toFixed(1)],
  ['max ms', (row) => row.maxMs.toFixed(1)],
  ['retries', (row) => String(row.retries)],
  ['failures', (row) => String(row.failures)],
  ['RSS MB', (row) => row.rssMb.toFixed(0)],
];

/** As Markdown, ready for README. */
export function printTable(scenario: string, rows: readonly Row[]): void {
  const lines = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---')];
  for (const row of rows) lines.push(COLUMNS.map(([, show]) => show(row)));
  console.log(`\n${scenario}\n`);
  for (const cells of lines) console.log(`| ${cells.join(' | ')} |`);
}
