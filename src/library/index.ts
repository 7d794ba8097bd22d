/**
 * pxed as a library: `import { createTftpServer, createPxed, createFileStore } from 'pxed'`. docs/library.md has examples.
 */
export type { ConfigInput } from '../config/schema.ts';
export type { BootEvent } from '../events/event.ts';
export { FileNotFound, ServerNotRunning, TftpError, type TftpErrorOptions } from '../lib/tftp-error.ts';
export type { RenameOptions } from '../store/file-changes.ts';
export type { FileEntry } from '../store/file-entry.ts';
export type { FileReader, FileWriter, Whence } from '../store/file-handle.ts';
export type { HashAlgorithm } from '../store/file-hash.ts';
export type { FileReason } from '../store/file-problem.ts';
export type { PutOptions, PutProgress, PutResult, PutState } from '../store/file-put.ts';
export type { FileRange, OpenedFile } from '../store/file-reading.ts';
export type { FileSource } from '../store/file-source.ts';
export type { FileStore, PutFromOptions } from '../store/file-store-face.ts';
export type { StorageSettings } from '../store/other-storage.ts';
export { createFileStore } from './file-store.ts';
export type { OnEvent, ServerState } from './instance.ts';
export { createPxed, type Pxed, type PxedOptions } from './pxed.ts';
export { ConfigProblem } from './setup-of-object.ts';
export { createTftpServer, type TftpServer, type TftpServerOptions } from './tftp-server.ts';
export type { Transfer, TransferCallbacks } from './transfers.ts';
