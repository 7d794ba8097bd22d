import { roleOf } from '../boot/boot-step.ts';
import type { Mark, Opening } from './mark.ts';

/**
 * One boot of a machine: its marks in the order they happened, at most {@link MARKS_MOST}.
 *
 * A boot begins with firmware that asks for an address. What belongs to it and what begins the next one cannot be told for sure
 * from outside; see {@link beginsAnew}.
 */
export type Boot = {
  /** ms since 1970, of the first and the last thing. */
  began: number;
  last: number;
  marks: Mark[];
  /** Marks that there was no room for. */
  left: number;
  /** Which kinds of firmware and loaders opened it, in that order. */
  openings: Opening[];
  /** It has asked for a file. */
  beyond: boolean;
  /** Number of its row in the store. */
  row?: number;
  /** Counts changes. */
  version: number;
};

export const MARKS_MOST = 120;

/** The first ones tell how it began, the last ones how it ended. */
const KEPT_FIRST = 40;

/** Who asks again within this time goes on with the same boot: iPXE gives up after 15 s, EDK2 after a minute. */
const RETRY_MS = 120_000;

/** What begins later than this after everything else is another boot. */
const IDLE_MS = 1_800_000;

/** A loader that is fetched after this time without DHCP is fetched by a machine that was switched on again. */
const FETCHED_AGAIN_MS = 120_000;

/** iPXE that is loaded by a ROM asks again at once; a machine takes longer to come up. */
const CHAINED_MS = 3_000;

export function beginBoot(at: number): Boot {
  return { began: at, last: at, marks: [], left: 0, openings: [], beyond: false, version: 0 };
}

/**
 * Is this mark the first of a new boot? Firmware that asks for an address begins one, unless
 *
 * - nothing came of its asking so far: it goes on asking;
 * - it is of another kind, soon after: UEFI tries PXE, then HTTP; a ROM loads iPXE.
 *
 * A system that renews its address never does, however late.
 */
export function beginsAnew(boot: Boot, mark: Mark, opening?: Opening): boolean {
  const gap = mark.at - boot.last;
  if (opening === undefined) {
    if (mark.stage === 'os' || mark.stage === 'installer') return false;
    if (gap > IDLE_MS) return true;
    const fetches = mark.what === 'asked' || mark.what === 'refused';
    return fetches && gap > FETCHED_AGAIN_MS && roleOf(mark.file ?? '') === 'loader';
  }
  if (gap > (boot.beyond ? IDLE_MS : RETRY_MS)) return true;
  if (!boot.beyond) return false;
  if (!boot.openings.includes(opening)) return gap > RETRY_MS;
  return opening !== 'ipxe' || gap > CHAINED_MS;
}

/** Adds a mark, or counts it in the last one. */
export function addMark(boot: Boot, mark: Mark, opening?: Opening): void {
  boot.last = Math.max(boot.last, mark.at);
  boot.version++;
  if (opening !== undefined && !boot.openings.includes(opening)) boot.openings.push(opening);
  if (mark.file !== undefined && mark.by !== undefined) boot.beyond = true;
  if (mark.what === 'told-file-4011') boot.beyond = true;
  if (settles(boot.marks, mark)) return;
  boot.marks.push(mark);
  if (boot.marks.length > MARKS_MOST) {
    boot.marks.splice(KEPT_FIRST, 1);
    boot.left++;
  }
}

/** How far back the beginning of a transfer is looked for: a machine has few of them at a time. */
const NEAR = 16;

/** Does the mark take the place of an earlier one, or is it one of those? */
function settles(marks: Mark[], mark: Mark): boolean {
  const last = marks.at(-1);
  if (last === undefined) return false;
  if (mark.what === 'looked-for' && last.what === 'looked-for') return keepsLooking(last, mark);
  if (mark.what === 'configured' || mark.what === 'not-configured') {
    // The search it ends: its names are told together now. The configuration itself may be there already.
    const search = marks.findLastIndex((before) => before.file !== mark.file || before.what === 'looked-for');
    if (marks[search]?.what === 'looked-for') marks.splice(search, 1);
    return false;
  }
  if (mark.what === 'fetched' || mark.what === 'cut-off' || mark.what === 'probed') return ends(marks, mark);
  if (!isSame(last, mark)) return false;
  last.times = (last.times ?? 1) + 1;
  last.last = mark.at;
  return true;
}

const TRIED_MOST = 24;

function keepsLooking(last: Mark, { tried = [], at }: Mark): boolean {
  last.times = (last.times ?? 1) + 1;
  last.last = at;
  if (last.tried && last.tried.length < TRIED_MOST) last.tried.push(...tried);
  return true;
}

/** The end of a transfer takes the place of its beginning. */
function ends(marks: Mark[], mark: Mark): boolean {
  for (let at = marks.length - 1; at >= 0 && at >= marks.length - NEAR; at--) {
    const before = marks[at]!;
    if (before.what !== 'asked' || before.file !== mark.file || before.by !== mark.by) continue;
    const { size, blksize } = before;
    marks[at] = {
      ...(size !== undefined && { size }),
      ...(blksize !== undefined && { blksize }),
      ...mark,
      at: before.at,
    };
    return true;
  }
  return false;
}

function isSame(one: Mark, other: Mark): boolean {
  return (
    one.what === other.what &&
    one.file === other.file &&
    one.ip === other.ip &&
    one.why === other.why &&
    one.stage === other.stage &&
    one.messageType === other.messageType &&
    one.detail === other.detail &&
    one.what !== 'asked'
  );
}

/** Two halves of one boot, known by an address and by a MAC before it was clear that these are the same machine. */
export function joinBoots(one: Boot, other: Boot): Boot {
  const marks = [...one.marks, ...other.marks].sort((a, b) => a.at - b.at);
  const more = Math.max(0, marks.length - MARKS_MOST);
  marks.splice(KEPT_FIRST, more);
  const row = one.row ?? other.row;
  return {
    began: Math.min(one.began, other.began),
    last: Math.max(one.last, other.last),
    marks,
    left: one.left + other.left + more,
    openings: [...new Set([...one.openings, ...other.openings])],
    beyond: one.beyond || other.beyond,
    version: one.version + other.version + 1,
    ...(row !== undefined && { row }),
  };
}
