import { formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ARCH_NAMES } from './arch-names.ts';
import { whyUnreadable } from './why-unreadable.ts';

/** A configuration file, or every mistake in it as a line for people. `readText` throws what node:fs throws. */
export function readConfig(file: string, readText: (file: string) => string): Config | string[] {
  try {
    const loaded = loadConfig(readText(file), { file, archNames: ARCH_NAMES });
    return loaded.ok ? loaded.value : loaded.problems.map(formatProblem);
  } catch (error) {
    return [`Cannot read ${file}: ${whyUnreadable(error)}`];
  }
}
