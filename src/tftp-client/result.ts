import type { Terms, TransferResult } from './face.ts';
import type { Line } from './line.ts';
import type { ClientSession, SessionTerms } from './machine/session.ts';
import { PLAIN } from './machine/transfer.ts';

/** For {@link TransferOptions.onTerms}, once there are some. */
export function termsOf(session: ClientSession, line: Line): Terms {
  return { ...agreed(session), address: line.address, port: session.port() };
}

type Facts = { readonly bytes: number; readonly startedAt: number; readonly sha256: string | undefined };

/** What a transfer came to. */
export function resultOf(session: ClientSession, { bytes, startedAt, sha256 }: Facts): TransferResult {
  return {
    bytes,
    tookMs: performance.now() - startedAt,
    ...agreed(session),
    retransmissions: session.retransmissions(),
    ...(sha256 !== undefined && { sha256 }),
  };
}

function agreed(session: ClientSession): SessionTerms {
  return session.terms() ?? PLAIN;
}
