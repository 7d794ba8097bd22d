import { linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { clockWarning, openLeases, prepareState, usualStateFolder } from '../../src/app/lease-state.ts';
import { openProgress } from '../../src/app/progress-state.ts';
import { rescue } from '../../src/app/rescue.ts';
import { StartProblem } from '../../src/app/start-problem.ts';
import { lease, put } from '../store/lease-rig.ts';

const folders: string[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-state-'));
  folders.push(folder);
  return folder;
}

test('prepareState() makes the folder that is named; memory is none', () => {
  const folder = join(temporary(), 'deep', 'state');
  expect(prepareState({ state: folder }, undefined)).toBe(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
  expect(statSync(folder).mode & 0o777).toBe(0o750);
  expect(prepareState({ state: 'memory' }, undefined)).toBeUndefined();
});

test('prepareState() leaves the folders above open, for the user that pxed becomes', () => {
  const above = join(temporary(), 'above');
  prepareState({ state: join(above, 'state') }, undefined);
  expect(statSync(above).mode & 0o005).toBe(0o005);
});

test('prepareState() gives up where no folder can be made', ({ skip }) => {
  if (process.platform !== 'linux') skip('no /proc');
  expect(() => prepareState({ state: '/proc/pxed/state' }, undefined)).toThrow(
    /^Cannot keep leases in \/proc\/pxed\/state: (nothing can be made there|permission denied)$/,
  );
});

test('prepareState() without a name is the system’s folder for root, the user’s own for others', () => {
  const home = temporary();
  vi.stubEnv('XDG_STATE_HOME', home);
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  expect(usualStateFolder()).toBe(join(home, 'pxed'));
  expect(prepareState({ state: undefined }, undefined)).toBe(join(home, 'pxed'));
  vi.stubEnv('XDG_STATE_HOME', 'not/absolute');
  expect(usualStateFolder()).toMatch(/\/\.local\/state\/pxed$/);
  vi.spyOn(process, 'getuid').mockReturnValue(0);
  expect(usualStateFolder()).toBe('/var/lib/pxed');
});

test('prepareState() gives root’s folder to the user, with its leases, but nothing that is more than that', ({
  skip,
}) => {
  if (process.getuid?.() !== 0) skip('not root');
  const nobody = { user: 'nobody', uid: 65_534, group: 'nogroup', gid: 65_534 };
  const state = join(temporary(), 'state');
  prepareState({ state }, undefined);
  const other = join(temporary(), 'passwd');
  writeFileSync(other, '');
  writeFileSync(join(state, 'leases.db'), '');
  symlinkSync(other, join(state, 'leases.db-wal'));
  prepareState({ state }, nobody);
  expect([state, join(state, 'leases.db'), other].map((path) => statSync(path).uid)).toEqual([
    65_534, 65_534, 0,
  ]);

  const linked = join(temporary(), 'state');
  prepareState({ state: linked }, undefined);
  linkSync(other, join(linked, 'leases.db'));
  prepareState({ state: linked }, nobody);
  expect(statSync(other).uid).toBe(0);

  const shared = temporary();
  writeFileSync(join(shared, 'hosts'), '');
  prepareState({ state: shared }, nobody);
  expect(statSync(shared).uid).toBe(0);
});

test('prepareState() says that the folder cannot be made', () => {
  const file = join(temporary(), 'file');
  writeFileSync(file, '');
  expect(() => prepareState({ state: join(file, 'state') }, undefined)).toThrow(
    new RegExp(`^Cannot keep leases in ${file}/state: a file is in the way$`),
  );
});

test('openLeases() keeps leases in the folder, and says how many it found', async () => {
  const folder = temporary();
  const first = await openLeases(folder);
  expect(first.detail).toBe(`0 in ${folder}/leases.db`);
  first.leases.stage([put(lease(1, 'a', { since: Date.now(), expiresAt: Date.now() + 1e6 }))]);
  first.leases.commit();
  first.leases.close();
  expect(readdirSync(folder)).toEqual(['leases.db']);
  const second = await openLeases(folder);
  expect(second).toMatchObject({ detail: `1 in ${folder}/leases.db`, movedByMs: 0 });
  second.leases.close();
  expect((await openLeases(undefined)).detail).toMatch(/^in memory/);
});

function withPragma(path: string, pragma: string): void {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA ${pragma}`);
  db.close();
}

test.each([
  {
    name: 'damaged',
    spoil: (path: string) => writeFileSync(path, ''),
    says: /file is empty/,
    fix: /^Save what can be saved: pxectl rescue /,
  },
  {
    name: 'newer',
    spoil: (path: string) => withPragma(path, 'user_version = 99'),
    says: /newer pxed/,
    fix: /newer/,
  },
  {
    name: 'foreign',
    spoil: (path: string) => withPragma(path, 'application_id = 1'),
    says: /no lease store/,
    fix: /Move that file/,
  },
])('openLeases() says what to do when the file is $name', async ({ spoil, says, fix }) => {
  const folder = temporary();
  (await openLeases(folder)).leases.close();
  spoil(join(folder, 'leases.db'));
  const problem = await openLeases(folder).catch((error: unknown) => error);
  if (!(problem instanceof StartProblem)) throw new Error('it opened');
  expect(problem.message).toMatch(says);
  expect(problem.fix).toMatch(fix);
});

test('openLeases() says that another process has the file', async () => {
  const folder = temporary();
  const { leases } = await openLeases(folder);
  await expect(openLeases(folder)).rejects.toThrow(
    `Cannot use the leases in ${folder}/leases.db: in use by `,
  );
  leases.close();
});

test('clockWarning() tells people how far', () => {
  expect(clockWarning(-7_200_000)).toMatchObject({
    problem: 'clock-set',
    detail: expect.stringContaining('back by 120 minutes'),
  });
  expect(clockWarning(9000)).toMatchObject({ detail: expect.stringContaining('forward by 9 s') });
});

test('rescue() says in one line what it did, and ends with 0 or 1', async () => {
  const folder = temporary();
  let said = '';
  const write = (text: string): void => {
    said += text;
  };
  const io = { out: { write }, err: { write }, now: () => new Date(Date.UTC(2026, 0, 2)) };
  expect(await rescue(folder, io)).toBe(1);
  expect(said).toBe(`pxectl: Cannot rescue ${folder}/leases.db: there is no such file\n`);
  (await openLeases(folder)).leases.close();
  said = '';
  expect(await rescue(folder, io)).toBe(0);
  expect(said).toBe(`${folder}/leases.db: nothing is wrong with it; 0 leases\n`);
  writeFileSync(join(folder, 'leases.db'), '');
  said = '';
  expect(await rescue(folder, io)).toBe(0);
  expect(said).toContain(`the damaged file is kept as ${folder}/leases.db.damaged-20260102T000000Z\n`);
  openProgress(folder).close();
  said = '';
  expect(await rescue(folder, io)).toBe(0);
  expect(said).toContain(`\n${folder}/boot.db: nothing is wrong with it; 0 machines\n`);
  writeFileSync(join(folder, 'boot.db'), '');
  expect(() => openProgress(folder)).toThrow(
    expect.objectContaining({ fix: expect.stringContaining(`pxectl rescue ${folder}`) }),
  );
  said = '';
  expect(await rescue(folder, io)).toBe(0);
  expect(said).toContain(`saved the boot progress of 0 machines`);
  openProgress(folder).close();
  (await openLeases(folder)).leases.close();
});
