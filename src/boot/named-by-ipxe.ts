import { folderOf } from './lookups.ts';
import { linesOf, type Named, type NamedFile, tidy } from './named-files.ts';

const IPXE_FILES: Readonly<Record<string, NamedFile['kind']>> = {
  kernel: 'kernel',
  initrd: 'initrd',
  module: 'initrd',
  imgfetch: 'initrd',
  chain: 'kernel',
};

/** Files of an iPXE script that lies at `path` of the tree. Never throws. */
export function namedByIpxe(text: string, path: string): Named {
  const files: NamedFile[] = [];
  for (const [index, raw] of linesOf(text).entries()) {
    const words = raw.trim().split(/\s+/);
    const kind = IPXE_FILES[words[0] ?? ''];
    if (kind === undefined || /\|\||&&/.test(raw)) continue;
    const name = ipxeUri(words.slice(1));
    if (name === undefined || /[$:?]/.test(name)) continue;
    files.push({
      paths: [tidy(name.startsWith('/') ? name : folderOf(path) + name)],
      name,
      line: index + 1,
      kind,
    });
  }
  return { files, modulePath: [] };
}

/** The first word that is neither an option nor an option's value. */
function ipxeUri(words: readonly string[]): string | undefined {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-')) return word === '' ? undefined : word;
    if (/^(-n|--name|-t|--timeout)$/.test(word)) i++;
  }
  return undefined;
}
