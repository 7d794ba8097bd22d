import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** A TFTP server to measure: how it is started, at its best settings. */
export type Peer = {
  readonly name: string;
  readonly argv: readonly string[];
  readonly version: string;
  /** A process a transfer, which nobody waits for. */
  readonly forks?: boolean;
  /** Several times slower than all others in every scenario: one run of it says that, and takes as long as five of theirs. */
  readonly once?: boolean;
  /** Takes part in scenarios that name it. */
  readonly extra?: boolean;
};

const PROJECT = join(import.meta.dirname, '..');
const PTFTPD = join(PROJECT, 'dist/bin/ptftpd.js');

/** Compiles a C tool of bench/tools; returns the program's path. */
export function compile(name: string, folder: string): string {
  const program = join(folder, name);
  execFileSync('cc', ['-O2', '-w', '-o', program, join(PROJECT, `bench/tools/${name}.c`)]);
  return program;
}

/** pxed, the peers that are installed (or can be unpacked from their Debian packages), the C limit last. */
export function findPeers(root: string, folder: string): Peer[] {
  const dnsmasq = which('dnsmasq');
  const atftpd = which('atftpd', 'atftpd', folder);
  const tftpd = which('in.tftpd', 'tftpd-hpa', folder);
  const peers: (Peer | undefined)[] = [
    {
      name: 'pxed',
      argv: [process.execPath, PTFTPD, 'eth0', root, '--log-format', 'json'],
      version: `Node ${process.versions.node}`,
    },
    {
      name: 'pxed, 2 workers',
      argv: [process.execPath, PTFTPD, 'eth0', root, '--log-format', 'json', '--workers', '2'],
      version: `Node ${process.versions.node}`,
      extra: true,
    },
    dnsmasq === undefined
      ? undefined
      : {
          name: 'dnsmasq',
          argv: [
            dnsmasq,
            '-k',
            '-C',
            '/dev/null',
            '-p',
            '0',
            '--user=root',
            '--enable-tftp',
            `--tftp-root=${root}`,
          ].concat(['--tftp-max=2000', '--pid-file=']),
          version: firstLine(dnsmasq, '--version').replace(/^Dnsmasq version (\S+).*/, '$1'),
        },
    atftpd === undefined
      ? undefined
      : {
          name: 'atftpd',
          argv: [
            atftpd,
            '--daemon',
            '--no-fork',
            '--user',
            'root',
            '--group',
            'root',
            '--no-multicast',
          ].concat(['-m', '2000', '--tftpd-timeout', '0', '--logfile', '/dev/null', root]),
          version: firstLine(atftpd, '--version').replace(/^atftp-(\S+).*/, '$1'),
        },
    tftpd === undefined
      ? undefined
      : {
          name: 'in.tftpd',
          argv: [tftpd, '-L', '-4', '-a', '0.0.0.0:69', '--secure', '--user', 'root', root],
          forks: true,
          once: true,
          version: firstLine(tftpd, '-V').replace(/^tftp-hpa ([^,]+).*/, '$1'),
        },
    {
      name: 'C limit',
      argv: [compile('tftplimit', folder), root, '69'],
      version: 'no checks, no retransmission',
    },
  ];
  return peers.filter((peer) => peer !== undefined);
}

/** The installed program, else the one out of its Debian package: atftpd and tftpd-hpa cannot be installed side by side. */
export function which(program: string, debianPackage?: string, folder?: string): string | undefined {
  const installed = ['/usr/sbin', '/usr/bin', '/sbin'].map((place) => join(place, program)).find(existsSync);
  if (debianPackage === undefined || folder === undefined) return installed;
  const unpacked = join(folder, debianPackage);
  mkdirSync(unpacked, { recursive: true });
  const fetch = `cd ${unpacked} && apt-get -qq download ${debianPackage} && dpkg -x ${debianPackage}_*.deb .`;
  try {
    execFileSync('sh', ['-c', fetch], { stdio: 'ignore' });
  } catch {
    return installed; // offline, or not Debian
  }
  return join(unpacked, 'usr/sbin', program);
}

function firstLine(program: string, flag: string): string {
  try {
    return (
      execFileSync(program, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0] ??
      ''
    );
  } catch {
    return '?';
  }
}
