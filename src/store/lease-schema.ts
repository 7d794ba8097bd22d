import type { DatabaseSync } from 'node:sqlite';

/** A kind of store: what tells its files from others, and how an empty one comes to its present form. */
export type StoreSchema = {
  /** For people. */
  readonly name: string;
  /** `PRAGMA application_id`. */
  readonly applicationId: number;
  /**
   * Every step from an empty file to the present schema, in order; `PRAGMA user_version` counts those taken. A released
   * step is never changed: a change is one more step.
   */
  readonly migrations: readonly string[];
};

/** `PRAGMA application_id` of a lease store: "pxed". */
export const APPLICATION_ID = 0x7078_6564;

/**
 * Of the lease store.
 *
 * `lease` and `machine` are logs. A change adds a row at the end, and the newest row of an address (of a machine) counts;
 * older ones are deleted later, in the background. So a turn writes the pages at the end alone, whichever addresses it was
 * about: a quarter of the processor time that replacing rows all over a table costs.
 *
 * Addresses are numbers, times milliseconds since 1970, `expires` NULL = for ever, `began` the start of the whole
 * binding (`since` is that of its newest renewal). `clock`: see lease-times.ts.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE lease (
    id INTEGER PRIMARY KEY,
    ip INTEGER NOT NULL,
    client TEXT NOT NULL,
    mac TEXT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    since INTEGER NOT NULL,
    expires INTEGER,
    hostname TEXT,
    via INTEGER,
    relay_info TEXT,
    client_id TEXT,
    began INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE machine (
    id INTEGER PRIMARY KEY,
    mac TEXT NOT NULL,
    booted INTEGER NOT NULL,
    arch TEXT,
    quirk TEXT
  ) STRICT;
  CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    ip INTEGER NOT NULL,
    client TEXT NOT NULL,
    mac TEXT NOT NULL,
    hostname TEXT,
    began INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
  CREATE TABLE clock (boot TEXT, ahead INTEGER NOT NULL) STRICT;
  `,
];

export const LEASES: StoreSchema = {
  name: 'lease store',
  applicationId: APPLICATION_ID,
  migrations: MIGRATIONS,
};

/** Takes the steps from `version` on, each in a transaction of its own; returns the version reached. */
export function migrate(db: DatabaseSync, version: number, steps: readonly string[] = MIGRATIONS): number {
  for (const [index, step] of steps.entries()) {
    if (index >= version) db.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
  return Math.max(version, steps.length);
}
