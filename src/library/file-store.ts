import { loadNetwork } from '../net/load.ts';
import { createFileStore as createStore } from '../store/file-store.ts';
import type { FileStore } from '../store/file-store-face.ts';

export type { FileStore } from '../store/file-store-face.ts';

/**
 * The files below a folder, whether a pxed serves it or not: see {@link FileStore}. `create` makes it where it is missing. Throws what
 * node:fs throws where it is no folder.
 *
 *     const files = createFileStore({ root: '/tftp' });
 *     await files.putLocal('/boot/vmlinuz-6.12', 'debian/vmlinuz'); // { state: 'created', … }
 */
export function createFileStore(options: { readonly root: string; readonly create?: boolean }): FileStore {
  return createStore({ ...options, openBeneath: loadNetwork().then((network) => network.openBeneath) });
}
