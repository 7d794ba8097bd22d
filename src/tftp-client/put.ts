import { TftpError } from '../lib/tftp-error.ts';
import type { Source, Target, TransferOptions, TransferResult } from './face.ts';

/** The face that others build on; the transfer comes next. */
export async function sendFile(
  _source: Source,
  target: Target,
  _options: TransferOptions,
): Promise<TransferResult> {
  throw new TftpError(`Cannot send ${target.file} yet`, { reason: 'not-yet' });
}
