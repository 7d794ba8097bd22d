import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBootTree } from '../../src/store/boot-tree.ts';
import { sweepUploads } from '../../src/store/stale-uploads.ts';
import { startUpload } from '../../src/store/upload.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pxed-sweep-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function old(...path: string[]): void {
  const at = join(root, ...path);
  writeFileSync(at, 'x');
  utimesSync(at, 1000, 1000);
}

test('sweepUploads() removes old temporary files anywhere below, and nothing else', async () => {
  mkdirSync(join(root, 'a/b'), { recursive: true });
  old('.pxed-00ff.part');
  old('a', 'b', '.pxed-12ab.part');
  old('a', '.pxed-12ab.partial');
  old('a', 'pxed-12ab.part');
  old('boot');
  writeFileSync(join(root, 'a/.pxed-77.part'), 'under way');
  expect((await sweepUploads(root, 60_000)).sort()).toEqual(['.pxed-00ff.part', 'a/b/.pxed-12ab.part']);
  expect(readdirSync(root).sort()).toEqual(['a', 'boot']);
  expect(readdirSync(join(root, 'a')).sort()).toEqual([
    '.pxed-12ab.partial',
    '.pxed-77.part',
    'b',
    'pxed-12ab.part',
  ]);
});

test('sweepUploads() follows no link', async () => {
  const outside = mkdtempSync(join(tmpdir(), 'pxed-outside-'));
  writeFileSync(join(outside, '.pxed-aa.part'), 'x');
  utimesSync(join(outside, '.pxed-aa.part'), 1000, 1000);
  symlinkSync(outside, join(root, 'link'));
  symlinkSync(join(outside, '.pxed-aa.part'), join(root, '.pxed-bb.part'));
  expect(await sweepUploads(root, 60_000)).toEqual([]);
  expect(readdirSync(outside)).toEqual(['.pxed-aa.part']);
  rmSync(outside, { recursive: true });
});

test('sweepUploads() finds what startUpload() left behind', async () => {
  const tree = createBootTree(root, { ignoreCase: false });
  const started = startUpload(tree, 'new', { overwrite: false, randomHex: 'c0ffee' });
  expect(started.ok).toBe(true);
  const [left] = readdirSync(root);
  utimesSync(join(root, left!), 1000, 1000);
  expect(await sweepUploads(root, 60_000)).toEqual([left]);
  tree.close();
});

test('sweepUploads() does without a root that is not there', async () => {
  expect(await sweepUploads(join(root, 'gone'), 0)).toEqual([]);
});
