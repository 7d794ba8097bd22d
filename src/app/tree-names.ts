import type { FileExists } from '../boot/settings.ts';
import type { TreeFacts } from '../boot/tree.ts';

/**
 * Is there such a file, for rules that ask about a great many names? The names that were seen answer; the disk is asked, `most`
 * times, only where there may be others: the tree was too large, or they lie behind a link to a folder. After that all is there:
 * whoever does not know does not warn.
 */
export function knownNames(
  { names, links, complete, folderLinks }: TreeFacts,
  exists: FileExists,
  { ignoreCase, most }: { readonly ignoreCase: boolean; readonly most: number },
): FileExists {
  const fold = (path: string) => (ignoreCase ? path.toLowerCase() : path);
  const nowhere = new Set(links.map(({ path }) => path));
  const behind = folderLinks.map((path) => fold(`${path}/`));
  const seen = new Set(names.filter((name) => !nowhere.has(name)).map(fold));
  const asked = new Map<string, boolean>();
  return (given) => {
    const path = given.replace(/^\/+/, '');
    if (seen.has(fold(path))) return true;
    if (complete && !behind.some((folder) => fold(path).startsWith(folder))) return false;
    const known = asked.get(path) ?? (asked.size >= most || exists(path));
    asked.set(path, known);
    return known;
  };
}
