import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BootTree } from '../../src/store/boot-file.ts';
import { createBootTree } from '../../src/store/boot-tree.ts';
import type { Upload, UploadProblem } from '../../src/store/upload.ts';
import { startUpload, syncHere } from '../../src/store/upload.ts';

const openBeneath =
  process.platform === 'linux'
    ? (await import('../../src/net/linux/openat2.ts')).createOpenBeneath()
    : undefined;
const WAYS = openBeneath === undefined ? (['realpath'] as const) : (['openat2', 'realpath'] as const);

function commitNow(upload: Upload): UploadProblem | undefined {
  let told: UploadProblem | undefined;
  upload.commit(syncHere, (problem) => {
    told = problem;
  });
  return told;
}

let base: string;
let root: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pxed-upload-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'in'), { recursive: true });
  mkdirSync(join(base, 'outside'));
});

afterEach(() => rmSync(base, { recursive: true, force: true }));

let serial = 0;

function start(tree: BootTree, path: string, overwrite: boolean): Upload {
  const started = startUpload(tree, path, { overwrite, randomHex: `${serial++}` });
  if (!started.ok) throw new Error(`${started.reason}: ${started.detail}`);
  return started.value;
}

function refusal(tree: BootTree, path: string, overwrite: boolean): string {
  const started = startUpload(tree, path, { overwrite, randomHex: `${serial++}` });
  if (!started.ok) return started.reason;
  started.value.discard();
  return 'started';
}

const read = (path: string) => readFileSync(join(root, path), 'latin1');

describe.each(WAYS)('startUpload() by %s', (way) => {
  let tree: BootTree;
  beforeEach(() => {
    tree = createBootTree(root, way === 'openat2' && openBeneath ? { openBeneath } : {});
  });
  afterEach(() => tree.close());

  test('shows the file when it is committed, not before, and leaves nothing else', () => {
    const upload = start(tree, 'in/log', false);
    expect(upload.append(Buffer.from('one '))).toBeUndefined();
    expect(upload.append(Buffer.from('two'))).toBeUndefined();
    expect(tree.open('in/log')).toMatchObject({ ok: false, reason: 'not-found' });
    expect(readdirSync(join(root, 'in')).every((name) => name.startsWith('.'))).toBe(true);
    expect(commitNow(upload)).toBeUndefined();
    expect(read('in/log')).toBe('one two');
    expect(readdirSync(join(root, 'in'))).toEqual(['log']);
    expect(statSync(join(root, 'in/log')).mode & 0o444).toBe(0o444);
    upload.discard();
    expect(read('in/log')).toBe('one two');
  });

  test('leaves an existing file alone when it may only create (pTFTPd defect 1)', () => {
    writeFileSync(join(root, 'in/log'), 'old');
    expect(refusal(tree, 'in/log', false)).toBe('exists');
    expect(read('in/log')).toBe('old');
  });

  test('leaves an existing file alone when an overwrite ends early (pTFTPd defect 1)', () => {
    writeFileSync(join(root, 'in/log'), 'old');
    const upload = start(tree, 'in/log', true);
    upload.append(Buffer.from('half'));
    upload.discard();
    upload.discard();
    expect(read('in/log')).toBe('old');
    expect(readdirSync(join(root, 'in'))).toEqual(['log']);
  });

  test('overwrites in one step', () => {
    writeFileSync(join(root, 'in/log'), 'old');
    const upload = start(tree, 'in/log', true);
    upload.append(Buffer.from('new'));
    expect(read('in/log')).toBe('old');
    expect(commitNow(upload)).toBeUndefined();
    expect(read('in/log')).toBe('new');
  });

  test('lets the first of two creators win, and tells the other', () => {
    const one = start(tree, 'in/log', false);
    const two = start(tree, 'in/log', false);
    one.append(Buffer.from('one'));
    two.append(Buffer.from('two'));
    expect(commitNow(two)).toBeUndefined();
    expect(commitNow(one)).toBe('exists');
    expect(read('in/log')).toBe('two');
    expect(readdirSync(join(root, 'in'))).toEqual(['log']);
  });

  test('never writes through a link', () => {
    writeFileSync(join(base, 'outside/f'), 'safe');
    symlinkSync('../../outside/f', join(root, 'in/link'));
    symlinkSync('../outside', join(root, 'out'));
    expect(refusal(tree, 'in/link', false)).toBe('exists');
    expect(refusal(tree, 'out/new', false)).toBe('not-found');
    const upload = start(tree, 'in/link', true);
    upload.append(Buffer.from('mine'));
    expect(commitNow(upload)).toBeUndefined();
    expect(readFileSync(join(base, 'outside/f'), 'latin1')).toBe('safe');
    expect(read('in/link')).toBe('mine');
    expect(readdirSync(join(base, 'outside'))).toEqual(['f']);
  });

  // Only a folder that is held open can promise that.
  const testHeldOpen = way === 'openat2' ? test : () => undefined;
  testHeldOpen('stays in the folder it began in, though a link takes its place', () => {
    const upload = start(tree, 'in/log', false);
    upload.append(Buffer.from('x'));
    renameSync(join(root, 'in'), join(root, 'moved'));
    symlinkSync('../outside', join(root, 'in'));
    expect(commitNow(upload)).toBeUndefined();
    expect(read('moved/log')).toBe('x');
    expect(readdirSync(join(base, 'outside'))).toEqual([]);
  });

  test.each([
    { path: 'nowhere/log', reason: 'not-found' },
    { path: '../outside/log', reason: 'not-found' },
    { path: 'in', reason: 'access' },
  ])('refuses $path: $reason', ({ path, reason }) => {
    expect(refusal(tree, path, true)).toBe(reason);
  });

  test('stores into the root itself', () => {
    const upload = start(tree, 'log', false);
    expect(commitNow(upload)).toBeUndefined();
    expect(read('log')).toBe('');
  });
});

test('startUpload() does not follow what waits under its temporary name', () => {
  const tree = createBootTree(root);
  symlinkSync(join(base, 'outside/f'), join(root, '.pxed-guessed.part'));
  const started = startUpload(tree, 'log', { overwrite: true, randomHex: 'guessed' });
  expect(started).toMatchObject({ ok: false, reason: 'exists' });
  expect(readdirSync(join(base, 'outside'))).toEqual([]);
});
