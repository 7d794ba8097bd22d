import { isSame } from './edit.ts';
import { formatEditPath, type Json } from './edit-path.ts';
import { isList, isMap } from './edit-value.ts';

/** One place where two configurations differ; a value that is absent is not there. */
export type Difference = { readonly path: string; readonly before?: Json; readonly after?: Json };

/** The innermost places where `after` says something else than `before`, in the order of both. */
export function differences(before: Json | undefined, after: Json | undefined): Difference[] {
  return compare(before, after, []);
}

function compare(before: Json | undefined, after: Json | undefined, path: (string | number)[]): Difference[] {
  if (before !== undefined && after !== undefined && isSame(before, after)) return [];
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => compare(own(before, key), own(after, key), [...path, key]));
  }
  if (isList(before) && isList(after)) {
    const items = compareLists(before, after, path);
    if (items !== undefined) return items;
  }
  if (before === undefined && after === undefined) return [];
  return [
    {
      path: formatEditPath(path),
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    },
  ];
}

/** Item by item; undefined where items came and went at once, for items have no names: nobody knows which is which. */
function compareLists(
  before: readonly Json[],
  after: readonly Json[],
  path: (string | number)[],
): Difference[] | undefined {
  if (before.length === after.length) {
    return before.flatMap((item, index) => compare(item, after[index], [...path, index]));
  }
  const [short, long] = before.length < after.length ? [before, after] : [after, before];
  let start = 0;
  while (start < short.length && isSame(short[start]!, long[start]!)) start++;
  const end = long.length - (short.length - start);
  const rest = short.slice(start);
  if (!rest.every((item, index) => isSame(item, long[end + index]!))) return undefined;
  return long.slice(start, end).map((item, index) => ({
    path: formatEditPath([...path, start + index]),
    ...(long === before ? { before: item } : { after: item }),
  }));
}

function own(map: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
