/** Lines of earlier sessions. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is kept. */
export const HISTORY_LINES = 1000;
/** The file grows to this before it is cut. */
const FILE_LINES = 2 * HISTORY_LINES;

export type History = {
  /** The newest first, as node:readline wants them. */
  readonly lines: string[];
  add(line: string): void;
};

/** `$XDG_STATE_HOME/pxed/ptftp-history`, by default below ~/.local/state; undefined where nobody has a home. */
export function historyPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home } = env;
  if (state?.startsWith('/')) return join(state, 'pxed/ptftp-history');
  return home ? join(home, '.local/state/pxed/ptftp-history') : undefined;
}

/** A session whose file cannot be read or written has a history all the same, which ends with it. */
export function openHistory(path: string | undefined): History {
  const lines = path === undefined ? [] : readLines(path);
  let last = lines.at(-1);
  return {
    lines: lines.slice(-HISTORY_LINES).reverse(),
    add(line) {
      if (path === undefined || line.trim() === '' || line === last) return;
      last = line;
      attempt(() => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
      });
    },
  };
}

function readLines(path: string): string[] {
  const lines = attempt(() => readFileSync(path, 'utf8').split('\n').filter(Boolean)) ?? [];
  if (lines.length > FILE_LINES) {
    attempt(() => writeFileSync(path, `${lines.slice(-HISTORY_LINES).join('\n')}\n`, { mode: 0o600 }));
  }
  return lines;
}

/** Convenience is no reason to fail. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
