import { parseIpv4 } from '../lib/ipv4.ts';
import { formatIpv6, parseIpv6 } from '../lib/ipv6.ts';
import { TftpError } from '../lib/tftp-error.ts';

export type Address = { readonly address: string; readonly ipv6: boolean };

/**
 * The addresses of a host, IPv4 before IPv6: what boots over a network does so by IPv4. Rejects with TftpError, reason
 * `no-such-host`.
 */
export async function resolveHost(host: string): Promise<readonly Address[]> {
  const [bare = '', zone] = host.split('%', 2);
  if (parseIpv4(host) !== undefined) return [{ address: host, ipv6: false }];
  const ipv6 = parseIpv6(bare);
  if (ipv6 !== undefined) {
    if (zone !== undefined && !isInterface(zone)) {
      throw new TftpError(`Cannot find ${host}: there is no interface ${zone}`, { reason: 'no-such-host' });
    }
    const address = formatIpv6(ipv6);
    return [{ address: zone === undefined ? address : `${address}%${zone}`, ipv6: true }];
  }
  const { lookup } = await import('node:dns/promises');
  try {
    const found = await lookup(host, { all: true, order: 'ipv4first' });
    return found.map(({ address, family }) => ({ address, ipv6: family === 6 }));
  } catch (cause) {
    const { code = 'EAI_FAIL' } = cause as NodeJS.ErrnoException;
    throw new TftpError(`Cannot find ${host}: ${code}`, { reason: 'no-such-host', cause });
  }
}

/** By its name or its number; one without any address leads nowhere. */
function isInterface(zone: string): boolean {
  return (
    /^[1-9]\d*$/.test(zone) || Object.hasOwn(process.getBuiltinModule('node:os').networkInterfaces(), zone)
  );
}
