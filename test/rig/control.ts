/** pxectl against a pxed of a test, by a control socket of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finished, run } from './process.ts';
import { PROJECT } from './server.ts';

export type ControlSocket = {
  readonly path: string;
  /** What pxed is started with. */
  readonly options: readonly string[];
  /** Runs pxectl to its end. */
  pxectl(...args: string[]): Promise<Finished>;
  delete(): void;
};

export function createControlSocket(): ControlSocket {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-control-'));
  const path = join(folder, 'pxed.sock');
  return {
    path,
    options: ['--control', path],
    pxectl: (...args) => run([process.execPath, join(PROJECT, 'bin/pxectl.ts'), ...args, '--socket', path]),
    delete: () => rmSync(folder, { recursive: true, force: true }),
  };
}
