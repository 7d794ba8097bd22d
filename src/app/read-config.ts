import { formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ARCH_NAMES } from './arch-names.ts';

/** A configuration file, or every mistake in it as a line for people. `readText` throws what node:fs throws. */
export function readConfig(file: string, readText: (file: string) => string): Config | string[] {
  try {
    const loaded = loadConfig(readText(file), { file, archNames: ARCH_NAMES });
    return loaded.ok ? loaded.value : loaded.problems.map(formatProblem);
  } catch (error) {
    return [`Cannot read ${file}: ${whyUnreadable(error)}`];
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

/** What node:fs threw, in the words of an operator; without its name of the call and the path, which he knows. */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}
