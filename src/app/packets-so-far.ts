import { readFileSync } from 'node:fs';

/**
 * Packets that crossed these interfaces so far, in and out, as /proc/net/dev counts them in this process's network namespace;
 * undefined where there is no such file.
 */
export function packetsSoFar(interfaces: readonly string[], read = readCounters): number | undefined {
  const text = read();
  if (text === undefined) return undefined;
  let packets = 0;
  for (const line of text.split('\n')) {
    const [name, numbers] = line.split(':');
    if (numbers === undefined || !interfaces.includes(name!.trim())) continue;
    // Eight numbers of what came in, bytes and packets first, then the same of what went out.
    const columns = numbers.trim().split(/\s+/);
    packets += Number(columns[1] ?? 0) + Number(columns[9] ?? 0);
  }
  return packets;
}

function readCounters(): string | undefined {
  try {
    return readFileSync('/proc/self/net/dev', 'utf8');
  } catch {
    return undefined;
  }
}
