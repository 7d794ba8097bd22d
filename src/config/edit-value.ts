import { Document, parse, Scalar, stringify } from 'yaml';
import type { Json } from './edit-path.ts';

export type ParsedValue =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly message: string };

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
const WORDS: Readonly<Record<string, Json>> = { true: true, false: false, null: null };

/**
 * A value as it is typed: JSON, a list or map as YAML writes them on one line, or a bare word, which is text unless it
 * is a number, true, false or null. `"69"` is text.
 */
export function parseEditValue(text: string): ParsedValue {
  const trimmed = text.trim();
  if (Object.hasOwn(WORDS, trimmed)) return { ok: true, value: WORDS[trimmed]! };
  if (NUMBER.test(trimmed)) return { ok: true, value: Number(trimmed) };
  if (!/^[[{"]/.test(trimmed)) return { ok: true, value: text };
  try {
    return { ok: true, value: parse(trimmed, { prettyErrors: false }) as Json };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `cannot read ${trimmed}: ${said}` };
  }
}

/** How a text was quoted, so that what takes its place is quoted alike. */
export type Quotes = Scalar.Type | undefined;

/** The value on one line. In a flow collection (`flow`) texts with commas and brackets need quotes. */
export function inline(
  value: Json,
  { flow = false, quotes }: { flow?: boolean; quotes?: Quotes } = {},
): string {
  if (isList(value)) return `[${value.map((item) => inline(item, { flow: true })).join(', ')}]`;
  if (isMap(value)) {
    const pairs = Object.entries(value);
    if (pairs.length === 0) return '{}';
    return `{ ${pairs.map(([key, one]) => `${keyText(key)}: ${inline(one, { flow: true })}`).join(', ')} }`;
  }
  return scalarText(value, flow, quotes);
}

/** `key: value` and what follows below it, without the indentation of the first line; lines without their ends. */
export function pairLines(key: string, value: Json, indent: string): string[] {
  const head = `${keyText(key)}:`;
  if (isMap(value) && Object.keys(value).length > 0) {
    return [head, ...mapLines(value, `${indent}  `)];
  }
  if (isList(value) && value.some(isMap)) return [head, ...listLines(value, `${indent}  `)];
  return [`${head} ${inline(value)}`];
}

/** `- value` and what follows below it, without the indentation of the first line. */
export function itemLines(value: Json, indent: string): string[] {
  if (isMap(value) && Object.keys(value).length > 0) {
    const [first = '', ...rest] = mapLines(value, `${indent}  `);
    return [`- ${first.trimStart()}`, ...rest];
  }
  return [`- ${inline(value)}`];
}

/** Indented, each of them. */
export function mapLines(value: { readonly [key: string]: Json }, indent: string): string[] {
  return Object.entries(value).flatMap(([key, one]) => {
    const [first = '', ...rest] = pairLines(key, one, indent);
    return [indent + first, ...rest];
  });
}

export function listLines(value: readonly Json[], indent: string): string[] {
  return value.flatMap((one) => {
    const [first = '', ...rest] = itemLines(one, indent);
    return [indent + first, ...rest];
  });
}

/** For people: a single value as it is, lists and maps as YAML. */
export function valueText(value: Json): string {
  if (typeof value === 'string') return value;
  return isList(value) || isMap(value) ? stringify(value, { lineWidth: 0 }).trimEnd() : String(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function keyText(key: string): string {
  return /^\d+$/.test(key) ? key : scalarText(key, true, undefined);
}

function scalarText(value: Json, flow: boolean, quotes: Quotes): string {
  const node = new Scalar(value);
  if (typeof value === 'string') {
    const isQuoted = quotes === Scalar.QUOTE_DOUBLE || quotes === Scalar.QUOTE_SINGLE;
    if (isQuoted) node.type = quotes;
    // Neither of the styles over several lines.
    else if (/[\n\r\t]/.test(value)) node.type = Scalar.QUOTE_DOUBLE;
    else node.type = Scalar.PLAIN;
  }
  const document = new Document(flow ? [node] : node);
  const text = document.toString({
    ...{ lineWidth: 0, flowCollectionPadding: false, doubleQuotedMinMultiLineLength: 1_000_000 },
    ...(flow && { collectionStyle: 'flow' as const }),
  });
  return flow ? text.trimEnd().slice(1, -1) : text.trimEnd();
}
