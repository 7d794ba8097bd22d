import { createRows, type Rows } from '../lib/rows.ts';
import type { Negotiated } from './negotiate.ts';
import { DEFAULT_TIMING, timingFor } from './rtt.ts';
import type { BlockSource, Timing } from './session.ts';
import { TRANSFER_NUMBERS, TransferState } from './transfer.ts';

const ACKED = TRANSFER_NUMBERS;
const SENT = TRANSFER_NUMBERS + 1;
const LAST = TRANSFER_NUMBERS + 2;
const TIMED_FROM = TRANSFER_NUMBERS + 3;
const WINDOWSIZE = TRANSFER_NUMBERS + 4;
const VAIN_WAITS = TRANSFER_NUMBERS + 5;
const RESTARTED_AT = TRANSFER_NUMBERS + 6;
const SIZE_BYTES = TRANSFER_NUMBERS + 7;
const READ_NUMBERS = TRANSFER_NUMBERS + 8;

export type ReadOptions = {
  readonly terms: Negotiated;
  /** Octets on the wire, or what tells where they end. */
  readonly content: number | BlockSource;
  readonly timing?: Timing;
  /** Where its numbers lie beside those of others; by themselves when left out. */
  readonly rows?: Rows | undefined;
};

/** What a read session keeps; read-session.ts says how it changes. */
export class ReadState extends TransferState {
  readonly terms: Negotiated;
  readonly source: BlockSource | undefined;
  /** The OACK waits for its ACK 0. */
  awaitsAck0: boolean;
  /** A gap was reported and waits to be filled; the window that is out fills one; such a report was false before. */
  reported = false;
  restarted = false;
  falseGaps = false;

  constructor(
    { terms, content, timing = DEFAULT_TIMING, rows = createRows(READ_NUMBERS) }: ReadOptions,
    now: number,
  ) {
    super(timingFor(timing, terms.timeoutMs), rows.take(READ_NUMBERS), now);
    const sizeBytes = typeof content === 'number' ? content : Number.POSITIVE_INFINITY;
    this.terms = terms;
    this.source = typeof content === 'number' ? undefined : content;
    this.awaitsAck0 = terms.oack !== undefined;
    this.sizeBytes = sizeBytes;
    this.last = Math.floor(sizeBytes / terms.blksize) + 1; // a short or empty block ends the file (RFC 1350 §6)
    this.windowsize = terms.windowsize;
    this.timedFrom = Number.POSITIVE_INFINITY;
    this.restartedAt = -1;
  }

  /** Absolute numbers of blocks: the last one confirmed, the last one out, and the short or empty one at the end
   * (Infinity while unknown). */
  get acked(): number {
    return this.numbers[this.at + ACKED]!;
  }

  set acked(value) {
    this.numbers[this.at + ACKED] = value;
  }

  get sent(): number {
    return this.numbers[this.at + SENT]!;
  }

  set sent(value) {
    this.numbers[this.at + SENT] = value;
  }

  get last(): number {
    return this.numbers[this.at + LAST]!;
  }

  set last(value) {
    this.numbers[this.at + LAST] = value;
  }

  /** An ACK of this block or later measures a round trip: those went out once, with the last packets (Karn). */
  get timedFrom(): number {
    return this.numbers[this.at + TIMED_FROM]!;
  }

  set timedFrom(value) {
    this.numbers[this.at + TIMED_FROM] = value;
  }

  /** Blocks of one window: as negotiated, or as the last ACK wished it (msftwindow). */
  get windowsize(): number {
    return this.numbers[this.at + WINDOWSIZE]!;
  }

  set windowsize(value) {
    this.numbers[this.at + WINDOWSIZE] = value;
  }

  /** Waits in vain since anything was sent for a reason. */
  get vainWaits(): number {
    return this.numbers[this.at + VAIN_WAITS]!;
  }

  set vainWaits(value) {
    this.numbers[this.at + VAIN_WAITS] = value;
  }

  /** The `acked` for which a whole window was restarted because its ACK was repeated; -1: none. */
  get restartedAt(): number {
    return this.numbers[this.at + RESTARTED_AT]!;
  }

  set restartedAt(value) {
    this.numbers[this.at + RESTARTED_AT] = value;
  }

  get sizeBytes(): number {
    return this.numbers[this.at + SIZE_BYTES]!;
  }

  set sizeBytes(value) {
    this.numbers[this.at + SIZE_BYTES] = value;
  }
}
