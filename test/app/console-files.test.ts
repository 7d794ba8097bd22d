import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openConsoleFiles } from '../../src/app/console-files.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Made as mkdtemp makes it: closed to everybody else, as a home may be. */
function built(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-console-'));
  folders.push(folder);
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), 'the page');
  writeFileSync(join(folder, 'assets/index-1.js'), 'the program');
  return folder;
}

async function textOf(files: ReturnType<typeof openConsoleFiles>, name: string): Promise<string | undefined> {
  const octets = await files.read(name);
  return octets && new TextDecoder().decode(octets);
}

test('openConsoleFiles() takes the first place that has a console', async () => {
  const folder = built();
  const files = openConsoleFiles([join(folder, 'none'), folder]);
  expect(await textOf(files, 'index.html')).toBe('the page');
  expect(await textOf(files, 'assets/index-1.js')).toBe('the program');
  expect(await textOf(files, 'assets/none.js')).toBeUndefined();
});

test('openConsoleFiles() has nothing where nothing is built', async () => {
  expect(await openConsoleFiles([]).read('index.html')).toBeUndefined();
});

// Only root gives something up.
test.runIf(process.getuid?.() === 0)(
  'openConsoleFiles() has read by then what will be out of reach',
  async () => {
    const folder = built();
    const files = openConsoleFiles([folder]);
    rmSync(folder, { recursive: true });
    expect(await textOf(files, 'assets/index-1.js')).toBe('the program');
    expect(await textOf(files, 'assets/none.js')).toBeUndefined();
  },
);
