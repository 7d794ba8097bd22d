/** Other people's TFTP servers, and ours, as one kind of thing. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { which } from '../../bench/peers.ts';
import type { Host } from './lab.ts';
import type { Command, Running } from './process.ts';
import { PROJECT, waitForPorts } from './server.ts';

/** atftpd and tftpd-hpa cannot be installed side by side: their programs out of the packages. */
const CACHE = '/var/cache/pxed-test';

function unpacked(program: string, debianPackage: string): string {
  const path = join(CACHE, debianPackage, 'usr/sbin', program);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  return which(program, debianPackage, CACHE) ?? program;
}

export type TftpServer = {
  readonly name: 'ptftpd' | 'dnsmasq' | 'atftpd' | 'in.tftpd';
  /** Grants windows (RFC 7440). */
  readonly windows: boolean;
  readonly uploads: boolean;
  argv(root: string): Command;
};

export const TFTP_SERVERS: readonly TftpServer[] = [
  {
    name: 'ptftpd',
    windows: true,
    uploads: true,
    argv: (root) => [
      ...([process.execPath, join(PROJECT, 'bin/ptftpd.ts')] as const),
      ...['--allow-overwrite', '--user', 'root', 'eth0', root],
    ],
  },
  {
    name: 'dnsmasq',
    windows: false,
    uploads: false,
    argv: (root) => [
      ...(['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--port=0'] as const),
      ...['--user=root', '--enable-tftp', `--tftp-root=${root}`],
    ],
  },
  {
    name: 'atftpd',
    windows: true,
    uploads: true,
    argv: (root) => [
      ...([
        unpacked('atftpd', 'atftpd'),
        '--daemon',
        '--no-fork',
        '--user',
        'root',
        '--group',
        'root',
      ] as const),
      ...['--no-multicast', '--tftpd-timeout', '0', '--logfile', '/dev/null', root],
    ],
  },
  {
    name: 'in.tftpd',
    windows: false,
    uploads: true,
    argv: (root) => [
      ...([unpacked('in.tftpd', 'tftpd-hpa'), '-L', '-4', '-a', '0.0.0.0:69'] as const),
      ...['-c', '-p', '--secure', '--user', 'root', root],
    ],
  },
];

/** Starts one and resolves when it has its port. */
export async function startTftpServer(host: Host, server: TftpServer, root: string): Promise<Running> {
  const running = host.start(server.argv(root));
  await waitForPorts(running, [69]);
  return running;
}
