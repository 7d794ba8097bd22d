import type { Lease } from '../api/shapes.ts';

/** Every word of `text` stands somewhere in the lease; a MAC in any of its spellings. */
export function isFound({ ip, mac, hostname, state, network, arch }: Lease, text: string): boolean {
  const all = [ip, mac, mac?.replaceAll(':', ''), mac?.replaceAll(':', '-'), hostname, state, network, arch]
    .join(' ')
    .toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** In words, and how it is shown: an address that is set aside is in nobody's way, and still something to look at. */
export const LEASE_WORDS: Readonly<Record<Lease['state'], { readonly word: string; readonly kind: string }>> =
  {
    bound: { word: 'in use', kind: 'good' },
    offered: { word: 'offered', kind: 'busy' },
    probing: { word: 'being tried', kind: 'busy' },
    expired: { word: 'expired', kind: '' },
    released: { word: 'given back', kind: '' },
    abandoned: { word: 'set aside', kind: 'warn' },
  };
