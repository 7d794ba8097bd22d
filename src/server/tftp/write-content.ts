import type { Sync, Upload, UploadProblem } from '../../store/upload.ts';
import type { Negotiated } from '../../tftp/negotiate.ts';
import type { Timing } from '../../tftp/session.ts';
import { createWriteSession } from '../../tftp/write-session.ts';
import { ERROR_CODE } from '../../tftp-packet/index.ts';
import type { WriteContent } from './transfer.ts';

export type WriteContext = {
  readonly upload: Upload;
  readonly terms: Negotiated;
  readonly netascii: boolean;
  readonly capBytes: number;
  readonly announcedBytes: number | undefined;
  readonly timing?: Timing | undefined;
  readonly sync: Sync;
};

const MESSAGES: Record<UploadProblem, { code: number; message: string }> = {
  exists: { code: ERROR_CODE.fileExists, message: 'File already exists' },
  'disk-full': { code: ERROR_CODE.diskFull, message: 'Disk full or allocation exceeded' },
  'write-error': { code: ERROR_CODE.undefined, message: 'Cannot store the file' },
};

/** A file on its way in: octets go to the upload as they come, and nobody sees it before the commit. */
export function uploadContent(context: WriteContext, now: number): WriteContent {
  const { upload, timing, sync, ...options } = context;
  const session = createWriteSession({ ...options, ...(timing && { timing }) }, now);
  return {
    kind: 'write',
    session,
    terms: context.terms,
    receive(block16, payload, at) {
      const octets = session.receive(block16, payload, at);
      const problem = octets && upload.append(octets);
      if (problem) session.abort(problem, MESSAGES[problem]);
    },
    commit: (done) => upload.commit(sync, done),
    release: () => upload.discard(),
  };
}
