import { readSync } from 'node:fs';

/** Asks on the terminal whether to edit again; false where there is none. */
export function askAgain(): boolean {
  if (!process.stdin.isTTY) return false;
  process.stderr.write('Edit again? [Y/n] ');
  const answer = Buffer.alloc(80);
  try {
    const length = readSync(0, answer);
    // Ctrl-D is no answer, and no yes.
    return length > 0 && !/^\s*n/i.test(answer.toString('utf8', 0, length));
  } catch {
    return false;
  }
}
