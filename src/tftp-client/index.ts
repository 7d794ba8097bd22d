/**
 * A TFTP client (RFC 1350, 2347 to 2349, 7440): `pxed/tftp-client`.
 *
 *     import { get, put } from 'pxed/tftp-client';
 *     await get('tftp://10.0.0.1/vmlinuz').into('vmlinuz');
 *     for await (const octets of get('tftp://10.0.0.1/motd')) process.stdout.write(octets);
 *     await put('report.txt', 'tftp://10.0.0.1/report.txt', { signal: AbortSignal.timeout(10_000) });
 */
export { TftpError } from '../lib/tftp-error.ts';
export { createTftpClient, get, put } from './client.ts';
export type {
  ClientOptions,
  Download,
  Progress,
  Source,
  Target,
  Terms,
  TftpClient,
  TransferOptions,
  TransferResult,
} from './face.ts';
export { parseTarget } from './target.ts';
