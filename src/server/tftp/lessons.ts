import type { ClientMemory, Lesson, Spared } from '../../tftp/client-memory.ts';
import type { Report } from './report.ts';
import type { Transfer } from './transfer.ts';

/** Brings what transfers went through to the memory of clients. */
export type Lessons = {
  readonly memory: ClientMemory;
  ended(transfer: Transfer, now: number): void;
  /** The timer of a transfer rang. A client whose blocks all vanish gives up by itself and asks again before we do. */
  overdue(transfer: Transfer, now: number): void;
};

/** Block 1 so often and for so long in vain is no accident: at 5 % loss one in three million is so unlucky. */
const VAIN_RESENDS = 5;
const VAIN_MS = 2_000;

export function createLessons(memory: ClientMemory, report: Report): Lessons {
  function learn(transfer: Transfer, lesson: Lesson | undefined, now: number): void {
    if (lesson === undefined) return;
    const spared = memory.learn(transfer.peer.peer, lesson, now);
    if (spared) report.warning(`${spared.what}-reduced`, describe(transfer, spared), now);
  }
  return {
    memory,
    ended: (transfer, now) => learn(transfer, lessonOf(transfer, now), now),
    overdue(transfer, now) {
      if (!transfer.heard || transfer.session.phase() !== 'opening') return;
      const lesson = lessonOf(transfer, now);
      if (lesson?.firstBlockLost) learn(transfer, lesson, now);
    },
  };
}

function lessonOf({ content, heard, startedAt }: Transfer, now: number): Lesson | undefined {
  if (content.kind !== 'read') return undefined;
  const { session, terms } = content;
  const outcome = session.outcome();
  if (outcome?.kind === 'probed') return undefined;
  const { bytes, packets, retransmissions } = session.stats();
  const vain = retransmissions >= VAIN_RESENDS * terms.windowsize && now - startedAt >= VAIN_MS;
  return {
    blksize: terms.blksize,
    windowsize: terms.windowsize,
    packets,
    retransmissions,
    done: outcome?.kind === 'done',
    firstBlockLost: vain && heard && bytes === 0 && terms.oack !== undefined && outcome?.kind !== 'done',
  };
}

function describe({ peer: asked, file }: Transfer, { what, was, will }: Spared): string {
  const { peer } = asked;
  return what === 'blksize'
    ? `${peer} took the OACK for "${file}" but no block of ${was} octets: large frames seem to vanish on the way; it is granted ${will} from now on`
    : `${peer} lost much of its windows of ${was} blocks: it is granted ${will} from now on`;
}
