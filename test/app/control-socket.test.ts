import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenAt } from '../../src/app/control-socket.ts';
import { unprivileged } from '../rig/unprivileged.ts';

let folder: string;
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-socket-'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(folder, { recursive: true });
});

function server(): Server {
  const made = createServer((_, response) => void response.end('here'));
  servers.push(made);
  return made;
}

test('listenAt() makes the folder, and a socket for owner and group alone', async () => {
  const path = join(folder, 'run/pxed/pxed.sock');
  const before = process.umask();
  await listenAt(path, server());
  expect(process.umask()).toBe(before);
  expect(statSync(path).isSocket()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(statSync(join(folder, 'run/pxed')).mode & 0o777).toBe(0o755 & ~before);
});

test('listenAt() hands folder and socket to whom they are to belong', async ({ skip }) => {
  skip(process.getuid?.() !== 0, 'needs root');
  const path = join(folder, 'pxed/pxed.sock');
  const runAs = { user: 'x', uid: 1234, group: 'x', gid: 1234 };
  await listenAt(path, server(), { runAs, gid: 4321 });
  expect(statSync(join(folder, 'pxed')).uid).toBe(1234);
  expect(statSync(path)).toMatchObject({ uid: 0, gid: 4321 });
  expect(statSync(folder).uid).toBe(0);
});

test('listenAt() leaves no socket behind that it cannot hand to its group', async () => {
  const path = join(folder, 's');
  const refused = createServer();
  // No system has such a group.
  const listening = listenAt(path, refused, { gid: 2 ** 40 });
  await expect(listening).rejects.toMatchObject({
    name: 'StartProblem',
    message: expect.stringContaining(`Cannot give ${path} to group`),
  });
  expect(refused.listening).toBe(false);
  expect(existsSync(path)).toBe(false);
});

test('listenAt() replaces a socket that nobody listens on', async () => {
  const path = join(folder, 's');
  await listenAt(path, server());
  // As after kill -9: the file is there, the listener is not.
  const [dead] = servers.splice(0);
  const kept = join(folder, 'kept');
  const { linkSync, unlinkSync } = await import('node:fs');
  linkSync(path, kept);
  await new Promise((resolve) => dead!.close(resolve));
  if (!existsSync(path)) linkSync(kept, path);
  unlinkSync(kept);
  await listenAt(path, server());
  await new Promise<void>((resolve, reject) => {
    connect(path).once('connect', resolve).once('error', reject).unref();
  });
});

test('listenAt() leaves a socket alone that somebody listens on, and says who', async ({ skip }) => {
  skip(process.platform !== 'linux', 'needs /proc');
  const path = join(folder, 's');
  await listenAt(path, server());
  const refused = await listenAt(path, server()).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    name: 'StartProblem',
    message: expect.stringMatching(
      new RegExp(`^Cannot listen on ${path}: in use by .*, pid ${process.pid}$`),
    ),
  });
  expect(statSync(path).isSocket()).toBe(true);
});

test.each([
  { name: 'a file', make: (path: string) => writeFileSync(path, 'x') },
  { name: 'a folder', make: (path: string) => mkdirSync(path) },
  { name: 'a link', make: (path: string) => symlinkSync('/etc/passwd', path) },
])('listenAt() does not replace $name', async ({ make }) => {
  const path = join(folder, 's');
  make(path);
  await expect(listenAt(path, server())).rejects.toThrow(
    `Cannot listen on ${path}: it is there, and no socket`,
  );
  expect(existsSync(path)).toBe(true);
});

test('listenAt() says why it cannot', async () => {
  await expect(listenAt(join(folder, 'x'.repeat(120)), server())).rejects.toThrow(/^Cannot listen on .*: /);
  writeFileSync(join(folder, 'file'), '');
  await expect(listenAt(join(folder, 'file/s'), server())).rejects.toThrow('a folder of it is a file');
  // Seen by everybody, and closed to who is not root.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'closed'));
  chmodSync(join(folder, 'closed'), 0o555);
  await unprivileged(async () => {
    const path = join(folder, 'closed/s');
    await expect(listenAt(path, server())).rejects.toThrow(`Cannot listen on ${path}: permission denied`);
  });
});
