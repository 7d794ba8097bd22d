import { ControlError } from '../server/control/control-error.ts';
import { createFileStore } from '../store/file-store.ts';
import type { FileStore } from '../store/file-store-face.ts';
import { whoAmI } from './check-access.ts';
import type { ControlParts } from './control-parts.ts';
import type { FilesIo } from './file-operations.ts';

/** The files that a pxed serves, for control. What it made is remembered as long as pxed runs and has the same root. */
export function servedFiles({ composed, bus }: Pick<ControlParts, 'composed' | 'bus'>): FilesIo {
  const { network, facts } = composed.inside;
  const { openBeneath } = network;
  let store: FileStore | undefined;
  return {
    store() {
      const { root } = facts();
      if (root === undefined) {
        throw new ControlError(409, 'no-files', 'pxed serves no files here: TFTP and HTTP are off');
      }
      if (store?.root !== root) store = open(root);
      return store;
    },
    emit: bus.emit,
    denied: () => `: pxed runs as ${whoAmI()}, who needs rights there (chown, chmod, or another --user)`,
    limits() {
      const { control } = composed.setup.config;
      return { uploadMaxBytes: control['upload-max'], fetch: control.fetch };
    },
  };

  function open(root: string): FileStore {
    try {
      return createFileStore({ root, ...(openBeneath && { openBeneath }) });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ControlError(503, 'no-root', `Cannot open ${root}: ${why}`);
    }
  }
}
