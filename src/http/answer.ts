import { type Conditions, checkConditions, rangeCounts } from './conditions.ts';
import { contentTypeOf } from './content-type-table.ts';
import { formatHttpDate } from './http-date.ts';
import { requestedPart } from './ranges.ts';
import { type Validators, validatorsOf } from './validators.ts';

/** A GET or HEAD, as far as it decides about the answer. */
export type FileRequest = Conditions & {
  readonly method: 'GET' | 'HEAD';
  readonly range?: string | undefined;
};

/** A file of the tree, or octets that were made for this client. */
export type FileFacts = {
  readonly path: string;
  readonly sizeBytes: number;
  /** Absent for what was made: it is never the same file again. */
  readonly state?: { readonly identity: string; readonly mtimeMs: number };
};

/** Status and headers, and which octets of the file follow; none after HEAD, 304, 412 and 416. */
export type Answer = {
  readonly status: 200 | 206 | 304 | 412 | 416;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: { readonly first: number; readonly length: number };
};

/**
 * What a request for a file is answered with (RFC 9110 §13, §14).
 *
 * Names of headers are written as they are in the RFC, and Content-Length is always there: GRUB 2.06 compares names letter
 * by letter, EDK2 reads the size from the answer to HEAD, and neither wants chunks.
 *
 *     answerTo({ method: 'GET', range: 'bytes=0-99' }, { path: 'vmlinuz', sizeBytes: 1000, state }, now).status // 206
 */
export function answerTo(request: FileRequest, file: FileFacts, nowMs: number): Answer {
  if (!file.state) {
    const headers = { ...describe(file, file.sizeBytes), 'Cache-Control': 'private, no-store' };
    return withBody(request, { status: 200, headers }, { first: 0, length: file.sizeBytes });
  }
  const validators = validatorsOf(file.state, nowMs);
  const outcome = checkConditions(request, validators);
  if (outcome === 'unchanged') return { status: 304, headers: validatorHeaders(validators) };
  if (outcome === 'failed') return { status: 412, headers: { 'Content-Length': 0 } };
  return sendFile(request, file, { validators, nowMs });
}

type State = { readonly validators: Validators; readonly nowMs: number };

function sendFile(request: FileRequest, file: FileFacts, { validators, nowMs }: State): Answer {
  const { sizeBytes } = file;
  const { method, range } = request;
  const always = { ...validatorHeaders(validators), 'Accept-Ranges': 'bytes' };
  // Range is defined for GET alone (RFC 9110 §14.2).
  const heeded = method === 'GET' && range !== undefined && rangeCounts(request, validators, nowMs);
  const part = heeded ? requestedPart(range, sizeBytes) : 'whole';
  if (part === 'unsatisfiable') {
    return {
      status: 416,
      headers: { ...always, 'Content-Range': `bytes */${sizeBytes}`, 'Content-Length': 0 },
    };
  }
  if (part === 'whole') {
    const headers = { ...always, ...describe(file, sizeBytes) };
    return withBody(request, { status: 200, headers }, { first: 0, length: sizeBytes });
  }
  const { first, last } = part;
  const length = last - first + 1;
  const headers = {
    ...{ ...always, ...describe(file, length) },
    'Content-Range': `bytes ${first}-${last}/${sizeBytes}`,
  };
  return { status: 206, headers, body: { first, length } };
}

function withBody(
  { method }: FileRequest,
  answer: Omit<Answer, 'body'>,
  body: NonNullable<Answer['body']>,
): Answer {
  return method === 'HEAD' ? answer : { ...answer, body };
}

function describe({ path }: FileFacts, length: number) {
  return { 'Content-Type': contentTypeOf(path), 'Content-Length': length };
}

function validatorHeaders({ etag, modifiedMs }: Validators) {
  return { ETag: etag, 'Last-Modified': formatHttpDate(modifiedMs) };
}
