import type { ClientFacts } from '../events/event.ts';
import type { Mac } from '../lib/mac.ts';

/** What kind of fact a mark is; words.ts has a sentence for each. */
export type MarkKind =
  // DHCP and BOOTP
  | 'offered'
  | 'got-address'
  | 'bootp-answered'
  | 'told-file'
  | 'told-file-4011'
  | 'took-elsewhere'
  | 'refused-address'
  | 'ignored'
  | 'pool-exhausted'
  | 'no-address'
  | 'informed'
  | 'released'
  | 'declined'
  | 'malformed'
  | 'quirk'
  // Files
  | 'asked'
  | 'fetched'
  | 'cut-off'
  | 'probed'
  | 'refused'
  | 'looked-for'
  | 'configured'
  | 'not-configured'
  | 'sent'
  | 'reported'
  // What it came to
  | 'boots-again'
  | 'installed'
  | 'relinked'
  | 'not-relinked'
  | 'loop';

/**
 * One line of a machine's timeline, as it is kept: what an event says of this machine, without what it says of the transfer. The
 * same mark again is counted in the one before.
 */
export type Mark = {
  readonly what: MarkKind;
  /** When it was first so, ms since 1970. */
  readonly at: number;
  /** How often, when more than once, and when last. */
  times?: number;
  last?: number;
  readonly stage?: NonNullable<ClientFacts['stage']>;
  /** An address as text. */
  readonly ip?: string;
  readonly file?: string;
  /** A path of the tree, where that is not the name asked for. */
  readonly path?: string;
  readonly by?: 'tftp' | 'http';
  readonly bytes?: number;
  readonly size?: number;
  readonly tookMs?: number;
  readonly resent?: number;
  readonly blksize?: number;
  /** A part of the file alone was asked for. */
  readonly part?: true;
  /** A code: why it was ignored or refused, how a transfer failed. */
  readonly why?: string;
  readonly detail?: string;
  readonly reason?: string;
  readonly messageType?: string;
  readonly rendered?: string;
  readonly tried?: string[];
  readonly optional?: true;
  readonly menu?: number;
  readonly quirk?: string;
  /** The answer on port 67 has no file: it is to ask port 4011. */
  readonly later?: true;
  /** Seconds that it says it has been asking for. */
  readonly secs?: number;
};

/** Who opens a boot: firmware and loaders that ask for an address anew. */
export type Opening = 'rom' | 'http' | 'ipxe' | 'u-boot' | 'raspberry-pi' | 'bootp';

/** What an event says, and about whom: by MAC where DHCP tells, else by the address that asks. */
export type Seen = {
  readonly mac?: Mac;
  readonly peer?: string;
  readonly mark: Mark;
  readonly opening?: Opening;
  /** What DHCP tells of the machine. */
  readonly client?: ClientFacts;
  /**
   * How sure it is that a machine is behind it: 0 = one datagram, 1 = it took an address or asked for a file, 2 = it has a file
   * whole, which nobody can forge.
   */
  readonly weight: Weight;
};

export type Weight = 0 | 1 | 2;
