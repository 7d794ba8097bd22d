import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, startProcess } from './process.ts';

/** The real thing: `pxed eth0 <root> pxelinux.0`, as a process of its own. */
export type ServerOptions = {
  readonly interface: string;
  readonly root: string;
  readonly bootFile: string;
  /** In a user namespace there is nobody to become. */
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
  const args = [options.interface, options.root, options.bootFile, '--log-format', 'text'];
  if (options.stayRoot) args.push('--user', 'root');
  const ready = Promise.withResolvers<void>();
  const running = startProcess(process.execPath, [pxedProgram(), ...args], {
    onLine(line) {
      options.onLine(line);
      if (READY.test(line)) ready.resolve();
    },
  });
  return { commandLine: ['pxed', ...args].join(' '), running, ready: ready.promise };
}

/** `bin/pxed.ts` of a checkout, `dist/bin/pxed.js` of the package: two folders up from here, built or not. */
function pxedProgram(): string {
  const top = join(import.meta.dirname, '../..');
  const source = join(top, 'bin/pxed.ts');
  return existsSync(source) ? source : join(top, 'bin/pxed.js');
}
