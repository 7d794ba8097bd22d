import fc from 'fast-check';

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

/**
 * Any code point but the halves of pairs, for `fc.string({ unit: anyLetter })`. It draws what fast-check's own
 * `unit: 'binary'` draws; that one makes a table of a million texts, a second's work in each file, to find numbers again.
 */
export const anyLetter: fc.Arbitrary<string> = fc
  .nat({ max: 0x10_ffff - SURROGATES })
  .map((at) => String.fromCodePoint(at < FIRST_SURROGATE ? at : at + SURROGATES), numberOf);

function numberOf(letter: unknown): number {
  if (typeof letter !== 'string' || [...letter].length !== 1 || !letter.isWellFormed()) {
    throw new TypeError('Cannot find the number: not one code point');
  }
  const code = letter.codePointAt(0)!;
  return code < FIRST_SURROGATE ? code : code - SURROGATES;
}
