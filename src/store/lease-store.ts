import type { Lease, LeaseMutation, LeaseView } from '../dhcp/lease.ts';
import type { HistoryAsk } from './lease-history.ts';
import type { PastBinding } from './lease-rows.ts';

/**
 * Where leases live: one process, one store. A turn of the server stages the mutations of all its decisions, commits
 * them together, and only then sends its replies.
 */
export interface LeaseStore extends LeaseView {
  /** Reads what an earlier run left. Called once, before anything else. */
  load(): Promise<void>;
  /** Changes that reads see at once, and that the next commit makes safe. */
  stage(mutations: readonly LeaseMutation[]): void;
  /**
   * Makes everything staged safe, in one transaction, as far as this store keeps anything. On failure it throws, and
   * reads see the last committed state again: no reply may tell of what was staged. True when there was anything to make
   * safe.
   */
  commit(): boolean;
  /**
   * The wall clock was set by `ms`: moves all times of all records with it, in one transaction, so that every lease lasts
   * as long as it was told to. Throws, and moves nothing, when that cannot be made safe. Nothing may be staged.
   */
  shift(ms: number): void;
  /**
   * A small step of what can wait: room of superseded records, old history, the write-ahead log. `now` as in leases.
   * Throws when the disk refuses; nothing is lost by that.
   */
  tidy(now: number): void;
  /** Records of all addresses, for lists and saving. */
  all(): Iterable<Lease>;
  /** Bindings that are over, the newest first, as far as this store remembers any: of one address or machine, or all. */
  history(most: number, about?: Omit<HistoryAsk, 'most'>): PastBinding[];
  close(): void;
}
