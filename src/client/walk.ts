/**
 * One machine's way from power-on to its kernel, as firmware and then the loader in its boot file go it, without I/O.
 *
 *     discover -> request -> [boot-server] -> boot-file -> [loader-module | second-stage] -> config -> [menu] -> kernel -> initrd...
 *                                                                                                    \-> local-boot
 *
 * A loader that is iPXE begins again at discover. The way itself is told by the generators in walk-rom.ts, walk-loader.ts (PXELINUX),
 * walk-grub.ts and walk-ipxe.ts; this file turns it into an object that takes
 * datagrams and time and gives datagrams and news, so that the same walk runs on a TAP device, a packet socket or in a test.
 *
 *     const walk = createWalk({ rom, loaders: true }, now());
 *     for (let output = walk.poll(now()); output; output = walk.poll(now())) handle(output);
 *     // then wait for a datagram (walk.receive) or for walk.deadline(), and poll again, until walk.verdict()
 */
import type { Exchange, Outcome, Received, Transmit, Unreachable } from './exchange.ts';
import type { HttpFile, HttpRequest } from './http-file.ts';
import type { RomIdentity } from './rom-identity.ts';
import type { Clock, Diary, HttpWish, Verdict, Walking, WalkManners, Wish } from './step.ts';
import { walkMachine, walkNoFurther } from './walk-rom.ts';

export type { WalkManners } from './step.ts';

export type WalkOutput =
  | { readonly kind: 'send'; readonly transmit: Transmit }
  /** A file by HTTP is wanted; the walk stands still until `granted`. */
  | { readonly kind: 'http'; readonly request: HttpRequest }
  | Exclude<Wish, { kind: 'run' | 'http' }>;

export type Walk = {
  receive(datagram: Received, now: number): void;
  /** ICMP came. */
  unreachable(notice: Unreachable, now: number): void;
  /** Ends it as a failure, whatever it is about; what is held is given back. */
  giveUp(why: string, detail: string, now: number): void;
  /** What became of the file by HTTP. */
  granted(outcome: Outcome<HttpFile>): void;
  /** The next thing to do; call it until it gives nothing. */
  poll(now: number): WalkOutput | undefined;
  /** When to poll although nothing arrived. */
  deadline(): number;
  /** undefined while under way. */
  verdict(): Verdict | undefined;
};

/** Starts a walk at `startedAt` milliseconds of the caller's clock. */
export function createWalk(rom: RomIdentity, startedAt: number, manners: WalkManners = {}): Walk {
  const clock: Clock = { now: startedAt };
  const diary: Diary = { clock, steps: [], held: [] };
  let way: Walking<Verdict> = walkMachine(rom, diary, manners);
  let wanted: HttpWish | undefined;
  let current: Exchange<unknown> | undefined;
  let verdict: Verdict | undefined;
  let begun = false;
  return {
    receive(datagram, now) {
      current?.receive(datagram, now);
    },
    unreachable(notice, now) {
      current?.unreachable?.(notice, now);
    },
    giveUp(why, detail, now) {
      if (verdict) return;
      clock.now = now;
      current = undefined;
      wanted = undefined;
      way = walkNoFurther(diary, { rom, why, detail }, manners);
    },
    granted(outcome) {
      wanted?.grant(outcome);
      wanted = undefined;
    },
    poll(now) {
      clock.now = now;
      begun = true;
      while (!verdict) {
        if (wanted) return undefined;
        if (current) {
          const transmit = current.poll(now);
          if (transmit) return { kind: 'send', transmit };
          if (!current.result()) return undefined;
          current = undefined;
        }
        const next = way.next();
        if (next.done) verdict = next.value;
        else if (next.value.kind === 'run') current = next.value.exchange;
        else if (next.value.kind === 'http') {
          wanted = next.value;
          return { kind: 'http', request: wanted.request };
        } else return next.value;
      }
      return undefined;
    },
    deadline() {
      if (verdict || wanted) return Number.POSITIVE_INFINITY;
      return begun && current ? current.deadline() : clock.now;
    },
    verdict: () => verdict,
  };
}
