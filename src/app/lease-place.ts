import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  ExportFormat,
  LeaseList,
  LeaseOperations,
  LeaseQuery,
  OneLease,
  PastLease,
} from '../server/control/lease-routes.ts';
import { createSqliteLeases } from '../store/lease-sqlite.ts';
import { lockOwner } from '../store/lock-owner.ts';
import { copyStore } from '../store/store-copy.ts';
import { StoreProblem } from '../store/store-problem.ts';
import { asked } from './control-asked.ts';
import { type ControlClient, ControlProblem } from './control-client.ts';
import { createLeaseOperations } from './lease-operations.ts';
import { LEASE_FILE } from './lease-state.ts';

/** Leases that pxectl works on: those of a pxed that runs, or of a state folder. All throw ControlProblem. */
export type LeasePlace = {
  /** All that fit, on one page. */
  list(query: LeaseQuery): Promise<LeaseList>;
  one(who: string): Promise<OneLease>;
  history(limit: number, who?: string): Promise<{ readonly history: PastLease[] }>;
  release(who: string): Promise<Awaited<ReturnType<LeaseOperations['release']>>>;
  export(format: ExportFormat): Promise<AsyncIterable<Uint8Array>>;
};

const LEASES = '/api/v1/leases';

export function liveLeasePlace(client: ControlClient): LeasePlace {
  return {
    async list(query) {
      const leases: LeaseList['leases'] = [];
      let after: string | undefined;
      for (;;) {
        const page = (await client.get(
          `${LEASES}?${queryText({ ...query, limit: 5000, after })}`,
        )) as LeaseList;
        leases.push(...page.leases);
        if (page.next === undefined) return { total: page.total, leases };
        after = page.next;
      }
    },
    one: async (who) => (await client.get(`${LEASES}/${encodeURIComponent(who)}`)) as OneLease,
    history: async (limit, who) =>
      (await client.get(`${LEASES}/history?${queryText({ limit, who })}`)) as { history: PastLease[] },
    release: async (who) =>
      (await client.send('POST', `${LEASES}/${encodeURIComponent(who)}/release`)) as ReturnType<
        LeaseOperations['release']
      >,
    export: async (format) => (await client.download(`${LEASES}/export?format=${format}`)).octets,
  };
}

function queryText(query: { readonly [name: string]: unknown }): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
}

/**
 * Does `act` with the leases of a state folder that no pxed uses: to look at them a copy will do, and the folder is left alone; what
 * `changes` them has the file to itself, as a pxed has. Throws ControlProblem.
 */
export async function withStoredLeases<T>(
  folder: string,
  changes: boolean,
  act: (place: LeasePlace) => Promise<T>,
): Promise<T> {
  const path = join(folder, LEASE_FILE);
  if (!existsSync(path)) {
    throw new ControlProblem('no-leases', `There are no leases in ${folder}`, { status: 404 });
  }
  const copy = changes ? undefined : copied(path);
  const store = createSqliteLeases(copy?.path ?? path, { warm: false });
  try {
    await store.load();
    const operations = createLeaseOperations({
      leases: store,
      emit: () => {},
      now: Date.now,
      hosts: () => [],
    });
    return await act(storedPlace(operations));
  } catch (error) {
    if (error instanceof StoreProblem) throw problemOf(error, path);
    throw error;
  } finally {
    store.close();
    copy?.delete();
  }
}

function storedPlace(operations: LeaseOperations): LeasePlace {
  return {
    list: (query) => asked(() => operations.list({ ...query, limit: Number.MAX_SAFE_INTEGER })),
    one: (who) => asked(() => operations.one(who)),
    history: (limit, who) => asked(() => operations.history(limit, who)),
    release: (who) => asked(() => operations.release(who, 'pxectl')),
    export: (format) => asked(() => operations.export(format)),
  };
}

function copied(path: string) {
  try {
    const copy = copyStore(path);
    if (copy) return copy;
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new ControlProblem('unreadable', `Cannot read ${path}: ${said}`, { cause });
  }
  throw new ControlProblem(
    'busy',
    `Cannot read ${path}: it is being written all the time; ask its pxed (--socket)`,
  );
}

function problemOf(problem: StoreProblem, path: string): ControlProblem {
  const owner = problem.fault === 'locked' ? lockOwner(path) : undefined;
  const message = owner ? `${path} is in use by ${owner}: ask that one (--socket)` : problem.message;
  return new ControlProblem(problem.fault, message, { cause: problem });
}
