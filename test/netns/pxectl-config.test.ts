import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type ControlClient, createControlClient } from '../../src/app/control-client.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { pxectl } from '../rig/pxectl.ts';
import {
  command,
  createLab,
  type Host,
  type Lab,
  namespaces,
  type Running,
  ring,
  startServer,
} from './harness.ts';

const TEXT = `# The lab
version: 1
networks:
  - subnet: 192.168.77.0/24
    range: 192.168.77.50-192.168.77.99   # machines
    lease: 1h

tftp:
  windowsize-max: 16
`;

/** A client that asks for an address once, and goes on. */
const UDHCPC = ['udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '5', '-T', '1', '-s', '/bin/true'] as const;

ring(
  'pxectl config and pxectl leases with a pxed that runs',
  [namespaces, command('udhcpc', 'udhcpc'), command('curl', 'curl')],
  () => {
    let lab: Lab;
    let client: Host;
    let root: BootRoot;
    let folder: string;
    let file: string;
    let pxed: Running;
    let api: ControlClient;
    let mac: string;

    beforeAll(async () => {
      lab = await createLab();
      const server = await lab.host('server', { address: '192.168.77.1/24' });
      client = await lab.host('client');
      mac = await client.mac();
      root = await createEmptyRoot();
      await root.write('pxelinux.0', 'the loader');
      folder = mkdtempSync(join(tmpdir(), 'pxed-control-'));
      chmodSync(folder, 0o755); // pxed will be nobody
      file = join(folder, 'pxed.yaml');
      const socket = join(folder, 'pxed.sock');
      writeFileSync(file, TEXT);
      // Of pxed, and of pxectl.
      vi.stubEnv('PXED_SOCKET', socket);
      const options = ['--config', file, '--state', join(folder, 'state'), '--no-conflict-probe'];
      pxed = await startServer(
        server,
        { root: root.path, bootFile: 'pxelinux.0', answerAll: true, options },
        'pxed',
      );
      api = createControlClient({ socket });
    });
    beforeEach(() => writeFileSync(file, TEXT));
    afterAll(async () => {
      vi.unstubAllEnvs();
      await lab.close();
      await root.delete();
      rmSync(folder, { recursive: true, force: true });
    });

    const text = () => readFileSync(file, 'utf8');

    test('show, get and check tell what the file says, and what is in force', async () => {
      expect((await pxectl('config', 'show')).out).toBe(text());
      expect(await pxectl('config', 'get', 'tftp.windowsize-max')).toMatchObject({ code: 0, out: '16\n' });
      // Of the command line.
      expect(await pxectl('config', 'get', 'tftp.root')).toMatchObject({ code: 0, out: `${root.path}\n` });
      expect(await pxectl('config', 'get', 'conflict-probe')).toMatchObject({ code: 0, out: 'false\n' });
      expect(await pxectl('config', 'check')).toMatchObject({ code: 0, out: `${file}: no mistakes\n` });
      writeFileSync(file, text().replace('lease: 1h', 'lease: soon'));
      const said = await pxectl('config', 'check');
      expect(said.code).toBe(1);
      expect(said.err).toContain(`${file}:6: networks[0].lease: `);
    });

    test('set, as root, saves what changed as it is, and puts it in force at once', async () => {
      const before = text();
      const said = await pxectl('config', 'set', 'networks[0].lease', '2h');
      expect(said).toEqual({
        code: 0,
        out: `networks[0].lease: 1h -> 2h\nsaved in ${file}, and in force\n`,
        err: '',
      });
      expect(text()).toBe(before.replace('lease: 1h', 'lease: 2h'));
      expect(statSync(file).uid).toBe(0);
      await pxed.waitFor(/the new configuration is in force/, 10_000);
      const { out } = await client.run([...UDHCPC]).then(({ stdout, stderr }) => ({ out: stdout + stderr }));
      expect(out).toContain('lease time 7200');
    });

    test('set that needs a restart is saved, and says so; unset takes it back', async () => {
      const before = text();
      const said = await pxectl('config', 'set', 'tftp.port', '1069');
      expect(said.code).toBe(0);
      expect(said.out).toContain('in force after a restart of pxed, which tftp.port needs');
      expect(text()).toContain('port: 1069');
      expect(await pxectl('config', 'get', 'tftp.port')).toMatchObject({ out: '69\n' });
      expect((await pxectl('config', 'check')).out).toContain('waits for a restart of pxed: tftp.port');
      expect((await pxectl('config', 'unset', 'tftp.port')).out).toContain('and in force');
      expect(text()).toBe(before);
    });

    test('set with mistakes changes nothing, also with those that only pxed can see', async () => {
      const before = text();
      const said = await pxectl('config', 'set', 'tftp.windowsize-max', 'many', 'mode', 'x');
      expect(said).toMatchObject({ code: 1, out: '' });
      expect(said.err).toMatch(/windowsize-max: .*\n.*mode: .*\npxectl: nothing was changed\n$/s);
      const gone = await pxectl('config', 'set', 'bootptab', '/nowhere');
      expect(gone).toMatchObject({ code: 1 });
      expect(gone.err).toContain('/nowhere');
      expect(text()).toBe(before);
    });

    test('two who edit are told of one another, and nothing is overwritten', async () => {
      const editing = (await api.send('POST', '/api/v1/config/edit', {})) as { id: string; who: string };
      const told = await pxectl('config', 'set', 'tftp.windowsize-max', '8');
      expect(told.code).toBe(1);
      expect(told.err).toMatch(/has been editing the configuration since/);
      const forced = await pxectl('config', 'set', 'tftp.windowsize-max', '8', '--force');
      expect(forced).toMatchObject({ code: 0 });
      // The first one's editing was taken over.
      await expect(api.get(`/api/v1/config/edit/${editing.id}`)).rejects.toMatchObject({
        code: 'no-such-editing',
      });
    });

    test('edit saves what the editor left, and others are told meanwhile', async () => {
      const editor = join(folder, 'editor.sh');
      // Somebody else tries while the editor is open.
      const other = `curl -s --unix-socket ${join(folder, 'pxed.sock')} -X POST -d '{}' http://localhost/api/v1/config/edit`;
      const json = `-H 'content-type: application/json'`;
      writeFileSync(editor, `#!/bin/sh\necho 'answer-all: true' >>"$1"\n${other} ${json} >${folder}/told\n`);
      chmodSync(editor, 0o755);
      vi.stubEnv('VISUAL', editor);
      const said = await pxectl('config', 'edit');
      expect(said).toEqual({
        code: 0,
        out: `answer-all: not set -> true\nsaved in ${file}, and in force\n`,
        err: '',
      });
      expect(text()).toBe(`${TEXT}answer-all: true\n`);
      expect(readFileSync(join(folder, 'told'), 'utf8')).toContain('"being-edited"');
      // It is over.
      expect(await pxectl('config', 'unset', 'answer-all')).toMatchObject({ code: 0 });
    });

    test('the API saves what pxed may write, and says what to do where it may not', async () => {
      await expect(
        api.send('PUT', '/api/v1/config', { set: { 'tftp.windowsize-max': 4 } }),
      ).rejects.toMatchObject({ code: 'not-writable', status: 403 });
      // Given to who pxed has become, with its folder, it may.
      const { uid, gid } = statSync(join(folder, 'state', 'leases.db'));
      expect(uid).not.toBe(0);
      try {
        for (const path of [folder, file]) chownSync(path, uid, gid);
        const saved = await api.send('PUT', '/api/v1/config', { set: { 'tftp.windowsize-max': 4 } });
        expect(saved).toMatchObject({ saved: true, applied: true });
        expect(text()).toContain('windowsize-max: 4\n');
      } finally {
        for (const path of [folder, file]) chownSync(path, 0, 0);
      }
      const checked = (await api.send('POST', '/api/v1/config/check', {
        set: { 'tftp.port': 70 },
      })) as object;
      expect(checked).toMatchObject({ problems: [], needsRestart: ['tftp.port'] });
      expect(await api.get('/api/v1/config/schema')).toMatchObject({ type: 'object' });
    });

    test('leases are listed, reserved for their machine, taken back and exported', async () => {
      await client.run([...UDHCPC]);
      const listed = await pxectl('leases', '--json');
      const { leases } = JSON.parse(listed.out) as { leases: { ip: string; mac: string; state: string }[] };
      const own = leases.find((lease) => lease.mac === mac);
      expect(own).toMatchObject({ state: 'bound' });
      expect((await pxectl('leases', 'list', '--mac', mac)).out).toContain(own?.ip);
      expect((await pxectl('leases', 'export')).out).toContain(`${own?.ip},bound,${mac}`);

      expect(await pxectl('leases', 'release', mac)).toMatchObject({ code: 0 });
      await pxed.waitFor(/released by/, 10_000);
      expect((await pxectl('leases', 'show', mac)).out).toMatch(/state {7}released/);
      expect((await pxectl('leases', 'history', own?.ip ?? '')).out).toContain('a release');
      expect(await pxectl('leases', 'release', mac)).toMatchObject({ code: 1 });
      expect(await pxectl('leases', 'show', '192.168.77.200')).toMatchObject({ code: 5 });

      const reserved = await pxectl('leases', 'reserve', mac, '192.168.77.60', '--hostname', 'mine');
      expect(reserved).toMatchObject({ code: 0 });
      expect(reserved.out).toContain('and in force');
      const { stdout, stderr } = await client.run([...UDHCPC]);
      expect(stdout + stderr).toContain('192.168.77.60');
      expect((await pxectl('leases', 'show', mac)).out).toContain(
        `reserved    192.168.77.60 for ${mac} named mine`,
      );
      // Without asking: the file is pxed's, and may be looked at.
      const looked = await pxectl('leases', 'list', '--folder', join(folder, 'state'));
      expect(looked.out).toContain('192.168.77.60');
      const taken = await pxectl('leases', 'release', '192.168.77.60', '--folder', join(folder, 'state'));
      expect(taken).toMatchObject({ code: 1 });
      expect(taken.err).toMatch(/in use by .*pid \d+/);
    });
  },
);
