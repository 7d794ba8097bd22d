/**
 * A lab: segments (bridges in one switch namespace) and hosts (a namespace each) plugged into them, and taps for
 * virtual machines. Interfaces live in namespaces only, so every lab may call its server's card `eth0`.
 *
 *     const lab = await createLab();
 *     const server = await lab.host('server', { address: '192.168.77.1/24' });
 *     const client = await lab.host('client');
 *     await client.run(['udhcpc', '-i', 'eth0', '-n', '-q']);
 *     await lab.close();
 */
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNamespace, deleteNamespace, sweepAbandoned, sweepOwn } from './namespace.ts';
import { type Command, type Finished, must, type Running, type RunOptions, run, start } from './process.ts';

export type Plug = {
  /** `192.168.77.1/24`; none when absent. */
  address?: string;
  mac?: string;
  /** The segment to plug into (default `lan`, which every lab has). */
  segment?: string;
  mtu?: number;
};

export type Host = {
  readonly netns: string;
  /** The lab's folder. */
  readonly folder: string;
  /** Adds an interface, up, plugged into a segment. */
  plug(name: string, plug?: Plug): Promise<void>;
  /** MAC address of an interface (default `eth0`). */
  mac(name?: string): Promise<string>;
  /** IPv4 addresses of an interface (default `eth0`), as `192.168.77.1/24`. */
  addresses(name?: string): Promise<string[]>;
  run(argv: Command, options?: Omit<RunOptions, 'netns'>): Promise<Finished>;
  must(argv: Command, options?: Omit<RunOptions, 'netns'>): Promise<string>;
  /** Starts a command whose output is also kept in the lab's folder as `<role>-<command>.log`. */
  start(argv: Command, options?: { cwd?: string; env?: Record<string, string> }): Running;
};

export type Lab = {
  /** A folder for this lab's logs and captures; deleted on close unless `keep` was called. */
  readonly folder: string;
  /** The namespace of the bridges: virtual machines and captures run here. */
  readonly switchNetns: string;
  /** A host with `eth0` on the segment. */
  host(role: string, plug?: Plug): Promise<Host>;
  /** Adds a segment of its own, not connected to the others. */
  segment(name: string): Promise<void>;
  /** A tap on a segment (default `lan`) in the switch's namespace; gives its name. */
  tap(segment?: string): Promise<string>;
  /** Starts a process in the switch's namespace. */
  start(argv: Command, name: string): Running;
  /** Keeps the folder when the lab closes, and says where it is. */
  keep(why: string): void;
  /** Stops every process, deletes every namespace. */
  close(): Promise<void>;
};

type State = { hosts: string[]; taps: number; ports: number; processes: Running[]; kept: boolean };

async function addBridge(netns: string, segment: string): Promise<void> {
  // No spanning tree, no snooping: a port forwards from its first millisecond.
  const bridge = ['type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0'] as const;
  await must(['ip', '-n', netns, 'link', 'add', `br-${segment}`, ...bridge]);
  await must(['ip', '-n', netns, 'link', 'set', `br-${segment}`, 'up']);
}

/** Makes a lab with one segment, `lan`. Needs root. */
export async function createLab(): Promise<Lab> {
  sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), 'pxed-lab-'));
  const switchNetns = await createNamespace('switch');
  const state: State = { hosts: [switchNetns], taps: 0, ports: 0, processes: [], kept: false };
  process.once('exit', sweepOwn);
  await addBridge(switchNetns, 'lan');

  function launch(netns: string, argv: Command, options: { name: string; cwd?: string; env?: object }) {
    const running = start(argv, {
      netns,
      logFile: join(folder, `${options.name}.log`),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env },
    });
    state.processes.push(running);
    return running;
  }

  async function plugInto(netns: string, name: string, plug: Plug = {}): Promise<void> {
    const port = `port${++state.ports}`;
    await must([
      'ip',
      '-n',
      switchNetns,
      'link',
      'add',
      port,
      'type',
      'veth',
      'peer',
      'name',
      name,
      'netns',
      netns,
    ]);
    await must(['ip', '-n', switchNetns, 'link', 'set', port, 'master', `br-${plug.segment ?? 'lan'}`, 'up']);
    if (plug.mac !== undefined) await must(['ip', '-n', netns, 'link', 'set', name, 'address', plug.mac]);
    if (plug.mtu !== undefined) await must(['ip', '-n', netns, 'link', 'set', name, 'mtu', String(plug.mtu)]);
    await must(['ip', '-n', netns, 'link', 'set', name, 'up']);
    if (plug.address !== undefined) {
      await must(['ip', '-n', netns, 'address', 'add', plug.address, 'brd', '+', 'dev', name]);
    }
  }

  async function host(role: string, plug: Plug = {}): Promise<Host> {
    const netns = await createNamespace(role);
    state.hosts.push(netns);
    await plugInto(netns, 'eth0', plug);
    return {
      netns,
      folder,
      plug: (name, more) => plugInto(netns, name, more),
      mac: async (name = 'eth0') => {
        const links = JSON.parse(await must(['ip', '-n', netns, '-j', 'link', 'show', 'dev', name]));
        return (links as { address: string }[])[0]!.address;
      },
      addresses: async (name = 'eth0') => {
        const text = await must(['ip', '-n', netns, '-4', '-o', 'address', 'show', 'dev', name]);
        return [...text.matchAll(/inet (\S+)/g)].map((match) => match[1]!);
      },
      run: (argv, options) => run(argv, { ...options, netns }),
      must: (argv, options) => must(argv, { ...options, netns }),
      start: (argv, options) =>
        launch(netns, argv, {
          ...options,
          name: `${role}-${argv[0].split('/').pop()}-${state.processes.length}`,
        }),
    };
  }

  return {
    folder,
    switchNetns,
    host,
    segment: (name) => addBridge(switchNetns, name),
    tap: async (segment = 'lan') => {
      const name = `tap${++state.taps}`;
      await must(['ip', '-n', switchNetns, 'tuntap', 'add', 'dev', name, 'mode', 'tap']);
      await must(['ip', '-n', switchNetns, 'link', 'set', name, 'master', `br-${segment}`, 'up']);
      return name;
    },
    start: (argv, name) => launch(switchNetns, argv, { name }),
    keep: (why) => {
      state.kept = true;
      appendFileSync(join(folder, 'WHY'), `${why}\n`);
      console.error(`${why}: logs and captures are kept in ${folder}`);
    },
    close: async () => {
      await Promise.all(state.processes.map((running) => running.stop()));
      for (const netns of state.hosts) deleteNamespace(netns);
      process.removeListener('exit', sweepOwn);
      if (!state.kept) await rm(folder, { recursive: true, force: true });
    },
  };
}
