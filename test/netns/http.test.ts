import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { pxedCommand } from '../rig/server.ts';
import { compileTool, createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import { command, createLab, type Host, type Lab, namespaces, type Running, ring } from './harness.ts';

const SERVER = '192.168.77.1';
const URL = `http://${SERVER}`;
const MB = 1_000_000;
const READY_MS = 30_000;
const SIZES = { initrd: 100 * MB, kernel: MB, 'pxelinux.0': 42_430 };

ring('the boot root by HTTP', [namespaces, command('curl', 'curl')], () => {
  const site = {} as { lab: Lab; root: TftpRoot; host: Host; client: Host };
  let server: Running | undefined;
  let web: Running | undefined;

  beforeAll(async () => {
    site.lab = await createLab();
    site.root = await createTftpRoot();
    for (const [name, sizeBytes] of Object.entries(SIZES)) await site.root.fill(name, sizeBytes);
    await mkdir(join(site.root.path, 'pxelinux.cfg'), { mode: 0o755 });
    await writeFile(join(site.root.path, 'pxelinux.cfg/default'), 'DEFAULT local\n', { mode: 0o644 });
    site.host = await site.lab.host('server', { address: `${SERVER}/24` });
    site.client = await site.lab.host('client', { address: '192.168.77.50/24' });
  });
  afterEach(async () => {
    await server?.stop(10_000);
    await web?.stop();
    server = undefined;
    web = undefined;
  });
  afterAll(async () => {
    await site.lab.close();
    await site.root.delete();
  });

  /** Starts pxed; resolves when it serves. */
  async function start(...options: string[]): Promise<Running> {
    const bootFile = 'pxelinux.0';
    const all = ['--log-format', 'json', '--verbose', ...options];
    server = site.host.start(pxedCommand({ root: site.root.path, bootFile, options: all }));
    await server.waitFor(/"service":"pxed","msg":"pxed ready"/, READY_MS);
    return server;
  }

  test('curl gets files byte for byte, parts of them, and what is left of them', async () => {
    const running = await start();
    const to = join(site.lab.folder, 'initrd');
    await site.client.must(['curl', '-sSf', '-o', to, `${URL}/initrd`]);
    expect(await hashOf(to)).toBe(await site.root.hash('initrd'));
    await running.waitFor(/"type":"http\.done".*"path":"initrd".*"bytes":100000000.*"whole":true/, READY_MS);

    // A download that broke off goes on where it was.
    await truncate(to, 30 * MB);
    await site.client.must(['curl', '-sSf', '-C', '-', '-o', to, `${URL}/initrd`]);
    expect(await hashOf(to)).toBe(await site.root.hash('initrd'));
    await rm(to);

    const part = await site.client.must(['curl', '-sSf', '-r', '0-6', `${URL}/pxelinux.cfg/default`]);
    expect(part).toBe('DEFAULT');
    const head = await site.client.must(['curl', '-sSfI', `${URL}/PXELINUX.0`]);
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain('Content-Length: 42430\r\n');
    const { code } = await site.client.run(['curl', '-sSf', '--path-as-is', `${URL}/../etc/passwd`]);
    expect(code).toBe(22);
  });

  ring('wget', [command('wget', 'wget')], () => {
    test('gets a file, and not again what it has', async () => {
      await start();
      const folder = join(site.lab.folder, 'wget');
      await mkdir(folder);
      const get = ['wget', '-nv', '-N', '-P', folder, `${URL}/kernel`] as const;
      await site.client.must(get);
      expect(await hashOf(join(folder, 'kernel'))).toBe(await site.root.hash('kernel'));
      const { mtimeMs } = await stat(join(site.root.path, 'kernel'));
      expect((await stat(join(folder, 'kernel'))).mtimeMs).toBe(Math.floor(mtimeMs / 1000) * 1000);
      const again = await site.client.run(get);
      expect({ code: again.code, said: again.stderr }).toEqual({ code: 0, said: '' });
    });
  });

  ring('a thousand clients', [command('gcc', 'gcc')], () => {
    test('are served at once, without an error', async () => {
      const running = await start();
      const load = await compileTool('httpload', site.lab.folder);
      const args = [SERVER, '80', '/kernel', '1000', '2000', String(SIZES.kernel)];
      const { stdout } = await site.client.run([load, ...args], { timeoutMs: 100_000 });
      expect(JSON.parse(stdout)).toMatchObject({ ok: 2000, fail: 0, err: '' });
      expect(running.output()).not.toContain('"type":"http.failed"');
    });
  });

  test('a port that another program has is left to it, with a word', async () => {
    const program = join(site.lab.folder, 'another-web-server.cjs');
    await writeFile(program, 'require("net").createServer().listen(80, () => console.log("up"));');
    web = site.host.start([process.execPath, program]);
    await web.waitFor(/up/, READY_MS);
    const running = await start();
    const [warning] = await running.waitFor(/.*"problem":"port-unavailable".*/, READY_MS);
    expect(warning).toMatch(
      /Cannot open TCP port 80 of eth0: in use by another-web-server, pid \d+; files are served by TFTP alone/,
    );
    await running.stop();

    // Who asks for it does not start without it.
    const refused = site.host.start(
      pxedCommand({ root: site.root.path, bootFile: 'pxelinux.0', options: ['--http-port', '80'] }),
    );
    expect(await refused.exited).toBe(1);
    expect(refused.output()).toMatch(/Cannot open TCP port 80 of eth0: in use/);

    await start('--http-port', '8080');
    await site.client.must(['curl', '-sSf', '-o', '/dev/null', `${URL}:8080/kernel`]);
  });

  test('--no-http serves none; root is given up before a request is read', async () => {
    const running = await start('--no-http');
    const { code } = await site.client.run(['curl', '-sS', `${URL}/kernel`]);
    expect(code).toBe(7);
    await running.stop();
    const served = await start();
    expect(await readFile(`/proc/${served.pid}/status`, 'utf8')).toMatch(/^Uid:\t(?!0\t)/m);
    await site.client.must(['curl', '-sSf', '-o', '/dev/null', `${URL}/kernel`]);
  });

  test('a transfer under way ends before pxed does', async () => {
    const running = await start();
    const to = join(site.lab.folder, 'slow');
    const slow = site.client.start(['curl', '-sSf', '--limit-rate', '40M', '-o', to, `${URL}/initrd`]);
    await running.waitFor(/"type":"http\.started"/, READY_MS);
    await running.stop(10_000);
    expect(await slow.exited).toBe(0);
    expect(await hashOf(to)).toBe(await site.root.hash('initrd'));
  });
});
