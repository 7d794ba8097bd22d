import type { Rows } from '../../lib/rows.ts';
import type { BootTree, OpenRefusal } from '../../store/boot-file.ts';
import type { Sync, UploadRefusal } from '../../store/upload.ts';
import { startUpload } from '../../store/upload.ts';
import { treePath } from '../../tftp/filename.ts';
import { announcedSize, type Limits, type Negotiated, negotiate } from '../../tftp/negotiate.ts';
import { ERROR_CODE, type TftpRequest } from '../../tftp-packet/index.ts';
import type { RenderedFile } from '../boot/rendered-files.ts';
import { describeNetError, type FileCache } from './file-cache.ts';
import type { Joined, Wish } from './multicast-groups.ts';
import { netasciiContent, octetContent } from './read-content.ts';
import { renderedContent } from './rendered-content.ts';
import type { TftpSettings } from './settings.ts';
import type { ReadContent, WriteContent } from './transfer.ts';
import { uploadContent } from './write-content.ts';

/** What the terms of a transfer depend on, whatever it is about. */
export type TermsContext = {
  readonly settings: TftpSettings;
  /** UDP payload of one frame on the way to this client. */
  readonly framePayload: number;
  readonly now: number;
  readonly rows: Rows;
  /** What this client's transfers so far make of the limits. */
  temper(limits: Limits): Limits;
};

export type AcceptContext = TermsContext & {
  readonly tree: BootTree;
  readonly files: FileCache;
  /** Longest DATA that a receive slot holds. */
  readonly slotBytes: number;
  randomHex(): string;
  readonly sync: Sync;
  /** A place in a group, for who wants one and can have it. */
  join(wish: Pick<Wish, 'request' | 'shared' | 'limits' | 'sizeTold'>): Joined | undefined;
};

/** A request that is served. */
export type Accepted = {
  readonly content: ReadContent | WriteContent;
  readonly terms: Negotiated;
  /** Of the tree, as it won. */
  readonly path: string;
  readonly sizeBytes: number | undefined;
  /** Octets behind the name were dropped (an option 67 without its NUL). */
  readonly cleaned: boolean;
  readonly joined?: Joined | undefined;
  /** It is no file of the tree. */
  readonly rendered?: RenderedFile;
};

/** Answered with ERROR `code`. `message` goes over the wire and names no path of ours; `detail` is for the log. */
export type Refusal = {
  readonly code: number;
  readonly message: string;
  readonly failure: string;
  readonly detail?: string;
  /** The name as a path of the tree, when it is one. */
  readonly path?: string;
};

export type Acceptance =
  | { readonly ok: true; readonly value: Accepted }
  | { readonly ok: false; readonly refusal: Refusal };

const NOT_FOUND = { code: ERROR_CODE.notFound, message: 'File not found' };
const ACCESS = { code: ERROR_CODE.accessViolation, message: 'Access violation' };
const TROUBLE = { code: ERROR_CODE.undefined, message: 'Server error' };
const TOO_MANY = { code: ERROR_CODE.undefined, message: 'Server busy: too many open files' };

const READ_REFUSALS: Record<OpenRefusal, { code: number; message: string }> = {
  'not-found': NOT_FOUND,
  access: ACCESS,
  'too-many-files': TOO_MANY,
  'read-error': TROUBLE,
};

const WRITE_REFUSALS: Record<UploadRefusal, { code: number; message: string }> = {
  exists: { code: ERROR_CODE.fileExists, message: 'File already exists' },
  'not-found': { code: ERROR_CODE.notFound, message: 'No such folder' },
  access: ACCESS,
  'disk-full': { code: ERROR_CODE.diskFull, message: 'Disk full or allocation exceeded' },
  'too-many-files': TOO_MANY,
  'write-error': TROUBLE,
};

/** Opens what a request names and agrees on its terms; or says why not. */
export function accept(request: TftpRequest, context: AcceptContext): Acceptance {
  const name = treePath(request.filename);
  // One answer for what is outside the root, a folder, or not a name at all: nothing is told of what exists.
  if (!name.ok) return refuse(NOT_FOUND, name.reason);
  const { path, cleaned } = name.value;
  return request.opcode === 'rrq'
    ? acceptRead(request, { path, cleaned }, context)
    : acceptWrite(request, { path, cleaned }, context);
}

type Named = { readonly path: string; readonly cleaned: boolean };

function acceptRead(request: TftpRequest, { path, cleaned }: Named, context: AcceptContext): Acceptance {
  const opened = context.tree.open(path);
  if (!opened.ok) return refuse(READ_REFUSALS[opened.reason], opened.reason, { detail: opened.detail, path });
  const shared = context.files.share(opened.value);
  if (!shared.ok) {
    return refuse(TROUBLE, 'read-error', { detail: describeNetError(shared.error), path });
  }
  const octet = request.mode === 'octet';
  const { sizeBytes } = opened.value;
  const told = octet ? toldSize(sizeBytes) : undefined;
  const granted = context.temper(limits(context));
  const joined = context.join({ request, shared: shared.value, limits: granted, sizeTold: told });
  const terms = joined?.terms ?? negotiate(request, granted, told);
  const { files, framePayload, now, rows, settings } = context;
  const read = { files, shared: shared.value, terms, timing: settings.timing, framePayload, joined, rows };
  const content = octet ? octetContent(read, now) : netasciiContent(read, now);
  return { ok: true, value: { content, terms, path: opened.value.path, sizeBytes, cleaned, joined } };
}

/** Serves what was made for a name that the tree does not have. */
export function acceptRendered(request: TftpRequest, file: RenderedFile, context: TermsContext): Acceptance {
  const name = treePath(request.filename);
  if (!name.ok) return refuse(NOT_FOUND, name.reason);
  const { path, cleaned } = name.value;
  const { bytes } = file;
  const netascii = request.mode === 'netascii';
  const told = netascii ? undefined : toldSize(bytes.length);
  const terms = negotiate(request, context.temper(limits(context)), told);
  const { settings, rows, now } = context;
  const content = renderedContent({ bytes, netascii, terms, timing: settings.timing, rows }, now);
  return { ok: true, value: { content, terms, path, sizeBytes: bytes.length, cleaned, rendered: file } };
}

/** curl (7.88) takes a tsize of 0 for a mistake and stops, so an empty file's size is not told. */
function toldSize(sizeBytes: number): number | undefined {
  return sizeBytes > 0 ? sizeBytes : undefined;
}

function acceptWrite(request: TftpRequest, { path, cleaned }: Named, context: AcceptContext): Acceptance {
  const { settings, now } = context;
  if (settings.writes === 'off') return refuse(ACCESS, 'writes-off', { path });
  const announcedBytes = announcedSize(request);
  const started = startUpload(context.tree, path, {
    overwrite: settings.writes === 'overwrite',
    randomHex: context.randomHex(),
  });
  if (!started.ok)
    return refuse(WRITE_REFUSALS[started.reason], started.reason, { detail: started.detail, path });
  const terms = negotiate(request, limits(context, context.slotBytes - 4));
  const content = uploadContent(
    {
      upload: started.value,
      terms,
      netascii: request.mode === 'netascii',
      capBytes: settings.uploadMaxBytes,
      announcedBytes,
      timing: settings.timing,
      sync: context.sync,
    },
    now,
  );
  return { ok: true, value: { content, terms, path, sizeBytes: announcedBytes, cleaned } };
}

function limits({ settings, framePayload }: TermsContext, atMost = Number.POSITIVE_INFINITY): Limits {
  const ceiling = settings.blksizeMax === 'mtu' ? framePayload - 4 : settings.blksizeMax;
  return {
    blksizeMax: Math.min(ceiling, atMost),
    windowsizeMax: settings.windowsizeMax,
    rollover: settings.rollover,
    rfc1350: settings.rfc1350,
    msftwindow: settings.msftwindow,
  };
}

function refuse(
  answer: { code: number; message: string },
  failure: string,
  rest: { detail?: string; path?: string } = {},
): Acceptance {
  return { ok: false, refusal: { ...answer, failure, ...rest } };
}
