import { formatBytes } from '../lib/size.ts';
import type { FileFacts, FileOperations, HashName } from '../server/control/file-routes.ts';
import type { ReportIo } from './control-report.ts';
import { printJson } from './output/json.ts';
import { harmless, printTable } from './output/table.ts';

/** What every command of `pxectl files` takes. */
export type FilesQuestion = { readonly json?: boolean };

type Report<Q> = (files: FileOperations, question: FilesQuestion & Q, io: ReportIo) => Promise<void>;

/** `pxectl files ls`. */
export const reportList: Report<{ readonly path: string; readonly recursive?: boolean }> = async (
  files,
  { path, recursive = false, json },
  { out, err },
) => {
  const list = await files.list(path, recursive);
  if (json) return printJson(out, list);
  printTable(out, list.files, {
    columns: [
      { title: 'SIZE', of: sizeOf, align: 'right' },
      { title: 'MODIFIED', of: ({ modified }) => `${modified.slice(0, 16).replace('T', ' ')}Z` },
      { title: 'NAME', of: (file) => nameOf(file, path) },
    ],
    none: 'nothing there',
  });
  if (list.truncated) err.write('pxectl: there are more, which are left out; name a folder\n');
};

function sizeOf({ kind, leadsTo, sizeBytes }: FileFacts): string | undefined {
  return kind === 'file' || leadsTo === 'file' ? formatBytes(sizeBytes) : undefined;
}

/** Below the folder that was asked about; a folder with a slash, a link with what stands in it. */
function nameOf({ path, kind, target, leadsTo }: FileFacts, folder: string): string {
  const above = folder.replace(/^\/+|\/+$/g, '');
  const name = above !== '' && path.startsWith(`${above}/`) ? path.slice(above.length + 1) : path;
  if (kind === 'folder') return `${name}/`;
  if (kind !== 'link') return kind === 'other' ? `${name} (not served)` : name;
  return `${name} -> ${target}${leadsTo === undefined ? ' (leads nowhere, or out of the root)' : ''}`;
}

/** `pxectl files stat`. */
export const reportStat: Report<{ readonly path: string }> = async (files, { path, json }, { out }) => {
  const facts = await files.stat(path);
  if (json) return printJson(out, facts);
  const rows: [string, string | undefined][] = [
    ['path', facts.path === '' ? '/' : facts.path],
    ['kind', facts.kind],
    ['size', sizeOf(facts) && `${facts.sizeBytes} octets`],
    ['modified', facts.modified],
    ['target', facts.target],
    ['leads to', facts.kind === 'link' ? (facts.leadsTo ?? 'nothing that is served') : undefined],
  ];
  for (const [key, value] of rows) if (value) out.write(`${key.padEnd(9)} ${harmless(value)}\n`);
};

/** `pxectl files hash`, as sha256sum(1) prints it. */
export const reportHash: Report<{ readonly paths: readonly string[]; readonly algorithm: HashName }> = async (
  files,
  { paths, algorithm, json },
  { out },
) => {
  const hashes: { path: string; algorithm: HashName; hash: string }[] = [];
  for (const path of paths) {
    const hash = await files.hash(path, algorithm);
    if (json) hashes.push({ path, algorithm, hash });
    else out.write(`${hash}  ${harmless(path)}\n`);
  }
  if (json) printJson(out, hashes);
};

/** `pxectl files rm`. */
export const reportRemove: Report<{
  readonly paths: readonly string[];
  readonly recursive?: boolean;
}> = async (files, { paths, recursive = false, json }, { out }) => {
  let removed = 0;
  for (const path of paths) removed += (await files.remove(path, recursive)).removed;
  if (json) printJson(out, { removed });
  else if (recursive) out.write(`${removed} removed\n`);
};

type FromTo = { readonly from: string; readonly to: string; readonly overwrite: boolean };

/** `pxectl files mv`: into a folder, where the new name is that of one. */
export const reportMove: Report<FromTo> = async (files, { from, to, overwrite, json }, { out }) => {
  const target = await intoFolder(files, from, to);
  await files.move({ from, to: target, overwrite });
  if (json) printJson(out, { path: target });
};

/** `pxectl files cp`. */
export const reportCopy: Report<FromTo> = async (files, { from, to, overwrite, json }, { out }) => {
  const stored = await files.copy({ from, to: await intoFolder(files, from, to), overwrite });
  if (json) printJson(out, stored);
};

/** As mv(1) and cp(1): the name of a folder means a place in it. */
export async function intoFolder(files: FileOperations, from: string, to: string): Promise<string> {
  const name = from.split('/').filter(Boolean).at(-1) ?? from;
  const bare = to.replace(/\/+$/, '');
  if (bare !== to || bare === '' || bare === '.')
    return bare === '' || bare === '.' ? name : `${bare}/${name}`;
  const there = await files.stat(to).catch(() => undefined);
  return there?.kind === 'folder' || there?.leadsTo === 'folder' ? `${to}/${name}` : to;
}

/** `pxectl files mkdir`. */
export const reportFolders: Report<{ readonly paths: readonly string[] }> = async (
  files,
  { paths, json },
  { out },
) => {
  const made: string[] = [];
  for (const path of paths) if ((await files.makeFolder(path)).created) made.push(path);
  if (json) printJson(out, { created: made });
};

/** `pxectl files created`. */
export const reportCreated: Report<object> = async (files, { json }, { out }) => {
  const { paths } = await files.created();
  if (json) printJson(out, { paths });
  else for (const path of paths) out.write(`${harmless(path)}\n`);
};
