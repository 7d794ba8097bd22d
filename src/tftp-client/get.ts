import { TftpError } from '../lib/tftp-error.ts';
import type { Download, Target, TransferOptions } from './face.ts';

/** The face that others build on; the transfer comes next. */
export function createDownload(target: Target, _options: TransferOptions): Download {
  throw new TftpError(`Cannot fetch ${target.file} yet`, { reason: 'not-yet' });
}
