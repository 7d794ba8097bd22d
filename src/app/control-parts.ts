import type { Bus } from '../events/bus.ts';
import type { EventCounts } from '../events/counts.ts';
import type { RecentEvents } from '../events/recent.ts';
import type { Access } from '../server/control/access.ts';
import type { Composed } from './compose.ts';
import type { ReloadOutcome } from './reload.ts';
import type { SetupResult } from './setup.ts';
import type { Supervisor } from './supervisor.ts';
import type { Timeline } from './timeline.ts';

/** A pxed that runs, as control sees it: whoever adds routes takes what it needs from here. */
export type ControlParts = {
  readonly version: string;
  /** ms since 1970. */
  readonly startedAt: number;
  /** Another word at each start. */
  readonly run: string;
  readonly bus: Bus;
  readonly counts: EventCounts;
  readonly recent: RecentEvents;
  readonly composed: Composed;
  readonly supervisor: Supervisor;
  /** What machines did and do. */
  readonly timeline: Timeline;
  /** Puts the configuration file in force again. */
  readonly reload: () => ReloadOutcome;
  /** What its text, or another, comes to; changes nothing. */
  readonly read: (text?: string) => SetupResult;
  /** The configuration file, as it was named. */
  readonly configFile?: string | undefined;
  readonly access: Access;
};
