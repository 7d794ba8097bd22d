import type { RenderedFile } from '../boot/rendered-files.ts';
import type { LiveTransfer } from '../live-transfer.ts';
import type { Place } from './census.ts';
import type { RenderAsk } from './render.ts';
import type { TftpSettings } from './settings.ts';
import type { TftpSockets } from './sockets.ts';

/** Main thread to worker; while it serves, its poller is woken after each. */
export type ToWorker =
  | {
      readonly kind: 'serve';
      readonly sockets: TftpSockets;
      readonly settings: TftpSettings;
      readonly place?: Place;
      /** Give up what privileges this thread still has: no-new-privileges and capabilities are each thread's own. */
      readonly confine: boolean;
      /** One Int32: how many `events` messages of this service were dealt with. */
      readonly taken: SharedArrayBuffer;
    }
  | { readonly kind: 'configure'; readonly settings: TftpSettings }
  /** Answers `sync`; `errno` when it failed. */
  | { readonly kind: 'synced'; readonly id: number; readonly errno?: string }
  /** Answers `render`; without a file when there is none. */
  | { readonly kind: 'rendered'; readonly id: number; readonly file?: RenderedFile }
  /** Somebody looks: asks for the transfers under way. */
  | { readonly kind: 'look'; readonly id: number }
  | { readonly kind: 'stop'; readonly graceMs: number };

/** Worker to main thread. */
export type FromWorker =
  /** All code is loaded; it waits for `serve`. */
  | { readonly kind: 'loaded' }
  | { readonly kind: 'ready'; readonly wakeFd: number }
  /** JSON of an array of BootEvents: one string crosses threads several times faster than a tree of objects. */
  | { readonly kind: 'events'; readonly json: string }
  /** Asks for an fsync of a descriptor, which all threads share. */
  | { readonly kind: 'sync'; readonly id: number; readonly fd: number }
  /** Asks for the file that stands for a name. */
  | { readonly kind: 'render'; readonly id: number; readonly ask: RenderAsk }
  /** Answers `look`. */
  | { readonly kind: 'looked'; readonly id: number; readonly transfers: readonly LiveTransfer[] }
  /** A configuration that could not be applied; the old one stays. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** It serves no more, because it was asked to, or because of `failure`; it can be asked to serve again. */
  | { readonly kind: 'ended'; readonly failure?: string };
