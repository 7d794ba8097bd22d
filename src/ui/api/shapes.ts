import type { Throughput as Counters } from '../../server/control/live.ts';
import type { MachineJson, StoryJson } from '../../server/control/machine-routes.ts';

/** What the API tells, as its own routes have it. */
export type { Applied, Checked, ConfigView, Saved } from '../../server/control/config-routes.ts';
export type { FileFacts, FileList, Stored } from '../../server/control/file-routes.ts';
export type { Lease, LeaseList, OneLease } from '../../server/control/lease-routes.ts';
export type { ChosenJson, ForgottenJson, StoryJson } from '../../server/control/machine-routes.ts';
export type { Change, Service, Status } from '../../server/control/service-routes.ts';
export type { LiveTransfer as Transfer } from '../../server/live-transfer.ts';

/** Lists of machines are sorted by time, so that it is a number here: ms since 1970. */
export type Machine = Omit<MachineJson, 'since' | 'lastSeen'> & {
  readonly since: number;
  readonly lastSeen: number;
};

export type Explanation = StoryJson['explanation'];

/** Octets since the start, at a time. */
export type Throughput = Counters & { readonly at: string };

/** A line of the log. */
export type LogEvent = {
  readonly at: string;
  readonly type: string;
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly text: string;
};

/** Who asks, and the word that changes need. */
export type SessionAnswer = { readonly user: string; readonly csrf?: string };

export function machineOf(given: MachineJson): Machine {
  return { ...given, since: Date.parse(given.since), lastSeen: Date.parse(given.lastSeen) };
}
