import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LOADER_SOURCES, type LoaderName, type LoaderSource } from '../boot/loader-sources-table.ts';

export type LoaderWish = {
  /** The boot root; it exists. */
  readonly root: string;
  /** Codes of option 93. */
  readonly archs: readonly number[];
  readonly loaders: readonly LoaderName[];
  /** Replace files that are not the same. */
  readonly force: boolean;
  /** Where the distribution's files are looked for: `/`, or a tree of a test. */
  readonly from?: string;
};

/**
 * What became of one row. `kept`: another file has the name. `missing`: no distribution's path is there. Of folders, the worst
 * that became of one of their files.
 */
export type LoaderOutcome = {
  readonly source: LoaderSource;
  readonly outcome: 'copied' | 'same' | 'replaced' | 'kept' | 'missing' | 'failed';
  /** Where it came from, or would. */
  readonly from?: string;
  /** Of a folder: how many files had this outcome. */
  readonly files?: number;
  /** Why it failed: an errno. */
  readonly why?: string;
};

/**
 * Copies loaders from where the system's packages have them into a boot root. A file appears whole, or not at all, and is readable
 * by everybody; one that is there and differs stays, unless `force`. Never throws; each row tells what became of it.
 */
export async function installLoaders(wish: LoaderWish, sources = LOADER_SOURCES): Promise<LoaderOutcome[]> {
  const wanted = sources.filter(
    ({ arch, loaders }) => wish.archs.includes(arch) && loaders.some((name) => wish.loaders.includes(name)),
  );
  const outcomes: LoaderOutcome[] = [];
  for (const source of wanted) outcomes.push(await installOne(source, wish));
  return outcomes;
}

async function installOne(source: LoaderSource, wish: LoaderWish): Promise<LoaderOutcome> {
  const isFolder = source.to.endsWith('/');
  let last: LoaderOutcome = { source, outcome: 'missing' };
  for (const place of [source.debian, source.fedora]) {
    if (place === undefined) continue;
    const from = join(wish.from ?? '/', place.path);
    try {
      const done = isFolder ? await copyFolder(source, from, wish) : await copyFile(from, source.to, wish);
      return { source, from: place.path, ...done };
    } catch (error) {
      const why = errnoOf(error);
      // The other distribution's path may be the one that is there.
      if (why !== 'ENOENT' && why !== 'ENOTDIR') last = { source, outcome: 'failed', from: place.path, why };
    }
  }
  return last;
}

type Done = Pick<LoaderOutcome, 'outcome' | 'files' | 'why'>;

/** Of the outcomes of its files, the first of these that one had. */
const WORST_FIRST = ['failed', 'kept', 'replaced', 'copied', 'same'] as const;

async function copyFolder({ to, only }: LoaderSource, from: string, wish: LoaderWish): Promise<Done> {
  const names = (await readdir(from)).filter((name) => only === undefined || only.test(name)).sort();
  if (names.length === 0) return { outcome: 'missing' };
  const all: Done[] = [];
  for (const name of names) {
    all.push(await copyFile(join(from, name), `${to}${name}`, wish));
  }
  const outcome = WORST_FIRST.find((each) => all.some((done) => done.outcome === each))!;
  const same = all.filter((done) => done.outcome === outcome);
  const why = same.find((done) => done.why !== undefined)?.why;
  return { outcome, files: same.length, ...(why !== undefined && { why }) };
}

/** Throws when the source cannot be read. */
async function copyFile(from: string, to: string, { root, force }: LoaderWish): Promise<Done> {
  const octets = await readFile(from);
  const path = join(root, to);
  try {
    const there = await existing(path);
    if (there?.equals(octets)) return { outcome: 'same' };
    if (there !== undefined && !force) return { outcome: 'kept' };
    await put(path, octets);
    return { outcome: there === undefined ? 'copied' : 'replaced' };
  } catch (error) {
    return { outcome: 'failed', why: errnoOf(error) };
  }
}

async function existing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function put(path: string, octets: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const fresh = join(dirname(path), `.pxed-${randomBytes(6).toString('hex')}`);
  try {
    await writeFile(fresh, octets, { flag: 'wx' });
    await chmod(fresh, 0o644);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}
