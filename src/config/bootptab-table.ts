/** The tags of a bootptab: what their values look like, and which option (RFC 2132) they fill. */

/**
 * How a tag's value is written.
 *
 * - `address`, `addresses`: dotted, each part decimal, octal (0…) or hexadecimal (0x…), or names of hosts; several are
 *   separated by blanks or commas.
 * - `mask`: one address with its ones on the left.
 * - `text`: as it stands, or in double quotes.
 * - `number`: decimal, octal or hexadecimal. `signed-auto`, `number-auto`: the same, or `auto`, or no value = `auto`.
 * - `flag`: no value.
 */
export type TagKind =
  | 'address'
  | 'addresses'
  | 'mask'
  | 'text'
  | 'number'
  | 'number-auto'
  | 'signed-auto'
  | 'flag'
  | 'hardware-type'
  | 'hardware-address'
  | 'cookie'
  | 'refused';

/** `least` and `most` bound numbers. */
export type TagRow = {
  readonly kind: TagKind;
  readonly option?: number;
  readonly least?: number;
  readonly most?: number;
};

export const TAG_TABLE: Readonly<Record<string, TagRow>> = {
  bf: { kind: 'text' },
  bs: { kind: 'number-auto', option: 13, most: 0xffff },
  cs: { kind: 'addresses', option: 8 },
  df: { kind: 'text', option: 14 },
  dl: { kind: 'number', least: 1, most: 0xffff_ffff },
  dn: { kind: 'text', option: 15 },
  ds: { kind: 'addresses', option: 6 },
  ef: { kind: 'text', option: 18 },
  ex: { kind: 'refused' },
  gw: { kind: 'addresses', option: 3 },
  ha: { kind: 'hardware-address' },
  hd: { kind: 'text' },
  hn: { kind: 'flag' },
  ht: { kind: 'hardware-type' },
  im: { kind: 'addresses', option: 10 },
  ip: { kind: 'address' },
  lg: { kind: 'addresses', option: 7 },
  lp: { kind: 'addresses', option: 9 },
  /** No smaller than RFC 951's packet, no larger than what one Ethernet frame carries. */
  ms: { kind: 'number', least: 300, most: 1472 },
  mw: { kind: 'number', most: 0xffff },
  ns: { kind: 'addresses', option: 5 },
  nt: { kind: 'addresses', option: 42 },
  ra: { kind: 'address' },
  rl: { kind: 'addresses', option: 11 },
  rp: { kind: 'text', option: 17 },
  sa: { kind: 'address' },
  sm: { kind: 'mask', option: 1 },
  sw: { kind: 'address', option: 16 },
  td: { kind: 'text' },
  to: { kind: 'signed-auto', option: 2, most: 86_400 },
  ts: { kind: 'addresses', option: 4 },
  vm: { kind: 'cookie' },
  yd: { kind: 'text', option: 40 },
  ys: { kind: 'addresses', option: 41 },
};

/** Names of hardware types (RFC 1700 numbers), as bootptab(5) has them. */
export const HARDWARE_TYPES: Readonly<Record<string, number>> = {
  direct: 0,
  serial: 0,
  slip: 0,
  ppp: 0,
  ethernet: 1,
  ether: 1,
  ethernet3: 2,
  ether3: 2,
  'ax.25': 3,
  pronet: 4,
  chaos: 5,
  ieee802: 6,
  tr: 6,
  'token-ring': 6,
  arcnet: 7,
};
