import { REQUEST_MAX, type TftpMode, type TftpOption } from '../../tftp-packet/index.ts';
import type { Failure } from './session.ts';

/** What a transfer asks for. */
export type Offer = {
  readonly blksize: number;
  readonly windowsize: number;
  /** Asked (0) or told; undefined: not a word. */
  readonly tsize: number | undefined;
  readonly timeoutSeconds: number | undefined;
};

/** A server that refuses what was asked may take this. */
const SMALL_BLKSIZE = 512;

/** RFC 1350's own values are not asked for. */
export function optionsOf(offer: Offer | undefined): readonly TftpOption[] {
  if (offer === undefined) return [];
  const { blksize, windowsize, tsize, timeoutSeconds } = offer;
  const options: TftpOption[] = [];
  if (tsize !== undefined) options.push(['tsize', String(tsize)]);
  if (blksize !== 512) options.push(['blksize', String(blksize)]);
  if (windowsize > 1) options.push(['windowsize', String(windowsize)]);
  if (timeoutSeconds !== undefined) options.push(['timeout', String(timeoutSeconds)]);
  return options;
}

/**
 * What to try after a server refused: less, and in the end nothing (RFC 2347 lets a client ask again without options).
 *
 *     ladder({ blksize: 1468, windowsize: 16, tsize: 0, timeoutSeconds: undefined })
 *     // the same; blksize 512 without a window; no option at all
 */
export function ladder(offer: Offer): readonly (Offer | undefined)[] {
  const small = {
    ...offer,
    blksize: Math.min(offer.blksize, SMALL_BLKSIZE),
    windowsize: 1,
    timeoutSeconds: undefined,
  };
  const rungs = [offer, small].filter((each) => optionsOf(each).length > 0);
  const seen = new Set<string>();
  const different = rungs.filter((each) => {
    const key = JSON.stringify(optionsOf(each));
    return !seen.has(key) && seen.add(key);
  });
  return [...different, undefined];
}

/**
 * Is it the options that the server did not like? ERROR 8 says so; 0 and 4 are what servers say that do not know options
 * and do not ignore them either. Blocks that never come are perhaps too large for the way (a lost fragment loses them all).
 */
export function blamesOptions(
  { reason, code }: Failure,
  { options }: { readonly options: readonly TftpOption[] },
): boolean {
  if (options.length === 0) return false;
  if (reason === 'timeout') return options.some(([name, value]) => name === 'blksize' && Number(value) > 512);
  return (
    reason === 'options-refused' ||
    reason === 'bad-oack' ||
    reason === 'illegal-operation' ||
    (reason === 'server-error' && code === 0)
  );
}

/** Why a name cannot be asked for; undefined when it can. `options` share the request's 512 octets (RFC 2347). */
export function nameProblem(
  filename: string,
  mode: TftpMode,
  options: readonly TftpOption[],
): string | undefined {
  if (filename === '') return 'it is empty';
  for (let i = 0; i < filename.length; i++) {
    const code = filename.charCodeAt(i);
    if (code === 0) return 'it has a NUL in it';
    if (code > 0xff) return 'it has a character that is no octet';
  }
  const length = options.reduce((sum, [name, value]) => sum + name.length + value.length + 2, 0);
  const room = REQUEST_MAX - 4 - mode.length - length;
  return filename.length > room ? `it is longer than ${room} octets` : undefined;
}
