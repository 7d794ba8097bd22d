import type { BootEvent, Emit } from '../events/event.ts';
import type { Network } from '../net/datagram.ts';
import { mayWrite, rootWarnings } from './check-access.ts';
import { addressingWarnings } from './check-addressing.ts';
import { fileWarnings } from './check-files.ts';
import { checkTreeSoon } from './check-tree.ts';
import type { Facts } from './facts.ts';
import { clockWarning, type LeaseState } from './lease-state.ts';
import { relinkWarnings } from './relinking.ts';
import type { Setup } from './setup.ts';
import { sharingWarnings } from './shared-port.ts';
import type { Sockets } from './sockets.ts';
import { sweepSoon } from './sweep.ts';

export type StartedWith = {
  readonly setup: Setup;
  readonly network: Network;
  readonly facts: Facts;
  readonly sockets: Sockets;
  readonly state: LeaseState | undefined;
  /** There is a control socket or port. */
  readonly controlled: boolean;
  /** What came up while ports were opened. */
  readonly found: readonly (BootEvent | undefined)[];
};

/** Tells what an operator should look at, after the banner; what takes longer is looked at while pxed serves. */
export function warnAtStart(
  { setup, network, facts, sockets, state, controlled, found }: StartedWith,
  emit: Emit,
): void {
  const { config } = setup;
  const { root, exists } = facts;
  const warnings = [
    ...(root === undefined
      ? []
      : [...rootWarnings(root, config.tftp.writes), ...relinkWarnings(config, root)]),
    ...(state && state.movedByMs !== 0 ? [clockWarning(state.movedByMs)] : []),
    ...found.filter((warning) => warning !== undefined),
    ...sharingWarnings(sockets),
    ...addressingWarnings(config, facts, network),
    ...(exists ? fileWarnings(setup, exists) : []),
  ];
  for (const warning of warnings) emit(warning);
  if (root !== undefined && exists) checkTreeSoon({ root, config, exists }, emit);
  if (root !== undefined && takesFiles(root, config.tftp.writes, controlled)) sweepSoon(root, emit);
}

/** By TFTP, or by way of control where this user may write to the root. */
function takesFiles(root: string, writes: 'off' | 'create' | 'overwrite', controlled: boolean): boolean {
  return writes !== 'off' || (controlled && mayWrite(root));
}
