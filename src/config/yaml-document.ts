import {
  type Alias,
  type Document,
  isAlias,
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
  const found = faultsBelow(document.contents);
  if (found.length > 0) {
    document.errors.push(...found);
    document.errors.sort((a, b) => a.pos[0] - b.pos[0]);
  }
  return document;
}

/** So many are told: nobody corrects more of them one by one. */
const MOST_FAULTS = 100;

/** Keys that stand twice, and aliases of anchors that are nowhere; the parser tells of those when it is too late to say where. With a list of what is still to be looked at, as documents may be nested deeper than the stack is. */
function faultsBelow(contents: unknown): YAMLParseError[] {
  const errors: YAMLParseError[] = [];
  const anchors = new Set<string>();
  const aliases: Alias[] = [];
  const left: unknown[] = [contents];
  while (left.length > 0 && errors.length < MOST_FAULTS) {
    const node = left.pop();
    if (isPair(node)) left.push(node.key, node.value);
    else if (isAlias(node)) aliases.push(node);
    else if (isCollection(node) || isScalar(node)) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      if (isMap(node)) note(node.items, errors);
      if (isCollection(node)) for (const item of node.items) left.push(item);
    }
  }
  const lost = aliases.filter(({ source }) => !anchors.has(source)).slice(0, MOST_FAULTS);
  return [...errors, ...lost.map(faultOf)];
}

function faultOf({ source, range }: Alias): YAMLParseError {
  const start = range?.[0] ?? 0;
  return new YAMLParseError([start, start + 1], 'BAD_ALIAS', `there is no anchor &${source}`);
}

function note(items: readonly { readonly key: unknown }[], errors: YAMLParseError[]): void {
  const seen = new Set<unknown>();
  for (const { key } of items) {
    if (!isScalar(key)) continue;
    if (errors.length >= MOST_FAULTS) return;
    const { size } = seen;
    seen.add(key.value);
    if (seen.size > size) continue;
    const start = key.range?.[0] ?? 0;
    errors.push(new YAMLParseError([start, start + 1], 'DUPLICATE_KEY', 'Map keys must be unique'));
  }
}
