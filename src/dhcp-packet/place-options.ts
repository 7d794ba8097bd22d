import { emitOrder, keepOrder } from './option-order.ts';
import type { Options } from './packet.ts';

/**
 * Which octets of which option go into which area. There are up to three areas, read in this order: the options
 * field, then `file`, then `sname` (RFC 2131 §4.1). Each option goes whole into the first area that has room; only
 * when it may be split (RFC 3396) is one cut, so that every part lies inside one area.
 */

/** Octets `from` to `to` of the option's body. */
export type Piece = { readonly code: number; readonly from: number; readonly to: number };

/** `no-room`: it did not fit. `too-long`: over 255 octets, which only a split option can hold. */
export type Dropped = { readonly code: number; readonly reason: 'no-room' | 'too-long' | 'no-vendor-area' };

/** Octets that each area offers, the end mark not counted. */
export type Room = readonly number[];

export type Placement = {
  readonly areas: readonly (readonly Piece[])[];
  readonly dropped: readonly Dropped[];
};

export type PlaceRules = {
  readonly maySplit: boolean;
  readonly order: 'usual' | 'map';
  /** Codes to drop last. */
  readonly keep?: readonly number[] | undefined;
};

/** The longest body that one length octet can tell. */
export const MAX_PART = 255;

/** Message type and relay agent information stay out of file and sname (RFC 3046 §2.2 for the latter). */
const OPTIONS_FIELD_ONLY: readonly number[] = [53, 82];

/**
 * The first try is most needed first, so that what gets lost is needed least. With several areas that can strand
 * a long option beside room that is cut up; then a second try, longest first, counts if it loses nothing.
 */
export function placeOptions(options: Options, room: Room, rules: PlaceRules): Placement {
  const order = emitOrder(options, rules.order);
  const needed = keepOrder(order, rules.keep);
  const first = fill(options, needed, { room, rules });
  if (first.dropped.length === 0 || room.length === 1) return arrange(first, order, room);
  const longestFirst = needed.toSorted((a, b) => rank(a) - rank(b));
  function rank(code: number): number {
    return OPTIONS_FIELD_ONLY.includes(code) ? Number.NEGATIVE_INFINITY : -options.get(code)!.length;
  }
  const second = fill(options, longestFirst, { room, rules });
  return arrange(second.dropped.length === 0 ? second : first, order, room);
}

type AreaPiece = readonly [area: number, from: number, to: number];

type Filled = { readonly placed: ReadonlyMap<number, readonly AreaPiece[]>; readonly dropped: Dropped[] };

function fill(
  options: Options,
  codes: readonly number[],
  { room, rules }: { readonly room: Room; readonly rules: PlaceRules },
): Filled {
  const free = [...room];
  const placed = new Map<number, readonly AreaPiece[]>();
  const dropped: Dropped[] = [];
  for (const code of codes) {
    const size = options.get(code)!.length;
    const areas = OPTIONS_FIELD_ONLY.includes(code) ? 1 : free.length;
    const pieces = whole(size, free, areas) ?? (rules.maySplit ? split(size, free, areas) : undefined);
    if (pieces === undefined) {
      dropped.push({ code, reason: size > MAX_PART && !rules.maySplit ? 'too-long' : 'no-room' });
      continue;
    }
    for (const [area, from, to] of pieces) free[area]! -= 2 + to - from;
    placed.set(code, pieces);
  }
  return { placed, dropped };
}

/** What lies in each area, in the order in which it is to be sent. */
function arrange({ placed, dropped }: Filled, order: readonly number[], room: Room): Placement {
  const areas = room.map((): Piece[] => []);
  for (const code of order) {
    for (const [area, from, to] of placed.get(code) ?? []) areas[area]!.push({ code, from, to });
  }
  return { areas, dropped };
}

function whole(size: number, free: readonly number[], areas: number): AreaPiece[] | undefined {
  if (size > MAX_PART) return undefined;
  for (let area = 0; area < areas; area++) if (free[area]! >= 2 + size) return [[area, 0, size]];
  return undefined;
}

/** Parts of at most 255 octets, filling the areas in the order in which a reader joins them (RFC 3396 §5). */
function split(size: number, free: readonly number[], areas: number): AreaPiece[] | undefined {
  const pieces: AreaPiece[] = [];
  let at = 0;
  for (let area = 0; area < areas && at < size; area++) {
    let left = free[area]!;
    while (left >= 3 && at < size) {
      const part = Math.min(MAX_PART, size - at, left - 2);
      pieces.push([area, at, at + part]);
      at += part;
      left -= 2 + part;
    }
  }
  return at === size ? pieces : undefined;
}
