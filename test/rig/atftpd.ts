/** atftpd: out of its package, as in.tftpd (tftp-hpa.ts), for each of the two packages has a program of the other's name. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Need, root } from './requirement.ts';

const CACHE = '/var/cache/pxed-test/atftpd';
const UNPACKED = `${CACHE}/usr/sbin/atftpd`;
const INSTALLED = '/usr/sbin/atftpd';

const UNPACK = `
mkdir -p ${CACHE} && cd ${CACHE}
apt-get -qq download atftpd || { apt-get -qq update && apt-get -qq download atftpd; }
dpkg -x atftpd_*.deb .
rm -f atftpd_*.deb
`;

/** The program, where it is installed or was unpacked; undefined where it cannot be had. */
export function atftpdProgram(): string | undefined {
  if (existsSync(INSTALLED)) return INSTALLED;
  if (!existsSync(UNPACKED) && root() === undefined) {
    spawnSync('sh', ['-ec', UNPACK], { stdio: 'ignore', timeout: 120_000 });
  }
  return existsSync(UNPACKED) ? UNPACKED : undefined;
}

export const atftpd: Need = () =>
  atftpdProgram() === undefined ? 'no atftpd (apt-get download atftpd did not bring it)' : undefined;
