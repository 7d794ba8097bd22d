import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleFiles } from '../server/control/console.ts';
import { readableByAll } from './code-access.ts';

/** Beside the built program, or in the `dist` of a checkout that runs its sources. */
const PLACES = ['../../ui', '../../dist/ui'].map((place) => join(import.meta.dirname, place));

/**
 * The files of the console, read when somebody asks; now, where root is still there and they will be out of reach later, as in a
 * checkout in a closed home.
 */
export function openConsoleFiles(places: readonly string[] = PLACES): ConsoleFiles {
  const folder = places.find((place) => existsSync(join(place, 'index.html')));
  if (folder === undefined) return { read: async () => undefined };
  if (process.getuid?.() === 0 && !readableByAll(join(folder, 'index.html'))) {
    const kept = readAll(folder);
    return { read: async (name) => kept.get(name) };
  }
  return { read: (name) => readFile(join(folder, name)).catch(() => undefined) };
}

function readAll(folder: string): ReadonlyMap<string, Uint8Array> {
  const names = ['index.html', ...readdirSync(join(folder, 'assets')).map((name) => `assets/${name}`)];
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}
