import type { Ipv4 } from '../lib/ipv4.ts';
import type { AddressRange } from './settings.ts';

/** The addresses a network may hand out: disjoint ranges in order, numbered from 0. Costs memory per range, not per address. */
export type Pool = {
  readonly size: number;
  /** The address with that number, 0 to size - 1. */
  at(index: number): Ipv4;
  has(ip: Ipv4): boolean;
};

/**
 * All addresses of `ranges` that are in none of `except`. Ranges may overlap and come in any order; one whose `first`
 * is past its `last` is empty. Of more than `most` addresses it holds the lowest.
 */
export function createPool(
  ranges: readonly AddressRange[],
  except: readonly AddressRange[],
  most = Number.POSITIVE_INFINITY,
): Pool {
  const parts = lowest(subtract(union(ranges), union(except)), most);
  const firsts = parts.map(({ first }) => first);
  const starts: number[] = [];
  let size = 0;
  for (const { first, last } of parts) {
    starts.push(size);
    size += last - first + 1;
  }
  return {
    size,
    at(index) {
      const part = lastAtMost(starts, index);
      return parts[part]!.first + (index - starts[part]!);
    },
    has(ip) {
      const part = lastAtMost(firsts, ip);
      return part >= 0 && ip <= parts[part]!.last;
    },
  };
}

/** Several pools as one, numbered one after the other. They are taken to be disjoint. */
export function joinPools(pools: readonly Pool[]): Pool {
  return {
    size: pools.reduce((sum, { size }) => sum + size, 0),
    at(index) {
      let left = index;
      const pool = pools.find(({ size }) => {
        if (left < size) return true;
        left -= size;
        return false;
      });
      return pool!.at(left);
    },
    has: (ip) => pools.some((pool) => pool.has(ip)),
  };
}

/** Sorted, disjoint, not even touching. */
function union(ranges: readonly AddressRange[]): AddressRange[] {
  const out: AddressRange[] = [];
  const sorted = ranges.filter(({ first, last }) => first <= last).toSorted((a, b) => a.first - b.first);
  for (const range of sorted) {
    const before = out.at(-1);
    if (before && range.first <= before.last + 1) {
      out[out.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    } else {
      out.push(range);
    }
  }
  return out;
}

/** Both sorted and disjoint; one sweep over both. */
function subtract(from: readonly AddressRange[], holes: readonly AddressRange[]): AddressRange[] {
  const out: AddressRange[] = [];
  let hole = 0;
  for (const { first, last } of from) {
    let start = first;
    while (hole < holes.length && holes[hole]!.last < start) hole++;
    for (let i = hole; i < holes.length && holes[i]!.first <= last; i++) {
      if (holes[i]!.first > start) out.push({ first: start, last: holes[i]!.first - 1 });
      start = Math.max(start, holes[i]!.last + 1);
    }
    if (start <= last) out.push({ first: start, last });
  }
  return out;
}

/** The first `most` addresses of disjoint ranges in order. */
function lowest(parts: readonly AddressRange[], most: number): AddressRange[] {
  const out: AddressRange[] = [];
  let left = most;
  for (const { first, last } of parts) {
    if (left <= 0) break;
    out.push({ first, last: Math.min(last, first + left - 1) });
    left -= last - first + 1;
  }
  return out;
}

/** The index of the last number that is at most `value`, -1 when all are above. `sorted` ascends. */
export function lastAtMost(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
