/**
 * One machine's way from power-on to its kernel, as a BIOS PXE ROM and then PXELINUX go it, without I/O.
 *
 *     discover -> request -> boot-file -> loader-module -> config -> [menu] -> kernel -> initrd...
 *                                                                        \-> local-boot
 *
 * The way itself is told by the generators in walk-rom.ts and walk-loader.ts; this file turns it into an object that takes
 * datagrams and time and gives datagrams and news, so that the same walk runs on a TAP device, a packet socket or in a test.
 *
 *     const walk = createWalk({ rom, loaders: true }, now());
 *     for (let output = walk.poll(now()); output; output = walk.poll(now())) handle(output);
 *     // then wait for a datagram (walk.receive) or for walk.deadline(), and poll again, until walk.verdict()
 */
import type { Exchange, Received, Transmit } from './exchange.ts';
import type { RomIdentity } from './rom-identity.ts';
import type { Clock, Verdict, Wish } from './step.ts';
import { walkRom } from './walk-rom.ts';

export type WalkOutput =
  | { readonly kind: 'send'; readonly transmit: Transmit }
  | Exclude<Wish, { kind: 'run' }>;

export type Walk = {
  receive(datagram: Received, now: number): void;
  /** The next thing to do; call it until it gives nothing. */
  poll(now: number): WalkOutput | undefined;
  /** When to poll although nothing arrived. */
  deadline(): number;
  /** undefined while under way. */
  verdict(): Verdict | undefined;
};

/** Starts a walk at `startedAt` milliseconds of the caller's clock. */
export function createWalk(rom: RomIdentity, startedAt: number): Walk {
  const clock: Clock = { now: startedAt };
  const way = walkRom(rom, clock);
  let current: Exchange<unknown> | undefined;
  let verdict: Verdict | undefined;
  let begun = false;
  return {
    receive(datagram, now) {
      current?.receive(datagram, now);
    },
    poll(now) {
      clock.now = now;
      begun = true;
      while (!verdict) {
        if (current) {
          const transmit = current.poll(now);
          if (transmit) return { kind: 'send', transmit };
          if (!current.result()) return undefined;
          current = undefined;
        }
        const next = way.next();
        if (next.done) verdict = next.value;
        else if (next.value.kind === 'run') current = next.value.exchange;
        else return next.value;
      }
      return undefined;
    },
    deadline() {
      if (verdict) return Number.POSITIVE_INFINITY;
      return begun && current ? current.deadline() : clock.now;
    },
    verdict: () => verdict,
  };
}
