import type { BootEvent } from '../events/event.ts';

/** One TFTP transfer, at one of its three moments. */
export type Transfer = {
  readonly state: 'started' | 'completed' | 'failed';
  /** The client's. */
  readonly host: string;
  readonly port: number;
  readonly file: string;
  /** The client uploads it. */
  readonly write: boolean;
  /** So far; absent when it has just started. */
  readonly bytes?: number;
  readonly tookMs?: number;
  /** A stable code: `timeout`, `peer-error`… */
  readonly failure?: string;
};

/** Each is called for the transfers that come so far. What is refused at once never started: `onEvent` hears of it. */
export type TransferCallbacks = {
  readonly onStarted?: (transfer: Transfer) => void;
  readonly onCompleted?: (transfer: Transfer) => void;
  readonly onFailed?: (transfer: Transfer) => void;
};

/** Calls the one that an event is for, if any. */
export function tellTransfer(event: BootEvent, callbacks: TransferCallbacks): void {
  if (event.type === 'tftp.started') callbacks.onStarted?.({ state: 'started', ...plain(event) });
  else if (event.type === 'tftp.done') {
    const { bytes, tookMs } = event;
    callbacks.onCompleted?.({ state: 'completed', ...plain(event), bytes, tookMs });
  } else if (event.type === 'tftp.failed') {
    const { bytes, tookMs, failure } = event;
    callbacks.onFailed?.({ state: 'failed', ...plain(event), bytes, tookMs, failure });
  }
}

type Told = Extract<BootEvent, { type: 'tftp.started' | 'tftp.done' | 'tftp.failed' }>;

function plain({ peer, port, file, write }: Told): Pick<Transfer, 'host' | 'port' | 'file' | 'write'> {
  return { host: peer, port, file, write };
}
