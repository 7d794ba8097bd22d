import { randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { LOADER_FOLDERS } from '../boot/loaders-table.ts';
import type { Config } from '../config/schema.ts';
import type { BootEvent, Emit } from '../events/event.ts';
import type { Mac } from '../lib/mac.ts';
import type { Network } from '../net/datagram.ts';
import { createRelinker, type Relinker } from '../server/boot/relink.ts';
import { createBootTree } from '../store/boot-tree.ts';
import { whoAmI } from './check-access.ts';

/** Links of machines that were installed lead to their disks (`boot.relink`), as far as the configuration says so. */
export type Relinking = Relinker & {
  /** From now on; `root` as in the facts. */
  configure(config: Config, root: string | undefined): void;
};

export type RelinkingParts = {
  readonly network: Pick<Network, 'openBeneath'>;
  readonly machineOf: (peer: string) => Mac | undefined;
  readonly emit: Emit;
};

/** Does nothing before {@link Relinking.configure}. */
export function createRelinking({ network, machineOf, emit }: RelinkingParts): Relinking {
  const { openBeneath } = network;
  let relinker: Relinker | undefined;
  return {
    hear: (event) => relinker?.hear(event),
    reportedBy: (peer, path) => relinker?.reportedBy(peer, path) ?? false,
    configure({ boot, tftp }, root) {
      const to = targetOf(boot);
      relinker = undefined;
      if (to === undefined || root === undefined) return;
      const options = { ignoreCase: tftp['ignore-case'], ...(openBeneath && { openBeneath }) };
      relinker = createRelinker({
        ...{ to, machineOf, emit, loaders: loadersOf(boot) },
        openTree: () => createBootTree(root, options),
        randomHex: () => randomBytes(8).toString('hex'),
      });
    },
  };
}

/** What will go wrong for the user pxed runs as now: it has to write to the folder of the links. */
export function relinkWarnings({ boot }: Pick<Config, 'boot'>, root: string): BootEvent[] {
  if (targetOf(boot) === undefined) return [];
  const folder = join(root, 'pxelinux.cfg');
  if (!existsSync(folder)) return [];
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return [];
  } catch {
    const detail = `boot.relink is on, but ${whoAmI()} cannot change links in ${folder}; chown or chmod it`;
    return [{ type: 'service.warning', service: 'boot', problem: 'unwritable', detail }];
  }
}

function targetOf({ relink }: Config['boot']): string | undefined {
  if (relink === false) return undefined;
  return relink === true ? 'default' : relink;
}

/** Where loaders lie that may be given out: beside each may be a `pxelinux.cfg`. Folders that are not there cost nothing. */
function loadersOf({ filename, arch }: Config['boot']): readonly string[] {
  const named = [filename, ...Object.values(arch)].filter((file) => !file.includes(':'));
  return [...named.map((file) => file.replace(/^\/+/, '')), ...Object.values(LOADER_FOLDERS).flat()];
}
