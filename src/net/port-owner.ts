import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { processName } from '../lib/process-name.ts';

/** Where to look; replaced in tests. */
export type ProcFiles = {
  read(path: string): string;
  list(path: string): readonly string[];
  link(path: string): string;
};

/**
 * Names who holds a UDP port of this host's network namespace, `dnsmasq, pid 812`: by the sockets' inodes in /proc/net/udp and the
 * descriptors of all processes. undefined when nobody does, or when only root may see who.
 */
export function portOwner(port: number, proc: ProcFiles = REAL): string | undefined {
  return ownerOf(port, ['/proc/self/net/udp', '/proc/self/net/udp6'], proc);
}

/** The same for a TCP port, of a listener or a connection. */
export function tcpPortOwner(port: number, proc: ProcFiles = REAL): string | undefined {
  return ownerOf(port, ['/proc/self/net/tcp', '/proc/self/net/tcp6'], proc);
}

/** The same for a Unix socket that listens: of this network namespace, too. */
export function socketOwner(path: string, proc: ProcFiles = REAL): string | undefined {
  // `Num RefCount Protocol Flags Type St Inode Path`; connections of it have the path, too, and flags 0.
  const lines = attempt(() => proc.read('/proc/self/net/unix'), '').split('\n');
  const inodes = lines.flatMap((line) => {
    const [, , , flags, , , inode, ...name] = line.trim().split(/\s+/);
    return inode && name.join(' ') === path && flags !== '00000000' ? [inode] : [];
  });
  return holderOf(new Set(inodes), proc);
}

function ownerOf(port: number, tables: readonly string[], proc: ProcFiles): string | undefined {
  const wanted = tables.flatMap((table) =>
    inodesOf(
      attempt(() => proc.read(table), ''),
      port,
    ),
  );
  return holderOf(new Set(wanted), proc);
}

function holderOf(wanted: ReadonlySet<string>, proc: ProcFiles): string | undefined {
  if (wanted.size === 0) return undefined;
  for (const pid of attempt(() => proc.list('/proc'), [])) {
    if (!/^\d+$/.test(pid) || !holdsOne(pid, wanted, proc)) continue;
    const read = (name: string, otherwise: string) =>
      attempt(() => proc.read(`/proc/${pid}/${name}`), otherwise);
    return `${processName(read('comm', 'unknown'), read('cmdline', ''))}, pid ${pid}`;
  }
  return undefined;
}

/** Lines are `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`, the port in hex. */
function inodesOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    return columns[1]?.endsWith(suffix) && columns[9] ? [columns[9]] : [];
  });
}

function holdsOne(pid: string, inodes: ReadonlySet<string>, proc: ProcFiles): boolean {
  return attempt(() => proc.list(`/proc/${pid}/fd`), []).some((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(attempt(() => proc.link(`/proc/${pid}/fd/${fd}`), ''))?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}

/** Processes come and go, and those of others cannot be looked into. */
function attempt<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

const REAL: ProcFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  list: (path) => readdirSync(path),
  link: (path) => readlinkSync(path),
};
