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
  // Items have no names: of lists of another length nobody knows which is which.
  if (isList(before) && isList(after) && before.length === after.length) {
    return before.flatMap((item, index) => compare(item, after[index], [...path, index]));
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

function own(map: { readonly [key: string]: Json }, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
