/**
 * Reads one file by TFTP as boot ROMs and loaders do (RFC 1350, RFC 2347 to 2349), in lock-step, or in windows where they are
 * asked for and granted (RFC 7440).
 *
 *     asking   --OACK with only what was asked-->  reading (ACK 0)
 *     asking   --DATA 1-->                         reading (a server without options)
 *     reading  --DATA n+1-->                       reading (ACK n+1 at the window's end); done when it is short
 *     reading  --DATA further on-->                reading (ACK n, once): a block of the window was lost
 *     reading  --DATA n again-->                   reading (ACK n again: ours was lost)
 *     any      --ERROR-->                          failed
 *     asking   --ICMP: port unreachable-->         failed
 *     any      --silence, all repeats used up-->   failed
 */
import { concatBytes } from '../lib/bytes.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { formatBytes } from '../lib/size.ts';
import { decode, ERROR_CODE, encode, type TftpOption, type TftpPacket } from '../tftp-packet/index.ts';
import { type Exchange, failure, type Outcome, type Received, success, type Transmit } from './exchange.ts';

const TFTP_PORT = 69;
const DEFAULT_BLKSIZE = 512;
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

/** Starts the transfer; its failure codes are `not-found`, `tftp-error`, `timeout`, `bad-oack`, `wrong-size`, `bad-name`, `tftp-closed`, `tftp-forbidden`. */
export function createFetch(spec: FetchSpec, startedAt: number): Exchange<FetchedFile> {
  const asked = new Set(spec.options.map(([name]) => name.toLowerCase()));
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  const request = { opcode: 'rrq', filename: spec.filename, mode: 'octet', options: spec.options } as const;
  let outgoing: TftpPacket[] = [request];
  let last: TftpPacket = request;
  let serverPort: number | undefined;
  let blksize = DEFAULT_BLKSIZE;
  let announced: number | undefined;
  let windowsize = 1;
  let acked = 0;
  let gapAcked = false;
  let blocks = 0; // in order, without the 16-bit wrap
  let sizeBytes = 0;
  let repeats = 0;
  let tries = 0;
  let retryAt = startedAt + (spec.retryMs[0] ?? 0);
  let result: Outcome<FetchedFile> | undefined;
  if (!isAskable(spec.filename)) {
    outgoing = [];
    result = failure('bad-name', `"${spec.filename.slice(0, 40)}" is no file name for TFTP`);
  }

  function say(packet: TftpPacket, now: number): void {
    outgoing.push(packet);
    last = packet;
    tries = 0;
    retryAt = now + (spec.retryMs[0] ?? 0);
  }

  function refuse(why: string, detail: string): void {
    outgoing.push({ opcode: 'error', code: ERROR_CODE.optionRefused, message: detail });
    result = failure(why, detail);
  }

  function takeOack(options: readonly TftpOption[], now: number): void {
    if (blocks > 0) return; // a late copy
    const accepted = readOack(options, { asked, options: spec.options });
    if (!accepted.ok) {
      refuse('bad-oack', accepted.detail);
      return;
    }
    blksize = accepted.value.blksize ?? DEFAULT_BLKSIZE;
    announced = accepted.value.tsize;
    windowsize = accepted.value.windowsize ?? 1;
    say({ opcode: 'ack', block: 0 }, now);
  }

  function takeData(block: number, data: Uint8Array, now: number): void {
    if (block === (blocks & 0xffff) && blocks > 0) {
      acked = blocks;
      outgoing = [{ opcode: 'ack', block }]; // our ACK was lost; one answer to each copy, never two
      return;
    }
    if (block !== ((blocks + 1) & 0xffff) || data.length > blksize) {
      // RFC 7440 §4: the last block in order, so that the window begins anew behind it.
      const ahead = (block - blocks) & 0xffff;
      if (windowsize > 1 && ahead <= windowsize && !gapAcked && blocks > 0) {
        gapAcked = true;
        acked = blocks;
        outgoing = [{ opcode: 'ack', block: blocks & 0xffff }];
      }
      return;
    }
    blocks++;
    gapAcked = false;
    spec.onData?.(data);
    sizeBytes += data.length;
    if (keptBytes < spec.keepBytes) {
      const part = data.slice(0, spec.keepBytes - keptBytes);
      kept.push(part);
      keptBytes += part.length;
    }
    if (data.length === blksize && blocks - acked < windowsize) {
      last = { opcode: 'ack', block }; // what is said when the rest of the window does not come
      retryAt = now + (spec.retryMs[0] ?? 0);
      tries = 0;
      return;
    }
    acked = blocks;
    say({ opcode: 'ack', block }, now);
    if (data.length === blksize) return;
    result =
      announced !== undefined && announced !== sizeBytes
        ? failure('wrong-size', `${spec.filename}: announced ${announced} octets, sent ${sizeBytes}`)
        : success({ filename: spec.filename, sizeBytes, head: concatBytes(kept), blksize, repeats });
  }

  return {
    receive(datagram: Received, now: number): void {
      if (result || datagram.destinationPort !== spec.port || datagram.source !== spec.server) return;
      if (serverPort !== undefined && datagram.sourcePort !== serverPort) return; // not this transfer's TID
      const decoded = decode(datagram.bytes);
      if (!decoded.ok) return;
      const packet = decoded.value;
      if (packet.opcode === 'error') {
        const why = packet.code === ERROR_CODE.notFound ? 'not-found' : 'tftp-error';
        const text = packet.message.replace(/[^\x20-\x7e]/g, '?');
        result = failure(why, `${spec.filename}: error ${packet.code}, "${text}"`);
      } else if (packet.opcode === 'oack') {
        serverPort = datagram.sourcePort;
        takeOack(packet.options, now);
      } else if (packet.opcode === 'data') {
        serverPort = datagram.sourcePort;
        takeData(packet.block, packet.data, now);
      }
    },
    unreachable({ destination, destinationPort, sourcePort, code, from }) {
      if (result || serverPort !== undefined || sourcePort !== spec.port) return;
      if (destination !== spec.server || destinationPort !== TFTP_PORT) return;
      const where = `UDP port ${TFTP_PORT} of ${formatIpv4(spec.server)}`;
      result =
        code === PORT_UNREACHABLE
          ? failure('tftp-closed', `${spec.filename}: ${where} is closed (ICMP): no TFTP server there`)
          : failure(
              'tftp-forbidden',
              `${spec.filename}: ${formatIpv4(from)} lets nothing to ${where} (ICMP code ${code})`,
            );
    },
    poll(now: number): Transmit | undefined {
      if (!result && now >= retryAt) {
        tries++;
        if (tries >= spec.retryMs.length) {
          const where = serverPort === undefined ? 'no answer' : `silence after block ${blocks}`;
          result = failure('timeout', `${spec.filename}: ${where}`);
        } else {
          repeats++;
          retryAt = now + spec.retryMs[tries]!;
          if (outgoing.length === 0) outgoing.push(last);
        }
      }
      const packet = outgoing.shift();
      if (!packet) return undefined;
      return {
        sourcePort: spec.port,
        destination: spec.server,
        destinationPort: serverPort ?? TFTP_PORT,
        bytes: encode(packet),
      };
    },
    deadline: () => (result ? Number.POSITIVE_INFINITY : retryAt),
    result: () => result,
  };
}

type Accepted = { readonly blksize?: number; readonly tsize?: number; readonly windowsize?: number };

/** RFC 2347: an OACK may hold only what was asked; RFC 2348: a block size no larger than asked, at least 8. */
function readOack(
  options: readonly TftpOption[],
  request: { readonly asked: ReadonlySet<string>; readonly options: readonly TftpOption[] },
): Outcome<Accepted> {
  let accepted: Accepted = {};
  for (const [name, text] of options) {
    const key = name.toLowerCase();
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!request.asked.has(key))
      return failure('bad-oack', `server acknowledged ${key}, which was not asked`);
    const most = Number(request.options.find(([each]) => each.toLowerCase() === key)?.[1]);
    if (key === 'blksize') {
      if (!(value >= 8 && value <= most))
        return failure('bad-oack', `server answered blksize ${text} to ${most}`);
      accepted = { ...accepted, blksize: value };
    }
    if (key === 'windowsize') {
      if (!(value >= 1 && value <= most))
        return failure('bad-oack', `server answered windowsize ${text} to ${most}`);
      accepted = { ...accepted, windowsize: value };
    }
    if (key === 'tsize') {
      if (Number.isNaN(value)) return failure('bad-oack', 'server sent a tsize that is no number');
      accepted = { ...accepted, tsize: value };
    }
  }
  return success(accepted);
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
