import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';

/** Others may write, and nothing keeps them from what is not theirs. */
const OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Whether somebody who is not root could have a path lead elsewhere while root writes there, and how; undefined where nobody can.
 * `path` is without symbolic links. Every folder of it has to be root's alone; in one with the sticky bit (/tmp) others cannot
 * change what is root's.
 */
export function whyLeadable(path: string): string | undefined {
  let entry = path;
  for (let folder = dirname(path); ; entry = folder, folder = dirname(folder)) {
    const facts = lstatSync(folder, { throwIfNoEntry: false });
    if (!facts) return `${folder} is not there any more`;
    const { uid, mode } = facts;
    if (uid !== 0) return `${folder} belongs to somebody else than root`;
    if ((mode & OTHERS) !== 0) {
      if ((mode & STICKY) === 0) return `others than root can write to ${folder}`;
      if (lstatSync(entry, { throwIfNoEntry: false })?.uid !== 0)
        return `${entry} belongs to somebody else than root`;
    }
    if (folder === dirname(folder)) return undefined;
  }
}
