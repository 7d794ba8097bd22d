import type { BootClient } from '../boot/client.ts';

/**
 * How a boot answer is laid out. {@link PLAIN} is what nearly all firmware boots from at once; the quirks below change
 * single fields of it.
 */
export type AnswerShape = {
  /** Where the boot file is named; `later`: not in the answer on port 67, only in the one on port 4011. */
  readonly file: 'everywhere' | 'header' | 'options' | 'later';
  /** Option 43: `skip` = 43.6 = 8, take the file and look no further; `none` = no option 43. */
  readonly discovery: 'skip' | 'none';
  /** Option 60 `PXEClient`. */
  readonly vendorClass: boolean;
  /** The answer is broadcast, whatever the client's flag says. */
  readonly broadcast: boolean;
  /** The text of a Raspberry Pi's one menu entry. */
  readonly piText: string;
  /** How long the answer is held back. */
  readonly delayMs: number;
};

export const PLAIN: AnswerShape = {
  file: 'everywhere',
  discovery: 'skip',
  vendorClass: true,
  broadcast: false,
  piText: 'Raspberry Pi Boot',
  delayMs: 0,
};

/** A named change of the answer. */
type Quirk = { readonly change: Partial<AnswerShape>; readonly what: string };

/** Every quirk: what it changes, and for whom it was made. */
export const QUIRKS = {
  default: { change: {}, what: 'the answer that nearly all firmware boots from' },
  // EDK2 then takes the offer for one of a BINL server and asks port 4011; so do iPXE and PXE 2.1 ROMs (§2.2.3).
  'with-4011': {
    change: { file: 'later', discovery: 'none' },
    what: 'no file and no option 43 in the offer: the client asks port 4011',
  },
  'no-43': { change: { discovery: 'none' }, what: 'no option 43' },
  // Offers that look like any DHCP server's; firmware which mistakes 60 for a proxy's takes them.
  'no-60': { change: { vendorClass: false, discovery: 'none' }, what: 'neither option 60 nor 43' },
  'file-in-header': { change: { file: 'header' }, what: 'file and server in the header alone, no 66 and 67' },
  'file-in-options': { change: { file: 'options' }, what: 'file and server in options 66 and 67 alone' },
  broadcast: { change: { broadcast: true }, what: 'answers are broadcast' },
  // raspberrypi.org's own examples end the text with three spaces; some boot code compares them, too.
  'pi-padded': { change: { piText: 'Raspberry Pi Boot   ' }, what: 'the Pi’s string with three spaces' },
  // A Pi 3's ROM locks up when it is answered before it listens.
  'slow-answer': { change: { delayMs: 2000 }, what: 'answers come two seconds late' },
} as const satisfies Record<string, Quirk>;

export type QuirkName = keyof typeof QUIRKS;

export const QUIRK_NAMES = Object.keys(QUIRKS) as readonly QuirkName[];

/** Is this the name of a quirk? */
export function isQuirkName(name: string): name is QuirkName {
  return Object.hasOwn(QUIRKS, name);
}

/** All these quirks together; of two that change the same field the later one holds. */
export function shapeOf(names: readonly QuirkName[]): AnswerShape {
  if (names.length === 0 || (names.length === 1 && names[0] === 'default')) return PLAIN;
  return Object.assign({ ...PLAIN }, ...names.map((name) => QUIRKS[name].change)) as AnswerShape;
}

/** What is tried, in this order, for a client that goes on asking; after the last the first again. */
const LADDERS = {
  proxy: ['default', 'with-4011', 'no-43', 'file-in-header', 'file-in-options'],
  server: ['default', 'broadcast', 'no-60', 'with-4011', 'file-in-header', 'file-in-options'],
  pi: ['default', 'slow-answer', 'pi-padded', 'broadcast'],
  http: ['default', 'broadcast', 'file-in-options'],
} as const satisfies Record<string, readonly QuirkName[]>;

export function ladderOf(
  kind: BootClient['kind'],
  role: 'server' | 'proxy' | undefined,
): readonly QuirkName[] {
  if (kind === 'raspberry-pi') return LADDERS.pi;
  if (kind === 'http') return LADDERS.http;
  return LADDERS[role ?? 'server'];
}
