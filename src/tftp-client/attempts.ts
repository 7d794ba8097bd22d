import { latin1Decode } from '../lib/bytes.ts';
import { TftpError } from '../lib/tftp-error.ts';
import type { TftpMode, TftpOption } from '../tftp-packet/index.ts';
import { endDallying } from './drive.ts';
import type { Target, TransferOptions } from './face.ts';
import { type Line, openLine } from './line.ts';
import { blamesOptions, ladder, nameProblem, type Offer, optionsOf } from './machine/offer.ts';
import { adaptivePatience } from './machine/patience.ts';
import type { ClientSession, Failure } from './machine/session.ts';
import type { RequestSpec } from './machine/transfer.ts';
import { type Address, resolveHost } from './resolve-host.ts';
import { TFTP_PORT } from './target.ts';

/** IPv6's header is 20 octets longer: what fits Ethernet is less. */
const IPV6_BLKSIZE = 1448;

const DEFAULTS = { blksize: 1468, windowsize: 16, timeoutMs: 2000, retries: 5 } as const;

export type Settings = {
  readonly target: Target;
  readonly mode: TftpMode;
  readonly offer: Offer | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly options: TransferOptions;
};

/** Checks what the caller wants. Throws TftpError with reason `bad-option` or `bad-name`. */
export function settle(target: Target, options: TransferOptions, tsize: number | undefined): Settings {
  const { blksize, windowsize, timeoutMs, retries } = { ...DEFAULTS, ...withoutUndefined(options) };
  check('blksize', blksize, 8, 65_464);
  check('windowsize', windowsize, 1, 65_535);
  check('timeoutMs', timeoutMs, 10, 255_000);
  check('retries', retries, 0, 1000);
  check('port', target.port ?? TFTP_PORT, 1, 65_535);
  const mode = options.mode ?? target.mode ?? 'octet';
  const wanted = options.tsize ?? true;
  // The size of text on the wire is another one.
  const known = wanted && mode === 'octet' ? tsize : undefined;
  const seconds = options.timeoutMs === undefined ? undefined : Math.max(1, Math.round(timeoutMs / 1000));
  const offer = options.rfc1350 ? undefined : { blksize, windowsize, tsize: known, timeoutSeconds: seconds };
  return { target, mode, offer, timeoutMs, retries, options };
}

function withoutUndefined(options: TransferOptions): TransferOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new TftpError(
    `Cannot transfer with ${name} ${value}: expected a whole number from ${least} to ${most}`,
    {
      reason: 'bad-option',
    },
  );
}

/** One try with one set of options over one line. `touched`: octets went one way or the other, so it cannot be tried again. */
export type Attempt = {
  readonly session: ClientSession;
  readonly touched: boolean;
};

/**
 * Tries the host's addresses in turn while nobody listens there, and at each asks for less while the server refuses what it is
 * asked (ERROR 8). Resolves with the attempt that succeeded, and leaves its line open to be closed by `attempt` itself.
 * Throws TftpError.
 */
export async function tryUntilAccepted<T extends Attempt>(
  settings: Settings,
  attempt: (spec: RequestSpec, line: Line) => Promise<T>,
): Promise<T> {
  const { target, options } = settings;
  const addresses = await resolveHost(target.host);
  let failure: Failure | undefined;
  for (const address of addresses) {
    for (const offer of rungsFor(settings, address)) {
      const spec = requestOf(settings, optionsOf(offer));
      const line = await openLineOf(address, options);
      const tried = await attempt(spec, line);
      const outcome = tried.session.outcome();
      if (outcome === undefined || outcome.ok) return tried;
      failure = outcome.failure;
      if (tried.touched || !blamesOptions(failure, spec)) break;
    }
    if (failure === undefined || !isElsewhere(failure)) break;
  }
  throw asError(failure!, settings, addresses.at(-1)!);
}

/** Where there are no more sockets to be had, those of transfers that are over are. */
async function openLineOf(
  { address, ipv6 }: Address,
  { sockets, alone = false }: TransferOptions,
): Promise<Line> {
  const spec = { address, ipv6, plain: sockets === 'dgram', alone };
  try {
    return await openLine(spec);
  } catch (error) {
    if (!endDallying()) throw error;
    return openLine(spec);
  }
}

function rungsFor({ offer, options }: Settings, { ipv6 }: Address): readonly (Offer | undefined)[] {
  if (offer === undefined) return [undefined];
  return ladder(ipv6 && options.blksize === undefined ? { ...offer, blksize: IPV6_BLKSIZE } : offer);
}

/** The next address of the same name may be the one that a server listens on. */
function isElsewhere({ reason }: Failure): boolean {
  return reason === 'refused' || reason === 'unreachable';
}

function requestOf(
  { target, mode, timeoutMs, retries }: Settings,
  options: readonly TftpOption[],
): RequestSpec {
  // Names are octets on the wire, and text is UTF-8.
  const filename = latin1Decode(new TextEncoder().encode(target.file));
  const problem = nameProblem(filename, mode, options);
  if (problem !== undefined) {
    throw new TftpError(`Cannot ask for "${target.file}": ${problem}`, { reason: 'bad-name' });
  }
  const patience = adaptivePatience({ timeoutMs, retries });
  return { filename, mode, options, port: target.port ?? TFTP_PORT, patience };
}

function asError({ reason, detail, code }: Failure, { target }: Settings, { address }: Address): TftpError {
  const port = target.port === undefined || target.port === TFTP_PORT ? '' : `:${target.port}`;
  const where = address === target.host ? target.host : `${target.host} (${address})`;
  const said =
    code === undefined ? detail : `the server answered ERROR ${code}${detail === '' ? '' : `, ${detail}`}`;
  return new TftpError(`${target.file} at ${where}${port}: ${said}`, {
    reason,
    ...(code !== undefined && { code }),
  });
}
