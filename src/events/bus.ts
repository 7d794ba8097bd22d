import type { BootEvent, Emit } from './event.ts';

/** An event with the wall-clock time it happened at, in ms since 1970. */
export type Stamped = { readonly at: number; readonly event: BootEvent };

/** Hears every event. One that throws is heard no more; the others are not disturbed. */
export type Listener = (stamped: Stamped) => void;

export type Bus = ReturnType<typeof createBus>;

/** Joins those who see facts to those who keep them. `now` gives ms since 1970. */
export function createBus(now: () => number) {
  const listeners = new Set<Listener>();
  const emit: Emit = (event) => {
    const stamped = { at: now(), event };
    for (const listener of listeners) {
      try {
        listener(stamped);
      } catch {
        listeners.delete(listener);
      }
    }
  };
  return {
    emit,
    /** Returns a function that ends the subscription. */
    subscribe(listener: Listener): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
