import type { z } from 'zod';
import { didYouMean } from '../lib/near.ts';

/**
 * What an operator is told of a value that the schema refuses and that has no words of its own: what is expected, and what is
 * there instead. undefined: zod's words will do. For keys that nobody knows a line for each, in their order.
 */
export function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysOf(issue.inst);
      return issue.keys
        .map((key, at) => `no such key${at < MEANT_MOST ? didYouMean(key, known) : ''}`)
        .join('\n');
    }
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, got ${shown(issue.input)}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}, got ${shown(issue.input)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum === 1 ? 'one entry' : `${issue.minimum} entries`}`
        : `must be at least ${issue.minimum}, got ${shown(issue.input)}`;
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? undefined
        : `must be at most ${issue.maximum}, got ${shown(issue.input)}`;
    default:
      return undefined;
  }
}

/**
 * What is told of a value that fits none of several alternatives, from what each of them says: `expected auto or true or false,
 * got "yes"`. Where one has its form but not its bounds, its words are those that count. undefined: these cannot be put together.
 */
export function wordsOfUnion(alternatives: readonly string[]): string | undefined {
  const parts = alternatives.map((text) => /^expected (?<what>.*), got (?<input>.*)$/s.exec(text)?.groups);
  const bounds = alternatives.find((_, position) => !parts[position]);
  if (bounds !== undefined || parts.length === 0) return bounds;
  return `expected ${parts.map((part) => part?.what).join(' or ')}, got ${parts[0]?.input}`;
}

/** YAML's own faults are about characters; the cause is often a line above. */
export function yamlWords(message: string): string {
  if (/multiple documents/.test(message)) return 'another document begins here; a file is one';
  return /indicator|indentation|indented|same column|Nested mappings|Implicit key|Unexpected/i.test(message)
    ? `${message}; look at how this line and the one above are indented (spaces, entries of a list with "- ")`
    : message;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list (entries that begin with "- ")',
  object: 'keys with values, indented below',
  record: 'keys with values, indented below',
  boolean: 'true or false',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
};

function shown(input: unknown): string {
  if (input === null || input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'keys with values';
  return JSON.stringify(input);
}

/** Unknown keys of one place that are compared with those there are: of more than that none is a slip of the pen. */
const MEANT_MOST = 100;

/** The keys of a strictObject. */
function keysOf(inst: unknown): readonly string[] {
  const shape = typeof inst === 'object' && inst !== null && 'shape' in inst ? inst.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
