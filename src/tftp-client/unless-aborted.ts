import { TftpError } from '../lib/tftp-error.ts';

/** What `work` gives, unless `signal` comes first: rejects with TftpError then, reason `aborted`, whatever becomes of the work. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new TftpError('Transfer aborted', { reason: 'aborted' }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
