import { readFileSync } from 'node:fs';
import { defaultConfig, formatProblem, loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type {
  Checked,
  ConfigChanges,
  ConfigOperations,
  ConfigView,
  SaveAsk,
  Saved,
} from '../server/control/config-routes.ts';
import { ARCH_NAMES } from './arch-names.ts';
import { completeSetup } from './complete-setup.ts';
import { createConfigOperations } from './config-operations.ts';
import { asked } from './control-asked.ts';
import type { Setup, SetupResult } from './setup.ts';

/** A configuration that pxectl works on: that of a pxed that runs, or a file. All throw ControlProblem. */
export type ConfigPlace = {
  view(): Promise<ConfigView>;
  check(changes: ConfigChanges): Promise<Checked>;
  save(ask: SaveAsk): Promise<Saved>;
  /** Tells others that somebody edits, and gives what ends that; nobody is told of a file. */
  begin(takeOver: boolean): Promise<{ readonly id?: string; end(): Promise<void> }>;
  /** Is there a pxed that it is the configuration of? */
  readonly live: boolean;
};

/** A file that no pxed is asked about: what is saved there holds when one reads it. */
export function configFilePlace(file: string): ConfigPlace {
  const operations = fileOperations(file);
  return {
    view: () => asked(operations.view),
    check: (changes) => asked(() => operations.check(changes)),
    save: (ask) => asked(() => operations.save(ask, 'file')),
    begin: async () => ({ end: async () => {} }),
    live: false,
  };
}

function fileOperations(file: string): ConfigOperations {
  return createConfigOperations({
    ...{ file, read: (text) => fileSetup(file, text), check: () => {} },
    setup: () => {
      const read = fileSetup(file);
      return read.ok ? read.value : emptySetup(defaultConfig());
    },
    reload: () => ({ applied: false, problems: [], needsRestart: [] }),
    ...{ now: Date.now, mayCreate: true },
  });
}

function emptySetup(config: Config): Setup {
  return { tool: 'pxed', config, overrides: {} };
}

/** What the file says without a command line; the folder to serve may be named there. */
function fileSetup(file: string, given?: string): SetupResult {
  const readText = (name: string) => readFileSync(name, 'utf8');
  let text: string;
  try {
    text = given ?? readText(file);
  } catch (error) {
    return { ok: false, problems: [error instanceof Error ? error.message : String(error)] };
  }
  const loaded = loadConfig(text, { file, archNames: ARCH_NAMES });
  if (!loaded.ok) return { ok: false, problems: loaded.problems.map(formatProblem) };
  const config = loaded.value;
  const { tftp } = config;
  const rooted = { ...config, tftp: { ...tftp, root: tftp.root ?? '/' } };
  const result = completeSetup({ ...emptySetup(rooted), anywhere: true }, readText);
  return result.ok ? { ok: true, value: { ...result.value, config, text } } : result;
}
