import { readFileSync } from 'node:fs';
import { ARCH_NAMES } from '../app/arch-names.ts';
import { completeSetup } from '../app/complete-setup.ts';
import { MEMORY } from '../app/lease-state.ts';
import type { Setup } from '../app/setup.ts';
import { loadConfig } from '../config/load.ts';
import type { Config, ConfigInput } from '../config/schema.ts';
import { TftpError } from '../lib/tftp-error.ts';

/** A configuration that cannot be served; all its mistakes, each with its path. */
export class ConfigProblem extends TftpError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be served: ${problems.join('; ')}`, { reason: 'config' });
    this.name = 'ConfigProblem';
    this.problems = problems;
  }
}

/**
 * Checks an object as the YAML file is checked, by the same code, for JSON is YAML. Where the object does not name them, leases are kept in
 * memory, and there is no control socket; the user stays in any case. Throws {@link ConfigProblem}.
 */
export function setupOfObject(input: ConfigInput): Setup {
  const loaded = loadConfig(JSON.stringify(input), { file: 'config', archNames: ARCH_NAMES });
  if (!loaded.ok) {
    throw new ConfigProblem(
      loaded.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)),
    );
  }
  const config = asGuest(loaded.value);
  const addressing = config.mode !== 'off' || config.bootp.enabled;
  const setup = completeSetup({ tool: addressing ? 'pxed' : 'ptftpd', config, overrides: {} }, (file) =>
    readFileSync(file, 'utf8'),
  );
  if (!setup.ok) throw new ConfigProblem(setup.problems);
  return setup.value;
}

/** `root` means that whoever is root stays it: the program around us decides that. */
function asGuest(config: Config): Config {
  const { control, state = MEMORY } = config;
  return { ...config, state, user: 'root', control: { ...control, socket: control.socket ?? false } };
}
