import type { Cell } from './lease-rows.ts';
import type { StoreSchema } from './lease-schema.ts';

/**
 * What machines did, a row for each boot; `began` and `last` in milliseconds since 1970. `weight` says how sure it is that there
 * is a machine behind it (0 to 2): the lightest go first. What the boot consists of is `detail`, JSON of src/timeline.
 */
export const TIMELINE: StoreSchema = {
  name: 'timeline',
  applicationId: 0x7078_746c, // "pxtl"
  migrations: [
    `
    CREATE TABLE boot (
      id INTEGER PRIMARY KEY,
      machine TEXT NOT NULL,
      weight INTEGER NOT NULL,
      began INTEGER NOT NULL,
      last INTEGER NOT NULL,
      octets INTEGER NOT NULL,
      ip TEXT,
      uuid TEXT,
      arch TEXT,
      kind TEXT,
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX boot_machine ON boot (machine, id);
    `,
  ],
};

/** One boot as it is kept; without an `id` it is not kept yet. */
export type StoredBoot = {
  readonly id?: number;
  /** Its MAC, or an address. */
  readonly machine: string;
  readonly weight: number;
  readonly began: number;
  readonly last: number;
  readonly ip?: string;
  readonly uuid?: string;
  readonly arch?: string;
  readonly kind?: string;
  readonly detail: string;
};

export const COLUMNS = 'id, machine, weight, began, last, octets, ip, uuid, arch, kind, detail';

export function bootRow(boot: StoredBoot, id: number | null): (number | string | null)[] {
  const { machine, weight, began, last, ip, uuid, arch, kind, detail } = boot;
  const octets = detail.length + machine.length + 64;
  const names = [ip, uuid, arch, kind].map((name) => name ?? null);
  return [id, machine, weight, Math.floor(began), Math.floor(last), octets, ...names, detail];
}

/** What a row says; undefined for one that makes no sense. */
export function bootOf(row: readonly Cell[]): StoredBoot | undefined {
  const [id, machine, weight, began, last, , ip, uuid, arch, kind, detail] = row;
  if (typeof id !== 'number' || typeof machine !== 'string' || typeof detail !== 'string') return undefined;
  if (typeof weight !== 'number' || typeof began !== 'number' || typeof last !== 'number') return undefined;
  return {
    ...{ id, machine, weight, began, last, detail },
    ...(typeof ip === 'string' && { ip }),
    ...(typeof uuid === 'string' && { uuid }),
    ...(typeof arch === 'string' && { arch }),
    ...(typeof kind === 'string' && { kind }),
  };
}
