/** What part of a file a Range header asks for: octets `first` to `last`, both of them sent. */
export type Part = { readonly first: number; readonly last: number };

/**
 * Reads a Range header (RFC 9110 §14.2) for a file of `sizeBytes`.
 *
 * - One range that meets the file: that part, cut at the file's end.
 * - One that does not: `unsatisfiable` (416).
 * - Several, another unit than bytes, or what is no range at all: `whole`. A server may ignore any Range, and no loader asks
 *   for several parts at once.
 * - Of an empty file: `whole` always, for some clients send a Range with each request and would take 416 for a failure.
 *
 *     requestedPart('bytes=-500', 10_000) // { first: 9500, last: 9999 }
 */
export function requestedPart(header: string, sizeBytes: number): Part | 'whole' | 'unsatisfiable' {
  const set = /^\s*bytes\s*=(.*)$/is.exec(header)?.[1];
  if (set === undefined || sizeBytes === 0) return 'whole';
  // Empty elements of a list are to be passed over (RFC 9110 §5.6.1).
  const specs = set.split(',').flatMap((spec) => (spec.trim() === '' ? [] : [spec.trim()]));
  const parts = /^(\d*)-(\d*)$/.exec(specs[0] ?? '');
  if (specs.length !== 1 || !parts) return 'whole';
  const [, from = '', to = ''] = parts;
  if (from === '') return to === '' ? 'whole' : lastOctets(Number(to), sizeBytes);
  const first = Number(from);
  const last = to === '' ? sizeBytes - 1 : Number(to);
  if (to !== '' && last < first) return 'whole'; // invalid, so ignored (§14.1.1)
  if (first >= sizeBytes) return 'unsatisfiable';
  return { first, last: Math.min(last, sizeBytes - 1) };
}

function lastOctets(count: number, sizeBytes: number): Part | 'unsatisfiable' {
  if (count === 0) return 'unsatisfiable';
  return { first: Math.max(0, sizeBytes - count), last: sizeBytes - 1 };
}
