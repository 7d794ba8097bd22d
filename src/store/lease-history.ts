import type { DatabaseSync } from 'node:sqlite';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { type Cell, type PastBinding, pastOf } from './lease-rows.ts';

/** Which past bindings are wanted: of an address, of a machine, or all; at most so many, the newest. */
export type HistoryAsk = { readonly most: number; readonly ip?: Ipv4; readonly mac?: Mac };

/** Bindings that are over, the newest first. Throws what node:sqlite throws. */
export function pastBindings(db: DatabaseSync, { most, ip, mac }: HistoryAsk): PastBinding[] {
  const wanted = [
    ...(ip === undefined ? [] : [{ clause: 'ip = ?', value: ip }]),
    ...(mac === undefined ? [] : [{ clause: 'mac = ?', value: mac }]),
  ];
  const where = wanted.length > 0 ? `WHERE ${wanted.map(({ clause }) => clause).join(' AND ')}` : '';
  const statement = db.prepare(`SELECT * FROM history ${where} ORDER BY id DESC LIMIT ?`);
  statement.setReturnArrays(true);
  const rows = statement.iterate(...wanted.map(({ value }) => value), Math.floor(most)) as unknown;
  return [...(rows as Iterable<readonly Cell[]>)].map(pastOf).filter((past) => past !== undefined);
}
