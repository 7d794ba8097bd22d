import { ERROR_CODE } from '../../tftp-packet/index.ts';
import type { Refusal } from './accept.ts';
import type { Transfer } from './transfer.ts';

/** Who may begin a transfer when there are many. */
export type Admission = {
  /**
   * undefined: come in. Otherwise the words to refuse it with; or a transfer of a client that was never heard from,
   * whose place this one may take.
   */
  place(address: number, asked: Asked): Refusal | Transfer | undefined;
  added(transfer: Transfer): void;
  /** A packet came from its client: this one is no forgery. */
  heard(transfer: Transfer): void;
  ended(transfer: Transfer): void;
};

export type Asked = {
  readonly now: number;
  /** Transfers under way, of all workers. */
  readonly active: number;
  readonly maxTransfers: number;
  readonly maxPerClient: number;
};

const BUSY: Refusal = {
  code: ERROR_CODE.undefined,
  message: 'Server busy, try again later',
  failure: 'busy',
};

const TOO_MANY: Refusal = {
  code: ERROR_CODE.undefined,
  message: 'Too many transfers of this client',
  failure: 'client-limit',
};

/**
 * A client that is there answers the first packet within milliseconds. One that did not for so long has lost it (and
 * will ask again), or never asked: the source address of a request may be forged.
 */
const UNHEARD_MS = 250;

/**
 * Nobody is turned away in silence: a refused client is told why, so that it does not wait for its own timer. When all
 * places are taken, the one that has waited longest for a first sign of life gives way, so that a flood of requests with
 * forged addresses keeps nobody out; and no single address can take all places with transfers that it keeps alive.
 */
export function createAdmission(): Admission {
  const perClient = new Map<number, number>();
  /** In the order in which they began. */
  const unheard = new Set<Transfer>();

  function count(address: number, change: 1 | -1): void {
    const next = (perClient.get(address) ?? 0) + change;
    if (next > 0) perClient.set(address, next);
    else perClient.delete(address);
  }

  return {
    place(address, { now, active, maxTransfers, maxPerClient }) {
      if ((perClient.get(address) ?? 0) >= maxPerClient) return TOO_MANY;
      if (active < maxTransfers) return undefined;
      const oldest = unheard.values().next().value;
      return oldest !== undefined && now - oldest.startedAt >= UNHEARD_MS ? oldest : BUSY;
    },
    added(transfer) {
      count(transfer.address, 1);
      unheard.add(transfer);
    },
    heard(transfer) {
      transfer.heard = true;
      unheard.delete(transfer);
    },
    ended(transfer) {
      count(transfer.address, -1);
      unheard.delete(transfer);
    },
  };
}
