import { fstatSync } from 'node:fs';

/** Is this descriptor the one that the service manager said to read for the journal (JOURNAL_STREAM, systemd.exec(5))? */
export function isJournal(
  fd: number,
  env: { readonly JOURNAL_STREAM?: string | undefined },
  stat = statOf,
): boolean {
  const [device, inode] = env.JOURNAL_STREAM?.split(':') ?? [];
  if (device === undefined || inode === undefined) return false;
  const found = stat(fd);
  // A program that was started by hand from a service inherits the variable, and writes elsewhere.
  return found !== undefined && String(found.dev) === device && String(found.ino) === inode;
}

function statOf(fd: number): { readonly dev: bigint; readonly ino: bigint } | undefined {
  try {
    return fstatSync(fd, { bigint: true });
  } catch {
    return undefined;
  }
}
