import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  type LineCounter,
  parseDocument,
  YAMLParseError,
} from 'yaml';

/**
 * A text as a YAML 1.2 document; its mistakes are in `errors`. Takes time in proportion to the text: that no key stands twice is
 * looked at here, as the parser compares each key of a map with all before it.
 */
export function yamlDocument(text: string, lineCounter?: LineCounter): Document {
  const document = parseDocument(text, {
    ...{ prettyErrors: false, logLevel: 'error', uniqueKeys: false },
    ...(lineCounter && { lineCounter }),
  });
  const repeated = repeatedKeys(document.contents);
  if (repeated.length > 0) {
    document.errors.push(...repeated);
    document.errors.sort((a, b) => a.pos[0] - b.pos[0]);
  }
  return document;
}

/** Repeated keys that are told: nobody corrects more of them one by one. */
const REPEATED_MOST = 100;

/** With a list of what is still to be looked at, as documents may be nested deeper than the stack is. */
function repeatedKeys(contents: unknown): YAMLParseError[] {
  const errors: YAMLParseError[] = [];
  const left: unknown[] = [contents];
  while (left.length > 0 && errors.length < REPEATED_MOST) {
    const node = left.pop();
    if (isPair(node)) left.push(node.key, node.value);
    else if (isCollection(node)) {
      if (isMap(node)) note(node.items, errors);
      for (const item of node.items) left.push(item);
    }
  }
  return errors;
}

function note(items: readonly { readonly key: unknown }[], errors: YAMLParseError[]): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (errors.length >= REPEATED_MOST) return;
    const { size } = seen;
    seen.add(key.value);
    if (seen.size > size) continue;
    const start = key.range?.[0] ?? 0;
    errors.push(new YAMLParseError([start, start + 1], 'DUPLICATE_KEY', 'Map keys must be unique'));
  }
}
