import { chownSync, lchownSync, lstatSync, mkdirSync, statSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { socketOwner } from '../net/port-owner.ts';
import type { RunAs } from './run-as.ts';
import { StartProblem } from './start-problem.ts';

/** Whose the socket is: pxed itself, which takes it away at the end, and the group that may use it. */
export type SocketOwners = { readonly runAs?: RunAs | undefined; readonly gid?: number | undefined };

/** Read and write for the owner and the group, for nobody else. */
const NOT_OTHERS = 0o117;
const OTHER_SOCKET = 'Stop it, or name another with --control or control.socket';

/**
 * Listens on a Unix socket, mode 0660, in a folder that is made if need be. One that nobody listens on is replaced. Throws
 * {@link StartProblem} for one that somebody does, and for what is no socket.
 */
export async function listenAt(path: string, server: Server, owners: SocketOwners = {}): Promise<void> {
  try {
    makeFolder(dirname(path), owners.runAs);
    await clear(path);
    await bind(path, server);
  } catch (cause) {
    if (cause instanceof StartProblem) throw cause;
    throw new StartProblem(`Cannot listen on ${path}: ${reasonOf(cause)}`, 'Name another with --control', {
      cause,
    });
  }
  if (owners.gid === undefined) return;
  try {
    // Not of its target: the folder is pxed's own, and whoever broke into that must not get root to change another file.
    lchownSync(path, -1, owners.gid);
  } catch (cause) {
    // Nobody would own it: whoever called believes that there is none.
    await new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections());
    const why = `Cannot give ${path} to group ${owners.gid}: ${reasonOf(cause)}`;
    throw new StartProblem(why, 'Leave control.group out, or name another socket with --control', { cause });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'read-only file system',
  ENOTDIR: 'a folder of it is a file',
  EEXIST: 'a folder of it is a file',
  EINVAL: 'the path is too long for a socket (107 characters)',
};

/** Of the user that pxed becomes, who can take the socket away again. A folder that is there is left as it is. */
function makeFolder(path: string, runAs: RunAs | undefined): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) makeFolder(dirname(path), undefined);
  mkdirSync(path, { mode: 0o755 });
  if (runAs && runAs.uid !== 0) chownSync(path, runAs.uid, runAs.gid);
}

async function clear(path: string): Promise<void> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return;
  if (!there.isSocket()) {
    throw new StartProblem(
      `Cannot listen on ${path}: it is there, and no socket`,
      'Name another with --control',
    );
  }
  if (await answers(path)) {
    const owner = socketOwner(path);
    const who = owner === undefined ? 'somebody else' : owner;
    throw new StartProblem(`Cannot listen on ${path}: in use by ${who}`, OTHER_SOCKET);
  }
  unlinkSync(path);
}

/** Does anybody listen there? */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // A queue that is full (EAGAIN) is somebody's, too.
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function bind(path: string, server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // bind(2) is called in here, and makes the file: it never has another mode, and chmod would follow a link.
    const before = process.umask(NOT_OTHERS);
    try {
      server.listen({ path }, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}
