import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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
