import { FILE_CHANGED } from './read-content.ts';
import type { Report } from './report.ts';
import type { Transfer } from './transfer.ts';

export type SendFailuresParts = {
  readonly report: Report;
  clock(): number;
  /** The transfer was decided by it. */
  touched(transfer: Transfer): void;
};

/** One line for each errno in this time: a firewall that says EPERM says it for every datagram. */
const QUIET_MS = 60_000;

type Told = { at: number; unreported: number };

/**
 * Takes what the system says of datagrams that it does not send. Whoever waits for one asks again or gives up, and so do
 * our timers: EPERM (a firewall), ENETUNREACH, ENETDOWN and ENOBUFS may be over by then. Only a file that was cut short is final.
 */
export function createSendFailures({ report, clock, touched }: SendFailuresParts) {
  const told = new Map<string, Told>();

  function tell(transfer: Transfer | undefined, errno: string): void {
    const now = clock();
    const last = told.get(errno);
    if (last !== undefined && now - last.at < QUIET_MS) {
      last.unreported++;
      return;
    }
    const more = last?.unreported ? ` (${last.unreported} more since the last such line)` : '';
    told.set(errno, { at: now, unreported: 0 });
    report.warning(
      'send-failed',
      `Cannot send to ${transfer?.peer.peer ?? 'a client'}: ${errno}${more}`,
      now,
    );
  }

  return function onSendFailure(tag: unknown, errno: string): void {
    if (errno === 'EAGAIN') return; // the timer sends it again
    const transfer = tag as Transfer | undefined;
    tell(transfer, errno);
    if (transfer === undefined) return;
    transfer.sendProblem = errno;
    if (errno !== 'EFAULT') return;
    // The file was cut short: the mapping has no page there any more.
    transfer.session.abort('read-error', FILE_CHANGED);
    touched(transfer);
  };
}
