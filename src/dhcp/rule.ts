import type { BootClient } from '../boot/client.ts';
import type { Ipv4, Subnet } from '../lib/ipv4.ts';
import type { Terms } from './settings.ts';

/**
 * Who a rule is about. Every key that is there must hold; a key holds when one value of its list does. A rule without keys
 * is about everybody.
 */
export type Match = {
  /** Option 93, or what stands for it (boot/client.ts); 7 and 9 are one machine. */
  readonly arch?: readonly number[];
  /** How option 60 begins. */
  readonly vendorClass?: readonly string[];
  /** A class of option 77, in full. */
  readonly userClass?: readonly string[];
  /** A MAC or how it begins, lower case: `52:54:00`. */
  readonly mac?: readonly string[];
  /** Option 61, lower-case hex. */
  readonly clientId?: readonly string[];
  /** Either spelling of option 97, lower case with dashes. */
  readonly uuid?: readonly string[];
  /** Option 12, any case; the first label of a longer name suffices. */
  readonly hostname?: readonly string[];
  /** The client's network lies in it. */
  readonly subnet?: readonly Subnet[];
  /** The interface that the request came in on. */
  readonly interface?: readonly string[];
  /** giaddr. */
  readonly relay?: readonly Ipv4[];
  /** 82.1 and 82.2, lower-case hex. */
  readonly circuitId?: readonly string[];
  readonly remoteId?: readonly string[];
  readonly stage?: readonly BootClient['stage'][];
  readonly tag?: readonly string[];
};

/** What follows for whom it matches. */
export type Saying = {
  /** Boot file: after the machine's own, before all others. */
  readonly file?: string;
  /** Boot profile, by name. */
  readonly profile?: string;
  readonly terms?: Terms;
  readonly tags?: readonly string[];
  /** No answer at all. */
  readonly ignore?: boolean;
  /** Later rules are looked at too, and say what this one did not. */
  readonly goOn?: boolean;
};

export type Rule = { readonly match: Match; readonly says: Saying };
