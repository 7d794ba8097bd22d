import { readFileSync } from 'node:fs';

/** Mbit/s of an interface as its driver tells; undefined when it does not (wireless, some virtual ones, no carrier). */
export function linkSpeed(interfaceName: string): number | undefined {
  try {
    const mbps = Number(readFileSync(`/sys/class/net/${interfaceName}/speed`, 'utf8'));
    return mbps > 0 ? mbps : undefined; // -1: unknown
  } catch {
    return undefined;
  }
}
