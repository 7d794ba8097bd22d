import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../tftp-client/server.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/tftp-client.md'), 'utf8');

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  server.files.set('pxelinux.0', new Uint8Array(42_000).fill(7));
  server.files.set('boot/vmlinuz', new Uint8Array(3_000_000).fill(8));
  server.files.set('motd', new TextEncoder().encode('hello'));
  folder = mkdtempSync(join(tmpdir(), 'pxed-docs-'));
  writeFileSync(join(folder, 'report.txt'), 'line\n');
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** What all blocks of a language hold. */
function block(language: string): string {
  const found = [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))];
  if (found.length === 0) throw new Error(`docs/tftp-client.md has no ${language} block`);
  return found.map((each) => each[1]).join('');
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string; code: number }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, code: error ? Number(error.code ?? 1) : 0 }),
    );
  });
}

test('docs/tftp-client.md: each command line works', async () => {
  const lines = block('sh').trim().split('\n');
  expect(lines.length).toBeGreaterThan(9);
  const ptftp = `ptftp() { '${process.execPath}' '${join(ROOT, 'bin/ptftp.ts')}' -p ${server.port} "$@"; }`;
  for (const line of lines) {
    const here = line
      .replace('tftp://10.0.0.1/', `tftp://127.0.0.1:${server.port}/`)
      .replace('10.0.0.1', '127.0.0.1');
    const { stderr, code } = await run('sh', ['-c', `${ptftp}\n${here}`]);
    expect({ line, stderr: stderr.replace(/^boot\/vmlinuz: .*\n/, ''), code }).toEqual({
      line,
      stderr: '',
      code: 0,
    });
  }
  for (const name of ['copy', 'loader']) expect(readFileSync(join(folder, name))).toHaveLength(42_000);
  expect(Buffer.from(server.files.get('in/report.txt')!).toString()).toBe('line\r\n');
});

test('docs/tftp-client.md: the program runs, and prints what it should', async () => {
  const source = block('js')
    .replace("'pxed/tftp-client'", `'${pathToFileURL(join(ROOT, 'src/tftp-client/index.ts'))}'`)
    .replaceAll('tftp://10.0.0.1/', `tftp://127.0.0.1:${server.port}/`)
    .replaceAll("host: '10.0.0.1'", `host: '127.0.0.1', port: ${server.port}`);
  const program = join(folder, 'example.mts');
  writeFileSync(program, source);
  const { stdout, stderr, code } = await run(process.execPath, [program]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const lines = stdout.trim().split('\n');
  expect(lines[0]).toMatch(/^42000 octets in \d+ ms$/);
  expect(lines[2]).toBe('hello');
  expect(lines.at(-1)).toBe('not-found 1');
  expect(Buffer.from(server.files.get('status')!).toString()).toBe('done\n');
  expect(server.files.get('copy')).toHaveLength(42_000);
});
