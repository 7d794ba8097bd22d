import type { TftpOption, TftpRequest } from '../tftp-packet/index.ts';
import { encode } from '../tftp-packet/index.ts';
import type { Rollover } from './session.ts';

/** What the server is willing to grant. */
export type Limits = {
  /** Largest block: the interface's MTU less 32 (IPv4, UDP and TFTP headers), or less. */
  readonly blksizeMax: number;
  readonly windowsizeMax: number;
  readonly rollover: Rollover;
  /** Every extension off: options are ignored as RFC 1350 servers do (RFC 1785). */
  readonly rfc1350: boolean;
  /** Option names that are never granted (lower case): old ROMs fail after an accepted blksize. */
  readonly refuse?: readonly string[];
  /** Grant tftp-hpa's `rollover` option. Off: it is in no RFC. */
  readonly rolloverOption?: boolean;
  /** Grant Microsoft's `msftwindow` to readers in mode octet. Off: it is in no RFC. */
  readonly msftwindow?: boolean;
  /** What `multicast` is answered with (RFC 2090): `239.255.1.1,1758,1`. Not granted when left out. */
  readonly multicast?: string;
};

/** The terms of one transfer. `oack` is the packet to open with, absent when no option was accepted. */
export type Negotiated = {
  readonly blksize: number;
  readonly windowsize: number;
  /** The client's `timeout` option, as granted. */
  readonly timeoutMs?: number;
  readonly rollover: Rollover;
  /** msftwindow was granted: each ACK names the next window, and this is the most it gets. */
  readonly windowMax?: number;
  readonly oack?: Uint8Array;
};

/** Block size without the option (RFC 1350 §5). */
export const DEFAULT_BLKSIZE = 512;

const BLKSIZE_MIN = 8;
const BLKSIZE_MAX = 65_464;
const DECIMAL = /^\d{1,20}$/;

/** Three windows may be out (see read-session); with more blocks an ACK's 16 bits no longer tell old from new. */
const WINDOWSIZE_MAX = 16_384;

type Terms = {
  blksize: number;
  windowsize: number;
  timeoutMs?: number;
  rollover: Rollover;
  windowMax?: number;
};

/**
 * Agrees on options (RFC 2347, 2348, 2349, 7440). The OACK names only options that were asked and are granted, in the
 * order asked, each once (a repeated option counts the first time); without any there is no OACK at all.
 *
 * `sizeBytes` is what `tsize` answers a read with, as octets on the wire: leave it out when it is not known, as for
 * netascii, and tsize is not granted. A write's tsize is echoed; its quota is the write session's affair.
 *
 *     negotiate(request, limits, 4096) // { blksize: 1468, windowsize: 1, rollover: 0, oack: <blksize, tsize> }
 */
export function negotiate(request: TftpRequest, limits: Limits, sizeBytes?: number): Negotiated {
  const terms: Terms = { blksize: DEFAULT_BLKSIZE, windowsize: 1, rollover: limits.rollover };
  if (limits.rfc1350) return terms;
  const size = request.opcode === 'rrq' ? sizeBytes : undefined;
  const granted: [string, string][] = [];
  const seen = new Set<string>();
  for (const [name, value] of request.options) {
    const key = name.toLowerCase();
    if (seen.has(key) || limits.refuse?.includes(key)) continue;
    seen.add(key);
    const answer =
      key === 'tsize' ? grantSize(request, value, size) : grant(request, [key, value], { limits, terms });
    if (answer !== undefined) granted.push([key, answer]);
  }
  return granted.length === 0 ? terms : { ...terms, oack: encode({ opcode: 'oack', options: granted }) };
}

/** The size asked for with a write; undefined when it was not announced. */
export function announcedSize(request: TftpRequest): number | undefined {
  const value = request.options.find(([name]) => name.toLowerCase() === 'tsize')?.[1];
  return value !== undefined && DECIMAL.test(value) ? Number(value) : undefined;
}

/** RFC 2349: a reader asks with 0 (any number is taken for it) and is told the size; a writer tells it. */
function grantSize(request: TftpRequest, value: string, sizeBytes: number | undefined): string | undefined {
  if (!DECIMAL.test(value)) return undefined;
  if (request.opcode === 'wrq') return String(BigInt(value));
  return sizeBytes === undefined ? undefined : String(sizeBytes);
}

/**
 * Windows' boot manager offers 31416 (π) and is answered with 27182 (e); from then on its ACKs have a fifth octet, the
 * size of the window that it wants next. (From captures: Microsoft has no public specification of it.)
 */
function grantMsftWindow(request: TftpRequest, value: string, { limits, terms }: Into): string | undefined {
  const readable = request.opcode === 'rrq' && request.mode === 'octet';
  if (!limits.msftwindow || value !== '31416' || !readable) return undefined;
  terms.windowMax = limits.windowsizeMax;
  return '27182';
}

type Into = { limits: Limits; terms: Terms };

function grant(request: TftpRequest, [key, value]: TftpOption, into: Into): string | undefined {
  const { limits, terms } = into;
  if (key === 'multicast') return limits.multicast;
  if (key === 'msftwindow') return grantMsftWindow(request, value, into);
  if (!DECIMAL.test(value)) return undefined;
  const asked = Number(value);
  switch (key) {
    case 'blksize': {
      // RFC 2348: an answer may be smaller than the wish; above the range we clamp, below it there is no answer.
      const blksize = Math.min(asked, limits.blksizeMax, BLKSIZE_MAX);
      if (blksize < BLKSIZE_MIN) return undefined;
      terms.blksize = blksize;
      return String(blksize);
    }
    case 'windowsize': {
      const windowsize = Math.min(asked, limits.windowsizeMax, WINDOWSIZE_MAX);
      if (windowsize < 1) return undefined;
      terms.windowsize = windowsize;
      return String(windowsize);
    }
    case 'timeout': // RFC 2349: the answer must equal the wish.
      if (asked < 1 || asked > 255) return undefined;
      terms.timeoutMs = asked * 1000;
      return String(asked);
    case 'rollover':
      if (!limits.rolloverOption || limits.rollover === 'forbidden' || asked > 1) return undefined;
      terms.rollover = asked === 0 ? 0 : 1;
      return String(asked);
    default: // blksize2, utimeout and all the unknown.
      return undefined;
  }
}
