import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Finished, type Running, run, start } from '../rig/process.ts';
import { pxectl } from '../rig/pxectl.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

/** A pxed that serves a folder by TFTP alone, as whoever runs the tests, with a control socket of its own. */
export type FilesRig = {
  readonly base: string;
  readonly root: string;
  readonly socket: string;
  readonly server: Running;
  /** `pxectl files …` of it. */
  files(args: readonly string[], input?: string | Uint8Array): Promise<Finished>;
  close(): Promise<void>;
};

export type RigOptions = {
  /** Lines below `control` of the configuration. */
  readonly control?: readonly string[];
  /** Before pxed starts. */
  readonly prepare?: (root: string) => void;
};

export async function createFilesRig({ control = [], prepare }: RigOptions = {}): Promise<FilesRig> {
  const base = mkdtempSync(join(tmpdir(), 'pxed-files-'));
  const root = join(base, 'root');
  const socket = join(base, 'pxed.sock');
  mkdirSync(root);
  prepare?.(root);
  const lines = control.length > 0 ? ['control:', ...control.map((line) => `  ${line}`)] : [];
  const config = ['version: 1', ...lines, ''];
  writeFileSync(join(base, 'pxed.yaml'), config.join('\n'));
  const user = process.getuid?.() === 0 ? ['--user', 'root'] : [];
  const options = ['--config', join(base, 'pxed.yaml'), '--port', '0', ...user, '--log-format', 'json'];
  const where = ['--control', socket];
  const server = start([process.execPath, join(PROJECT, 'bin/ptftpd.ts'), ...options, ...where, root]);
  await server.waitFor(/"msg":"ptftpd ready"/, 30_000);
  return {
    ...{ base, root, socket, server },
    files: (args, input) => pxectlFiles([...args, '--socket', socket], { cwd: base, input }),
    async close() {
      await server.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Runs `pxectl files`: in this process, which is quicker, where nothing is piped into it. */
export async function pxectlFiles(
  args: readonly string[],
  { cwd, input }: { readonly cwd: string; readonly input?: string | Uint8Array | undefined },
): Promise<Pick<Finished, 'code' | 'stdout' | 'stderr'>> {
  if (input === undefined) {
    const { code = null, out: stdout, err: stderr } = await pxectl('files', ...args);
    return { code, stdout, stderr };
  }
  return run([process.execPath, join(PROJECT, 'bin/pxectl.ts'), 'files', ...args], { cwd, input });
}
