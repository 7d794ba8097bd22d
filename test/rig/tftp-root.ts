/** Files for TFTP transfers, and what the fleet of clients (bench/tools/tftpload.c) said about them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { must } from './process.ts';

/** A folder of files with known sizes and contents that nobody can guess. */
export type TftpRoot = {
  readonly path: string;
  /** SHA-256 of a file made by `fill`. */
  hash(name: string): Promise<string>;
  fill(name: string, sizeBytes: number): Promise<void>;
  delete(): Promise<void>;
};

/** `writable`: for uploads by whomever the server runs as. */
export async function createTftpRoot({ writable = false } = {}): Promise<TftpRoot> {
  const path = await mkdtemp(join(tmpdir(), 'pxed-tftp-root-'));
  await chmod(path, writable ? 0o777 : 0o755);
  return {
    path,
    hash: (name) => hashOf(join(path, name)),
    fill: (name, sizeBytes) => fill(join(path, name), sizeBytes),
    delete: () => rm(path, { recursive: true, force: true }),
  };
}

/** SHA-256 of a file, in hex. */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/** Octets of a seeded generator, no two blocks alike, so that a block in the wrong place shows. */
async function fill(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'w', 0o644);
  const chunk = new Uint32Array(1 << 18);
  let state = 0x9e3779b9 ^ sizeBytes;
  for (let done = 0; done < sizeBytes; done += chunk.byteLength) {
    for (let i = 0; i < chunk.length; i++) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      chunk[i] = state;
    }
    await file.write(new Uint8Array(chunk.buffer, 0, Math.min(chunk.byteLength, sizeBytes - done)));
  }
  await file.close();
}

const TOOLS = resolve(import.meta.dirname, '../../bench/tools');

/** Compiles one of bench/tools into `folder`; gives the program's path. Needs gcc. */
export async function compileTool(
  name: 'tftpload' | 'tftplimit' | 'httpload',
  folder: string,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const program = join(folder, name);
  await must(['gcc', '-O2', '-w', '-o', program, join(TOOLS, `${name}.c`)]);
  return program;
}

/** What tftpload prints. */
export type LoadReport = {
  clients: number;
  transfers: number;
  ok: number;
  fail: number;
  retrans: number;
  outoforder: number;
  sec: number;
  MBps: number;
  pkts_per_s: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
  err: string;
};

/** Reads the fleet's line. */
export function loadReport(stdout: string): LoadReport {
  return JSON.parse(stdout) as LoadReport;
}
