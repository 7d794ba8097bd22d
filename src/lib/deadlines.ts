/** Something with a moment, on its owner's clock, at which it wants attention; Infinity: never. */
export type Deadlined = {
  deadline(): number;
  /** Belongs to {@link Deadlines}: the moment it is queued for, Infinity when it is not. */
  queuedFor: number;
};

type Entry<T> = { readonly at: number; readonly item: T };

/**
 * Who wants attention next: a binary heap that forgives.
 *
 * A deadline that moves later (each packet of a transfer does that) costs nothing: its old entry comes up, is seen to be early,
 * and is queued anew. Only one that moves earlier is pushed again; stale entries are dropped as they come up.
 */
export class Deadlines<T extends Deadlined> {
  readonly #heap: Entry<T>[] = [];

  /** Call when the deadline of `item` may have moved earlier, and when it is new. */
  schedule(item: T): void {
    const at = item.deadline();
    if (at >= item.queuedFor) return;
    item.queuedFor = at;
    this.#push({ at, item });
  }

  /** The next moment at which {@link due} may have something; Infinity: nothing is queued. */
  next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** One item whose deadline is reached, or undefined. It is no longer queued: schedule it again. */
  due(now: number): T | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.at <= now; top = this.#heap[0]) {
      this.#pop();
      const { item } = top;
      if (item.queuedFor !== top.at) continue; // an earlier entry has served for this one
      item.queuedFor = Number.POSITIVE_INFINITY;
      if (item.deadline() <= now) return item;
      this.schedule(item);
    }
    return undefined;
  }

  #push(entry: Entry<T>): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
