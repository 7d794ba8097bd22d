import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

const PTFTP = join(import.meta.dirname, '../../bin/ptftp.ts');

test.each([
  { argv: ['--help'], code: 0 },
  { argv: ['--version'], code: 0 },
  { argv: ['--port', '0'], code: 2 },
  // Nobody listens there, or nothing answers: no matter which.
  { argv: ['-t', '0.1', '--retries', '0', '127.0.0.1:1', 'get', 'f', '-'], code: 1 },
])('ptftp $argv ends with $code though nobody reads what it writes', async ({ argv, code }) => {
  const child = spawn(process.execPath, [PTFTP, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  if (code === 0) child.stdout.destroy();
  else child.stderr.destroy();
  const said = code === 0 ? text(child.stderr) : text(child.stdout);
  const [ended] = await once(child, 'exit');
  expect({ ended, said: await said }).toEqual({ ended: code, said: '' });
});

const PIPES: readonly (readonly string[])[] = [
  ['get', 'f', 'pipe'],
  ['put', 'pipe', 'f'],
];

test.each(PIPES)('ptftp %s %s %s with a pipe that has no other end can be interrupted', async (...words) => {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-ptftp-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  const child = spawn(process.execPath, [PTFTP, '-v', '127.0.0.1:9', ...words], { cwd: folder });
  try {
    // Long enough for it to wait.
    await sleep(700);
    child.kill('SIGINT');
    const [code, signal] = await once(child, 'exit');
    expect(code === null ? signal : code).toBe(code === null ? 'SIGINT' : 130);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test('ptftp put - of a folder sends nothing', async () => {
  const folder = openSync(tmpdir(), 'r');
  const child = spawn(process.execPath, [PTFTP, '127.0.0.1:9', 'put', '-', 'f'], {
    stdio: [folder, 'ignore', 'pipe'],
  });
  const said = text(child.stderr!);
  const [code] = await once(child, 'exit');
  closeSync(folder);
  expect({ code, said: await said }).toEqual({
    code: 3,
    said: 'ptftp: Cannot read standard input: EISDIR\n',
  });
});

test('ptftp ends when all is said, though standard input stays open', async () => {
  const child = spawn(
    process.execPath,
    [PTFTP, '-t', '0.1', '--retries', '0', '127.0.0.1:1', 'put', '-', 'f'],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  const [ended] = await once(child, 'exit');
  expect(ended).toBe(1);
  child.stdin.destroy();
});
