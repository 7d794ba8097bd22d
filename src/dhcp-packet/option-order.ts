import type { Options } from './packet.ts';

/**
 * The order in which a reply's options go out. Clients may parse any, but the mask (1) must precede the routers
 * (3, RFC 2132 §3.3), and relay agent information (82) is the last one (RFC 3046 §2.2).
 */
const EMIT_FIRST: readonly number[] = [53, 54, 51, 58, 59, 1, 3, 6, 12, 15, 28, 60, 43, 66, 67, 97, 61];

/**
 * What to keep when not everything fits, most needed first: what makes the message one, what brings it back
 * through the relay, what boots, what the RFCs say to send unasked (209 to 211: RFC 5071), then the rest.
 */
const KEEP_FIRST: readonly number[] = [
  53, 54, 82, 51, 50, 61, 60, 43, 67, 66, 97, 1, 3, 175, 209, 210, 211, 150, 93, 94, 77, 55, 57, 58, 59, 6,
  121, 15, 12, 28, 56,
];

const EMIT_RANKS = ranksOf(EMIT_FIRST);
const KEEP_RANKS = ranksOf(KEEP_FIRST);

/** Written by `encode` itself, or not options at all. */
const FRAMING: readonly number[] = [0, 52, 255];

/** Codes in the order they are to be sent, 82 last. `map` keeps the order of the map otherwise. */
export function emitOrder(options: Options, order: 'usual' | 'map'): number[] {
  const codes: number[] = [];
  for (const code of options.keys()) if (code !== 82 && !FRAMING.includes(code)) codes.push(code);
  if (order === 'usual') sortByRank(codes, EMIT_RANKS);
  if (options.has(82)) codes.push(82);
  return codes;
}

/** Codes, the one to drop last first; those of `first` before all others, in its order. */
export function keepOrder(codes: readonly number[], first: readonly number[] = []): number[] {
  const sorted = sortByRank([...codes], KEEP_RANKS);
  if (first.length === 0) return sorted;
  return [...first.filter((code) => codes.includes(code)), ...sorted.filter((code) => !first.includes(code))];
}

/** Code -> its place in a list; codes that are not listed come behind, all alike. */
function ranksOf(list: readonly number[]): Uint8Array {
  const ranks = new Uint8Array(256).fill(list.length);
  list.forEach((code, place) => {
    ranks[code] = place;
  });
  return ranks;
}

/** Sorts in place; codes of one rank keep their order. */
function sortByRank(codes: number[], ranks: Uint8Array): number[] {
  // By insertion: a dozen codes, nearly in order.
  for (let i = 1; i < codes.length; i++) {
    const code = codes[i]!;
    const rank = ranks[code]!;
    let at = i;
    for (; at > 0 && ranks[codes[at - 1]!]! > rank; at--) codes[at] = codes[at - 1]!;
    codes[at] = code;
  }
  return codes;
}
