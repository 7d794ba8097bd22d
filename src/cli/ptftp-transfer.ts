import { TftpError } from '../lib/tftp-error.ts';
import { get, put } from '../tftp-client/client.ts';
import type { Terms, TransferOptions, TransferResult } from '../tftp-client/face.ts';
import { unlessAborted } from '../tftp-client/unless-aborted.ts';
import { type Job, PTFTP_EXIT, type PtftpSetup } from './ptftp-setup.ts';

/** They end a transfer, and nothing of it stays; SIGHUP is that of a terminal that was closed. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a one-shot transfer writes to. */
export type PtftpIo = {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly input: NodeJS.ReadStream;
};

/** After losses the server may still ask for our last ACK; it is repeated this long before the process ends. */
const LAST_WORDS_MS = 1000;

/** Does the one transfer that the command line names. Gives the exit code. */
export async function transferOnce(setup: PtftpSetup, job: Job, io: PtftpIo): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  for (const each of SIGNALS) process.once(each, interrupt);
  const complain = (error: TftpError) => void io.err.write(`ptftp: ${error.message}${hint(error)}\n`);
  try {
    const { code, lossy } = await transfer(setup, job, {
      io,
      signal: interrupted.signal,
      complain,
    });
    if (job.what === 'get' && lossy) {
      await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    }
    return code;
  } finally {
    for (const each of SIGNALS) process.off(each, interrupt);
  }
}

/** A transfer is long when it is worth a word to V8. */
const LONG_BYTES = 1024 * 1024;

/**
 * What V8's last compiler takes for this program, 20 ms and more, it does not earn back in a gigabyte. Not before everything is loaded:
 * with other flags Node's own parts are compiled anew instead of taken from its cache.
 */
function spareTheOptimiser(): void {
  process.getBuiltinModule('node:v8').setFlagsFromString('--no-turbofan');
}

/** What a transfer tells, and who may end it. */
export type Reporting = {
  readonly io: PtftpIo;
  readonly signal: AbortSignal;
  /** Says in words what failed, unless it is to be told as JSON. */
  complain(error: TftpError): void;
};

/** `lossy`: packets got lost, perhaps our last ACK, too. */
export type Reported = { readonly code: number; readonly lossy: boolean };

/** One transfer with its progress and its report. Gives the exit code. */
export async function transfer(setup: PtftpSetup, job: Job, reporting: Reporting): Promise<Reported> {
  const { io, signal, complain } = reporting;
  const toStdout = job.what === 'get' && job.local === '-';
  const tell = (line: string) => (toStdout ? io.err : io.out).write(line);
  const bar = setup.quiet || setup.json ? undefined : await barFor(setup, job, io);
  const options: TransferOptions = {
    ...setup.transfer,
    alone: true,
    signal,
    sha256: setup.hash || setup.json,
    ...(setup.verify !== undefined && job.what === 'get' && { verify: setup.verify }),
    ...(bar && { onProgress: bar.update }),
    onTerms(terms) {
      if (terms.tsize === undefined || terms.tsize > LONG_BYTES) spareTheOptimiser();
      setup.transfer.onTerms?.(terms);
      if (setup.verbose) io.err.write(`${describeTerms(terms)}\n`);
    },
    ...(setup.verbose && {
      onTrace: (line: string) => io.err.write(`${line}\n`),
    }),
  };
  try {
    if (job.what === 'put' && setup.verify !== undefined) await verifyLocal(job.local, setup.verify);
    const result = await run(job, { setup, options, io });
    bar?.clear();
    if (setup.json) tell(`${jsonOf(job, result)}\n`);
    else if (!setup.quiet) tell(describe(job, result, setup.hash));
    else if (setup.hash) tell(`${result.sha256}  ${nameOf(job)}\n`);
    return { code: PTFTP_EXIT.DONE, lossy: isLossy(result) };
  } catch (error) {
    bar?.clear();
    if (!(error instanceof TftpError)) throw error;
    if (setup.json) tell(`${jsonOfError(job, error)}\n`);
    else complain(error);
    return { code: exitCode(error), lossy: false };
  }
}

/** A packet in a hundred went out again: it was lost, or the server was slow. */
function isLossy({ bytes, blksize, windowsize, retransmissions }: TransferResult): boolean {
  const acks = 1 + Math.ceil(bytes / (blksize * windowsize));
  return retransmissions / acks > 0.01;
}

type How = { readonly setup: PtftpSetup; readonly options: TransferOptions; readonly io: PtftpIo };

async function run(job: Job, { setup, options, io }: How): Promise<TransferResult> {
  const { host, port, file } = job;
  const target = { host, port, file, ...(job.mode !== undefined && { mode: job.mode }) };
  if (job.what === 'put') return put(job.local === '-' ? standardInput(io) : job.local, target, options);
  const download = get(target, options);
  if (job.local !== '-') return download.into(placeFor(job), { force: setup.force });
  for await (const chunk of download) await unlessAborted(written(io.out, chunk), options.signal);
  return download.result;
}

/** Node reads nothing from a folder, as though it were empty. */
function standardInput({ input }: PtftpIo): NodeJS.ReadStream {
  if (!process.getBuiltinModule('node:fs').fstatSync(0).isDirectory()) return input;
  throw new TftpError('Cannot read standard input: EISDIR', { reason: 'local-file' });
}

/** A folder takes the file under its own name. */
function placeFor({ local, file }: Job): string {
  const name = file.split(/[/\\]/).filter(Boolean).at(-1);
  return name !== undefined && isFolder(local) ? `${local.replace(/\/+$/, '')}/${name}` : local;
}

function isFolder(path: string): boolean {
  try {
    return process.getBuiltinModule('node:fs').statSync(path).isDirectory();
  } catch {
    return false;
  }
}

async function written(out: NodeJS.WriteStream, chunk: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    out.write(chunk, (cause) => {
      if (!cause) resolve();
      else
        reject(
          new TftpError(`Cannot write to standard output: ${cause.message}`, { reason: 'local-file', cause }),
        );
    });
  });
}

async function verifyLocal(path: string, wanted: string): Promise<void> {
  if (path === '-') throw new TftpError('Cannot verify what comes from a pipe', { reason: 'bad-option' });
  const [{ createHash }, { createReadStream, statSync }] = await Promise.all([
    import('node:crypto'),
    import('node:fs'),
  ]);
  const hash = createHash('sha256');
  try {
    // What is read once for its hash is gone.
    if (!statSync(path).isFile()) {
      throw new TftpError(`Cannot verify ${path}: it is no file`, { reason: 'bad-option' });
    }
    for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  } catch (cause) {
    if (cause instanceof TftpError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new TftpError(`Cannot read ${path}: ${code}`, { reason: 'local-file', cause });
  }
  const got = hash.digest('hex');
  if (got === wanted.toLowerCase()) return;
  throw new TftpError(`SHA-256 of ${path} is ${got}, not ${wanted}`, { reason: 'verify-mismatch' });
}

async function barFor(setup: PtftpSetup, job: Job, { err }: PtftpIo) {
  if (!(setup.progress ?? err.isTTY) || setup.verbose) return undefined;
  const { createProgressBar } = await import('./ptftp-progress.ts');
  return createProgressBar(nameOf(job), err, () => performance.now());
}

/** The name that a person knows it by. */
function nameOf({ what, file, local }: Job): string {
  return what === 'put' && local !== '-' ? local : file;
}

export function describeTerms({ address, port, blksize, windowsize, tsize }: Terms): string {
  const size = tsize === undefined ? '' : `, size ${tsize}`;
  return `${address} port ${port}: blksize ${blksize}, windowsize ${windowsize}${size}`;
}

/** `vmlinuz: 8388608 bytes in 0.13 s, 64 MB/s`, as pTFTPd and tftp-hpa tell it. */
function describe(job: Job, { bytes, tookMs, sha256 }: TransferResult, hash: boolean): string {
  const rate = Math.round(bytes / Math.max(tookMs, 0.001));
  const line = `${nameOf(job)}: ${bytes} bytes in ${(tookMs / 1000).toFixed(3)} s, ${rate} kB/s\n`;
  return hash ? `${line}${sha256}  ${nameOf(job)}\n` : line;
}

function jsonOf({ what, host, port, file, local }: Job, result: TransferResult): string {
  const { tookMs, bytes } = result;
  const bytesPerSecond = Math.round(bytes / Math.max(tookMs / 1000, 1e-6));
  return JSON.stringify({ ok: true, what, host, port, file, local, ...result, bytesPerSecond });
}

function jsonOfError({ what, host, port, file, local }: Job, { reason, code, message }: TftpError): string {
  return JSON.stringify({ ok: false, what, host, port, file, local, error: { reason, code, message } });
}

function hint({ reason }: TftpError): string {
  return reason === 'local-exists' ? '; --force replaces it' : '';
}

/** See {@link PTFTP_EXIT}. */
export function exitCode({ reason }: TftpError): number {
  if (reason === 'aborted') return PTFTP_EXIT.INTERRUPTED;
  if (reason === 'verify-mismatch') return PTFTP_EXIT.MISMATCH;
  if (reason === 'local-file' || reason === 'local-exists') return PTFTP_EXIT.LOCAL;
  if (reason === 'bad-option' || reason === 'bad-name' || reason === 'bad-url') return PTFTP_EXIT.USAGE;
  return PTFTP_EXIT.FAILED;
}
