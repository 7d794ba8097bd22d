import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');
const LIBRARY = pathToFileURL(join(ROOT, 'src/library/index.ts')).href;

/** The sections of the page that have an example. */
const runnable = PAGE.split(/^## /m).flatMap((section) => {
  const code = /```ts\n(.*?)```/s.exec(section)?.[1];
  return code === undefined ? [] : [{ title: section.split('\n')[0]!, code }];
});

test('docs/library.md has examples', () => {
  expect(runnable.map(({ title }) => title)).toEqual(['A TFTP server', 'Files', 'The whole appliance']);
});

test.each(runnable)('docs/library.md: the example of "$title" prints what it says', async ({ code }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'example.ts'), code.replaceAll("'pxed'", `'${LIBRARY}'`));
  const printed = await outputOf(join(folder, 'example.ts'), folder);
  const wanted = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line!);
  expect(wanted.length).toBeGreaterThan(1);
  expect(printed).toEqual(wanted.map((line) => expect.stringMatching(patternOf(line))));
});

/** `…` stands for anything. */
function patternOf(line: string): RegExp {
  return new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
}

function outputOf(script: string, cwd: string): Promise<string[]> {
  const child = spawn(process.execPath, [script], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 40_000,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(out.trimEnd().split('\n'));
      else reject(new Error(`ended with ${code}: ${err}`));
    });
  });
}
