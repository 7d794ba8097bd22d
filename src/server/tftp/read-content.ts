import { readSync } from 'node:fs';
import type { Rows } from '../../lib/rows.ts';
import type { Content } from '../../net/datagram.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import { createNetasciiSource } from '../../tftp/netascii-source.ts';
import { createReadSession } from '../../tftp/read-session.ts';
import type { Action, ReadSession, Timing } from '../../tftp/session.ts';
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
  readonly rows: Rows;
};

/** What a client is told whose file is no longer what it began with. */
export const FILE_CHANGED = { code: 0, message: 'File changed while it was read' };

const DATA = 3;
/** Largest UDP payload over IPv4: all segments of one message together. */
const MESSAGE_MAX = 65_507;

/** A file as it is (mode octet): DATA is a header and a slice of the mapping, which JavaScript never reads. */
export function octetContent(context: ReadContext, now: number): ReadContent {
  const { shared, terms, timing, rows, joined } = context;
  const content = shared.content.sizeBytes;
  const session =
    joined?.session ?? createReadSession({ terms, content, rows, ...(timing && { timing }) }, now);
  return new OctetContent(context, session);
}

class OctetContent implements ReadContent {
  readonly kind = 'read';
  readonly session: ReadSession;
  readonly terms: Negotiated;
  readonly #files: FileCache;
  readonly #shared: SharedFile;
  readonly #content: Content;
  readonly #joined: Joined | undefined;
  readonly #blksize: number;
  readonly #lastBlock: number;
  /** Blocks of one message. */
  readonly #perMessage: number;

  constructor({ files, shared, terms, framePayload, joined }: ReadContext, session: ReadSession) {
    const { blksize } = terms;
    const datagram = blksize + 4;
    this.session = session;
    this.terms = terms;
    this.#files = files;
    this.#shared = shared;
    this.#content = shared.content;
    this.#joined = joined;
    this.#blksize = blksize;
    this.#lastBlock = Math.floor(shared.content.sizeBytes / blksize) + 1;
    this.#perMessage = datagram > framePayload ? 1 : Math.floor(MESSAGE_MAX / datagram);
  }

  isWarm(first: number, count: number): boolean {
    return this.#files.isWarm(this.#shared, (first + count - 1) * this.#blksize);
  }

  send(transfer: Transfer, { first, count }: Action): void {
    const end = first + count;
    // A file cut within its last page would be sent with zeros where its end was; one cut further gives EFAULT. Of one that was
    // rewritten the client has a mixture, which its last block would make whole.
    if (end > this.#lastBlock && !this.#files.isIntact(this.#shared)) {
      this.session.abort('read-error', FILE_CHANGED);
      return;
    }
    if (count === 1) {
      this.#sendMessage(transfer, first, end);
      return;
    }
    const segments = Math.min(this.#perMessage, transfer.socket.maxGsoSegments());
    for (let from = first; from < end; from += segments) {
      this.#sendMessage(transfer, from, Math.min(end, from + segments));
    }
  }

  release(now: number): void {
    this.#files.release(this.#shared, now);
  }

  #sendMessage(transfer: Transfer, from: number, end: number): void {
    const { out } = transfer.socket;
    const joined = this.#joined;
    if (joined === undefined) out.begin(transfer.address, transfer.port, transfer);
    else out.begin(joined.to.address, joined.to.port, joined.to.source);
    const blksize = this.#blksize;
    const content = this.#content;
    for (let block = from; block < end; block++) {
      out.words(DATA, this.session.wireBlock(block));
      const offset = (block - 1) * blksize;
      out.slice(content, offset, Math.min(blksize, content.sizeBytes - offset));
    }
    out.end(end - from > 1 ? blksize + 4 : 0);
  }
}

/** A text file in mode netascii, converted while it is sent. */
export function netasciiContent(context: ReadContext, now: number): ReadContent {
  const { files, shared, terms, timing, rows } = context;
  const source = createNetasciiSource((offset, into) => readAt(shared.file.fd, offset, into), terms);
  const session = createReadSession({ terms, content: source, rows, ...(timing && { timing }) }, now);
  return {
    kind: 'read',
    session,
    terms,
    isWarm: () => true, // converted when its window was asked for
    send(transfer, action) {
      const upTo = action.first + action.count - 1;
      const isLast = source.lastBlockBy(upTo) <= upTo; // known: they were converted when their window was asked for
      if (isLast && !files.isIntact(shared)) session.abort('read-error', FILE_CHANGED);
      else layBlocks(transfer, action, { session, blockOf: source.block });
    },
    release: (at) => files.release(shared, at),
  };
}

/** Lays blocks of memory into the list of the transfer's socket, a datagram each. */
export function layBlocks(
  transfer: Transfer,
  { first, count }: Pick<Action, 'first' | 'count'>,
  { session, blockOf }: { readonly session: ReadSession; blockOf(block: number): Uint8Array },
): void {
  const { out } = transfer.socket;
  for (let block = first; block < first + count; block++) {
    out.begin(transfer.address, transfer.port, transfer);
    out.words(DATA, session.wireBlock(block));
    out.bytes(blockOf(block));
    out.end();
  }
}

function readAt(fd: number, offset: number, into: Uint8Array): number {
  try {
    return readSync(fd, into, 0, into.length, offset);
  } catch {
    return -1;
  }
}
