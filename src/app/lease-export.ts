import type { ExportFormat, Lease } from '../server/control/lease-routes.ts';

/** Leases turned into text at a time: others are served in between. */
const AT_ONCE = 500;

/** Columns of the CSV, in order; names do not change. */
const COLUMNS = [
  'ip',
  'state',
  'mac',
  'hostname',
  'network',
  'kind',
  'since',
  'expiresAt',
  'relay',
  'clientId',
  'arch',
] as const;

/**
 * Leases as a file: CSV (RFC 4180, with a header line), a JSON list, or lines for hosts(5) of those that are bound and have a
 * name. `words` makes one ready.
 */
export async function* exportLeases<T>(
  leases: readonly T[],
  format: ExportFormat,
  words: (lease: T) => Lease,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const { head, line, tail } = FORMATS[format];
  yield encoder.encode(head);
  for (let from = 0; from < leases.length; from += AT_ONCE) {
    const rows = leases.slice(from, from + AT_ONCE).map((lease, index) => line(words(lease), from + index));
    yield encoder.encode(rows.join(''));
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield encoder.encode(tail);
}

type Format = {
  readonly head: string;
  readonly line: (lease: Lease, index: number) => string;
  readonly tail: string;
};

const FORMATS: Readonly<Record<ExportFormat, Format>> = {
  csv: {
    head: `${COLUMNS.join(',')}\r\n`,
    line: (lease) => `${COLUMNS.map((column) => cell(lease[column])).join(',')}\r\n`,
    tail: '',
  },
  json: {
    head: '[',
    line: (lease, index) => `${index === 0 ? '\n' : ',\n'}${JSON.stringify(lease)}`,
    tail: '\n]\n',
  },
  hosts: {
    head: '',
    line: ({ ip, hostname, state }) =>
      hostname !== undefined && state === 'bound' ? `${ip}\t${hostname}\n` : '',
    tail: '',
  },
};

function cell(value: string | undefined): string {
  if (value === undefined) return '';
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
