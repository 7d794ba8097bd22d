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

/** Every quirk by its name, and what it changes. README.md has a line for each. */
export const QUIRKS = {
  /** What nearly all firmware boots from. */
  default: {},
  /** EDK2 takes such an offer for a BINL server's and asks port 4011, as PXE 2.1 §2.2.3 has it; iPXE does when a proxy sent it. */
  'with-4011': { file: 'later', discovery: 'none' },
  'no-43': { discovery: 'none' },
  /** Like an offer of a server that knows nothing of PXE: firmware that takes 60 for a proxy's boots from it. */
  'no-60': { vendorClass: false, discovery: 'none' },
  /** ROMs that read the header alone, and stumble over options they know from elsewhere. */
  'file-in-header': { file: 'header' },
  'file-in-options': { file: 'options' },
  /** Cards that filter unicast frames until they are configured, whatever flag their ROM sets. */
  broadcast: { broadcast: true },
  /** raspberrypi.org's own examples end the text with three spaces; some boot code compares them, too. */
  'pi-padded': { piText: 'Raspberry Pi Boot   ' },
  /** A Pi 3's ROM locks up when it is answered before it listens. */
  'slow-answer': { delayMs: 2000 },
} as const satisfies Record<string, Partial<AnswerShape>>;

export type QuirkName = keyof typeof QUIRKS;

export const QUIRK_NAMES = Object.keys(QUIRKS) as readonly QuirkName[];

/** Is this the name of a quirk? */
export function isQuirkName(name: string): name is QuirkName {
  return Object.hasOwn(QUIRKS, name);
}

/** All these quirks together; of two that change the same field the later one holds. */
export function shapeOf(names: readonly QuirkName[]): AnswerShape {
  if (names.length === 0 || (names.length === 1 && names[0] === 'default')) return PLAIN;
  return Object.assign({ ...PLAIN }, ...names.map((name) => QUIRKS[name])) as AnswerShape;
}

/** What is tried, in this order, for a client that goes on asking; after the last the first again. */
const LADDERS = {
  proxy: ['default', 'with-4011', 'no-43', 'file-in-header', 'file-in-options'],
  server: ['default', 'broadcast', 'no-60', 'with-4011', 'file-in-header', 'file-in-options'],
  // Under QEMU iPXE boots from each of these; without a file from who gives the address it says "Nothing to boot".
  ipxe: ['default', 'broadcast', 'no-60', 'file-in-header', 'file-in-options'],
  pi: ['default', 'slow-answer', 'pi-padded', 'broadcast'],
  http: ['default', 'broadcast', 'file-in-options'],
} as const satisfies Record<string, readonly QuirkName[]>;

export function ladderOf(
  kind: BootClient['kind'],
  role: 'server' | 'proxy' | undefined,
): readonly QuirkName[] {
  if (kind === 'raspberry-pi') return LADDERS.pi;
  if (kind === 'http') return LADDERS.http;
  if (role === 'proxy') return LADDERS.proxy;
  return kind === 'ipxe' ? LADDERS.ipxe : LADDERS.server;
}
