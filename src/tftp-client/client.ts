import type {
  ClientOptions,
  Download,
  Source,
  Target,
  TftpClient,
  TransferOptions,
  TransferResult,
} from './face.ts';
import { createDownload } from './get.ts';
import { parseTarget, TFTP_PORT } from './target.ts';

/**
 * Fetches a file. Rejects with TftpError: `reason` is a code such as `not-found`, `timeout`, `aborted`, `code` the number of
 * the server's ERROR.
 *
 *     for await (const octets of get('tftp://10.0.0.1/motd')) process.stdout.write(octets);
 *     const { bytes, tookMs } = await get({ host: '10.0.0.1', file: 'vmlinuz' }).into('vmlinuz', { force: true });
 */
export function get(target: string | Target, options: TransferOptions = {}): Download {
  return createDownload(typeof target === 'string' ? parseTarget(target) : target, options);
}

/**
 * Sends a file; resolves when the server has all of it. `source` as text is the path of a local file. Rejects as {@link get}
 * does.
 *
 *     await put(new TextEncoder().encode('done\n'), 'tftp://10.0.0.1/status');
 */
export async function put(
  source: Source,
  target: string | Target,
  options: TransferOptions = {},
): Promise<TransferResult> {
  const { sendFile } = await import('./put.ts');
  return sendFile(source, typeof target === 'string' ? parseTarget(target) : target, options);
}

/** A client of one server; what it is given holds for each transfer, unless that says otherwise. */
export function createTftpClient({ host, port = TFTP_PORT, ...defaults }: ClientOptions): TftpClient {
  return {
    host,
    port,
    get: (file, options) => get({ host, port, file }, { ...defaults, ...options }),
    put: (source, file, options) => put(source, { host, port, file }, { ...defaults, ...options }),
  };
}
