import type { BootEvent } from '../../events/event.ts';

/** Events on their way from the worker to the thread that logs them. */
export type EventBatches = {
  emit(event: BootEvent): void;
  /** 0: send now. */
  dueInMs(): number;
  send(): void;
};

export type BatchParts = {
  /** Takes JSON of {@link BootEvent}s: one string crosses threads several times faster than a tree of objects. */
  readonly post: (json: string) => void;
  /** How many batches the other thread has dealt with; may wrap as a 32-bit number does. */
  readonly taken: () => number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
};

/** An event reaches the log within this time, or as soon as there are so many. */
const EVENTS_WITHIN_MS = 20;
const EVENTS_AT_ONCE = 128;

/**
 * Batches that may wait in the other thread. It stands still while its terminal does (Ctrl-S), and messages between threads
 * queue without bounds, a line for each request of a flood. These are about 5 MB.
 */
const MOST_BATCHES = 256;

/**
 * Files that were delivered are proof of an installation, and end by themselves: a flood makes refusals. They have as much
 * room again.
 */
function isProof({ type }: BootEvent): boolean {
  return type === 'tftp.done';
}

/** Collects events into batches; those that nobody would take are counted, and their number is told once they are taken again. */
export function createEventBatches({ post, taken, clock }: BatchParts): EventBatches {
  let events: BootEvent[] = [];
  let sendAt = Number.POSITIVE_INFINITY;
  let posted = 0;
  let lost = 0;

  function add(event: BootEvent): void {
    if (events.length === 0) sendAt = clock() + EVENTS_WITHIN_MS;
    events.push(event);
  }

  function tellLost(): void {
    if (lost === 0) return;
    const detail = `${lost} events are not in the log: it took them more slowly than they came`;
    lost = 0;
    add({ type: 'service.warning', service: 'tftp', problem: 'events-lost', detail });
  }

  return {
    emit(event) {
      const waiting = (posted - taken()) | 0;
      if (waiting >= (isProof(event) ? 2 * MOST_BATCHES : MOST_BATCHES)) {
        lost++;
        return;
      }
      if (waiting < MOST_BATCHES) tellLost();
      add(event);
    },
    dueInMs() {
      if (events.length === 0) return Number.POSITIVE_INFINITY; // asked twice each turn, and the clock costs time too
      return events.length >= EVENTS_AT_ONCE ? 0 : Math.max(0, sendAt - clock());
    },
    send() {
      tellLost();
      if (events.length === 0) return;
      post(JSON.stringify(events));
      posted = (posted + 1) | 0;
      events = [];
      sendAt = Number.POSITIVE_INFINITY;
    },
  };
}
