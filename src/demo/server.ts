import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Running, startProcess } from './process.ts';

/** The real thing: `pxed eth0 <root> pxelinux.0`, as a process of its own; nobody else is there who could give addresses. */
export type ServerOptions = {
  readonly interface: string;
  readonly root: string;
  readonly bootFile: string;
  /** Do not become nobody: there is no such user in a user namespace. */
  readonly stayRoot: boolean;
  readonly onLine: (line: string) => void;
};

/** It says so when every socket is open. */
const READY = /\bpxed ready\b/;

export type Server = {
  readonly commandLine: string;
  readonly running: Running;
  /** Fulfilled when it serves; never, when it ended before. */
  readonly ready: Promise<void>;
};

/** Starts it. */
export function startServer(options: ServerOptions): Server {
  const { interface: name, root, bootFile } = options;
  const nowhere = ['--state', 'memory', '--control', 'off'];
  const args = [name, root, bootFile, '--mode', 'dhcp', ...nowhere, '--log-format', 'text'];
  if (options.stayRoot || ![TOP, options.root].every(isOpenToAll)) args.push('--user', 'root');
  const ready = Promise.withResolvers<void>();
  const running = startProcess(process.execPath, [pxedProgram(), ...args], {
    onLine(line) {
      options.onLine(line);
      if (READY.test(line)) ready.resolve();
    },
  });
  return { commandLine: ['pxed', ...args].join(' '), running, ready: ready.promise };
}

/** The checkout, or `dist` of the package: two folders up from here. */
const TOP = join(import.meta.dirname, '../..');

/** `bin/pxed.ts` of a checkout, `dist/bin/pxed.js` of the package. */
function pxedProgram(): string {
  const source = join(TOP, 'bin/pxed.ts');
  return existsSync(source) ? source : join(TOP, 'bin/pxed.js');
}

/** May everybody come here? In root's home, the user nobody can load neither the program's own files nor those it serves. */
function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || isOpenToAll(parent);
}
