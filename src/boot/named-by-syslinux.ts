import { linesOf, type Name, type Named, type NamedFile, tidy } from './named-files.ts';
import { type Directive, includedFile, parseSyslinux } from './syslinux-config.ts';

/** Files of a PXELINUX configuration; `prefix`: the loader's folder, with a slash at its end, or empty. Never throws. */
export function namedBySyslinux(text: string, prefix: string): Named {
  const lines = linesOf(text).flatMap((line, index) =>
    parseSyslinux(line).map((directive) => ({ directive, line: index + 1 })),
  );
  const labels = new Set(
    lines.filter(({ directive }) => directive.keyword === 'label').map(({ directive }) => directive.value),
  );
  const modulePath: string[] = [];
  const files: NamedFile[] = [];
  for (const { directive, line } of lines) {
    if (directive.keyword === 'path') modulePath.push(...foldersOf(directive.value, prefix));
    for (const { name, kind } of namesOf(directive, labels)) {
      const paths = syslinuxPaths(name, prefix);
      if (paths.length > 0) files.push({ paths, name, line, kind });
    }
  }
  return { files, modulePath };
}

function namesOf(directive: Directive, labels: ReadonlySet<string>): Name[] {
  const { keyword, value } = directive;
  const first = value.split(/\s+/)[0] ?? '';
  const included = includedFile(directive);
  if (included !== undefined) return [{ name: included, kind: 'config' }];
  switch (keyword) {
    case 'kernel':
    case 'linux':
    case 'com32':
    case 'boot':
    case 'bss':
    case 'pxe':
    case 'fdimage':
    case 'comboot':
    case 'ui':
      return named(first);
    case 'default':
    case 'ontimeout':
      // The label may stand in a file that is included: what looks like a file is one.
      return labels.has(value) || labels.has(first) || !/\/|\.c32$/i.test(first) ? [] : named(first);
    case 'initrd':
      return listed(value);
    case 'append':
      return value.split(/\s+/).flatMap((word) => (word.startsWith('initrd=') ? listed(word.slice(7)) : []));
    case 'config':
      return [{ name: first, kind: 'config' }];
    case 'display':
    case 'font':
    case 'kbdmap':
      return [{ name: first, kind: 'extra' }];
    default:
      return /^f(\d|1[0-2])$/.test(keyword) ? [{ name: first, kind: 'extra' }] : [];
  }
}

function named(name: string): Name[] {
  if (name === '' || name === '-') return [];
  return [{ name, kind: /\.c32$/i.test(name) ? 'module' : 'kernel' }];
}

function listed(value: string): Name[] {
  return value
    .split(',')
    .filter((name) => name !== '')
    .map((name) => ({ name, kind: 'initrd' }));
}

/** `::name` is below the root, everything else has the prefix put before it; other servers and URLs are not ours. */
function syslinuxPaths(name: string, prefix: string): string[] {
  if (name === '' || name.includes('://')) return [];
  if (name.startsWith('::')) return [tidy(name.slice(2))];
  if (name.includes('::')) return [];
  // With a leading slash releases differ: it may be the root's.
  return name.startsWith('/') ? [tidy(prefix + name), tidy(name)] : [tidy(prefix + name)];
}

/** PATH has folders with colons between them, in newer releases with blanks. */
function foldersOf(value: string, prefix: string): string[] {
  return value
    .split(/[\s:]+/)
    .filter((name) => name !== '')
    .flatMap((name) => syslinuxPaths(`${name}/`, prefix));
}
