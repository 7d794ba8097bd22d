import { OPTIONAL_FILES } from '../../boot/tree-rules-table.ts';
import type { Emit, HttpPeer } from '../../events/event.ts';
import { createThrottle } from '../tftp/throttle.ts';

/** What a transfer is, from its start to its end. */
export type HttpTransfer = {
  readonly client: HttpPeer;
  /** As asked for, for people. */
  readonly file: string;
  /** Of the tree, where that is not the same. */
  readonly path?: string;
  /** The profile that it was made from; absent for files of the tree. */
  readonly rendered?: string;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** Octets asked for: all, or those of a range. */
  readonly length: number;
};

/** How it ended; `bytes` were handed to the system. */
export type HttpEnd = { readonly bytes: number; readonly failure?: string; readonly detail?: string };

export type HttpRefusal = {
  readonly client: HttpPeer;
  readonly method: string;
  readonly file: string;
  readonly status: number;
  readonly failure: string;
  /** One of the names of a loader's search. */
  readonly search?: boolean;
  readonly detail?: string;
};

/** Turns what happens to requests into events. */
export type HttpReport = {
  /** Returns what to call when it has ended. */
  started(transfer: HttpTransfer): (end: HttpEnd) => void;
  /** Asked about, and not sent: HEAD, or a file that the client has already. */
  probed(transfer: HttpTransfer): void;
  refused(refusal: HttpRefusal): void;
  /** Posted to a done file that a machine's installation waits for. */
  reported(client: HttpPeer, file: string): void;
  malformed(client: HttpPeer, why: string): void;
  /** A defect of ours. */
  broken(detail: string): void;
};

/** Lines that anybody can provoke. */
const NOISE = { perSecond: 2, burst: 20 };

/** `now` in ms, never going back. */
export function createHttpReport(emit: Emit, now: () => number): HttpReport {
  const malformed = createThrottle(NOISE);
  return {
    started(transfer) {
      const at = now();
      const { client, length, ...about } = transfer;
      emit({ type: 'http.started', ...client, ...about, length });
      return ({ bytes, failure, detail }) => {
        const tookMs = Math.round((now() - at) * 1000) / 1000;
        const facts = { ...client, ...about, bytes, tookMs };
        if (failure === undefined) emit({ type: 'http.done', ...facts, whole: bytes === about.sizeBytes });
        else emit({ type: 'http.failed', ...facts, failure, ...(detail === undefined ? {} : { detail }) });
      };
    },
    probed({ client, length: _, ...about }) {
      emit({ type: 'http.probed', ...client, ...about });
    },
    refused({ client, search, detail, ...facts }) {
      emit({
        type: 'http.refused',
        ...client,
        ...facts,
        ...(search ? { search } : {}),
        ...(facts.failure === 'not-found' && OPTIONAL_FILES.test(facts.file)
          ? { optional: true as const }
          : {}),
        ...(detail === undefined ? {} : { detail }),
      });
    },
    reported(client, file) {
      emit({ type: 'http.reported', ...client, file });
    },
    malformed(client, why) {
      if (malformed.pass(now())) emit({ type: 'http.malformed', ...client, why });
    },
    broken(detail) {
      emit({ type: 'service.warning', service: 'http', problem: 'request-failed', detail });
    },
  };
}
