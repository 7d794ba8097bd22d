import type { Boot } from './boot.ts';
import { viewOf } from './view.ts';

const MOST = 64;

/** Files of the tree whose state may explain this boot: what it did not get, what it looked for, and the loaders that it got. */
export function pathsToLookAt(boot: Boot): {
  readonly paths: readonly string[];
  readonly loaders: ReadonlySet<string>;
} {
  const { files, tried } = viewOf(boot);
  const loaders = files.filter(({ role, state }) => role === 'loader' && state === 'done');
  const refused = files.filter(({ state }) => state === 'refused');
  const wanted = [
    ...loaders.map(({ file, mark }) => mark.path ?? file),
    ...refused.map(({ file }) => file),
    ...tried.map((name) => name.replace(/^\/+/, '')),
  ];
  return {
    paths: [...new Set(wanted)].slice(0, MOST),
    loaders: new Set(loaders.map(({ file, mark }) => mark.path ?? file)),
  };
}
