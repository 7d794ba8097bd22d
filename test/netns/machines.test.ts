/** What machines did, why, and what they boot next: pxectl against a pxed that runs, machines in software. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { type BootRoot, createEmptyRoot } from '../rig/boot-root.ts';
import { type ControlSocket, createControlSocket } from '../rig/control.ts';
import { PROJECT, pxedCommand, waitForPorts } from '../rig/server.ts';
import { createLab, type Host, type Lab, namespaces, type Running, ring, tun } from './harness.ts';

const READY_MS = 30_000;
const WALK_MS = 60_000;
const MAC = '52:54:00:ad:00:01';
const OTHER = '52:54:00:ad:00:02';
const CONFIG = `version: 1
profiles:
  live: { kernel: linux, initrd: initrd.gz }
  install: { kernel: installer, initrd: initrd.gz, once: until-fetched }
profile: live
`;

/** No text: the machine would not run that. */
const OCTETS = new Uint8Array(4000).fill(0xe9);
const ELF_OCTETS = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, ...OCTETS.subarray(4));

type Story = {
  readonly id: string;
  readonly stage: string;
  readonly profile?: string;
  readonly boots: number;
  readonly steps: readonly { readonly what: string; readonly text: string; readonly at: string }[];
  readonly explanation: { readonly verdict: string; readonly reasons: readonly { readonly code: string }[] };
  readonly chosen?: { readonly profile: string; readonly once: boolean; readonly taken: boolean };
  readonly next?: { readonly profile?: string; readonly reason: string };
};

ring('machines and pxectl', [namespaces, tun], () => {
  let lab: Lab;
  let server: Host;
  let root: BootRoot;
  let state: string;
  let control: ControlSocket;
  let pxed: Running;

  beforeAll(async () => {
    lab = await createLab();
    server = await lab.host('server', { address: '192.168.77.1/24' });
    state = mkdtempSync(join(tmpdir(), 'pxed-machines-'));
    chmodSync(state, 0o755); // pxed will be nobody
    control = createControlSocket();
    root = await createEmptyRoot();
    for (const name of ['pxelinux.0', 'linux', 'installer', 'initrd.gz']) {
      await root.write(name, OCTETS);
    }
    await root.write('ldlinux.c32', ELF_OCTETS);
    await root.write('pxed.yaml', CONFIG);
    await start();
  });
  afterAll(async () => {
    await lab.close();
    await root.delete();
    control.delete();
    rmSync(state, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const options = [
      '--config',
      join(root.path, 'pxed.yaml'),
      '--state',
      join(state, 'pxed'),
      ...control.options,
    ];
    pxed = server.start(pxedCommand({ root: root.path, bootFile: 'pxelinux.0', options }));
    await waitForPorts(pxed, [67, 69]);
    await pxed.waitFor(/"service":"pxed"|pxed ready/, READY_MS);
  }

  /** A ROM and PXELINUX in software boot. */
  async function boot(mac: string, ended = 'kernel'): Promise<void> {
    const path = join(PROJECT, 'test/rig/rom-process.ts');
    const walk = lab.start([process.execPath, path, await lab.tap(), mac], `rom-${mac.slice(-2)}`);
    const [line] = await walk.waitFor(/^\{.*\}$/m, WALK_MS);
    await walk.exited;
    expect(JSON.parse(line)).toMatchObject({ ended });
  }

  async function json<T>(...args: string[]): Promise<T> {
    const { stdout, stderr } = await control.pxectl(...args, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout) as T;
  }

  /** What pxectl simulate says, of what is kept. */
  async function simulated(mac: string): Promise<string> {
    const words = [
      '--config',
      join(root.path, 'pxed.yaml'),
      '--state',
      join(state, 'pxed'),
      '--mode',
      'dhcp',
    ];
    const argv = [
      'simulate',
      ...words,
      '--interface',
      'eth0',
      '--mac',
      mac,
      '--arch',
      'x86PC',
      root.path,
      'pxelinux.0',
    ];
    return (await server.run([process.execPath, join(PROJECT, 'bin/pxectl.ts'), ...argv])).stdout;
  }

  const why = (machine: string) => json<Story>('why', machine);
  const bootedProfile = async (mac: string) => (await why(mac)).profile;

  test('why tells every step of a boot that went well; machines lists it', async () => {
    await boot(MAC);
    const story = await why(MAC);
    expect(story).toMatchObject({ id: MAC, profile: 'live', explanation: { reasons: [] } });
    expect(['booted', 'booting']).toContain(story.explanation.verdict);
    const steps = story.steps.map(({ what, text }) => `${what}: ${text}`);
    expect(steps[0]).toMatch(/^offered: was offered 192\.168\.77\.\d+, boots pxelinux\.0/);
    expect(steps).toContainEqual(expect.stringMatching(/^got-address/));
    for (const file of ['pxelinux.0', 'linux', 'initrd.gz']) {
      expect(steps).toContainEqual(
        expect.stringMatching(new RegExp(`^fetched: got ${file.replace('.', '\\.')} `)),
      );
    }
    expect(steps).toContainEqual(
      expect.stringMatching(/^configured: .*made from profile live \(profile live by default\)/),
    );
    const [machine] = await json<Story[]>('machines');
    expect(machine).toMatchObject({ id: MAC, boots: 1 });
    const { stdout } = await control.pxectl('machines');
    expect(stdout).toMatch(new RegExp(`^${MAC}\\s+192\\.168\\.77\\.\\d+`, 'm'));
  });

  test('boot --once holds for one boot, and is offered although it was finished before', async () => {
    for (let round = 0; round < 2; round++) {
      const { stdout, code } = await control.pxectl('boot', MAC, 'install', '--once');
      expect([stdout, code]).toEqual([`${MAC} boots install the next time\n`, 0]);
      expect(await why(MAC)).toMatchObject({
        chosen: { profile: 'install', once: true, taken: false },
        next: { profile: 'install', reason: 'profile install by pxectl boot, once' },
      });
      await boot(MAC);
      expect(await bootedProfile(MAC)).toBe('install');
    }
    await boot(MAC);
    expect(await bootedProfile(MAC)).toBe('live');
  });

  test('what is chosen for good outlasts a power cut, local too, and --clear takes it back', async () => {
    await control.pxectl('boot', OTHER, 'local');
    pxed.signal('SIGKILL');
    await pxed.exited;
    await start();
    await boot(OTHER, 'local-boot');
    expect(await why(OTHER)).toMatchObject({ profile: 'local', explanation: { verdict: 'booted' } });
    expect(await simulated(OTHER)).toContain('profile local by pxectl boot');
    expect((await control.pxectl('boot', OTHER, '--clear')).stdout).toContain('what the configuration says');
    await boot(OTHER);
    expect(await bootedProfile(OTHER)).toBe('live');
  });

  test('whoever watches sees a machine go through its boot', async () => {
    const end = new AbortController();
    const watched = (async () => {
      const seen: Story[] = [];
      const client = createControlClient({ socket: control.path });
      for await (const { event, data } of client.stream('/api/v1/events?stream=machine', end.signal)) {
        if (event === 'machine') seen.push(data as Story);
        if (seen.some(({ stage }) => stage === 'done')) end.abort();
      }
      return seen;
    })();
    await boot(MAC);
    const seen = await watched;
    expect(seen.at(-1)).toMatchObject({ id: MAC, stage: 'done', profile: 'live' });
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([MAC]));
  });

  test('the timeline outlasts a power cut', async () => {
    const machines = await json<Story[]>('machines');
    expect(machines.map(({ id }) => id).sort()).toEqual([MAC, OTHER]);
    expect((await why(MAC)).boots).toBe(5);
  });

  test('why exits 1 for a boot that failed, names the cause, and remembers those before', async () => {
    await rm(join(root.path, 'linux'));
    await boot(OTHER, 'failed');
    await expect
      .poll(async () => (await why(OTHER)).explanation.verdict, { timeout: 30_000, interval: 500 })
      .toBe('failed');
    const { code, stdout } = await control.pxectl('why', OTHER);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^52:54:00:ad:00:02 \(.*\) did not boot: it asks for linux, which is not in the root/,
    );
    expect(stdout).toContain('Earlier boots:');
    await root.write('linux', OCTETS);
  });

  test('forget says what was known; mistakes are told with their exit codes', async () => {
    expect((await control.pxectl('forget', MAC)).stdout).toContain('is offered everything again');
    expect((await control.pxectl('forget', MAC)).stdout).toContain('nothing was known');
    const mistake = async (...args: string[]) => {
      const { code, stderr } = await control.pxectl(...args);
      return `${code} ${stderr}`;
    };
    expect(await mistake('boot', MAC, 'instal')).toMatch(/^1 .*did you mean install/);
    expect(await mistake('boot', MAC)).toMatch(/^2 .*name a profile, or say --clear/);
    expect(await mistake('why', '10.9.9.9')).toMatch(/^5 .*Nothing was heard of 10\.9\.9\.9/);
    expect(await mistake('boot', '10.9.9.9', 'live')).toMatch(/^5 /);
    pxed.signal('SIGTERM');
    await pxed.exited;
    expect(await mistake('machines')).toMatch(/^4 .*No pxed is running/);
  });
});
