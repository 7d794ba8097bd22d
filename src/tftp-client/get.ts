import type { Hash } from 'node:crypto';
import { TftpError } from '../lib/tftp-error.ts';
import { createNetasciiDecoder, type NetasciiDecoder } from '../tftp/netascii.ts';
import { ERROR_CODE } from '../tftp-packet/index.ts';
import { type Attempt, type Settings, settle, tryUntilAccepted } from './attempts.ts';
import { createChunks } from './chunks.ts';
import type { Consumer } from './consumer.ts';
import { dally, drive, sayAll, type Work } from './drive.ts';
import type { Download, Target, TransferOptions, TransferResult } from './face.ts';
import type { Line } from './line.ts';
import { createGetSession } from './machine/get-session.ts';
import type { ClientSession } from './machine/session.ts';
import type { RequestSpec } from './machine/transfer.ts';
import { createMeter } from './meter.ts';
import { resultOf, termsOf } from './result.ts';
import { tracing } from './trace.ts';
import { unlessAborted } from './unless-aborted.ts';

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
    const { createChunkQueue } = await import('./chunk-queue.ts');
    const queue = createChunkQueue();
    const left = new AbortController();
    const signals = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    const transfer = run(async () => queue, signals).catch((error: unknown) => queue.fail(error));
    try {
      for (let chunk = await queue.next(); chunk !== undefined; chunk = await queue.next()) yield chunk;
      await transfer;
    } finally {
      queue.leave();
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
      const sink = { force, alone: options.alone ?? false };
      return run(() => openFileSink(path, sink), options.signal);
    },
  };
}

async function fetchInto(
  settings: Settings,
  openConsumer: () => Promise<Consumer>,
  signal: AbortSignal | undefined,
): Promise<TransferResult> {
  const startedAt = performance.now();
  const opening = openConsumer();
  const consumer = await unlessAborted(opening, signal).catch((error: unknown) => {
    // A pipe without a reader may be opened by and by.
    opening.then((late) => late.discard()).catch(() => {});
    throw error;
  });
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

async function fetchOnce(fetch: Fetch, spec: RequestSpec, line: Line): Promise<Fetched> {
  const { settings, signal } = fetch;
  const startedAt = performance.now();
  const session = createGetSession(spec, startedAt);
  const { options } = settings;
  const hashes = options.sha256 || options.verify !== undefined;
  const hash = hashes ? (await import('node:crypto')).createHash('sha256') : undefined;
  const reception = createReception(fetch, { session, line, ...(hash && { hash }) });
  const driven = { session, line, work: reception.work, ...(signal && { signal }) };
  let sha256: string | undefined;
  try {
    await drive(driven);
    if (session.outcome()!.ok) sha256 = await reception.finish();
  } catch (error) {
    // The disk's failure is none of the server's business, but it need not go on sending.
    session.abort({ reason: 'local-file', detail: 'Disk full or allocation exceeded' }, ERROR_CODE.diskFull);
    sayAll(session, line);
    line.close();
    throw error;
  }
  if (session.outcome()!.ok) dally(driven, DALLY_MS);
  else line.close();
  const bytes = reception.bytes();
  return { session, touched: bytes > 0, result: resultOf(session, { bytes, startedAt, sha256 }) };
}

type Way = { readonly session: ClientSession; readonly line: Line; readonly hash?: Hash };

/** What becomes of the octets that arrive. */
function createReception({ settings, consumer }: Fetch, { session, line, hash }: Way) {
  const { options, mode } = settings;
  const meter = createMeter(options.onProgress, performance.now());
  const chunks = createChunks(
    (chunk) => {
      hash?.update(chunk);
      consumer.put(chunk);
    },
    () => consumer.spare?.(),
  );
  let bytes = 0;
  let text: NetasciiDecoder | undefined;
  let told = false;

  function tellTerms(): void {
    if (!told) options.onTerms?.(termsOf(session, line));
    told = true;
  }

  function take(octets: Uint8Array): void {
    const { blksize } = session.terms()!;
    if (mode === 'netascii') text ??= createNetasciiDecoder(blksize);
    const plain = text === undefined ? octets : text.convert(octets, octets.length < blksize);
    bytes += plain.length;
    chunks.put(plain);
    tellTerms();
  }

  /** Gives the hash, if there is to be one. */
  async function finish(): Promise<string | undefined> {
    chunks.end();
    const sha256 = hash?.digest('hex');
    if (options.verify !== undefined && sha256 !== options.verify.toLowerCase()) {
      throw new TftpError(`SHA-256 is ${sha256}, not ${options.verify}`, { reason: 'verify-mismatch' });
    }
    await consumer.end();
    meter.end(bytes, session.terms()?.tsize);
    return sha256;
  }

  const work: Work = {
    take,
    held: () => consumer.held(),
    tick: (now) => meter.tick(now, bytes, session.terms()?.tsize),
    ...tracing(options),
  };
  return { work, finish, bytes: () => bytes };
}
