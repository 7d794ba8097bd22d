import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease } from '../dhcp/lease.ts';
import type { Emit } from '../events/event.ts';
import { parseIpv4 } from '../lib/ipv4.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { openTimelineStore, type TimelineStore } from '../store/timeline-store.ts';
import type { Composed } from './compose.ts';
import { TIMELINE_FILE } from './lease-state.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** Between two warnings that it cannot be saved. */
const WARN_MS = 60_000;

/**
 * The timeline of a pxed that was composed, for whoever can ask for it: undefined where nobody can. A file that is damaged is put
 * aside and a new one begun: it is history, and no reason not to serve.
 */
export function openTimeline({ inside, leases }: Composed, emit: Emit): Timeline | undefined {
  if (!inside.control) return undefined;
  const warn = (problem: string, detail: string) =>
    emit({ type: 'service.warning', service: 'timeline', problem, detail });
  const store =
    inside.stateFolder === undefined
      ? undefined
      : openTimelineFile(join(inside.stateFolder, TIMELINE_FILE), warn);
  let warnAt = Number.NEGATIVE_INFINITY;
  let floodAt = Number.NEGATIVE_INFINITY;
  let passedOver = 0;
  return createTimeline({
    store,
    machineOf: (peer) => inside.boot.machineOf(peer)?.mac,
    hostnameOf: ({ mac, ip }) =>
      hostnameOf(ip === undefined ? undefined : leases?.byIp(parseIpv4(ip) ?? 0), mac),
    now: Date.now,
    onPassedOver(count) {
      passedOver += count;
      if (Date.now() < floodAt) return;
      floodAt = Date.now() + WARN_MS;
      warn(
        'timeline-flood',
        `${passedOver} DHCP events are in no machine's timeline: more came than it looks at`,
      );
      passedOver = 0;
    },
    onProblem(error) {
      if (Date.now() < warnAt) return;
      warnAt = Date.now() + WARN_MS;
      warn(
        'timeline-unsaved',
        `what machines did is not kept: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
  });
}

function hostnameOf(lease: Lease | undefined, mac: string | undefined): string | undefined {
  return lease !== undefined && lease.mac === mac ? lease.hostname : undefined;
}

/** In memory alone where it cannot be had: said so, and nothing worse. */
export function openTimelineFile(
  path: string,
  warn: (problem: string, detail: string) => void,
): TimelineStore | undefined {
  try {
    return openTimelineStore(path);
  } catch (error) {
    if (!(error instanceof StoreProblem)) throw error;
    if (error.fault !== 'damaged') {
      warn('timeline-unsaved', `what machines do is kept in memory alone: ${error.message}`);
      return undefined;
    }
    return beginAnew(path, error, warn);
  }
}

function beginAnew(
  path: string,
  problem: StoreProblem,
  warn: (problem: string, detail: string) => void,
): TimelineStore | undefined {
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  try {
    rmSync(`${path}-wal`, { force: true });
    if (existsSync(path)) renameSync(path, aside);
    const store = openTimelineStore(path);
    warn(
      'timeline-damaged',
      `${problem.message}; it is kept as ${aside}, and what machines did before is not shown`,
    );
    return store;
  } catch (error) {
    warn('timeline-unsaved', `what machines do is kept in memory alone: ${String(error)}`);
    return undefined;
  }
}
