import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { parseIpv4 } from '../lib/ipv4.ts';
import type { InterfaceFacts } from './datagram.ts';

/**
 * The portable account of interfaces: those that are up and have an address, as node:os tells. Ethernet's MTU is
 * assumed where the system has no better account.
 */
export function portableInterfaces(): readonly InterfaceFacts[] {
  return Object.entries(networkInterfaces()).map(([name, entries = []], position) => ({
    name,
    index: Number(readFact(name, 'ifindex')) || position + 1,
    mac: entries[0]?.mac ?? '00:00:00:00:00:00',
    mtu: Number(readFact(name, 'mtu')) || 1500,
    up: true,
    running: true,
    loopback: entries[0]?.internal ?? false,
    addresses: entries.flatMap((entry) => {
      const address = entry.family === 'IPv4' ? parseIpv4(entry.address) : undefined;
      return address === undefined
        ? []
        : [{ address, prefixLength: Number(entry.cidr?.split('/')[1] ?? 32) }];
    }),
    ...(entries.some((entry) => entry.family === 'IPv6' && entry.scopeid === 0) && { ipv6: true }),
  }));
}

/** Linux without koffi still has sysfs. */
function readFact(name: string, fact: string): string {
  try {
    return readFileSync(`/sys/class/net/${name}/${fact}`, 'utf8').trim();
  } catch {
    return '';
  }
}
