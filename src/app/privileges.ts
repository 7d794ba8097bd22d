import type { Config } from '../config/schema.ts';
import type { Network } from '../net/datagram.ts';
import { type RunAs, resolveRunAs } from './run-as.ts';

/**
 * Becomes the configured user for good, with no capability left. Without root there is nothing to give up, and
 * undefined is returned. Throws StartProblem when the account does not exist.
 */
export function giveUpRoot(_network: Network, config: Config): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const runAs = resolveRunAs(config);
  process.setgroups?.([runAs.gid]);
  process.setgid?.(runAs.gid);
  process.setuid?.(runAs.uid);
  return runAs;
}
