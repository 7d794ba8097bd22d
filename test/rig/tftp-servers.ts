/** Other people's TFTP servers, and ours, as one kind of thing. */
import { join } from 'node:path';
import { atftpd, atftpdProgram } from './atftpd.ts';
import type { Host } from './lab.ts';
import type { Command, Running } from './process.ts';
import { command, type Need } from './requirement.ts';
import { PROJECT, waitForPorts } from './server.ts';
import { tftpHpa, tftpHpaProgram } from './tftp-hpa.ts';

export type TftpServer = {
  readonly name: 'ptftpd' | 'dnsmasq' | 'atftpd' | 'in.tftpd';
  /** Grants windows (RFC 7440). */
  readonly windows: boolean;
  readonly uploads: boolean;
  readonly need: Need;
  argv(root: string): Command;
};

export const TFTP_SERVERS: readonly TftpServer[] = [
  {
    name: 'ptftpd',
    windows: true,
    uploads: true,
    need: () => undefined,
    argv: (root) => [
      ...([process.execPath, join(PROJECT, 'bin/ptftpd.ts')] as const),
      ...['--allow-overwrite', '--user', 'root', 'eth0', root],
    ],
  },
  {
    name: 'dnsmasq',
    windows: false,
    uploads: false,
    need: command('dnsmasq', 'dnsmasq-base'),
    argv: (root) => [
      ...(['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--port=0'] as const),
      ...['--user=root', '--enable-tftp', `--tftp-root=${root}`],
    ],
  },
  {
    name: 'atftpd',
    windows: true,
    uploads: true,
    need: atftpd,
    argv: (root) => [
      ...([
        atftpdProgram() ?? 'atftpd',
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
    need: tftpHpa,
    argv: (root) => [
      ...([tftpHpaProgram() ?? 'in.tftpd', '-L', '-4', '-a', '0.0.0.0:69'] as const),
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
