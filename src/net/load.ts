import type { Network } from './datagram.ts';
import { dgramNetwork } from './dgram.ts';

/**
 * The best sockets of this system: batched Linux calls, else node:dgram. `prefer` forces one; a forced `linux` that
 * cannot be had throws Error with the cause.
 */
export async function loadNetwork(prefer?: Network['name']): Promise<Network> {
  if (prefer === 'dgram' || (prefer === undefined && process.platform !== 'linux')) return dgramNetwork();
  try {
    const { linuxNetwork } = await import('./linux/network.ts');
    const network = linuxNetwork();
    if (network) return network;
    throw new Error(`no layouts for ${process.platform} on ${process.arch}`);
  } catch (cause) {
    if (prefer === undefined) return dgramNetwork();
    throw new Error('Cannot use the Linux sockets', { cause });
  }
}
