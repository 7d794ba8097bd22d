import type { Config } from '../config/schema.ts';
import type { Network } from '../net/datagram.ts';
import { type RunAs, resolveRunAs } from './run-as.ts';
import { StartProblem } from './start-problem.ts';

/**
 * Becomes the configured user for good, with no capability left and none to be gained. A process that never was root
 * stays who it is (undefined is returned) and gives up what capabilities it was granted. Throws StartProblem when the
 * account does not exist, or the system refuses.
 */
export function giveUpRoot(network: Network, config: Config): RunAs | undefined {
  const runAs = futureUser(config);
  if (runAs?.uid === 0) return runAs;
  const given = network.giveUpPrivileges(runAs);
  if (given.ok) return runAs;
  const { operation, errno } = given.error;
  throw new StartProblem(
    `Cannot give up root: ${errno} (${operation})`,
    'Keep root knowingly with --user root, or run where the process may change its user',
  );
}

/** Whom {@link giveUpRoot} will become; undefined when this process is not root. */
export function futureUser(config: Config): RunAs | undefined {
  return process.getuid?.() === 0 ? resolveRunAs(config) : undefined;
}
