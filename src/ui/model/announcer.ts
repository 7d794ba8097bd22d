/** What a screen reader is told of a list that changes by itself: not more often than this, and nothing twice. */
const QUIET_MS = 10_000;

export type Announcer = {
  /** The sentence to say now, or undefined to say nothing (yet). */
  hear(sentence: string, now: number): string | undefined;
};

export function createAnnouncer(quietMs = QUIET_MS): Announcer {
  let said: string | undefined;
  let next = Number.NEGATIVE_INFINITY;
  return {
    hear(sentence, now) {
      if (sentence === said || now < next) return undefined;
      said = sentence;
      next = now + quietMs;
      return sentence;
    },
  };
}
