/** Rules about what the configurations in a boot tree name. */
import { latin1Decode } from '../lib/bytes.ts';
import { folderOf } from './lookups.ts';
import { namedByGrub } from './named-by-grub.ts';
import { namedByIpxe } from './named-by-ipxe.ts';
import { namedBySyslinux } from './named-by-syslinux.ts';
import { type Named, type NamedFile, tidy } from './named-files.ts';
import type { FileExists } from './settings.ts';
import {
  baseOf,
  configLanguage,
  createNear,
  type TreeFacts,
  type TreeFile,
  type TreeFinding,
} from './tree.ts';
import { KERNEL_EXTENSIONS, LDLINUX_FOLDERS, MODULE_LIBRARIES } from './tree-rules-table.ts';

export function configFindings(facts: TreeFacts, exists: FileExists): TreeFinding[] {
  const nearOf = createNear(facts.names);
  const byPath = new Map(facts.files.map((file) => [file.path.toLowerCase(), file]));
  const links = new Map(facts.links.map((link) => [link.path, link]));
  const found = new Map<string, TreeFinding>();
  const add = (finding: TreeFinding) =>
    found.set(`${finding.problem} ${finding.path} ${finding.detail}`, finding);

  /** `first`: the file that a loader asks for; `seen`: this one and what it includes, each looked at once. */
  function look(first: string, file: TreeFile, seen: Set<string>): void {
    const read = readerOf(first);
    if (!file.head || !read || seen.has(file.path)) return;
    seen.add(file.path);
    const { files, modulePath } = read(latin1Decode(file.head));
    for (const named of files) {
      const path = `${file.path}:${named.line}`;
      const there = whereIs(named, exists);
      if (there === undefined) add(missing(named, path, whyMissing(named)));
      else if (named.kind === 'module') {
        const folders = [...modulePath.map((folder) => `${folder}/`), prefixOf(first)];
        for (const library of missingLibraries(baseOf(there), folders, exists)) {
          add(missingLibrary({ path, module: there, library }));
        }
      }
      const next = there === undefined ? undefined : byPath.get(there.toLowerCase());
      if (next && named.kind === 'config') look(first, next, seen);
    }
  }

  function whyMissing({ paths }: NamedFile): string {
    const link = paths.map((path) => links.get(path)).find((one) => one !== undefined);
    if (link?.why === 'outside') return `is a link to ${link.target}, outside of the root`;
    if (link) return `is a link to ${link.target}, which does not exist`;
    const [path = ''] = paths;
    const near = nearOf(path);
    return near === undefined ? 'is not there' : `is not there; did you mean ${folderOf(path)}${near}?`;
  }

  for (const file of facts.files) look(file.path, file, new Set());
  return [...found.values()];
}

/** How this configuration, and what it includes, is read. */
function readerOf(path: string): ((text: string) => Named) | undefined {
  switch (configLanguage(path)) {
    case 'syslinux':
      return (text) => namedBySyslinux(text, prefixOf(path));
    case 'grub':
      return (text) => namedByGrub(text, folderOf(path));
    case 'ipxe':
      return (text) => namedByIpxe(text, path);
    default:
      return undefined;
  }
}

/** The folder of the loader that reads `…/pxelinux.cfg/default`. */
function prefixOf(path: string): string {
  return path.replace(/pxelinux\.cfg\/[^/]*$/i, '');
}

function whereIs({ paths, kind }: NamedFile, exists: FileExists): string | undefined {
  const extensions = kind === 'kernel' ? KERNEL_EXTENSIONS : [''];
  return paths
    .flatMap((path) => extensions.map((extension) => path + extension))
    .find((path) => exists(path));
}

function missing({ name, kind }: NamedFile, path: string, why: string): TreeFinding {
  if (kind === 'grub-module') {
    const detail = `insmod ${name}: no such module in the tree; it works only where it is built into GRUB’s image`;
    const fix = 'pxectl loaders install copies GRUB’s modules';
    return { severity: 'note', problem: 'missing-file', path, detail, fix };
  }
  const severity = kind === 'extra' ? 'note' : 'problem';
  const fix = 'put it there, or correct the name';
  return { severity, problem: 'missing-file', path, detail: `${WHAT[kind]} ${name} ${why}`, fix };
}

const WHAT = { kernel: 'kernel', initrd: 'initrd', module: 'module', config: 'configuration', extra: 'file' };

/** SYSLINUX looks for libraries where it found its core module, in PATH and in its own folder: not beside the module. */
function missingLibraries(module: string, folders: readonly string[], exists: FileExists): string[] {
  const libraries = MODULE_LIBRARIES[module] ?? [];
  const all = [...new Set(libraries.flatMap((library) => [library, ...(MODULE_LIBRARIES[library] ?? [])]))];
  const cores = LDLINUX_FOLDERS.filter((folder) => CORES.some((core) => exists(folder + core)));
  const places = [...folders, ...cores].map(tidy).map((folder) => (folder === '' ? '' : `${folder}/`));
  return all.filter((library) => !places.some((folder) => exists(folder + library)));
}

const CORES = ['ldlinux.c32', 'ldlinux.e64', 'ldlinux.e32'];

function missingLibrary(about: { path: string; module: string; library: string }): TreeFinding {
  const { path, module, library } = about;
  const detail = `${module} needs ${library}, which is not beside the loader: "Failed to load ${library}"`;
  const fix = `copy ${library} of the same SYSLINUX beside the loader (pxectl loaders install does)`;
  return { severity: 'problem', problem: 'missing-library', path, detail, fix };
}
