import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findParts, missingParts } from '../../src/demo/parts.ts';
import { type Command, type Finished, run, start } from '../rig/process.ts';
import { command, type Need, namespaces, ring, tun } from '../rig/requirement.ts';
import { PROJECT } from '../rig/server.ts';

const MAIN = 'src/demo/main.ts';
const DEMO_MS = 60_000;
const REAL_MS = 280_000;

const realParts: Need = () => {
  const missing = missingParts(findParts().parts);
  return missing.length === 0 ? undefined : `a real machine wants: ${missing.join(', ')}`;
};

/** Somebody who is not root may make user namespaces. */
const userNamespaces: Need = () => {
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'unshare', '-U', '-r', '-n', 'true'];
  const { status, stderr } = spawnSync('setpriv', asNobody, { encoding: 'utf8' });
  return status === 0 ? undefined : `no user namespaces: ${stderr}`;
};

/** Command lines of processes that name `path`. */
function processesNaming(path: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      } catch {
        return ''; // gone meanwhile
      }
    })
    .filter((line) => line.includes(path));
}

ring('npm run demo', [namespaces, tun], () => {
  let temp = '';

  beforeAll(async () => {
    temp = await mkdtemp(join(tmpdir(), 'pxed-demo-test-'));
    await chmod(temp, 0o777);
  });
  afterAll(() => rm(temp, { recursive: true, force: true }));

  function demo(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    return run([process.execPath, MAIN, ...args], {
      cwd: PROJECT,
      env: { TMPDIR: temp, ...env },
      timeoutMs: args.includes('--client') ? DEMO_MS : REAL_MS,
    });
  }

  /** Boots locally first, then from a link of its own, and says so on both sides. */
  function expectTwoBoots(stdout: string): void {
    const machine = stdout.split('\n').filter((line) => line.startsWith('node1 |'));
    expect(machine.filter((line) => line.includes('FAIL'))).toEqual([]);
    expect(machine.filter((line) => / ok {2}(local-boot|kernel|initrd) /.test(line))).toHaveLength(3);
    const link = /default\.netboot-demo pxelinux\.cfg\/(C0A84D[0-9A-F]{2})$/m.exec(stdout)?.[1];
    expect(stdout).toContain(`node1 booted from pxelinux.cfg/${link}: kernel and initrd are loaded`);
    const server = stdout.split('\n').filter((line) => line.startsWith('pxed  |'));
    expect(server.filter((line) => line.includes(`pxelinux.cfg/${link}`))).not.toEqual([]);
  }

  test('boots the built-in machine twice and leaves nothing behind', async () => {
    const { code, stdout } = await demo(['--client']);
    expect(code, stdout).toBe(0);
    expectTwoBoots(stdout);
    expect(await readdir(temp)).toEqual([]);
  });

  test('keeps the boot files when asked to', async () => {
    const { stdout } = await demo(['--client', '--keep']);
    const kept = /The boot files are in (.*)$/m.exec(stdout)?.[1] ?? '';
    expect(await readdir(kept)).toContain('pxelinux.cfg');
    await rm(kept, { recursive: true });
  });

  test('stops at Ctrl-C with 130, with its server, and cleans up', async () => {
    const running = start([process.execPath, MAIN, '--client'], { cwd: PROJECT, env: { TMPDIR: temp } });
    await running.waitFor(/INFO: pxed 0/, DEMO_MS);
    running.signal('SIGINT');
    expect(await running.exited).toBe(130);
    expect(processesNaming(temp)).toEqual([]);
    expect(await readdir(temp)).toEqual([]);
  });

  test('names the packages of a real machine and fails when it must be real and cannot', async () => {
    const { code, stdout } = await demo(['--qemu'], { PATH: '/nonexistent' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/Missing for a real machine: .*qemu/);
    expect(stdout).not.toContain('node1 |');
  });

  test('says what is wrong with a private network that cannot be made', async () => {
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] as const;
    const env = { TMPDIR: temp, PATH: '/nonexistent' };
    const { code, stdout } = await readable([...asNobody, 'env', '-i', `PATH=${env.PATH}`], ['--client']);
    expect(code).toBe(1);
    expect(stdout).toContain('demo  | Cannot make a private network');
    expect(stdout).toContain('sudo npm run demo');
  });

  /** Runs the demo below `prefix` where every user may read the project, wherever the checkout is. */
  function readable(prefix: readonly string[], args: readonly string[]): Promise<Finished> {
    const script = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';
    const inside = [...prefix, 'node_modules/.bin/node', MAIN, ...args];
    const whole: Command = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      PROJECT,
      join(temp, 'project'),
      ...inside,
    ];
    return run(['sh', '-c', 'mkdir -p "$0/project" && chmod 755 "$0/project" && exec "$@"', temp, ...whole], {
      env: { TMPDIR: temp },
      timeoutMs: DEMO_MS,
    });
  }

  ring('without root', [userNamespaces, command('setpriv', 'util-linux')], () => {
    test('boots the built-in machine through a user namespace', async () => {
      const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
      const { code, stdout, stderr } = await readable(asNobody, ['--client']);
      expect(code, stdout + stderr).toBe(0);
      expectTwoBoots(stdout);
      expect(await readdir(temp)).toEqual(['project']);
    });
  });

  ring('with a real machine', [realParts], () => {
    test(
      'boots Linux in QEMU and proves which configuration it used',
      async () => {
        const { code, stdout } = await demo(['--qemu']);
        expect(code, stdout).toBe(0);
        expect(stdout).toMatch(
          /^node1 \| .*this machine booted over the network with .*pxed\.config=default\.netboot-demo/m,
        );
      },
      REAL_MS,
    );
  });
});
