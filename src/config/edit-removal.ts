import { isCollection, isMap, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { EditPath, Json } from './edit-path.ts';
import {
  endOf,
  endOfPair,
  isBlock,
  lineStart,
  nextLine,
  pairOf,
  rangeOf,
  type Source,
  type Splice,
} from './edit-source.ts';

type Put = (path: EditPath, value: Json) => Splice[] | undefined;

/**
 * What takes a value out of its document: its lines with the comments in them, or its part of a flow collection. A map goes with
 * its last key, as `tftp:` with nothing below it would say something else; a list stays as `[]`. `put` is for those.
 */
export function removal(source: Source, path: EditPath, put: Put): Splice[] | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const above = path.slice(0, -1);
  const parent = nodeAt(source.document.contents, above);
  if (isMap(parent)) {
    const pair = pairOf(parent, last);
    if (!pair) return undefined;
    if (parent.items.length > 1) return removePair(source, parent, pair);
    if (above.length === 0) return undefined;
    return typeof above.at(-1) === 'number' ? put(above, {}) : removal(source, above, put);
  }
  if (!isSeq(parent) || typeof last !== 'number' || last >= parent.items.length) return undefined;
  return parent.items.length > 1 ? removeItem(source, parent, last) : put(above, []);
}

function nodeAt(top: unknown, path: EditPath): unknown {
  let node = top;
  for (const step of path) {
    if (isMap(node)) node = pairOf(node, step)?.value;
    else if (isSeq(node) && typeof step === 'number') node = node.items[step];
    else return undefined;
  }
  return isCollection(node) ? node : undefined;
}

type Extent = { readonly start: number; readonly end: number };

function removePair(source: Source, map: YAMLMap, pair: Pair): Splice[] | undefined {
  const extents = map.items.map(extentOfPair);
  const index = map.items.indexOf(pair);
  return isBlock(map) ? removeLines(source, extents, index) : removeFlow(extents, index);
}

function removeItem(source: Source, list: YAMLSeq, index: number): Splice[] | undefined {
  const extents = list.items.map((item) => extentOfItem(source, list, item as Node));
  return isBlock(list) ? removeLines(source, extents, index) : removeFlow(extents, index);
}

function extentOfPair(pair: Pair): Extent | undefined {
  const start = rangeOf(pair.key)?.start;
  return start === undefined ? undefined : { start, end: endOfPair(pair) };
}

/** With the dash of a block's item. */
function extentOfItem({ text }: Source, list: YAMLSeq, item: Node): Extent | undefined {
  const range = rangeOf(item);
  if (!range) return undefined;
  const end = endOf(item);
  return { start: isBlock(list) ? text.lastIndexOf('-', range.start - 1) : range.start, end };
}

function removeLines(
  { text }: Source,
  extents: readonly (Extent | undefined)[],
  index: number,
): Splice[] | undefined {
  const extent = extents[index];
  if (!extent || extent.start < 0) return undefined;
  const start = lineStart(text, extent.start);
  const isAtLineStart = extent.end > 0 && text[extent.end - 1] === '\n';
  const to = isAtLineStart ? extent.end : nextLine(text, extent.end);
  if (text.slice(start, extent.start).replace('\uFEFF', '').trim() === '') {
    const bom = text.startsWith('\uFEFF', start) ? 1 : 0;
    return [{ from: start + bom, to, text: '' }];
  }
  // The first of a list's item stands behind its dash: the next one takes its place, unless comments are between.
  const next = extents[index + 1];
  if (!next) return undefined;
  const between = text.slice(to, next.start);
  if (between.trim() === '') return [{ from: extent.start, to: next.start, text: '' }];
  return [{ from: extent.start, to: extent.end, text: '' }];
}

function removeFlow(extents: readonly (Extent | undefined)[], index: number): Splice[] | undefined {
  const extent = extents[index];
  const before = extents[index - 1];
  const next = extents[index + 1];
  if (!extent) return undefined;
  if (before) return [{ from: before.end, to: extent.end, text: '' }];
  return next ? [{ from: extent.start, to: next.start, text: '' }] : undefined;
}
