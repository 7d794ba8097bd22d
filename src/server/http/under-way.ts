import type { ServerResponse } from 'node:http';
import type { LiveTransfer } from '../live-transfer.ts';
import type { HttpTransfer } from './report.ts';

/** Bodies that are being sent, for whoever looks. */
export type UnderWay = {
  /** Returns what to call when it has ended. */
  begins(told: Omit<HttpTransfer, 'length'>, body: SendingBody): () => void;
  all(): LiveTransfer[];
};

type SendingBody = { readonly length: number; readonly response: ServerResponse };
type Sending = SendingBody & {
  readonly told: Omit<HttpTransfer, 'length'>;
  readonly startedAt: number;
  /** What the connection had written before. */
  readonly before: number;
};

/** `now` in ms, never going back. */
export function createUnderWay(now: () => number): UnderWay {
  const sending = new Set<Sending>();
  return {
    begins(told, body) {
      const one = { ...body, told, startedAt: now(), before: body.response.socket?.bytesWritten ?? 0 };
      sending.add(one);
      return () => void sending.delete(one);
    },
    all: () =>
      [...sending].map(({ told, response, length, before, startedAt }) => ({
        ...{ protocol: 'http', peer: told.client.peer, file: told.file, write: false },
        // What waits in this process is not on its way yet; the head, some hundred octets, is.
        bytes: Math.max(0, Math.min(length, (response.socket?.bytesWritten ?? before) - before)),
        totalBytes: length,
        startedMsAgo: Math.round(now() - startedAt),
      })),
  };
}
