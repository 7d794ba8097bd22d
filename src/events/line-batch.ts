import type { LogOut } from './log.ts';

/**
 * Lines that are written in one turn leave with one system call: a storm brings them by the hundred, and each call to a
 * pipe also wakes whoever reads it.
 */
export function createLineBatch(out: LogOut): LogOut {
  let lines = '';
  const flush = () => {
    const text = lines;
    lines = '';
    out.write(text);
  };
  return {
    write(line) {
      if (lines === '') queueMicrotask(flush);
      lines += line;
    },
    get writableLength() {
      return (out.writableLength ?? 0) + lines.length;
    },
  };
}
