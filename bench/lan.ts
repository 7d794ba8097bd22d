import { type ChildProcess, execFileSync, spawn } from 'node:child_process';

/** Two hosts and a cable between them, as network namespaces of this benchmark. */
export type Lan = {
  readonly server: string;
  readonly client: string;
  readonly address: string;
  /** The client's first; it has {@link HOSTS} more. */
  readonly clientAddress: string;
  /** Packets that each side loses on their way in, percent; wants nft. */
  lose(percent: number): void;
  close(): void;
};

const ADDRESS = '10.93.0.1';
const CLIENT = '10.93.0.2';
/** Addresses of the client's side besides its first: 10.93.0.10 and on. */
export const HOSTS = 64;

function ip(...args: string[]): void {
  execFileSync('ip', args);
}

/** Needs root. `length`: of the network's prefix. */
export function openLan(length = 24): Lan {
  const server = `pxed-bench-${process.pid}-s`;
  const client = `pxed-bench-${process.pid}-c`;
  for (const name of [server, client]) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client);
  ip('-n', server, 'address', 'add', `${ADDRESS}/${length}`, 'brd', '+', 'dev', 'eth0');
  ip('-n', client, 'address', 'add', `${CLIENT}/${length}`, 'brd', '+', 'dev', 'eth0');
  for (let host = 10; host < 10 + HOSTS; host++) {
    ip('-n', client, 'address', 'add', `10.93.0.${host}/${length}`, 'dev', 'eth0');
  }
  for (const name of [server, client]) ip('-n', name, 'link', 'set', 'eth0', 'up');
  return {
    server,
    client,
    address: ADDRESS,
    clientAddress: CLIENT,
    lose(percent) {
      // Not netem: not every kernel has it.
      for (const name of [server, client]) {
        const nft = (rules: string) => execFileSync('ip', ['netns', 'exec', name, 'nft', rules]);
        nft('add table ip loss; delete table ip loss');
        if (percent === 0) continue;
        nft('add table ip loss; add chain ip loss in { type filter hook input priority 0; }');
        nft(`add rule ip loss in numgen random mod 1000 < ${percent * 10} drop`);
      }
    },
    close() {
      for (const name of [server, client]) {
        execFileSync('sh', ['-c', `ip netns pids ${name} | xargs -r kill -9; ip netns delete ${name}`]);
      }
    },
  };
}

/**
 * Waits until port 69 of the server's side is bound, or is no longer: servers differ in how they say that they are ready, and in how
 * long they take to be gone; the next one would find the port in use and end.
 */
export async function untilBound(lan: Lan, wanted: boolean): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const table = execFileSync('ip', ['netns', 'exec', lan.server, 'cat', '/proc/net/udp'], {
      encoding: 'utf8',
    });
    if (/:0045 /.test(table) === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Cannot measure: port 69 is ${wanted ? 'not served' : 'still in use'}`);
}

/** Starts a command inside a namespace, pinned to processors (`0`, `0,1`). */
export function startPinned(netns: string, cpus: string, argv: readonly string[]): ChildProcess {
  // `ip netns exec` and `taskset` both exec: the child's pid is that of the command itself.
  return spawn('ip', ['netns', 'exec', netns, 'taskset', '-c', cpus, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}
