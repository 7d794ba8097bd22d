import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A capture file that is kept. */
export type KeptCapture = {
  /** Of the file, `52-54-00-12-34-56_2026-11-20T12-00-00Z.pcap`. */
  readonly name: string;
  readonly machine: string;
  /** When it was made: milliseconds since 1970, whole seconds. */
  readonly at: number;
  readonly sizeBytes: number;
};

const NAME = /^([0-9a-f.-]+)_(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d)Z\.pcap$/;

/**
 * Captures in a folder of their own, at most `most` of them: the oldest give way. A file is whole or not there. `machine` is a
 * MAC or an IPv4 address. Methods throw what node:fs throws, but `list` and `read`: a folder that is not there is empty.
 */
export function createKeptCaptures(folder: string, most: number) {
  function list(): KeptCapture[] {
    const found = namesIn(folder).flatMap((name) => {
      const kept = readName(name);
      const sizeBytes = kept && statSync(join(folder, name), { throwIfNoEntry: false })?.size;
      return kept && sizeBytes !== undefined ? [{ ...kept, name, sizeBytes }] : [];
    });
    return found.sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
  }

  return {
    /** The newest first. */
    list,
    /** The octets; undefined when there is none of that name. */
    read(name: string): Uint8Array | undefined {
      if (!NAME.test(name)) return undefined;
      try {
        return readFileSync(join(folder, name));
      } catch {
        return undefined;
      }
    },
    /** Keeps it, in place of `instead`, if given. The name. */
    keep(
      machine: string,
      capture: { readonly at: number; readonly bytes: Uint8Array },
      instead?: string,
    ): string {
      mkdirSync(folder, { recursive: true, mode: 0o750 });
      const name = nameOf(machine, capture.at);
      const draft = join(folder, `.${randomBytes(6).toString('hex')}`);
      try {
        writeFileSync(draft, capture.bytes, { mode: 0o640, flag: 'wx' });
        renameSync(draft, join(folder, name));
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      }
      if (instead !== undefined && instead !== name && NAME.test(instead)) {
        rmSync(join(folder, instead), { force: true });
      }
      for (const { name: old } of list().slice(most)) rmSync(join(folder, old), { force: true });
      return name;
    },
  };
}

export type KeptCaptures = ReturnType<typeof createKeptCaptures>;

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function nameOf(machine: string, at: number): string {
  const when = `${new Date(at).toISOString().slice(0, 19).replaceAll(':', '-')}Z`;
  return `${machine.replaceAll(':', '-')}_${when}.pcap`;
}

function readName(name: string): Pick<KeptCapture, 'machine' | 'at'> | undefined {
  const [, machine, day, hours, minutes, seconds] = NAME.exec(name) ?? [];
  if (machine === undefined) return undefined;
  const at = Date.parse(`${day}${hours}:${minutes}:${seconds}Z`);
  return Number.isNaN(at) ? undefined : { machine: machine.replaceAll('-', ':'), at };
}
