/** An IPv6 address as its four 32-bit words in network order: `[0x20010db8, 0, 0, 1]` for 2001:db8::1. */
export type Ipv6 = readonly [number, number, number, number];

/** RFC 5952's one spelling: lower case, no leading zeros, the longest run of zeros as `::` (the first of equal ones). */
export function formatIpv6(address: Ipv6): string {
  const groups = address.flatMap((word) => [word >>> 16, word & 0xffff]);
  const run = longestZeros(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (run.length < 2) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}

/**
 * Eight groups of up to four hex digits, one run of zeros as `::` (RFC 4291 §2.2). No zone, no dotted IPv4 tail. undefined when it
 * is not one.
 */
export function parseIpv6(text: string): Ipv6 | undefined {
  const halves = text.split('::');
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!head || halves.length > 2 || (!tail && head.length !== 8)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail && missing < 1) return undefined;
  const parts = tail ? [...head, ...new Array<string>(missing).fill('0'), ...tail] : head;
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const word = (i: number) => Number.parseInt(parts[i]!, 16) * 0x1_0000 + Number.parseInt(parts[i + 1]!, 16);
  return [word(0), word(2), word(4), word(6)];
}

/** Multicast, ff00::/8 (RFC 4291 §2.7). */
export function isMulticast6([first]: Ipv6): boolean {
  return first >>> 24 === 0xff;
}

/** Link-local, fe80::/10: means something together with an interface only (RFC 4007). */
export function isLinkLocal([first]: Ipv6): boolean {
  return first >>> 22 === 0xfe80 >>> 6;
}
