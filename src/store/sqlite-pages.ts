import type { Cell } from './lease-rows.ts';

/**
 * Reads rows from the pages of an SQLite file one by one, without its index and without SQLite: what a damaged file still
 * holds. Format: https://sqlite.org/fileformat2.html, section numbers below. Any bytes may be given; what makes no sense is
 * left out.
 */
export type PageFile = {
  /** `leases.db`, as far as it is there. */
  readonly main: Uint8Array;
  /** `leases.db-wal`; empty when there is none. */
  readonly wal: Uint8Array;
};

/** The size SQLite gives a page by itself: taken when the header does not tell. */
const USUAL_PAGE = 4096;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;
const TABLE_LEAF = 0x0d;

/** Every row of every table, the first column being its rowid where the table has one. Columns as they are stored. */
export function* readableRows(file: PageFile): Generator<readonly Cell[]> {
  const size = pageSizeOf(file.main);
  const pages = pagesOf(file, size);
  const free = freePages(pages, size);
  for (const [number, page] of pages) {
    // The first page is the schema's.
    if (number > 1 && !free.has(number)) yield* rowsOf(page);
  }
}

/** `PRAGMA user_version` (§1.3.15); undefined when the header is not one. */
export function userVersion(main: Uint8Array): number | undefined {
  return isHeader(main) ? viewOf(main).getUint32(60) : undefined;
}

function isHeader(main: Uint8Array): boolean {
  const magic = 'SQLite format 3\0';
  return main.length >= 100 && [...magic].every((letter, at) => main[at] === letter.charCodeAt(0));
}

function pageSizeOf(main: Uint8Array): number {
  const stored = isHeader(main) ? viewOf(main).getUint16(16) : 0;
  const size = stored === 1 ? 65_536 : stored;
  const isPower = size >= 512 && (size & (size - 1)) === 0;
  return isPower ? size : USUAL_PAGE;
}

/** By number, from 1. Those of the log, committed, take the place of those of the file (§4). */
function pagesOf({ main, wal }: PageFile, size: number): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  for (let at = 0; at + size <= main.length; at += size) {
    pages.set(at / size + 1, main.subarray(at, at + size));
  }
  if (wal.length < WAL_HEADER + FRAME_HEADER) return pages;
  const view = viewOf(wal);
  // Frames of another salt are left over from before the log began anew.
  const salt = [view.getUint32(16), view.getUint32(20)];
  let transaction: [number, Uint8Array][] = [];
  for (let at = WAL_HEADER; at + FRAME_HEADER + size <= wal.length; at += FRAME_HEADER + size) {
    if (view.getUint32(at + 8) !== salt[0] || view.getUint32(at + 12) !== salt[1]) continue;
    transaction.push([view.getUint32(at), wal.subarray(at + FRAME_HEADER, at + FRAME_HEADER + size)]);
    const isCommit = view.getUint32(at + 4) !== 0;
    if (!isCommit) continue;
    for (const [number, page] of transaction) pages.set(number, page);
    transaction = [];
  }
  return pages;
}

/** Pages of the free list hold what was deleted (§1.5). */
function freePages(pages: ReadonlyMap<number, Uint8Array>, size: number): Set<number> {
  const free = new Set<number>();
  const first = pages.get(1);
  let trunk = first && isHeader(first) ? viewOf(first).getUint32(32) : 0;
  while (trunk !== 0 && !free.has(trunk)) {
    free.add(trunk);
    const page = pages.get(trunk);
    if (!page) break;
    const view = viewOf(page);
    const count = Math.min(view.getUint32(4), size / 4 - 2);
    for (let i = 0; i < count; i++) free.add(view.getUint32(8 + i * 4));
    trunk = view.getUint32(0);
  }
  return free;
}

/** The cells of a table's leaf (§1.6); none of other pages. */
function* rowsOf(page: Uint8Array): Generator<readonly Cell[]> {
  if (page[0] !== TABLE_LEAF) return;
  const view = viewOf(page);
  const count = Math.min(view.getUint16(3), (page.length - 8) >>> 1);
  for (let i = 0; i < count; i++) {
    const row = rowAt(page, view.getUint16(8 + i * 2));
    if (row) yield row;
  }
}

/** A row that goes on in other pages is longer than any of ours. */
function rowAt(page: Uint8Array, at: number): readonly Cell[] | undefined {
  const payload = varintAt(page, at);
  const rowid = payload && varintAt(page, payload.next);
  if (!rowid || rowid.next + payload.value > page.length) return undefined;
  const cells = recordOf(page.subarray(rowid.next, rowid.next + payload.value));
  if (!cells) return undefined;
  // The column that is the rowid is stored as NULL (§2.3).
  return cells[0] === null ? [rowid.value, ...cells.slice(1)] : cells;
}

/** §2.1. */
function recordOf(record: Uint8Array): Cell[] | undefined {
  const header = varintAt(record, 0);
  if (!header || header.value > record.length) return undefined;
  const cells: Cell[] = [];
  let body = header.value;
  for (let at = header.next; at < header.value; ) {
    const type = varintAt(record, at);
    if (!type || type.next > header.value) return undefined;
    at = type.next;
    const length = lengthOf(type.value);
    if (length === undefined || body + length > record.length) return undefined;
    const cell = cellOf(type.value, record.subarray(body, body + length));
    if (cell === undefined) return undefined;
    cells.push(cell);
    body += length;
  }
  return cells.length > 0 ? cells : undefined;
}

const LENGTHS = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const;

function lengthOf(type: number): number | undefined {
  return type >= 12 ? (type - 12) >>> 1 : LENGTHS[type];
}

function cellOf(type: number, body: Uint8Array): Cell | undefined {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type === 7) return viewOf(body).getFloat64(0);
  if (type < 7) return integerOf(body);
  if (type % 2 === 0) return body;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Two's complement, exact up to 2^53. */
function integerOf(body: Uint8Array): number {
  const first = body[0]!;
  let value = first >= 0x80 ? first - 256 : first;
  for (const octet of body.subarray(1)) value = value * 256 + octet;
  return value;
}

/** §1.6: seven bits an octet, the ninth whole; exact up to 2^53. */
function varintAt(bytes: Uint8Array, at: number): { value: number; next: number } | undefined {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const octet = bytes[at + i];
    if (octet === undefined) return undefined;
    if (i === 8) return { value: value * 256 + octet, next: at + 9 };
    value = value * 128 + (octet & 0x7f);
    if (octet < 0x80) return { value, next: at + i + 1 };
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
