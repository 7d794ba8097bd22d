import { type Boot, beginBoot, MARKS_MOST } from './boot.ts';
import type { Mark, MarkKind, Opening } from './mark.ts';

/** A boot as it is kept: JSON, without its times and the number of its row. */
export function bootToJson({ marks, left, openings, beyond }: Boot): string {
  return JSON.stringify({ marks, left, openings, beyond });
}

/**
 * What {@link bootToJson} wrote, maybe by another version, maybe on a disk that forgets: what is no mark is left out. undefined for
 * what is no boot at all.
 */
export function bootFromJson(
  text: string,
  times: { readonly began: number; readonly last: number; readonly row?: number | undefined },
): Boot | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('marks' in value) || !Array.isArray(value.marks))
    return undefined;
  const { marks, left, openings, beyond } = value as Readonly<Record<string, unknown>> & { marks: unknown[] };
  const boot = beginBoot(times.began);
  boot.last = times.last;
  boot.marks = marks.filter(isMark).slice(0, MARKS_MOST);
  boot.left = typeof left === 'number' ? left : 0;
  boot.openings = Array.isArray(openings)
    ? openings.filter((each): each is Opening => OPENINGS.has(each))
    : [];
  boot.beyond = beyond === true;
  if (times.row !== undefined) boot.row = times.row;
  return boot;
}

const OPENINGS = new Set<unknown>([
  'rom',
  'http',
  'ipxe',
  'u-boot',
  'raspberry-pi',
  'bootp',
] satisfies Opening[]);

/** Every kind, for the type sees to it that none is left out. */
const KINDS: Readonly<Record<MarkKind, true>> = {
  offered: true,
  'got-address': true,
  'bootp-answered': true,
  'told-file': true,
  'told-file-4011': true,
  'took-elsewhere': true,
  'refused-address': true,
  ignored: true,
  'pool-exhausted': true,
  'no-address': true,
  informed: true,
  released: true,
  declined: true,
  malformed: true,
  quirk: true,
  asked: true,
  fetched: true,
  'cut-off': true,
  probed: true,
  refused: true,
  'looked-for': true,
  configured: true,
  'not-configured': true,
  sent: true,
  reported: true,
  'boots-again': true,
  installed: true,
  relinked: true,
  'not-relinked': true,
  loop: true,
};

const TEXTS = [
  'ip',
  'file',
  'path',
  'why',
  'detail',
  'reason',
  'messageType',
  'rendered',
  'quirk',
  'stage',
  'by',
];
const NUMBERS = ['at', 'last', 'times', 'bytes', 'size', 'tookMs', 'resent', 'blksize', 'menu', 'secs'];

function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const isOptional = (type: string) => (name: string) =>
    fields[name] === undefined || typeof fields[name] === type;
  return (
    typeof fields.what === 'string' &&
    Object.hasOwn(KINDS, fields.what) &&
    typeof fields.at === 'number' &&
    TEXTS.every(isOptional('string')) &&
    NUMBERS.every(isOptional('number')) &&
    (fields.tried === undefined ||
      (Array.isArray(fields.tried) && fields.tried.every((name) => typeof name === 'string')))
  );
}
