import type { Rows } from '../../lib/rows.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import { createNetasciiSource } from '../../tftp/netascii-source.ts';
import { createReadSession } from '../../tftp/read-session.ts';
import type { Timing } from '../../tftp/session.ts';
import { layBlocks } from './read-content.ts';
import type { ReadContent } from './transfer.ts';

export type RenderedContext = {
  /** Not changed while it is sent. */
  readonly bytes: Uint8Array;
  readonly netascii: boolean;
  readonly terms: Negotiated;
  readonly timing?: Timing | undefined;
  readonly rows: Rows;
};

/** A file that is in memory and nowhere else: a page of text, whose octets are copied into its datagrams. */
export function renderedContent(
  { bytes, netascii, terms, timing, rows }: RenderedContext,
  now: number,
): ReadContent {
  const source = netascii ? createNetasciiSource((at, into) => copyAt(bytes, at, into), terms) : undefined;
  const content = source ?? bytes.length;
  const session = createReadSession({ terms, content, rows, ...(timing && { timing }) }, now);
  const { blksize } = terms;
  const blockOf = (block: number) =>
    source?.block(block) ?? bytes.subarray((block - 1) * blksize, block * blksize);
  return {
    kind: 'read',
    session,
    terms,
    isWarm: () => true,
    send: (transfer, action) => layBlocks(transfer, action, { session, blockOf }),
    release: () => {},
  };
}

function copyAt(bytes: Uint8Array, offset: number, into: Uint8Array): number {
  const part = bytes.subarray(offset, offset + into.length);
  into.set(part);
  return part.length;
}
