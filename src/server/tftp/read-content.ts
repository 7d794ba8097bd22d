import { readSync } from 'node:fs';
import type { Negotiated } from '../../tftp/negotiate.ts';
import { createNetasciiSource } from '../../tftp/netascii-source.ts';
import { createReadSession } from '../../tftp/read-session.ts';
import type { Action, Timing } from '../../tftp/session.ts';
import type { FileCache, SharedFile } from './file-cache.ts';
import type { Joined } from './multicast-groups.ts';
import type { ReadContent, Transfer } from './transfer.ts';

export type ReadContext = {
  readonly files: FileCache;
  readonly shared: SharedFile;
  readonly terms: Negotiated;
  readonly timing?: Timing | undefined;
  /** Octets of UDP payload that fit one frame: more than that is not for UDP GSO. */
  readonly framePayload: number;
  /** The client is one of a group. */
  readonly joined?: Joined | undefined;
};

const DATA = 3;
/** Largest UDP payload over IPv4: all segments of one message together. */
const MESSAGE_MAX = 65_507;

/** A file as it is (mode octet): DATA is a header and a slice of the mapping, which JavaScript never reads. */
export function octetContent(context: ReadContext, now: number): ReadContent {
  const { files, shared, terms, timing, framePayload, joined } = context;
  const { content } = shared;
  const { blksize } = terms;
  const session =
    joined?.session ??
    createReadSession({ terms, content: content.sizeBytes, ...(timing && { timing }) }, now);
  const lastBlock = Math.floor(content.sizeBytes / blksize) + 1;
  const datagram = blksize + 4;
  const perMessage = datagram > framePayload ? 1 : Math.floor(MESSAGE_MAX / datagram);

  function send(transfer: Transfer, { first, count }: Action): void {
    const end = first + count;
    // A file cut within its last page would be sent with zeros where its end was; one cut further gives EFAULT.
    if (end > lastBlock && !files.isIntact(shared)) {
      session.abort('read-error', { code: 0, message: 'File changed while it was read' });
      return;
    }
    const segments = Math.min(perMessage, transfer.socket.maxGsoSegments());
    for (let from = first; from < end; from += segments) {
      sendMessage(transfer, from, Math.min(end, from + segments));
    }
  }

  function sendMessage(transfer: Transfer, from: number, end: number): void {
    const { out } = transfer.socket;
    if (joined === undefined) out.begin(transfer.client.address, transfer.client.port, transfer.source);
    else out.begin(joined.to.address, joined.to.port, joined.to.source);
    for (let block = from; block < end; block++) {
      out.words(DATA, session.wireBlock(block));
      const offset = (block - 1) * blksize;
      out.slice(content, offset, Math.min(blksize, content.sizeBytes - offset));
    }
    out.end(end - from > 1 ? datagram : 0);
  }

  return {
    kind: 'read',
    session,
    terms,
    isWarm: (first, count) => files.isWarm(shared, (first + count - 1) * blksize),
    send,
    release: (at) => files.release(shared, at),
  };
}

/** A text file in mode netascii, converted while it is sent. */
export function netasciiContent(context: ReadContext, now: number): ReadContent {
  const { files, shared, terms, timing } = context;
  const source = createNetasciiSource((offset, into) => readAt(shared.file.fd, offset, into), terms);
  const session = createReadSession({ terms, content: source, ...(timing && { timing }) }, now);
  return {
    kind: 'read',
    session,
    terms,
    isWarm: () => true, // converted when its window was asked for
    send: ({ socket: { out }, client, source: answerFrom }, { first, count }) => {
      for (let block = first; block < first + count; block++) {
        out.begin(client.address, client.port, answerFrom);
        out.words(DATA, session.wireBlock(block));
        out.bytes(source.block(block));
        out.end();
      }
    },
    release: (at) => files.release(shared, at),
  };
}

function readAt(fd: number, offset: number, into: Uint8Array): number {
  try {
    return readSync(fd, into, 0, into.length, offset);
  } catch {
    return -1;
  }
}
