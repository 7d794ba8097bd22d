import { parseHttpDate } from './http-date.ts';
import type { Validators } from './validators.ts';

/** Headers that make a request depend on the file's state, as they came. */
export type Conditions = {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly ifUnmodifiedSince?: string | undefined;
  readonly ifRange?: string | undefined;
};

/**
 * May the file be sent? In the order of RFC 9110 §13.2.2, for GET and HEAD of a file that exists: `failed` is 412,
 * `unchanged` 304. A date is heeded where the same question was not put by tag; one that is no date is not there.
 */
export function checkConditions(
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Conditions,
  { etag, modifiedMs }: Validators,
): 'send' | 'unchanged' | 'failed' {
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, etag, 'strong')) return 'failed';
  } else if (ifUnmodifiedSince !== undefined) {
    const since = parseHttpDate(ifUnmodifiedSince);
    if (since !== undefined && modifiedMs > since) return 'failed';
  }
  if (ifNoneMatch !== undefined) return lists(ifNoneMatch, etag, 'weak') ? 'unchanged' : 'send';
  const since = ifModifiedSince === undefined ? undefined : parseHttpDate(ifModifiedSince);
  return since !== undefined && modifiedMs <= since ? 'unchanged' : 'send';
}

/**
 * Does Range count (RFC 9110 §13.1.5)? Only when the file is what the client has a part of: by strong tag, or by the exact
 * date of a file that was left alone for a second, for a file may change twice in one.
 */
export function rangeCounts(
  { ifRange }: Conditions,
  { etag, modifiedMs }: Validators,
  nowMs: number,
): boolean {
  if (ifRange === undefined) return true;
  const text = ifRange.trim();
  if (/^(w\/)?"/i.test(text)) return text === etag;
  return parseHttpDate(text) === modifiedMs && nowMs - modifiedMs >= 2000;
}

/** `*`, or one of the tags is ours. Ours is strong; compared strongly, a weak one is no match (RFC 9110 §8.8.3.2). */
function lists(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true;
  for (const [, weak, tag] of header.matchAll(/(W\/)?("[^"]*")/g)) {
    if (tag === etag && (weak === undefined || comparison === 'weak')) return true;
  }
  return false;
}
