import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AF_UNIX, SOCK_DGRAM } from '../../src/net/linux/structs.ts';
import { loadNetwork } from '../../src/net/load.ts';

const LOAD = new URL('../../src/net/load.ts', import.meta.url).href;

/** What it does cannot be undone, so each case is a process of its own. */
function inChild(code: string): unknown {
  const script = `
    import { readFileSync, readdirSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    import { loadNetwork } from ${JSON.stringify(LOAD)};
    const network = await loadNetwork('linux');
    const status = (path) => Object.fromEntries(
      readFileSync(path, 'utf8').split('\\n').map((line) => line.split(':\\t')));
    console.log(JSON.stringify(await (async () => { ${code} })()));`;
  const child = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

const root = process.platform === 'linux' && process.getuid?.() === 0;

test('giveUpPrivileges() leaves every thread another user without capabilities', ({ skip }) => {
  skip(!root, 'only root has something to give up');
  const threads = inChild(`
    const done = network.giveUpPrivileges({ uid: 65534, gid: 65534 });
    if (!done.ok) throw new Error(JSON.stringify(done));
    return readdirSync('/proc/self/task').map((id) => status('/proc/self/task/' + id + '/status'));`);
  expect(threads).not.toHaveLength(0);
  for (const thread of threads as Record<string, string>[]) {
    expect(thread).toMatchObject({
      Uid: '65534\t65534\t65534\t65534',
      Gid: '65534\t65534\t65534\t65534',
      CapPrm: '0000000000000000',
      CapEff: '0000000000000000',
    });
    expect(thread.Groups?.trim()).toBe('65534');
  }
});

test('giveUpPrivileges() cannot be undone, nor by a worker or a program started later', ({ skip }) => {
  skip(!root, 'only root has something to give up');
  const after = inChild(`
    network.giveUpPrivileges({ uid: 65534, gid: 65534 });
    let again = 'became root';
    try { process.setuid(0); } catch (error) { again = error.code; }
    const worker = new Worker(\`
      import { readFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      parentPort.postMessage(readFileSync('/proc/thread-self/status', 'utf8'));
    \`, { eval: true });
    const text = await new Promise((resolve) => worker.once('message', resolve));
    return { again, capabilities: network.capabilities(), text };`) as {
    again: string;
    capabilities: string[];
    text: string;
  };
  expect(after.again).toBe('EPERM');
  expect(after.capabilities).toEqual([]);
  expect(after.text).toMatch(/^CapBnd:\t0{16}$/m);
  expect(after.text).toMatch(/^NoNewPrivs:\t1$/m);
});

test('giveUpPrivileges() without an account keeps the user and no capability', ({ skip }) => {
  skip(!root, 'only root has something to give up');
  const after = inChild(`
    const before = network.capabilities().includes('CAP_NET_RAW');
    const done = network.giveUpPrivileges(undefined);
    return { before, ok: done.ok, uid: process.getuid(), left: network.capabilities() };`);
  expect(after).toEqual({ before: true, ok: true, uid: 0, left: [] });
});

test('notify() tells nobody when nobody listens', async ({ skip }) => {
  skip(process.platform !== 'linux', 'sd_notify is Linux');
  const network = await loadNetwork('linux');
  expect(network.notify('/nonexistent/notify', 'READY=1')).toBe(false);
  expect(network.notify('', 'READY=1')).toBe(false);
  expect(network.notify(`@${'x'.repeat(200)}`, 'READY=1')).toBe(false);
});

test.each(['path', 'abstract'])('notify() reaches a listening service manager (%s)', async (kind) => {
  if (process.platform !== 'linux') return;
  const network = await loadNetwork('linux');
  const c = await import('../../src/net/linux/ffi.ts');
  const { Arena } = await import('../../src/net/linux/arena.ts');
  const folder = mkdtempSync('/tmp/pxed-notify-');
  const name = kind === 'path' ? `${folder}/socket` : `@pxed-notify-${process.pid}`;
  const arena = new Arena(256);
  arena.view.setUint16(0, AF_UNIX, true);
  arena.bytes.set(new TextEncoder().encode(name.replace('@', '\0')), 2);
  const fd = c.socket(AF_UNIX, SOCK_DGRAM, 0);
  expect(c.bind(fd, arena.pointer(0), 2 + name.length + (kind === 'path' ? 1 : 0))).toBe(0);
  expect(network.notify(name, 'READY=1\nSTATUS=here')).toBe(true);
  const length = c.recv(fd, arena.pointer(128), 128, 0);
  expect(new TextDecoder().decode(arena.bytes.subarray(128, 128 + length))).toBe('READY=1\nSTATUS=here');
  c.close(fd);
  rmSync(folder, { recursive: true });
});
