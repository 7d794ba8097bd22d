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
      return issue.keys.map((key) => `no such key${didYouMean(key, known)}`).join('\n');
    }
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, got ${shown(issue.input)}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}, got ${shown(issue.input)}`;
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty';
      return issue.origin === 'array'
        ? undefined
        : `must be at least ${issue.minimum}, got ${shown(issue.input)}`;
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? undefined
        : `must be at most ${issue.maximum}, got ${shown(issue.input)}`;
    default:
      return undefined;
  }
}

/** YAML's own faults are about characters; the cause is often a line above. */
export function yamlWords(message: string): string {
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

/** The keys of a strictObject. */
function keysOf(inst: unknown): readonly string[] {
  const shape = typeof inst === 'object' && inst !== null && 'shape' in inst ? inst.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
