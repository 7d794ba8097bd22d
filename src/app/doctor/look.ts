import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { InterfaceFacts } from '../../net/datagram.ts';
import { loadNetwork } from '../../net/load.ts';
import { portOwner, tcpPortOwner } from '../../net/port-owner.ts';

/** All that the doctor looks at of this system; tests bring one of their own. */
export type Look = {
  /** A file's text; undefined when it is not there, or closed to us. */
  readonly text: (path: string) => string | undefined;
  /** The names in a folder; none when it is not there. */
  readonly names: (path: string) => readonly string[];
  /** Where a symbolic link leads. */
  readonly linkOf: (path: string) => string | undefined;
  /** Runs a program of the system; undefined when there is none of that name. */
  readonly run: (program: string, args: readonly string[]) => Promise<Ran | undefined>;
  /** Of the file system that holds a path, or the first folder above it that is there. */
  readonly space: (path: string) => Space | undefined;
  readonly interfaces: readonly InterfaceFacts[];
  readonly uid: number;
  /** Of this process: `CAP_NET_RAW`… */
  readonly capabilities: readonly string[];
  /** `dnsmasq, pid 812`. */
  readonly portOwner: (port: number) => string | undefined;
  readonly tcpPortOwner: (port: number) => string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
};

export type Ran = { readonly status: number; readonly out: string; readonly err: string };

export type Space = {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Files that can still be made; undefined where the file system does not count them. */
  readonly freeFiles?: number;
};

/** Where programs of the administrator lie, for users whose PATH does not say so. */
const PATH = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].join(':');
const MOST_OUTPUT = 64 * 1024 * 1024;
const MOST_MS = 15_000;

/** This system as it is now. */
export async function lookAround(): Promise<Look> {
  const network = await loadNetwork();
  return {
    text: (path) => attempt(() => readFileSync(path, 'utf8')),
    names: (path) => attempt(() => readdirSync(path)) ?? [],
    linkOf: (path) => attempt(() => readlinkSync(path)),
    run,
    space,
    interfaces: network.interfaces(),
    uid: process.getuid?.() ?? 0,
    capabilities: network.capabilities(),
    portOwner: (port) => portOwner(port),
    tcpPortOwner: (port) => tcpPortOwner(port),
    now: Date.now(),
  };
}

function run(program: string, args: readonly string[]): Promise<Ran | undefined> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${PATH}`, LC_ALL: 'C' };
  return new Promise((resolve) => {
    execFile(program, [...args], { env, maxBuffer: MOST_OUTPUT, timeout: MOST_MS }, (error, out, err) => {
      if (error?.code === 'ENOENT') resolve(undefined);
      else resolve({ status: error ? (typeof error.code === 'number' ? error.code : 1) : 0, out, err });
    });
  });
}

function space(path: string): Space | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = attempt(() => statfsSync(folder));
    if (found) {
      const { bsize, bavail, blocks, files, ffree } = found;
      const counted = files > 0 ? { freeFiles: ffree } : {};
      return { freeBytes: bsize * bavail, totalBytes: bsize * blocks, ...counted };
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
