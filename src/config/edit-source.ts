import { type Document, isCollection, isPair, isScalar, type Node, type Pair, type YAMLMap } from 'yaml';

/** A document with the text that it was read from. */
export type Source = {
  readonly text: string;
  readonly document: Document;
  /** Does the node stand within brackets? */
  readonly inFlow: (node: Node) => boolean;
};

/** A piece of the text, and what takes its place. Offsets are those of the text as it is. */
export type Splice = { readonly from: number; readonly to: number; readonly text: string };

export function sourceOf(text: string, document: Document): Source {
  const inFlow = new Set<Node>();
  const note = (node: unknown, inside: boolean): void => {
    if (isPair(node)) {
      note(node.key, inside);
      note(node.value, inside);
    } else if (isScalar(node)) {
      if (inside) inFlow.add(node);
    } else if (isCollection(node)) {
      if (inside) inFlow.add(node);
      for (const item of node.items) note(item, inside || node.flow === true);
    }
  };
  note(document.contents, false);
  return { text, document, inFlow: (node) => inFlow.has(node) };
}

/** The splices do not overlap. */
export function splice(text: string, splices: readonly Splice[]): string {
  return [...splices]
    .sort((a, b) => b.from - a.from)
    .reduce((whole, { from, to, text: piece }) => whole.slice(0, from) + piece + whole.slice(to), text);
}

export function rangeOf(node: unknown): { readonly start: number; readonly end: number } | undefined {
  const range = (node as Partial<Node> | null)?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

/** Is it written in lines of its own, without brackets? */
export function isBlock(node: unknown): boolean {
  return isCollection(node) && node.flow !== true;
}

export function pairOf(map: YAMLMap, key: string | number): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
}

/**
 * Where the last character of a node's content is over; comments and blank lines behind it are not its own. `inner`: of a
 * collection in brackets, that of its last item.
 */
export function endOf(node: Node, { inner = false } = {}): number {
  const end = rangeOf(node)?.end ?? 0;
  if (!(isBlock(node) || inner) || !isCollection(node)) return end;
  const last: unknown = node.items.at(-1);
  if (isPair(last)) return endOfPair(last);
  return last === undefined || last === null ? end : endOf(last as Node);
}

export function endOfPair(pair: Pair): number {
  const value = pair.value as Node | null;
  return value === null ? (rangeOf(pair.key)?.end ?? 0) : endOf(value);
}

/** Behind the key, where its colon is, blanks apart; undefined for keys in an unusual form. */
export function keyEnd({ text }: Source, pair: Pair): number | undefined {
  const end = rangeOf(pair.key)?.end;
  if (end === undefined) return undefined;
  if (pair.value === null) return end;
  const blanks = /[ \t]*/y;
  blanks.lastIndex = end;
  blanks.exec(text);
  return text[blanks.lastIndex] === ':' ? blanks.lastIndex : undefined;
}

/** The place of `offset` in its line, from 0. */
export function columnOf(text: string, offset: number): number {
  const start = lineStart(text, offset);
  // A byte order mark takes no place.
  return offset - start - (text.startsWith('\uFEFF', start) ? 1 : 0);
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** The end of the line of `offset`, before what ends it. */
export function lineEnd(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  const end = found < 0 ? text.length : found;
  return end > offset && text[end - 1] === '\r' ? end - 1 : end;
}

/** Behind what ends the line of `offset`. */
export function nextLine(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  return found < 0 ? text.length : found + 1;
}

/** How lines end in this text. */
export function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
