import { closeSync, fstatSync, opendirSync, openSync } from 'node:fs';
import type { BootFolder, Opened } from './boot-file.ts';

/** Entries of a folder that are looked at; beyond them only exact names are found. */
const ENTRIES_MAX = 20_000;

/** Folders whose names are kept, and folders visited for one path. */
const CACHED_MAX = 16;
const VISITS_MAX = 64;

/** A folder changed so lately may change again without its mtime showing it: its names are not kept. */
const SETTLED_MS = 2000;

/** Lower-case name -> names as they are, in byte order. */
type Names = ReadonlyMap<string, readonly string[]>;

/**
 * Finds names that differ from a path only in the case of ASCII letters: Windows asks for `\boot\bcd`, and the disk has
 * `Boot/BCD`. Other letters are octets of an unknown encoding and are compared as they are. Where several fit, the exact
 * component comes first, then byte order; so the answer is the same on every server with the same tree.
 *
 * PXELINUX asks for ten missing files within 3 ms, so that the names of a folder are read once and kept until the
 * folder changes.
 */
export function createCaseSearch(
  open: (path: string) => Opened<BootFolder>,
): (path: string) => Iterable<string> {
  const cache = new Map<string, Names>();

  function* walk(folder: string, rest: readonly string[], visits: { left: number }): Generator<string> {
    const [wanted, ...deeper] = rest;
    if (wanted === undefined || visits.left-- <= 0) return;
    const names = namesOf(open, folder, cache).get(lower(wanted)) ?? [];
    for (const name of names.includes(wanted) ? [wanted, ...names.filter((n) => n !== wanted)] : names) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (deeper.length === 0) yield path;
      else yield* walk(path, deeper, visits);
    }
  }

  return (path) => walk('', path.split('/'), { left: VISITS_MAX });
}

function namesOf(open: (path: string) => Opened<BootFolder>, path: string, cache: Map<string, Names>): Names {
  const folder = open(path);
  if (!folder.ok) return new Map();
  try {
    const { key, settled } = stateOf(folder.value);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const names = read(folder.value);
    if (settled) cache.set(key, names);
    if (cache.size > CACHED_MAX) cache.delete(cache.keys().next().value!);
    return names;
  } catch {
    return new Map(); // unreadable, or gone meanwhile: exact names alone are found
  } finally {
    folder.value.close();
  }
}

function stateOf(folder: BootFolder): { key: string; settled: boolean } {
  const fd = openSync(folder.at(), 'r');
  try {
    const stat = fstatSync(fd, { bigint: true });
    const age = Date.now() - Number(stat.mtimeMs);
    return { key: `${stat.dev}:${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}`, settled: age > SETTLED_MS };
  } finally {
    closeSync(fd);
  }
}

function read(folder: BootFolder): Names {
  const names = new Map<string, string[]>();
  const entries = opendirSync(folder.at(), { encoding: 'latin1' });
  try {
    for (let left = ENTRIES_MAX; left > 0; left--) {
      const entry = entries.readSync();
      if (entry === null) break;
      const key = lower(entry.name);
      names.set(key, [...(names.get(key) ?? []), entry.name]);
    }
  } finally {
    entries.closeSync();
  }
  for (const same of names.values()) same.sort();
  return names;
}

function lower(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
