import type { Clock } from './clock.ts';

/** What a link does to a packet: probabilities from 0 to 1, times in milliseconds. */
export type Weather = {
  readonly loss: number;
  readonly doubling: number;
  /** A packet overtaken by later ones: it takes up to ten times as long. */
  readonly reorder: number;
  /** One way. */
  readonly delayMs: number;
};

export const CALM: Weather = { loss: 0, doubling: 0, reorder: 0, delayMs: 0.1 };
export const STORMY: Weather = { loss: 0.05, doubling: 0.05, reorder: 0.05, delayMs: 0.5 };

export type Link = { send(packet: () => void): void; carried(): number };

/** One direction. A packet is what happens when it arrives. */
export function createLink(clock: Clock, weather: Weather, random: () => number): Link {
  let carried = 0;
  let busyUntil = 0;

  function deliver(packet: () => void): void {
    carried++;
    if (random() < weather.reorder) {
      clock.at(clock.now() + weather.delayMs * (1 + 9 * random()), packet);
      return;
    }
    // Packets that are not reordered stay in order: each leaves when the one before has left (10 µs apart).
    busyUntil = Math.max(busyUntil + 0.01, clock.now() + weather.delayMs);
    clock.at(busyUntil, packet);
  }

  return {
    send(packet) {
      if (random() < weather.loss) return;
      deliver(packet);
      if (random() < weather.doubling) deliver(packet);
    },
    carried: () => carried,
  };
}
