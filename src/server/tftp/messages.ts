import type { BootEvent } from '../../events/event.ts';
import type { TftpSettings } from './settings.ts';
import type { TftpSockets } from './sockets.ts';

/** What a worker is started with. */
export type WorkerStart = { readonly sockets: TftpSockets; readonly settings: TftpSettings };

/** Main thread to worker; the poller is woken after each. */
export type ToWorker =
  | { readonly kind: 'configure'; readonly settings: TftpSettings }
  | { readonly kind: 'stop'; readonly graceMs: number };

/** Worker to main thread. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly wakeFd: number }
  | { readonly kind: 'events'; readonly events: readonly BootEvent[] }
  /** A configuration that could not be applied; the old one stays. */
  | { readonly kind: 'refused'; readonly detail: string };
