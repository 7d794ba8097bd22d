import { TftpError } from '../lib/tftp-error.ts';
import { createNetasciiDecoder } from '../tftp/netascii.ts';
import { type Attempt, type Settings, settle, tryUntilAccepted } from './attempts.ts';
import { createChunkQueue } from './chunk-queue.ts';
import { createChunks } from './chunks.ts';
import type { Consumer } from './consumer.ts';
import { dally, drive } from './drive.ts';
import type { Download, Target, Terms, TransferOptions, TransferResult } from './face.ts';
import type { Line } from './line.ts';
import { createGetSession } from './machine/get-session.ts';
import type { ClientSession } from './machine/session.ts';
import type { RequestSpec } from './machine/transfer.ts';
import { createMeter } from './meter.ts';
import { traceLine } from './trace.ts';

/** The longest the last ACK is repeated for servers that ask for it, after its file is there. */
const DALLY_MS = 2000;

/** See {@link Download}. */
export function createDownload(target: Target, options: TransferOptions): Download {
  const settings = settle(target, options, 0);
  const finished = Promise.withResolvers<TransferResult>();
  finished.promise.catch(() => {}); // whoever iterates or awaits `into` is told there
  let begun = false;

  function begin(): void {
    if (begun) throw new TypeError('Cannot fetch a download twice: call get() again');
    begun = true;
  }

  async function run(openConsumer: () => Promise<Consumer>, signal?: AbortSignal): Promise<TransferResult> {
    try {
      const result = await fetchInto(settings, openConsumer, signal);
      finished.resolve(result);
      return result;
    } catch (error) {
      finished.reject(error);
      throw error;
    }
  }

  async function* iterate(): AsyncGenerator<Uint8Array, void> {
    begin();
    const queue = createChunkQueue();
    const left = new AbortController();
    const signals = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    const transfer = run(async () => queue, signals).catch((error: unknown) => queue.fail(error));
    try {
      for (let chunk = await queue.next(); chunk !== undefined; chunk = await queue.next()) yield chunk;
      await transfer;
    } finally {
      left.abort();
      await transfer;
    }
  }

  return {
    result: finished.promise,
    get readable() {
      return ReadableStream.from(iterate()) as ReadableStream<Uint8Array>;
    },
    [Symbol.asyncIterator]: iterate,
    async into(path, { force = false } = {}) {
      begin();
      const { openFileSink } = await import('./file-sink.ts');
      return run(() => openFileSink(path, force), options.signal);
    },
  };
}

async function fetchInto(
  settings: Settings,
  openConsumer: () => Promise<Consumer>,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  const startedAt = performance.now();
  const consumer = await openConsumer();
  try {
    const fetched = await tryUntilAccepted(settings, (spec, line) =>
      fetchOnce({ settings, consumer, ...(signal && { signal }) }, spec, line),
    );
    return { ...fetched.result, tookMs: performance.now() - startedAt };
  } catch (error) {
    await consumer.discard();
    throw error;
  }
}

type Fetch = { readonly settings: Settings; readonly consumer: Consumer; readonly signal?: AbortSignal };
type Fetched = Attempt & { readonly result: TransferResult };

async function fetchOnce(
  { settings, consumer, signal }: Fetch,
  spec: RequestSpec,
  line: Line,
): Promise<Fetched> {
  const { options, mode } = settings;
  const startedAt = performance.now();
  const session = createGetSession(spec, startedAt);
  const hash =
    options.sha256 || options.verify !== undefined
      ? (await import('node:crypto')).createHash('sha256')
      : undefined;
  const chunks = createChunks((chunk) => {
    hash?.update(chunk);
    consumer.put(chunk);
  });
  const meter = createMeter(options.onProgress, startedAt);
  let bytes = 0;
  let text: ReturnType<typeof createNetasciiDecoder> | undefined;
  let told = false;
  let sha256: string | undefined;

  function take(octets: Uint8Array): void {
    const { blksize } = session.terms()!;
    if (mode === 'netascii') text ??= createNetasciiDecoder(blksize);
    const plain = text === undefined ? octets : text.convert(octets, octets.length < blksize);
    bytes += plain.length;
    chunks.put(plain);
    if (!told) tellTerms();
  }

  function tellTerms(): void {
    told = true;
    options.onTerms?.(termsOf(session, line));
  }

  const { onTrace } = options;
  const work = {
    take,
    held: () => consumer.held(),
    tick: (now: number) => meter.tick(now, bytes, session.terms()?.tsize),
    ...(onTrace && {
      trace: (direction: 'sent' | 'received', packet: Uint8Array) => onTrace(traceLine(direction, packet)),
    }),
  };
  const driven = { session, line, work, ...(signal && { signal }) };
  try {
    await drive(driven);
    const outcome = session.outcome()!;
    if (outcome.ok) {
      if (!told) tellTerms();
      chunks.end();
      sha256 = hash?.digest('hex');
      if (options.verify !== undefined && sha256 !== options.verify.toLowerCase())
        throw mismatch(options.verify, sha256);
      await consumer.end();
      meter.end(bytes, session.terms()?.tsize);
    }
  } catch (error) {
    // The disk's failure is none of the server's business, but it need not go on sending.
    session.abort({ reason: 'local-file', detail: 'Disk full or allocation exceeded' }, 3);
    for (let action = session.poll(performance.now()); action; action = session.poll(performance.now()))
      line.socket().send(session.port(), action.packet);
    line.close();
    throw error;
  }
  const outcome = session.outcome()!;
  if (outcome.ok) dally(driven, DALLY_MS);
  else line.close();
  const { blksize, windowsize, tsize } = session.terms() ?? { blksize: 512, windowsize: 1 };
  const result = {
    bytes,
    tookMs: performance.now() - startedAt,
    blksize,
    windowsize,
    ...(tsize !== undefined && { tsize }),
    retransmissions: session.retransmissions(),
    ...(sha256 !== undefined && { sha256 }),
  };
  return { session, touched: bytes > 0, result };
}

function mismatch(wanted: string, got: string | undefined): TftpError {
  return new TftpError(`SHA-256 is ${got}, not ${wanted}`, { reason: 'verify-mismatch' });
}

/** For {@link TransferOptions.onTerms}. */
export function termsOf(session: ClientSession, line: Line): Terms {
  const terms = session.terms();
  if (terms === undefined)
    throw new TftpError('Cannot tell terms: there are none yet', { reason: 'bad-option' });
  return { ...terms, address: line.address, port: session.port() };
}
