import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import {
  ConfigFileProblem,
  etagOf,
  NO_FILE,
  readConfigFile,
  whyNotWritable,
  writeConfigFile,
} from '../../src/app/config-file.ts';
import { lockConfig } from '../../src/app/config-lock.ts';
import { unprivileged } from '../rig/unprivileged.ts';

const BASE = mkdtempSync(join(tmpdir(), 'pxed-config-'));
chmodSync(BASE, 0o755);
let folder = '';
let file = '';
let count = 0;

beforeEach(() => {
  folder = join(BASE, String(++count));
  mkdirSync(folder);
  file = join(folder, 'pxed.yaml');
  writeFileSync(file, 'version: 1\n');
});
afterAll(() => rmSync(BASE, { recursive: true, force: true }));

function problemOf(act: () => unknown): ConfigFileProblem {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigFileProblem) return error;
    throw error;
  }
  throw new Error('was done');
}

test('writeConfigFile() puts a text in the place of another, and leaves nothing else behind', () => {
  const { etag } = readConfigFile(file);
  const written = writeConfigFile(file, 'version: 1\nmode: off\n', etag);
  expect(readFileSync(file, 'utf8')).toBe('version: 1\nmode: off\n');
  expect(written.etag).toBe(readConfigFile(file).etag);
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
});

test('writeConfigFile() keeps the mode of the file, and its owner where root writes', () => {
  chmodSync(file, 0o640);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(file, 1234, 2345);
  const before = statSync(file);
  writeConfigFile(file, 'version: 1\n# 2\n', readConfigFile(file).etag);
  const { mode, uid, gid, ino } = statSync(file);
  expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
  expect(ino).not.toBe(before.ino);
});

test('writeConfigFile() follows links to the file that is meant, and leaves the links', () => {
  mkdirSync(join(folder, 'real'));
  const real = join(folder, 'real', 'own.yaml');
  writeFileSync(real, 'version: 1\n');
  const link = join(folder, 'link.yaml');
  symlinkSync('real/own.yaml', link);
  const twice = join(folder, 'twice.yaml');
  symlinkSync('link.yaml', twice);
  const read = readConfigFile(twice);
  expect(read.path).toBe(real);
  writeConfigFile(twice, 'version: 1\n# new\n', read.etag);
  expect(readFileSync(real, 'utf8')).toBe('version: 1\n# new\n');
  expect(lstatSync(link).isSymbolicLink() && lstatSync(twice).isSymbolicLink()).toBe(true);
});

test('writeConfigFile() makes a file that is not there, also behind a link to it', () => {
  const made = join(folder, 'made.yaml');
  writeConfigFile(made, 'version: 1\n', NO_FILE);
  const link = join(folder, 'link.yaml');
  symlinkSync('later.yaml', link);
  writeConfigFile(link, 'version: 1\n', NO_FILE);
  expect(readFileSync(join(folder, 'later.yaml'), 'utf8')).toBe(readFileSync(made, 'utf8'));
});

test('writeConfigFile() writes over nothing that was changed since it was read', () => {
  const { etag } = readConfigFile(file);
  writeFileSync(file, 'version: 1\n# somebody else\n');
  expect(problemOf(() => writeConfigFile(file, 'version: 1\n', etag)).code).toBe('changed');
  expect(problemOf(() => writeConfigFile(file, 'version: 1\n', NO_FILE)).code).toBe('changed');
  expect(readFileSync(file, 'utf8')).toBe('version: 1\n# somebody else\n');
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
});

test('readConfigFile() says why a file cannot be read', () => {
  expect(problemOf(() => readConfigFile(join(folder, 'none'))).message).toMatch(/none: no such file/);
  expect(problemOf(() => readConfigFile(folder)).message).toMatch(/it is a folder/);
  writeFileSync(file, Buffer.from([0x61, 0x3a, 0xff]));
  expect(problemOf(() => readConfigFile(file)).message).toMatch(/not UTF-8/);
});

test('readConfigFile() keeps a byte order mark', () => {
  writeFileSync(file, '\uFEFFversion: 1\n');
  const { text, etag } = readConfigFile(file);
  expect(text).toBe('\uFEFFversion: 1\n');
  expect(etag).toBe(etagOf('\uFEFFversion: 1\n'));
});

test('whyNotWritable() knows folders that are closed, and files of others', async () => {
  expect(whyNotWritable(file)).toBeUndefined();
  await unprivileged(() => {
    if (process.getuid?.() !== 0) return;
    expect(whyNotWritable(file)).toMatch(/permission denied in|belongs to somebody else/);
  });
  if (process.getuid?.() === 0) {
    chmodSync(folder, 0o777);
    expect(await unprivileged(() => whyNotWritable(file))).toMatch(/belongs to somebody else/);
    const refused = await unprivileged(() =>
      problemOf(() => writeConfigFile(file, 'x', readConfigFile(file).etag)),
    );
    expect(refused.code).toBe('not-writable');
  }
});

test('lockConfig() is for one at a time, and takes the lock of a process that is gone', () => {
  const unlock = lockConfig(file);
  expect(unlock).toBeDefined();
  expect(lockConfig(file)).toBeUndefined();
  expect(problemOf(() => writeConfigFile(file, 'x', readConfigFile(file).etag)).code).toBe('busy');
  unlock?.();
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
  // Nobody has this id; somebody may have had it, and have been killed.
  writeFileSync(join(folder, '.pxed.yaml.lock'), '4194304 17');
  const again = lockConfig(file);
  expect(again).toBeDefined();
  again?.();
  // The id of this process, started at another time.
  writeFileSync(join(folder, '.pxed.yaml.lock'), `${process.pid} 1`);
  lockConfig(file)?.();
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
});

test('writeConfigFile() sweeps what killed writers left', () => {
  for (const name of ['.pxed.yaml.new-77', '.pxed.yaml.lock-4194304', '.pxed.yaml.lock-4194304-dead']) {
    writeFileSync(join(folder, name), 'left');
  }
  writeFileSync(join(folder, '.pxed.yaml.new-mine'), 'not ours');
  writeConfigFile(file, 'version: 1\n# 2\n', readConfigFile(file).etag);
  expect(readdirSync(folder).sort()).toEqual(['.pxed.yaml.new-mine', 'pxed.yaml']);
});

/** Writes until it is killed, `afterMs` after its first word. */
async function writeAndKill(afterMs: number): Promise<void> {
  const script = join(import.meta.dirname, 'config-writer-process.ts');
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await gone;
}

test('writeConfigFile() leaves one text or the other, whole, whenever it is killed', async () => {
  const seen = new Set<string>();
  for (let round = 0; round < 12; round++) {
    // Moments that no step of the writer is in time with.
    await writeAndKill(((round * 37) % 60) + Math.random() * 5);
    const text = readFileSync(file, 'utf8');
    seen.add(text);
    if (text === 'version: 1\n') continue;
    const [, end, pid] = /# end (\d+) of (\d+)\n$/.exec(text) ?? [];
    expect([end, pid]).not.toContain(undefined);
    const lines = text.split('\n');
    expect(lines).toHaveLength(503);
    expect(lines.slice(1, 501).every((line) => line.startsWith(`# round ${end} of ${pid} `))).toBe(true);
  }
  // They did write, over what killed ones left behind.
  expect(seen.size).toBeGreaterThan(5);
  writeConfigFile(file, 'version: 1\n', readConfigFile(file).etag);
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
});

test('writeConfigFile() loses nothing of several who write at once', async () => {
  const script = join(import.meta.dirname, 'config-adder-process.ts');
  const names = ['one', 'two', 'three'];
  const ends = names.map(async (name) => {
    const child = spawn(process.execPath, [script, file, name, '7'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return await new Promise((resolve) => child.once('exit', resolve));
  });
  expect(await Promise.all(ends)).toEqual([0, 0, 0]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1).sort();
  const want = names.flatMap((name) => Array.from({ length: 7 }, (_, index) => `# ${name} ${index}`));
  expect(lines).toEqual(want.sort());
  expect(readdirSync(folder)).toEqual(['pxed.yaml']);
});
