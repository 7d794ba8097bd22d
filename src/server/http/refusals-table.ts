import type { OpenRefusal } from '../../store/boot-file.ts';

/** How a request is refused: status, its reason phrase as the body, and headers that belong to it. */
export type Refused = {
  readonly status: number;
  readonly phrase: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const NOT_FOUND: Refused = { status: 404, phrase: 'Not Found' };
export const BAD_REQUEST: Refused = { status: 400, phrase: 'Bad Request' };

export const NOT_ALLOWED: Refused = {
  status: 405,
  phrase: 'Method Not Allowed',
  headers: { Allow: 'GET, HEAD' },
};
export const TOO_LARGE: Refused = { status: 413, phrase: 'Content Too Large' };
export const BROKEN: Refused = { status: 500, phrase: 'Internal Server Error' };

/** What the tree says of a path that it does not open. Nothing is told of what lies outside of it. */
export const OPEN_REFUSALS: Record<OpenRefusal, Refused> = {
  'not-found': NOT_FOUND,
  access: { status: 403, phrase: 'Forbidden' },
  'too-many-files': { status: 503, phrase: 'Service Unavailable', headers: { 'Retry-After': '1' } },
  'read-error': BROKEN,
};

/** What is wrong with a name: reasons of http/target.ts and tftp/filename.ts. */
const NAME_REFUSALS: Readonly<Record<string, Refused>> = {
  directory: NOT_FOUND,
  'name-too-long': NOT_FOUND,
  'target-too-long': { status: 414, phrase: 'URI Too Long' },
};

/** A name that cannot be read, `..` in it included, is a bad request. */
export function nameRefusal(reason: string): Refused {
  return NAME_REFUSALS[reason] ?? BAD_REQUEST;
}
