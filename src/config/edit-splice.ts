import { isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import { nested } from './edit-json.ts';
import type { EditPath, Json } from './edit-path.ts';
import { removal } from './edit-removal.ts';
import {
  columnOf,
  endOf,
  isBlock,
  keyEnd,
  lineEnd,
  newlineOf,
  pairOf,
  rangeOf,
  type Source,
  type Splice,
  splice,
} from './edit-source.ts';
import {
  inline,
  isList,
  isMap as isMapValue,
  itemLines,
  keyText,
  listLines,
  mapLines,
  pairLines,
} from './edit-value.ts';

/**
 * The text of a document with one value put in, and every other octet as it was: comments, quotes, order, blank lines,
 * line ends. Undefined where that cannot be done by replacing a piece of the text, below an alias for one; the caller checks
 * what comes out.
 */
export function withSplice(source: Source, path: EditPath, value: Json): string | undefined {
  const { document } = source;
  const splices =
    document.contents === null
      ? startOfFile(source, path, value)
      : put(source, document.contents, { path, value });
  return splices && splice(source.text, splices);
}

/** The text without what stands at `path`, as {@link withSplice}. */
export function withoutSplice(source: Source, path: EditPath): string | undefined {
  const splices = removal(source, path, (place, value) => {
    const { contents } = source.document;
    return contents === null ? undefined : put(source, contents, { path: place, value });
  });
  return splices && splice(source.text, splices);
}

type Wanted = { readonly path: EditPath; readonly value: Json };

function startOfFile({ text }: Source, path: EditPath, value: Json): Splice[] {
  const lines = mapLines(nested(path, value) as { readonly [key: string]: Json }, '');
  const newline = newlineOf(text);
  const gap = text === '' || text.endsWith('\n') ? '' : newline;
  return [{ from: text.length, to: text.length, text: `${gap}${lines.join(newline)}${newline}` }];
}

/** Walks as far as the document goes; the rest of the path is made. */
function put(source: Source, node: Node, { path, value }: Wanted): Splice[] | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return replaceNode(source, node, value);
  if (isMap(node)) {
    const pair = pairOf(node, step);
    if (!pair) return addPair(source, node, { key: String(step), value: nested(rest, value) });
    if (rest.length > 0 && isCollection(pair.value)) return put(source, pair.value, { path: rest, value });
    if (isAlias(pair.value) && rest.length > 0) return undefined;
    return replaceValue(source, pair, nested(rest, value));
  }
  if (!isSeq(node) || typeof step !== 'number') return undefined;
  const item = node.items[step] as Node | null | undefined;
  if (item === undefined) return addItem(source, node, nested(rest, value));
  if (item === null || (isAlias(item) && rest.length > 0)) return undefined;
  if (rest.length > 0 && isCollection(item)) return put(source, item, { path: rest, value });
  return replaceNode(source, item, nested(rest, value));
}

/** What follows `key:`. */
function replaceValue(source: Source, pair: Pair, value: Json): Splice[] | undefined {
  const node = pair.value as Node | null;
  const after = keyEnd(source, pair);
  if (after === undefined) return undefined;
  if (node === null) return [{ from: after, to: after, text: `: ${inline(value, { flow: true })}` }];
  const range = rangeOf(node);
  if (!range) return undefined;
  if (isScalar(node) && range.end === range.start) {
    // `key:` and nothing behind it.
    return [{ from: after + 1, to: after + 1, text: ` ${inline(value, { flow: source.inFlow(node) })}` }];
  }
  if (!isBlock(node) || isBlockValue(value)) return replaceNode(source, node, value);
  // Lines below the key become a value beside it; what else stands in the key's line stays.
  const head = lineEnd(source.text, after);
  if (range.start < head) return replaceNode(source, node, value);
  const end = withoutLineEnd(source.text, endOf(node));
  return [
    { from: after + 1, to: after + 1, text: ` ${inline(value)}` },
    { from: head, to: end, text: '' },
  ];
}

function replaceNode(source: Source, node: Node, value: Json): Splice[] | undefined {
  const range = rangeOf(node);
  if (!range) return undefined;
  const end = endOf(node);
  const to = withoutLineEnd(source.text, end);
  if (isBlock(node) && isBlockValue(value)) {
    const indent = ' '.repeat(columnOf(source.text, range.start));
    const lines = isList(value)
      ? listLines(value, indent)
      : mapLines(value as { readonly [key: string]: Json }, indent);
    return [{ from: range.start, to, text: lines.join(newlineOf(source.text)).trimStart() }];
  }
  const quotes = isScalar(node) ? node.type : undefined;
  return [{ from: range.start, to, text: inline(value, { flow: source.inFlow(node), quotes }) }];
}

/** Is it written over several lines where there is room for them? */
function isBlockValue(value: Json): boolean {
  if (isList(value)) return value.some(isMapValue);
  return isMapValue(value) && Object.keys(value).length > 0;
}

function addPair(
  source: Source,
  map: Node,
  { key, value }: { readonly key: string; readonly value: Json },
): Splice[] | undefined {
  const range = rangeOf(map);
  if (!range || !isMap(map)) return undefined;
  const text = `${keyText(key)}: ${inline(value, { flow: true })}`;
  if (!isBlock(map)) return addFlow(map, range.start, { text, padding: ' ' });
  const indent = ' '.repeat(columnOf(source.text, range.start));
  return addLines(source, map, pairLines(key, value, indent).map(indented(indent)));
}

function addItem(source: Source, list: Node, value: Json): Splice[] | undefined {
  const range = rangeOf(list);
  if (!range || !isSeq(list)) return undefined;
  if (!isBlock(list)) return addFlow(list, range.start, { text: inline(value, { flow: true }), padding: '' });
  const indent = ' '.repeat(columnOf(source.text, range.start));
  return addLines(source, list, itemLines(value, indent).map(indented(indent)));
}

/** The first line has no indentation yet. */
function indented(indent: string): (line: string, index: number) => string {
  return (line, index) => (index === 0 ? indent + line : line);
}

function addFlow(
  node: Node,
  start: number,
  { text, padding }: { readonly text: string; readonly padding: string },
): Splice[] {
  if (!isCollection(node) || node.items.length === 0) {
    return [{ from: start + 1, to: start + 1, text: padding + text + padding }];
  }
  const at = endOf(node, { inner: true });
  return [{ from: at, to: at, text: `, ${text}` }];
}

/** Behind the last line of a block. */
function addLines({ text }: Source, node: Node, lines: readonly string[]): Splice[] {
  const newline = newlineOf(text);
  const end = endOf(node);
  const isAtLineStart = end > 0 && text[end - 1] === '\n';
  const at = isAtLineStart ? end : lineEnd(text, end);
  const joined = lines.join(newline);
  return [{ from: at, to: at, text: isAtLineStart ? joined + newline : newline + joined }];
}

/** A block scalar ends behind its last line. */
function withoutLineEnd(text: string, end: number): number {
  if (text[end - 1] !== '\n') return end;
  return text[end - 2] === '\r' ? end - 2 : end - 1;
}
