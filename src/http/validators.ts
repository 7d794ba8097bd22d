/** What tells one state of a file from another (RFC 9110 §8.8). */
export type Validators = {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Last-Modified: whole seconds, in ms since 1970, never later than now. */
  readonly modifiedMs: number;
};

/**
 * The validators of a file. `identity` changes with every change of the file (device, inode, size and time in ns): the tag is
 * a digest of it, for what the numbers themselves tell of the disk is nobody's business.
 */
export function validatorsOf(
  { identity, mtimeMs }: { readonly identity: string; readonly mtimeMs: number },
  nowMs: number,
): Validators {
  const modified = Math.min(Math.max(0, mtimeMs), nowMs); // a time to come MUST NOT be told (§8.8.2.1)
  return { etag: `"${digest(identity)}"`, modifiedMs: Math.floor(modified / 1000) * 1000 };
}

/** 64 bits of two FNV-1a sums with different starts, each stirred at the end. No secret depends on it. */
function digest(text: string): string {
  return [sum(text, 0x811c9dc5), sum(text, 0x9e3779b9)]
    .map((half) => half.toString(16).padStart(8, '0'))
    .join('');
}

function sum(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
