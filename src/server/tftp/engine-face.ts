import type { Emit } from '../../events/event.ts';
import type { DatagramSocket, Network } from '../../net/datagram.ts';
import type { BootTree } from '../../store/boot-file.ts';
import type { Sync } from '../../store/upload.ts';
import type { LiveTransfer } from '../live-transfer.ts';
import type { Census } from './census.ts';
import type { Endpoint } from './endpoints.ts';
import type { Render } from './render.ts';
import type { TftpSettings } from './settings.ts';

/** The loop's body; see engine.ts. */
export type TftpEngine = {
  /** `socket` has datagrams, or can send again. False when it has still more: timers had better wait. */
  onReady(socket: DatagramSocket): boolean;
  /** Deals with reached deadlines. */
  onTime(): void;
  /** On the clock given; Infinity when nothing is under way. */
  nextDeadline(): number;
  /** Transfers that are neither done nor failed, and requests that wait for their file to be made. */
  readonly active: number;
  /** Those under way, as they are now; nobody counts them otherwise. */
  transfers(): LiveTransfer[];
  /** Files open or mapped, those that nobody reads just now included. */
  readonly openFiles: number;
  /** Requests that wait for their file to be made are left to whoever serves next: their clients ask again. */
  abandonWaiting(): void;
  /** Ends all transfers: each client is told. */
  abortAll(): void;
  configure(settings: TftpSettings, tree: BootTree): void;
  /** Lets go of files. */
  close(): void;
};

export type EngineParts = {
  readonly ports: readonly Endpoint[];
  readonly network: Network;
  readonly settings: TftpSettings;
  readonly tree: BootTree;
  readonly emit: Emit;
  /** Of a server of several workers. */
  readonly census?: Census;
  /** Milliseconds, never going back. */
  clock(): number;
  randomHex(): string;
  /** On the spot when left out. */
  readonly sync?: Sync;
  /** Makes configurations that the tree does not have, where {@link TftpSettings.rendering} is on. */
  readonly render?: Render;
};
