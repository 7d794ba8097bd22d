import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');

/** Of every Debian system, and two that are meant to be missing. */
const ALWAYS_THERE = new Set(['dash', 'tool-of-dreams', 'nowhere']);

test('.ci/run installs every package that a test asks for', () => {
  const listed = /^PACKAGES=\(\n([\s\S]*?)^\)/m.exec(readFileSync(join(PROJECT, '.ci/run'), 'utf8'))?.[1];
  const installed = new Set(listed?.replaceAll(/#.*/g, '').split(/\s+/));
  const asked = new Set<string>();
  for (const file of globSync('test/**/*.ts', { cwd: PROJECT })) {
    for (const [, name] of readFileSync(join(PROJECT, file), 'utf8').matchAll(
      /\b(?:(?:command|file)\([^(),]+, |\w*Package: )'([^' ]+)'/g,
    )) {
      if (!ALWAYS_THERE.has(name!)) asked.add(name!);
    }
  }
  expect(asked.size).toBeGreaterThan(10);
  expect([...asked].filter((name) => !installed.has(name))).toEqual([]);
});
