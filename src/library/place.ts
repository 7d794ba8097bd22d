import { networkInterfaces } from 'node:os';
import type { Composed } from '../app/compose.ts';
import { formatIpv4 } from '../lib/ipv4.ts';

/** The IPv4 address by which machines reach what runs: of its first interface, else the first of this machine. */
export function hostOf({ inside }: Composed): string {
  const [address] = inside.facts().links.flatMap(({ addresses }) => addresses);
  if (address !== undefined) return formatIpv4(address.address);
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
