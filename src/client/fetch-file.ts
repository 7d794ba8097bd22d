/**
 * Reads one file by TFTP as boot ROMs and loaders do: the client's own session (`tftp-client/machine/get-session.ts` has its states)
 * with the waits of a ROM, which repeats itself whatever the round trip, and answers whatever comes twice.
 */
import { concatBytes } from '../lib/bytes.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { formatBytes } from '../lib/size.ts';
import { createGetSession } from '../tftp-client/machine/get-session.ts';
import { fixedPatience } from '../tftp-client/machine/patience.ts';
import type { Failure } from '../tftp-client/machine/session.ts';
import type { TftpOption } from '../tftp-packet/index.ts';
import {
  type Exchange,
  failure,
  type Outcome,
  success,
  type Transmit,
  type Unreachable,
} from './exchange.ts';

const TFTP_PORT = 69;
const PORT_UNREACHABLE = 3;

/** Leaves room for the options in a request of 512 octets (RFC 2347). */
const LONGEST_NAME = 400;

export type FetchSpec = {
  readonly server: Ipv4;
  readonly filename: string;
  /** This transfer's port of ours. */
  readonly port: number;
  /** Asked in this order. */
  readonly options: readonly TftpOption[];
  /** How long to wait before repeating, again and again; after the last one the transfer has failed. */
  readonly retryMs: readonly number[];
  /** How much of the file's beginning is kept; the rest is counted only. */
  readonly keepBytes: number;
  /** Looks at every part of the file as it comes; borrowed. */
  readonly onData?: (part: Uint8Array) => void;
};

export type FetchedFile = {
  readonly filename: string;
  readonly sizeBytes: number;
  /** The first `keepBytes` octets. */
  readonly head: Uint8Array;
  readonly blksize: number;
  /** Requests and ACKs that had to be sent again. */
  readonly repeats: number;
};

/**
 * Starts the transfer; its failure codes are `not-found`, `tftp-error`, `timeout`, `bad-oack`, `wrong-size`, `bad-name`, `tftp-closed`,
 * `tftp-forbidden`.
 */
export function createFetch(spec: FetchSpec, startedAt: number): Exchange<FetchedFile> {
  if (!isAskable(spec.filename)) return unaskable(spec.filename);
  const { filename, options } = spec;
  const request = { filename, mode: 'octet', options, port: TFTP_PORT } as const;
  const session = createGetSession({ ...request, patience: fixedPatience(spec.retryMs) }, startedAt);
  const outgoing: Transmit[] = [];
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  let sizeBytes = 0;
  let result: Outcome<FetchedFile> | undefined;

  function take(octets: Uint8Array): void {
    spec.onData?.(octets);
    sizeBytes += octets.length;
    if (keptBytes >= spec.keepBytes) return;
    const part = octets.slice(0, spec.keepBytes - keptBytes);
    kept.push(part);
    keptBytes += part.length;
  }

  /** What the session says is borrowed, and it has one thing to say at a time. */
  function collect(now: number): void {
    for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
      const to = { destination: spec.server, destinationPort: session.port() };
      outgoing.push({ sourcePort: spec.port, ...to, bytes: action.packet.slice() });
    }
    const outcome = session.outcome();
    if (outcome === undefined || result !== undefined) return;
    result = outcome.ok ? success(fetched()) : failureOf(outcome.failure, filename);
  }

  function fetched(): FetchedFile {
    const { blksize } = session.terms()!;
    return { filename, sizeBytes, head: concatBytes(kept), blksize, repeats: session.retransmissions() };
  }

  return {
    receive({ source, sourcePort, destinationPort, bytes }, now) {
      if (result || destinationPort !== spec.port || source !== spec.server) return;
      const octets = session.receive(bytes, sourcePort, now);
      if (octets !== undefined) take(octets);
      collect(now);
    },
    unreachable(notice) {
      if (result === undefined && session.terms() === undefined) result = closedPort(spec, notice);
    },
    poll(now) {
      if (result === undefined && outgoing.length === 0) collect(now);
      return outgoing.shift();
    },
    deadline: () => (result ? Number.POSITIVE_INFINITY : session.deadline()),
    result: () => result,
  };
}

function unaskable(filename: string): Exchange<FetchedFile> {
  const result = failure('bad-name', `"${filename.slice(0, 40)}" is no file name for TFTP`);
  return {
    receive: () => {},
    poll: () => undefined,
    deadline: () => Number.POSITIVE_INFINITY,
    result: () => result,
  };
}

function failureOf({ reason, detail, code }: Failure, filename: string): Outcome<FetchedFile> {
  if (code !== undefined) {
    const text = detail.replace(/[^\x20-\x7e]/g, '?');
    const why = reason === 'not-found' ? reason : 'tftp-error';
    return failure(why, `${filename}: error ${code}, "${text}"`);
  }
  if (reason === 'no-answer' || reason === 'timeout') return failure('timeout', `${filename}: ${detail}`);
  if (reason === 'bad-oack') return failure(reason, detail);
  return failure(reason === 'wrong-size' ? reason : 'tftp-error', `${filename}: ${detail}`);
}

/** undefined when the notice is about something else. */
function closedPort(
  spec: FetchSpec,
  { destination, destinationPort, sourcePort, code, from }: Unreachable,
): Outcome<FetchedFile> | undefined {
  if (sourcePort !== spec.port || destination !== spec.server || destinationPort !== TFTP_PORT)
    return undefined;
  const where = `UDP port ${TFTP_PORT} of ${formatIpv4(spec.server)}`;
  if (code === PORT_UNREACHABLE) {
    return failure('tftp-closed', `${spec.filename}: ${where} is closed (ICMP): no TFTP server there`);
  }
  const words = `${formatIpv4(from)} lets nothing to ${where} (ICMP code ${code})`;
  return failure('tftp-forbidden', `${spec.filename}: ${words}`);
}

function isAskable(name: string): boolean {
  if (name === '' || name.length > LONGEST_NAME) return false;
  return [...name].every((letter) => letter > '\0' && letter <= '\xff');
}

/** `pxelinux.0: 42 kB`, with what was odd about the transfer. */
export function describeFile({ filename, sizeBytes, repeats }: FetchedFile): string {
  const again = repeats === 0 ? '' : `, ${repeats} ${repeats === 1 ? 'packet' : 'packets'} sent again`;
  return `${filename}: ${formatBytes(sizeBytes)}${again}`;
}
