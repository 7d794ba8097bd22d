/**
 * The server under test as a parameter: pxed, or dnsmasq, which does the same job and so proves a rig, and is what the
 * boot times are shown beside. `PXED_RIG_SERVER=dnsmasq` runs the rings that allow it against dnsmasq.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Host } from './lab.ts';
import type { Command, Running } from './process.ts';

export const PROJECT = resolve(import.meta.dirname, '../..');

export type ServerKind = 'pxed' | 'dnsmasq';

export type ServerSpec = {
  root: string;
  bootFile: string;
  /** Answer clients that are not netboot clients too (`-a`). */
  answerAll?: boolean;
  /** More arguments of pxed, before the interface. */
  options?: readonly string[];
  /** Machines with an address of their own: MAC -> address. */
  hosts?: Readonly<Record<string, string>>;
  /** More lines of pxed's configuration. */
  config?: string;
  /** Default `dhcp`: the only server of its lab need not look for others first. */
  mode?: 'auto' | 'dhcp' | 'proxy';
  /** Default `eth0`. */
  interfaceName?: string;
};

export const serverKind: ServerKind = process.env.PXED_RIG_SERVER === 'dnsmasq' ? 'dnsmasq' : 'pxed';

/** `pxed [options] eth0 <root> <boot file>`, run from the sources by the Node that runs the tests. */
export function pxedCommand(spec: ServerSpec): Command {
  return [
    process.execPath,
    join(PROJECT, 'bin/pxed.ts'),
    ...(spec.answerAll === true ? ['-a'] : []),
    ...['--mode', spec.mode ?? 'dhcp'],
    ...(spec.options?.includes('--state') ? [] : ['--state', 'memory']),
    ...(spec.options ?? []),
    spec.interfaceName ?? 'eth0',
    spec.root,
    spec.bootFile,
  ];
}

/** dnsmasq doing what `pxedCommand` does. */
export function dnsmasqCommand(spec: ServerSpec, address: string, folder: string): Command {
  const net = address.replace(/\.\d+\/\d+$/, '');
  return [
    'dnsmasq',
    '--no-daemon',
    '--conf-file=/dev/null',
    '--port=0',
    '--user=root',
    '--bind-interfaces',
    `--interface=${spec.interfaceName ?? 'eth0'}`,
    `--dhcp-range=${net}.50,${net}.150,2m`,
    '--bootp-dynamic',
    `--dhcp-boot=${spec.bootFile}`,
    ...Object.entries(spec.hosts ?? {}).map(([mac, ip]) => `--dhcp-host=${mac},${ip}`),
    `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
    '--log-dhcp',
    '--enable-tftp',
    `--tftp-root=${spec.root}`,
  ];
}

/** UDP ports that are bound in the namespace of `pid`, from its /proc/net/udp (hexadecimal, proc(5)). */
export function boundUdpPorts(pid: number): Set<number> {
  try {
    const lines = readFileSync(`/proc/${pid}/net/udp`, 'latin1').trim().split('\n').slice(1);
    return new Set(lines.map((line) => Number.parseInt(line.trim().split(/\s+/)[1]!.split(':')[1]!, 16)));
  } catch {
    return new Set(); // it ended
  }
}

/** Resolves when every one of `ports` is bound; rejects when the process ends before, or at the bound. */
export async function waitForPorts(
  running: Running,
  ports: readonly number[],
  timeoutMs = 30_000,
): Promise<void> {
  const until = performance.now() + timeoutMs;
  let ended = false;
  void running.exited.then(() => {
    ended = true;
  });
  for (;;) {
    const bound = boundUdpPorts(running.pid);
    if (ports.every((port) => bound.has(port))) return;
    const why = ended ? 'the server has ended' : performance.now() > until ? `${timeoutMs} ms are over` : '';
    if (why !== '')
      throw new Error(`Cannot see udp ports ${ports.join(', ')} bound: ${why}\n${running.output()}`);
    await new Promise((next) => setTimeout(next, 25));
  }
}

/** Writes what the command line cannot say as a configuration file; gives the options that name it. */
async function configOptions(host: Host, spec: ServerSpec): Promise<string[]> {
  if (spec.hosts === undefined && spec.config === undefined) return [];
  const hosts = Object.entries(spec.hosts ?? {}).map(([mac, ip]) => `  - {mac: "${mac}", address: ${ip}}`);
  const lines = ['version: 1', ...(hosts.length > 0 ? ['hosts:', ...hosts] : []), spec.config ?? ''];
  const path = join(host.folder, 'pxed.yaml');
  await writeFile(path, `${lines.join('\n')}\n`);
  return ['--config', path];
}

/** Starts the server on a host and resolves when it owns ports 67 and 69. */
export async function startServer(
  host: Host,
  spec: ServerSpec,
  kind: ServerKind = serverKind,
): Promise<Running> {
  const address = (await host.addresses(spec.interfaceName))[0] ?? '';
  const options = [...(await configOptions(host, spec)), ...(spec.options ?? [])];
  const running = host.start(
    kind === 'pxed' ? pxedCommand({ ...spec, options }) : dnsmasqCommand(spec, address, host.folder),
  );
  await waitForPorts(running, [67, 69]);
  return running;
}
