import { OPTIONAL_FILES } from '../../boot/tree-rules-table.ts';
import type { BootEvent, Emit, TftpNegotiated, TftpPeer } from '../../events/event.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import type { Accepted, Refusal } from './accept.ts';
import { createThrottle } from './throttle.ts';
import type { Transfer } from './transfer.ts';

/** Turns what happens to transfers into events. */
export type Report = {
  started(transfer: Transfer, accepted: Accepted): void;
  /** The transfer's outcome is decided. */
  ended(transfer: Transfer, now: number): void;
  refused(peer: TftpPeer, asked: { file: string; write: boolean; search: boolean }, refusal: Refusal): void;
  malformed(peer: TftpPeer, why: string, now: number): void;
  warning(problem: string, detail: string, now: number): void;
};

/** Lines that anybody can provoke by a datagram. */
const NOISE = { perSecond: 2, burst: 20 };

export function createReport(emit: Emit): Report {
  const malformed = createThrottle(NOISE);
  const warnings = createThrottle(NOISE);
  return {
    started({ peer, file, content, rendered }, { sizeBytes }) {
      emit({
        type: 'tftp.started',
        ...peer,
        file,
        write: content.kind === 'write',
        ...negotiated(content.terms),
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(rendered === undefined ? {} : { rendered }),
      });
    },
    ended: (transfer, now) => emit(endOf(transfer, now)),
    refused({ peer, port }, { file, write, search }, { code, failure, detail }) {
      emit({
        type: 'tftp.refused',
        peer,
        port,
        file,
        write,
        code,
        failure,
        ...(search ? { search } : {}),
        ...(failure === 'not-found' && OPTIONAL_FILES.test(file) ? { optional: true as const } : {}),
        ...(detail === undefined ? {} : { detail }),
      });
    },
    malformed(peer, why, now) {
      if (malformed.pass(now)) emit({ type: 'tftp.malformed', ...peer, why });
    },
    warning(problem, detail, now) {
      if (warnings.pass(now)) emit({ type: 'service.warning', service: 'tftp', problem, detail });
    },
  };
}

function negotiated({ blksize, windowsize, timeoutMs }: Negotiated): TftpNegotiated {
  return timeoutMs === undefined ? { blksize, windowsize } : { blksize, windowsize, timeoutMs };
}

function endOf(transfer: Transfer, now: number): BootEvent {
  const { peer, file, path, content, startedAt, sendProblem, rendered } = transfer;
  const outcome = content.session.outcome();
  const { bytes, retransmissions } = content.session.stats();
  if (outcome?.kind === 'probed') return { type: 'tftp.probed', ...peer, file };
  const common = {
    ...peer,
    file,
    write: content.kind === 'write',
    bytes,
    tookMs: Math.round((now - startedAt) * 1000) / 1000,
    retransmissions,
    ...negotiated(content.terms),
    ...(rendered === undefined ? {} : { rendered }),
  };
  if (outcome?.kind !== 'failed') return { type: 'tftp.done', ...common, ...(path !== file && { path }) };
  // "Nobody answered" reads differently when the system refused to send.
  const detail = outcome.detail ?? (sendProblem && `sending failed: ${sendProblem}`);
  return {
    type: 'tftp.failed',
    ...common,
    failure: outcome.failure,
    ...(detail === undefined ? {} : { detail }),
  };
}
