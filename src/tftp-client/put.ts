import { createNetasciiEncoder } from '../tftp/netascii.ts';
import { type Attempt, type Settings, settle, tryUntilAccepted } from './attempts.ts';
import { drive, sayAll, type Work } from './drive.ts';
import type { Source, Target, TransferOptions, TransferResult } from './face.ts';
import type { Line } from './line.ts';
import { type BlockRing, createBlockRing } from './machine/block-ring.ts';
import { createPutSession, type PutSession } from './machine/put-session.ts';
import type { Action } from './machine/session.ts';
import type { RequestSpec } from './machine/transfer.ts';
import { createMeter } from './meter.ts';
import { resultOf, termsOf } from './result.ts';
import { type Octets, openSource } from './source.ts';
import { tracing } from './trace.ts';

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
  const { options, mode } = settings;
  const startedAt = performance.now();
  octets.rewind?.();
  const session = createPutSession(spec, startedAt);
  const hash = options.sha256 ? (await import('node:crypto')).createHash('sha256') : undefined;
  const reader = createReader(octets, mode === 'netascii', (part) => hash?.update(part));
  const work = createDispatch({ octets, reader, options }, session, line);
  try {
    await drive({ session, line, work, ...(options.signal && { signal: options.signal }) });
  } catch (error) {
    session.abort({ reason: 'local-file', detail: 'Cannot read the file' }, 0);
    sayAll(session, line);
    throw error;
  } finally {
    line.close();
  }
  const bytes = reader.bytes();
  if (session.outcome()!.ok) createMeter(options.onProgress, startedAt).end(bytes, octets.sizeBytes);
  const result = resultOf(session, { bytes, startedAt, sha256: hash?.digest('hex') });
  // What was read, and never arrived, can be read again of a file.
  return { session, touched: octets.rewind ? session.acked() > 0 : bytes > 0, result };
}

type Supply = { readonly octets: Octets; readonly reader: Reader; readonly options: TransferOptions };

/** Brings blocks up and sends them when the session says so. */
function createDispatch({ octets, reader, options }: Supply, session: PutSession, line: Line): Work {
  const meter = createMeter(options.onProgress, performance.now());
  const { trace } = tracing(options);
  let ring: BlockRing | undefined;
  let waits = false;

  function begin(): BlockRing {
    const { blksize, windowsize } = session.terms()!;
    options.onTerms?.(termsOf(session, line));
    return createBlockRing(blksize, windowsize + Math.ceil(AHEAD_BYTES / blksize));
  }

  function refill(): void {
    if (session.terms() === undefined || session.outcome() !== undefined) return;
    ring ??= begin();
    const before = ring.ready();
    while (ring.hasRoom(session.acked())) {
      const count = reader.read(ring.space());
      if (count > 0) ring.fill(count);
      else if (count < 0) ring.end();
      else {
        waitForMore();
        break;
      }
    }
    if (ring.ready() !== before) session.offer(ring.ready(), ring.ended());
  }

  /** A slow source wakes us when it has more. */
  function waitForMore(): void {
    if (waits) return;
    waits = true;
    void octets.more().then(() => {
      waits = false;
      line.socket().wake();
    });
  }

  function sendBlocks({ first, count }: Action): void {
    const stride = session.terms()!.blksize + 4;
    for (let block = first; block < first + count; block++) ring!.number(block, session.wireBlock(block));
    for (let left = count, from = first; left > 0; ) {
      const { bytes, count: run } = ring!.packets(from, left);
      line.socket().send(session.port(), bytes, stride);
      if (trace)
        for (let at = 0; at < bytes.length; at += stride) trace('sent', bytes.subarray(at, at + stride));
      from += run;
      left -= run;
    }
  }

  const tick = (now: number) => meter.tick(now, reader.bytes(), octets.sizeBytes);
  return { refill, sendBlocks, tick, ...(trace && { trace }) };
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
