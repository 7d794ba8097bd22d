import { loadConfig } from '../config/load.ts';
import type { ConfigProblem } from '../server/control/config-routes.ts';
import { ARCH_NAMES } from './arch-names.ts';
import type { Setup, SetupResult } from './setup.ts';

export type Tried = { readonly problems: ConfigProblem[]; readonly setup?: Setup };

/**
 * Every mistake of a text, each with its line and place where it has one: of the file alone, then with the command line, then what
 * keeps it from being served here.
 */
export function problemsIn(
  file: string,
  text: string,
  io: { readonly read: (text: string) => SetupResult; readonly check: (setup: Setup) => void },
): Tried {
  const result = io.read(text);
  if (!result.ok) {
    // Those of the file have a place; of a large one, to read it once more takes its time.
    const loaded = loadConfig(text, { file, archNames: ARCH_NAMES });
    return {
      problems: loaded.ok ? result.problems.map((message) => ({ file, message })) : [...loaded.problems],
    };
  }
  try {
    io.check(result.value);
  } catch (error) {
    return { problems: [{ file, message: error instanceof Error ? error.message : String(error) }] };
  }
  return { problems: [], setup: result.value };
}
