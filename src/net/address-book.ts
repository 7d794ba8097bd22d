import { formatIpv6, type Ipv6, isLinkLocal, parseIpv6 } from '../lib/ipv6.ts';
import type { InterfaceFacts, PeerNumbers } from './datagram.ts';

/**
 * Numbers for IPv6 addresses, so that all who tell peers apart by a 32-bit number go on doing so.
 *
 * The numbers lie in 224.0.0.0/4: no IPv4 datagram comes from a multicast address (RFC 1112 §7.2), so in one table of peers nobody is
 * taken for another. A number is a place in the book and the generation of that place: a number that is forgotten stays
 * unknown, and comes back for another address after 2048 others at the same place.
 *
 * Strangers can make up 2^64 source addresses on one link. The book has a fixed size; a newcomer takes the place of the
 * oldest address that nobody holds.
 */
export type AddressBook = PeerNumbers & {
  /** The address's number, a new one if need be; 0 when every place is held. `scope`: interface of a link-local one. */
  numberOf(address: Ipv6, scope: number): number;
  /** undefined for a number that was forgotten, or never given. */
  lookup(number: number): { readonly address: Ipv6; readonly scope: number } | undefined;
  /** `fe80::1%eth0`; 0 when it is none. */
  numberOfText(text: string): number;
};

export type AddressBookParts = {
  /** Makes it unknown which addresses share a chain. */
  readonly seed: number;
  readonly interfaceName: (index: number) => string | undefined;
  readonly interfaceIndex: (name: string) => number | undefined;
  /** Addresses remembered: a power of 2, at most 2^17. */
  readonly places?: number;
};

const FIRST = 0xe000_0000;
const PLACES = 1 << 17;
const GENERATIONS = (1 << 28) / PLACES;
const NONE = -1;

export function createAddressBook(parts: AddressBookParts): AddressBook {
  const { seed, places = PLACES } = parts;
  const words = new Uint32Array(places * 5);
  const numbers = new Uint32Array(places);
  const holds = new Uint32Array(places);
  const next = new Int32Array(places);
  const chains = new Int32Array(places).fill(NONE);
  let used = 0;
  let hand = 0;

  function chainOf(a: number, b: number, c: number, d: number): number {
    let hash = seed;
    for (const word of [a, b, c, d]) {
      hash = Math.imul(hash ^ word, 0xcc9e_2d51);
      hash ^= hash >>> 15;
      hash = Math.imul(hash, 0x1b87_3593);
      hash ^= hash >>> 13;
    }
    return (hash >>> 0) % places;
  }

  function chainAt(place: number): number {
    const at = place * 5;
    return chainOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** A place that nobody uses, or none. */
  function freePlace(): number {
    if (used < places) return used++;
    for (let tried = 0; tried < places; tried++) {
      const place = hand;
      hand = (hand + 1) % places;
      if (holds[place] !== 0) continue;
      unchain(place);
      return place;
    }
    return NONE;
  }

  function unchain(place: number): void {
    const chain = chainAt(place);
    if (chains[chain] === place) {
      chains[chain] = next[place]!;
      return;
    }
    let before = chains[chain]!;
    while (next[before] !== place) before = next[before]!;
    next[before] = next[place]!;
  }

  function numberOf([a, b, c, d]: Ipv6, scope: number): number {
    const chain = chainOf(a, b, c, d);
    for (let place = chains[chain]!; place !== NONE; place = next[place]!) {
      const at = place * 5;
      const same = words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d;
      if (same && words[at + 4] === scope) return numbers[place]!;
    }
    const place = freePlace();
    if (place === NONE) return 0;
    words.set([a, b, c, d, scope], place * 5);
    const before = numbers[place]!;
    const generation = before === 0 ? 0 : (Math.floor((before - FIRST) / PLACES) + 1) % GENERATIONS;
    numbers[place] = FIRST + generation * PLACES + place;
    next[place] = chains[chain]!;
    chains[chain] = place;
    return numbers[place]!;
  }

  /** NONE for a number that is not, or no more, in the book. */
  function placeOf(number: number): number {
    const place = (number - FIRST) % PLACES;
    return number >= FIRST && place < used && numbers[place] === number ? place : NONE;
  }

  function lookup(number: number): { address: Ipv6; scope: number } | undefined {
    const place = placeOf(number);
    if (place === NONE) return undefined;
    const [a, b, c, d, scope] = words.subarray(place * 5, place * 5 + 5);
    return { address: [a!, b!, c!, d!], scope: scope! };
  }

  return {
    numberOf,
    lookup,
    numberOfText(text) {
      const [bare, zone] = text.split('%', 2);
      const address = parseIpv6(bare!);
      const scope = zone === undefined ? 0 : (parts.interfaceIndex(zone) ?? 0);
      return address ? numberOf(address, scope) : 0;
    },
    format(number) {
      const found = lookup(number);
      if (!found) return '::';
      const text = formatIpv6(found.address);
      return isLinkLocal(found.address) && found.scope !== 0
        ? `${text}%${parts.interfaceName(found.scope) ?? found.scope}`
        : text;
    },
    hold(number) {
      const place = placeOf(number);
      if (place !== NONE) holds[place]!++;
    },
    letGo(number) {
      const place = placeOf(number);
      if (place !== NONE && holds[place]! > 0) holds[place]!--;
    },
  };
}

/** Looks interfaces up by name and number; the system is asked again for one that is new. */
export function interfaceNames(
  interfaces: () => readonly InterfaceFacts[],
): Pick<AddressBookParts, 'interfaceName' | 'interfaceIndex'> {
  let known: readonly InterfaceFacts[] = [];
  const find = (matches: (facts: InterfaceFacts) => boolean): InterfaceFacts | undefined => {
    const found = known.find(matches);
    if (found) return found;
    known = interfaces();
    return known.find(matches);
  };
  return {
    interfaceName: (index) => find((facts) => facts.index === index)?.name,
    interfaceIndex: (name) => find((facts) => facts.name === name)?.index,
  };
}
