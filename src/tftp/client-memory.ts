import type { Limits } from './negotiate.ts';

/**
 * What a client's last transfers taught about the way to it, by address (as text: numbers of IPv6 peers are used again).
 * The size of a window is agreed on before the first block (RFC 7440 §3: no message changes it later), so loss makes the
 * window of the *next* transfer smaller; a boot is many transfers, and most of its octets come in the last two.
 *
 * | a transfer                                              | the client's next one                                  |
 * |---------------------------------------------------------|--------------------------------------------------------|
 * | sent more than 1 block in 8 again                       | half the window                                        |
 * | OACK acknowledged, then block 1 again and again in vain | the next smaller block (1428, 1024, 512), half the     |
 * |                                                         | window                                                 |
 * | 8 in a row with less than 1 block in 64 sent again      | twice the window, until it is as large as asked        |
 *
 * Random loss of 1 % keeps a window of 16 (it sends 1 block in 12 again) and halves one of 64, which it would have sent
 * for a third in vain; a queue that is too short for a window, which loses its end every time, halves it until it
 * fits. Large frames vanish for good where a switch or a driver has a smaller MTU than the rest: that block size is
 * remembered until the client was not seen for an hour.
 */
export type ClientMemory = {
  /** What to grant this client at most. */
  temper(client: string, limits: Limits, now: number): Limits;
  /** A transfer ended, or came to nothing so far (`firstBlockLost`). Returns what the next one will be spared, if that is new. */
  learn(client: string, lesson: Lesson, now: number): Spared | undefined;
  readonly size: number;
};

/** How one read went. */
export type Lesson = {
  readonly blksize: number;
  readonly windowsize: number;
  readonly packets: number;
  readonly retransmissions: number;
  readonly done: boolean;
  /** The client acknowledged the OACK, and then none of the blocks that were sent again and again. */
  readonly firstBlockLost: boolean;
};

/** `was` and `will` are blksize or windowsize. */
export type Spared = {
  readonly what: 'blksize' | 'windowsize';
  readonly was: number;
  readonly will: number;
};

type Entry = { blksizeMax: number; windowsizeMax: number; goodInARow: number; at: number };

/** The client that was quiet for longest is forgotten first. */
const CLIENTS_MAX = 4096;
const FORGET_MS = 3_600_000;
const LOSSY = 1 / 8;
const GOOD = 1 / 64;
const GOOD_IN_A_ROW = 8;
/** Nobody asks for more: RFC 7440 §5 saw no gain above 64. */
const WIDE_WINDOW = 64;
/** Ethernet's 1500 with IPv4; with IPv6 or some tunnel; what GRUB asks for; what each link must carry (RFC 791). */
const LADDER = [1468, 1428, 1024, 512];

export function createClientMemory(): ClientMemory {
  /** In the order of the last lesson, the latest last. */
  const entries = new Map<string, Entry>();

  function entryOf(client: string, now: number): Entry | undefined {
    const entry = entries.get(client);
    if (entry === undefined || now - entry.at < FORGET_MS) return entry;
    entries.delete(client);
    return undefined;
  }

  function keep(client: string, entry: Entry, now: number): void {
    entry.at = now;
    entries.delete(client);
    if (entry.windowsizeMax === Number.POSITIVE_INFINITY && entry.blksizeMax === Number.POSITIVE_INFINITY) {
      return;
    }
    entries.set(client, entry);
    if (entries.size > CLIENTS_MAX) entries.delete(entries.keys().next().value!);
  }

  return {
    temper(client, limits, now) {
      const entry = entries.size === 0 ? undefined : entryOf(client, now);
      if (entry === undefined) return limits;
      return {
        ...limits,
        blksizeMax: Math.min(limits.blksizeMax, entry.blksizeMax),
        windowsizeMax: Math.min(limits.windowsizeMax, entry.windowsizeMax),
      };
    },
    learn(client, lesson, now) {
      const bad = lesson.firstBlockLost || isLossy(lesson);
      let entry = entries.size === 0 ? undefined : entryOf(client, now);
      if (entry === undefined) {
        if (!bad) return undefined;
        entry = { blksizeMax: Infinity, windowsizeMax: Infinity, goodInARow: 0, at: now };
      }
      const spared = bad ? spare(entry, lesson) : recover(entry, lesson);
      keep(client, entry, now);
      return spared;
    },
    get size() {
      return entries.size;
    },
  };
}

/** In lock-step there is no window to shrink; and a client that went away in the middle teaches nothing. */
function isLossy({ windowsize, packets, retransmissions, done }: Lesson): boolean {
  return done && windowsize > 1 && retransmissions > packets * LOSSY && retransmissions >= 4;
}

function spare(entry: Entry, { blksize, windowsize, firstBlockLost }: Lesson): Spared | undefined {
  entry.goodInARow = 0;
  const half = Math.max(1, windowsize >> 1);
  const narrower = half < Math.min(windowsize, entry.windowsizeMax);
  if (narrower) entry.windowsizeMax = half;
  const smaller = firstBlockLost ? LADDER.find((step) => step < blksize) : undefined;
  if (smaller !== undefined && smaller < entry.blksizeMax) {
    entry.blksizeMax = smaller;
    return { what: 'blksize', was: blksize, will: smaller };
  }
  return narrower ? { what: 'windowsize', was: windowsize, will: half } : undefined;
}

function recover(entry: Entry, { windowsize, packets, retransmissions, done }: Lesson): undefined {
  // Only a transfer that used the window it was kept to, and more than once, shows that a larger one may do.
  const telling = windowsize === entry.windowsizeMax && packets >= 2 * windowsize;
  if (!done || !telling) return;
  entry.goodInARow = retransmissions <= packets * GOOD ? entry.goodInARow + 1 : 0;
  if (entry.goodInARow < GOOD_IN_A_ROW) return;
  entry.goodInARow = 0;
  entry.windowsizeMax *= 2;
  if (entry.windowsizeMax > WIDE_WINDOW) entry.windowsizeMax = Number.POSITIVE_INFINITY;
}
