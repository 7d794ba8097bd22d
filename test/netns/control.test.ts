import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type ControlClient, createControlClient, type Download } from '../../src/app/control-client.ts';
import { PROJECT, pxedCommand } from '../rig/server.ts';
import { createTftpRoot, hashOf, type TftpRoot } from '../rig/tftp-root.ts';
import {
  command,
  createLab,
  type Finished,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
} from './harness.ts';

const SERVER = '192.168.77.1';
const TOKEN = 'only-who-knows-this-may-come';
const READY_MS = 30_000;
const MB = 1_000_000;

type Service = { readonly name: string; readonly state: string; readonly restarts: number };
type Status = {
  readonly services: readonly Service[];
  readonly leases: { readonly bound: number };
  readonly tool: string;
};

async function drain({ octets }: Download): Promise<void> {
  for await (const _ of octets);
}

type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
};
type Document = { readonly openapi: string; readonly paths: Record<string, Record<string, Operation>> };

ring(
  'control of a pxed that runs',
  [namespaces, command('curl', 'curl'), command('udhcpc', 'udhcpc')],
  () => {
    const site = {} as { lab: Lab; root: TftpRoot; host: Host; client: Host; folder: string; config: string };
    let socket: string;
    let control: ControlClient;
    let server: Running;

    beforeAll(async () => {
      site.lab = await createLab();
      site.root = await createTftpRoot();
      await site.root.fill('pxelinux.0', 42_430);
      await site.root.fill('kernel', 20 * MB);
      site.host = await site.lab.host('server', { address: `${SERVER}/24` });
      site.client = await site.lab.host('client', { address: '192.168.77.9/24' });
      site.folder = await mkdtemp(join(tmpdir(), 'pxed-control-'));
      await chmod(site.folder, 0o755);
      site.config = join(site.folder, 'pxed.yaml');
      await writeFile(join(site.folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
      await configure('');
      socket = join(site.folder, 'run/pxed.sock');
      control = createControlClient({ socket });
      await start();
    });
    afterEach(async () => {
      for (const { name, state } of await services()) {
        if (state !== 'running') await control.send('POST', `/api/v1/services/${name}/start`);
      }
      await configure('');
    });
    afterAll(async () => {
      await server?.stop(10_000);
      await site.lab.close();
      await site.root.delete();
      await rm(site.folder, { recursive: true, force: true });
    });

    async function configure(more: string): Promise<void> {
      const listen = `control: { listen: "${SERVER}:8069", token-file: ${join(site.folder, 'token')} }`;
      await writeFile(site.config, `version: 1\n${listen}\n${more}\n`);
    }

    async function start(): Promise<void> {
      const options = ['--verbose', '--log-format', 'json', '--workers', '2', '-a'];
      const place = ['--config', site.config, '--control', socket];
      server = site.host.start(
        pxedCommand({ root: site.root.path, bootFile: 'pxelinux.0', options: [...options, ...place] }),
      );
      await server.waitFor(/"service":"pxed","msg":"pxed ready"/, READY_MS);
    }

    /** `pxectl …`, as another process, in another network namespace than pxed. */
    function pxectl(...words: string[]): Promise<Finished> {
      const argv = [join(PROJECT, 'bin/pxectl.ts'), ...words] as const;
      return site.client.run([process.execPath, ...argv], { env: { PXED_SOCKET: socket } });
    }

    async function services(): Promise<readonly Service[]> {
      return ((await control.get('/api/v1/status')) as Status).services;
    }

    async function stateOf(name: string): Promise<string | undefined> {
      return (await services()).find((service) => service.name === name)?.state;
    }

    function fetch(url: string, ...options: string[]): Promise<Finished> {
      return site.client.run(['curl', '-sS', '-o', '/dev/null', ...options, url], { timeoutMs: 60_000 });
    }

    test('pxectl status shows what runs, for people and for programs', async () => {
      const told = await pxectl('status');
      expect(told).toMatchObject({ code: 0, stderr: '' });
      expect(told.stdout).toMatch(/^pxed \S+, mode dhcp, pid \d+, up for /);
      expect(told.stdout).toMatch(/^tftp +running +\S+(?: \S+)? +0 +2 workers$/m);
      expect(told.stdout).toMatch(/^eth0 +192\.168\.77\.1\/24 +[0-9a-f:]{17} +1500 +yes/m);
      const { stdout } = await pxectl('status', '--json');
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ tool: 'pxed', ready: true, root: site.root.path },
        services: [
          { name: 'tftp', workers: [{ name: 'tftp 1' }, { name: 'tftp 2' }] },
          { name: 'http' },
          { name: 'dhcp' },
        ],
      });
    });

    test('pxectl stop and start: one service rests, and the transfers of the others go on', async () => {
      const to = join(site.lab.folder, 'kernel');
      const download = site.client.run(
        ['curl', '-sSf', '--limit-rate', '5M', '-o', to, `http://${SERVER}/kernel`],
        { timeoutMs: 60_000 },
      );
      await expect
        .poll(() => control.get('/api/v1/transfers'), { timeout: READY_MS })
        .toMatchObject([{ protocol: 'http', peer: '192.168.77.9', file: '/kernel', totalBytes: 20 * MB }]);

      expect(await pxectl('stop', 'tftp')).toMatchObject({
        code: 0,
        stdout: 'tftp is halted\n',
        stderr: '',
      });
      expect(await pxectl('stop', 'tftp')).toMatchObject({ code: 0, stdout: 'tftp is halted already\n' });
      expect((await fetch(`tftp://${SERVER}/pxelinux.0`, '-m', '2')).code).not.toBe(0);
      expect(await stateOf('http')).toBe('running');

      expect(await pxectl('start', 'tftp')).toMatchObject({ code: 0, stdout: 'tftp runs\n' });
      expect(await pxectl('start', 'tftp')).toMatchObject({ code: 0, stdout: 'tftp runs already\n' });
      expect(await fetch(`tftp://${SERVER}/pxelinux.0`)).toMatchObject({ code: 0, stderr: '' });

      expect(await download).toMatchObject({ code: 0, stderr: '' });
      expect(await hashOf(to)).toBe(await site.root.hash('kernel'));
    });

    test('stopping TFTP lets its transfers finish, while no new one begins', async () => {
      const to = join(site.lab.folder, 'by-tftp');
      const download = site.client.run(['curl', '-sSf', '-o', to, `tftp://${SERVER}/kernel`], {
        timeoutMs: 60_000,
      });
      type Live = { readonly protocol: string; readonly bytes: number; readonly totalBytes: number };
      let live: Live | undefined;
      await expect
        .poll(
          async () => {
            [live] = (await control.get('/api/v1/transfers')) as Live[];
            return live?.bytes ?? 0;
          },
          { interval: 1, timeout: READY_MS },
        )
        .toBeGreaterThan(0);
      expect(live).toMatchObject({ protocol: 'tftp', totalBytes: 20 * MB });
      await control.send('POST', '/api/v1/services/tftp/stop');
      expect(await download).toMatchObject({ code: 0, stderr: '' });
      expect(await hashOf(to)).toBe(await site.root.hash('kernel'));
      expect(await stateOf('tftp')).toBe('halted');
    });

    test('a halted HTTP resets connections, so that nobody waits in vain', async () => {
      await control.send('POST', '/api/v1/services/http/stop');
      // 7 where the reset is faster than curl, else 56; 28 would be a wait in vain.
      expect([7, 56]).toContain((await fetch(`http://${SERVER}/pxelinux.0`, '-m', '10')).code);
      await control.send('POST', '/api/v1/services/http/start');
      expect(await fetch(`http://${SERVER}/pxelinux.0`)).toMatchObject({ code: 0 });
    });

    test('pxectl restart: DHCP answers again, and TFTP goes on meanwhile', async () => {
      const before = (await services()).find(({ name }) => name === 'dhcp')!.restarts;
      expect(await pxectl('restart', 'dhcp')).toMatchObject({ code: 0, stdout: 'dhcp runs\n' });
      expect((await services()).find(({ name }) => name === 'dhcp')!.restarts).toBe(before);
      expect((await pxectl('status')).stdout).toMatch(/^dhcp +running +\d+s/m);
      const lease = [
        'udhcpc',
        '-i',
        'eth0',
        '-n',
        '-q',
        '-f',
        '-s',
        '/bin/true',
        '-t',
        '5',
        '-T',
        '1',
      ] as const;
      expect((await site.client.run(lease)).code).toBe(0);
      expect(await fetch(`tftp://${SERVER}/pxelinux.0`)).toMatchObject({ code: 0 });
    });

    test('pxectl events shows what happened and follows what happens, of one machine if need be', async () => {
      const mac = await site.client.mac();
      const argv = [join(PROJECT, 'bin/pxectl.ts'), 'events', '--follow', '--machine', mac, '--limit', '0'];
      const following = site.host.start([process.execPath, ...argv, '--socket', socket]);
      const json = site.host.start([process.execPath, ...argv, '--socket', socket, '--json']);
      // They look when they are among the connections: until then udhcpc asks again.
      const lease = [
        'udhcpc',
        '-i',
        'eth0',
        '-n',
        '-q',
        '-f',
        '-s',
        '/bin/true',
        '-t',
        '5',
        '-T',
        '1',
      ] as const;
      await expect
        .poll(
          async () => {
            await site.client.run(lease);
            return /got|acknowledged|leases?/.test(following.output()) && json.output().includes('dhcp.ack');
          },
          { timeout: READY_MS },
        )
        .toBe(true);
      const first = JSON.parse(json.output().split('\n')[0]!) as { mac: string; at: string };
      expect(first).toMatchObject({ mac, at: expect.stringMatching(/^\d{4}-.*Z$/) });
      for (const each of [following, json]) each.signal('SIGINT');
      expect(await Promise.all([following.exited, json.exited])).toEqual([0, 0]);

      await fetch(`tftp://${SERVER}/pxelinux.0`);
      await server.waitFor(/"type":"tftp\.done".*"file":"pxelinux\.0"/, READY_MS);
      const { stdout } = await pxectl('events', '--type', 'tftp', '--limit', '5');
      expect(stdout.split('\n').length).toBeLessThanOrEqual(6);
      expect(stdout).toContain('pxelinux.0');
      expect((await pxectl('events', '--machine', 'nobody')).code).toBe(2);
      for (const following of [[], ['--follow']]) {
        expect(await pxectl('events', '--type', 'dhcp.akc', ...following)).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('there is no event dhcp.akc; did you mean dhcp.ack'),
        });
      }
    });

    test('pxectl reload puts a good configuration in force, and says what is wrong with another', async () => {
      await configure('boot: { filename: kernel }');
      expect(await pxectl('reload')).toMatchObject({
        code: 0,
        stdout: 'the new configuration is in force\n',
      });
      await configure('boot: { filenam: kernel }\nmode: nonsense');
      const wrong = await pxectl('reload');
      expect(wrong.code).toBe(1);
      expect(wrong.stderr).toMatch(/^pxectl: The configuration was not changed: /);
      expect(wrong.stderr).toContain(`${site.config}:3`);
      expect(wrong.stderr).toContain('mode');
      await configure('tftp: { port: 6970 }');
      const fixed = await pxectl('reload');
      expect([fixed.code, fixed.stderr]).toEqual([
        1,
        expect.stringContaining('can only change with a restart'),
      ]);
    });

    test('pxectl ends with a code that says what is the matter', async () => {
      expect((await pxectl('stop', 'ntp')).code).toBe(2);
      const nowhere = await pxectl('status', '--socket', join(site.folder, 'nowhere'));
      expect([nowhere.code, nowhere.stderr]).toEqual([4, expect.stringContaining('No pxed is running at')]);
    });

    test('by TCP it takes a token, or a session with its word', async () => {
      const url = `http://${SERVER}:8069`;
      const curl = async (...options: string[]) => {
        const { stdout } = await site.client.run(['curl', '-sS', '-w', '\n%{http_code}', ...options]);
        return { status: stdout.slice(-3), body: stdout.slice(0, -4) };
      };
      const bearer = ['-H', `authorization: Bearer ${TOKEN}`];
      expect(await curl(`${url}/api/v1/status`)).toMatchObject({ status: '401' });
      expect(
        await curl('-H', 'authorization: Bearer only-who-knows-that-may-come', `${url}/api/v1/status`),
      ).toMatchObject({
        status: '401',
      });
      expect(await curl(...bearer, `${url}/api/v1/status`)).toMatchObject({ status: '200' });
      expect(await curl(`${url}/healthz`)).toEqual({ status: '200', body: 'ok\n' });
      expect(await curl(`${url}/readyz`)).toEqual({ status: '200', body: 'ready\n' });
      expect(await curl(`${url}/metrics`)).toMatchObject({ status: '401' });
      const metrics = await curl(...bearer, `${url}/metrics`);
      expect(metrics.body).toMatch(/^pxed_service_up\{service="tftp"\} 1$/m);
      expect(metrics.body).toMatch(/^pxed_leases\{subnet="192\.168\.77\.0\/24",state="bound"\} \d+$/m);

      const jar = join(site.lab.folder, 'cookies');
      const login = await curl('-c', jar, '--json', JSON.stringify({ token: TOKEN }), `${url}/api/v1/login`);
      const { csrf } = JSON.parse(login.body) as { csrf: string };
      expect(await curl('-b', jar, `${url}/api/v1/session`)).toMatchObject({
        body: JSON.stringify({ user: 'console', csrf }),
      });
      const restart = ['-b', jar, '-X', 'POST', `${url}/api/v1/services/http/restart`];
      expect(await curl(...restart)).toMatchObject({ status: '403' });
      expect(await curl('-H', `pxed-csrf: ${csrf}`, ...restart)).toMatchObject({ status: '200' });
      expect(
        await curl('-b', jar, '-H', `pxed-csrf: ${csrf}`, '-X', 'POST', `${url}/api/v1/logout`),
      ).toMatchObject({
        status: '204',
      });
      expect(await curl('-b', jar, `${url}/api/v1/session`)).toMatchObject({ status: '401' });
    });

    test('/api/v1/openapi.json describes routes that are there, and answer', async () => {
      const document = (await control.get('/api/v1/openapi.json')) as Document;
      expect(document.openapi).toBe('3.1.0');
      const ids = new Set<string>();
      for (const [path, operations] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(operations)) {
          const of = `${method} ${path}`;
          expect(ids, of).not.toContain(operation.operationId);
          ids.add(operation.operationId);
          expect(operation.summary, of).not.toBe('');
          const named = (operation.parameters ?? [])
            .filter((one) => one.in === 'path')
            .map(({ name }) => name);
          expect(
            [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]),
            of,
          ).toEqual(named);
          const good = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
          expect(good, of).toBeDefined();
          // A stream of events has no end.
          if (method !== 'get' || JSON.stringify(good).includes('text/event-stream')) continue;
          const asked = path.replaceAll(/\{\w+\}/g, 'x');
          const answer = JSON.stringify(good).includes('octet-stream')
            ? control.download(asked).then(drain)
            : control.get(asked);
          const problem = await answer.then(
            () => undefined,
            (error: unknown) => error as { status: number; code: string },
          );
          if (!operation.parameters?.some(({ required }) => required)) expect(problem, of).toBeUndefined();
          expect(problem?.status ?? 200, of).toBeLessThan(500);
          expect(problem?.code, of).not.toBe('no-such-route');
        }
      }
      expect(ids.size).toBeGreaterThan(15);
    });

    test('another program finds the socket taken, and by whom; what a killed pxed left is replaced', async () => {
      const { pid } = (await control.get('/api/v1/status')) as { pid: number };
      const argv = [
        join(PROJECT, 'bin/ptftpd.ts'),
        '-p',
        '6969',
        '--control',
        socket,
        site.root.path,
      ] as const;
      const second = await site.host.run([process.execPath, ...argv]);
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(`Cannot listen on ${socket}: in use by pxed, pid ${pid}`);

      server.signal('SIGKILL');
      await server.exited;
      expect(existsSync(socket)).toBe(true);
      expect((await pxectl('status')).code).toBe(4);
      await start();
      expect((await pxectl('status')).code).toBe(0);
      await server.stop(10_000);
      expect(existsSync(socket)).toBe(false);
      await start();
    });

    test('without a word of it root’s pxed listens on /run/pxed/pxed.sock, also from a checkout in a closed home', async () => {
      const other = await site.lab.host('other', { address: '192.168.79.1/24', segment: 'lan' });
      const [node, , ...rest] = pxedCommand({ root: site.root.path, bootFile: 'pxelinux.0' });
      const home = join(site.folder, 'home');
      await mkdir(join(home, 'pxed'), { recursive: true, mode: 0o700 });
      const script = `
      set -e
      mount -t tmpfs tmpfs /run
      mount --bind ${PROJECT} ${home}/pxed
      "$@" & pxed=$!
      for i in $(seq 300); do [ -S /run/pxed/pxed.sock ] && break; sleep 0.1; done
      stat -c '%a %U %F' /run/pxed/pxed.sock
      stat -c '%a %U' /run/pxed
      ${node} ${join(PROJECT, 'bin/pxectl.ts')} status
      for path in healthz metrics api/v1/openapi.json; do
        curl -sSf -o /dev/null --unix-socket /run/pxed/pxed.sock http://localhost/$path && echo "$path is there"
      done
      kill -TERM $pxed; wait $pxed
      echo "left: $(ls -A /run/pxed)"`;
      const pxed = [node, join(home, 'pxed/bin/pxed.ts'), ...rest] as const;
      const shell = ['env', '-u', 'PXED_SOCKET', 'sh', '-c', script, 'sh', ...pxed] as const;
      const { code, stdout, stderr } = await other.run([...shell], { timeoutMs: 90_000 });
      expect([code, stderr]).toEqual([0, '']);
      const told = stdout.split('\n').filter((line) => !line.startsWith('{'));
      expect(told.slice(0, 2)).toEqual(['660 root socket', '755 nobody']);
      expect(stdout).toMatch(/^tftp +running/m);
      expect(stdout.match(/^.* is there$/gm)).toHaveLength(3);
      expect(told.at(-2)).toBe('left: ');
    });
  },
);
