import { createNetasciiEncoder } from '../tftp/netascii.ts';
import { type Attempt, type Settings, settle, tryUntilAccepted } from './attempts.ts';
import { drive } from './drive.ts';
import type { Source, Target, TransferOptions, TransferResult } from './face.ts';
import { termsOf } from './get.ts';
import type { Line } from './line.ts';
import { type BlockRing, createBlockRing } from './machine/block-ring.ts';
import { createPutSession } from './machine/put-session.ts';
import type { RequestSpec } from './machine/transfer.ts';
import { createMeter } from './meter.ts';
import { type Octets, openSource } from './source.ts';
import { traceLine } from './trace.ts';

/** Besides the window that is out, so much is brought up. */
const AHEAD_BYTES = 128 * 1024;
const TEXT_BYTES = 16 * 1024;

/** Sends a file; see client.ts. */
export async function sendFile(
  source: Source,
  target: Target,
  options: TransferOptions,
): Promise<TransferResult> {
  const startedAt = performance.now();
  const octets = await openSource(source);
  try {
    const settings = settle(target, options, octets.sizeBytes);
    const sent = await tryUntilAccepted(settings, (spec, line) => sendOnce({ settings, octets }, spec, line));
    return { ...sent.result, tookMs: performance.now() - startedAt };
  } finally {
    await octets.close();
  }
}

type Send = { readonly settings: Settings; readonly octets: Octets };
type Sent = Attempt & { readonly result: TransferResult };

async function sendOnce({ settings, octets }: Send, spec: RequestSpec, line: Line): Promise<Sent> {
  const { options } = settings;
  const startedAt = performance.now();
  const session = createPutSession(spec, startedAt);
  const hash = options.sha256 ? (await import('node:crypto')).createHash('sha256') : undefined;
  const reader = createReader(octets, settings.mode === 'netascii', (part) => hash?.update(part));
  const meter = createMeter(options.onProgress, startedAt);
  const { onTrace } = options;
  let ring: BlockRing | undefined;
  let waits = false;

  /** Brings up what fits; a slow source wakes us when it has more. */
  function refill(): void {
    const terms = session.terms();
    if (terms === undefined || session.outcome() !== undefined) return;
    if (ring === undefined) {
      ring = createBlockRing(terms.blksize, terms.windowsize + Math.ceil(AHEAD_BYTES / terms.blksize));
      options.onTerms?.(termsOf(session, line));
    }
    const before = ring.ready();
    while (ring.hasRoom(session.acked())) {
      const count = reader.read(ring.space());
      if (count > 0) ring.fill(count);
      else if (count < 0) ring.end();
      else {
        if (!waits) void octets.more().then(goOn);
        waits = true;
        break;
      }
    }
    if (ring.ready() !== before) session.offer(ring.ready(), ring.ended(), performance.now());
  }

  function goOn(): void {
    waits = false;
    line.socket().wake();
  }

  function sendBlocks({ first, count }: { first: number; count: number }): void {
    for (let block = first; block < first + count; block++) ring!.number(block, session.wireBlock(block));
    for (let left = count, from = first; left > 0; ) {
      const { bytes, count: run } = ring!.packets(from, left);
      const { blksize } = session.terms()!;
      line.socket().send(session.port(), bytes, blksize + 4);
      if (onTrace !== undefined) {
        for (let at = 0; at < bytes.length; at += blksize + 4)
          onTrace(traceLine('sent', bytes.subarray(at, at + blksize + 4)));
      }
      from += run;
      left -= run;
    }
  }

  const work = {
    refill,
    sendBlocks,
    tick: (now: number) => meter.tick(now, reader.bytes(), octets.sizeBytes),
    ...(onTrace && {
      trace: (direction: 'sent' | 'received', packet: Uint8Array) => onTrace(traceLine(direction, packet)),
    }),
  };
  try {
    await drive({ session, line, work, ...(options.signal && { signal: options.signal }) });
  } catch (error) {
    session.abort({ reason: 'local-file', detail: 'Cannot read the file' }, 0);
    for (let action = session.poll(performance.now()); action; action = session.poll(performance.now()))
      line.socket().send(session.port(), action.packet);
    throw error;
  } finally {
    line.close();
  }
  meter.end(reader.bytes(), octets.sizeBytes);
  const { blksize, windowsize, tsize } = session.terms() ?? { blksize: 512, windowsize: 1 };
  const result = {
    bytes: reader.bytes(),
    tookMs: performance.now() - startedAt,
    blksize,
    windowsize,
    ...(tsize !== undefined && { tsize }),
    retransmissions: session.retransmissions(),
    ...(hash !== undefined && { sha256: hash.digest('hex') }),
  };
  return { session, touched: reader.bytes() > 0, result };
}

type Reader = { read(into: Uint8Array): number; bytes(): number };

/** The source's octets as they go on the wire; `bytes` counts those of the file. */
function createReader(octets: Octets, netascii: boolean, tell: (part: Uint8Array) => void): Reader {
  let bytes = 0;

  function readPlain(into: Uint8Array): number {
    const count = octets.read(into);
    if (count > 0) {
      bytes += count;
      tell(into.subarray(0, count));
    }
    return count;
  }

  if (!netascii) return { read: readPlain, bytes: () => bytes };
  const encoder = createNetasciiEncoder();
  const scratch = new Uint8Array(TEXT_BYTES);
  let text = scratch.subarray(0, 0);
  return {
    read(into) {
      if (text.length === 0 && !encoder.pending()) {
        const count = readPlain(scratch);
        if (count <= 0) return count;
        text = scratch.subarray(0, count);
      }
      const used = encoder.convert(text, 0, into);
      text = text.subarray(used);
      return encoder.written();
    },
    bytes: () => bytes,
  };
}
