/**
 * in.tftpd of tftpd-hpa. Its package cannot be installed beside atftpd's: the program is taken out of the package, and kept for the next
 * run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Need, root } from './requirement.ts';

const CACHE = '/var/cache/pxed-test/tftpd-hpa';
const UNPACKED = `${CACHE}/usr/sbin/in.tftpd`;

const UNPACK = `
mkdir -p ${CACHE} && cd ${CACHE}
apt-get -qq download tftpd-hpa || { apt-get -qq update && apt-get -qq download tftpd-hpa; }
dpkg -x tftpd-hpa_*.deb .
rm -f tftpd-hpa_*.deb
`;

/** Where the program is; undefined where it cannot be had. */
export function tftpHpaProgram(): string | undefined {
  // An installed /usr/sbin/in.tftpd may be atftpd's.
  if (existsSync(UNPACKED)) return UNPACKED;
  if (root() !== undefined) return undefined;
  spawnSync('sh', ['-ec', UNPACK], { stdio: 'ignore', timeout: 120_000 });
  return existsSync(UNPACKED) ? UNPACKED : undefined;
}

export const tftpHpa: Need = () =>
  tftpHpaProgram() === undefined ? 'no in.tftpd (apt-get download tftpd-hpa did not bring it)' : undefined;
