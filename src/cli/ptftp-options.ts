import { parseTarget } from '../tftp-client/target.ts';
import { parseServer } from './ptftp-server.ts';
import type { Job, PtftpSetup } from './ptftp-setup.ts';

// An import would load all parts of it, which takes longer than a small transfer.
const { parseArgs } = process.getBuiltinModule('node:util');

/** One option: what --help and README say, and what util.parseArgs wants. */
export type PtftpOption = {
  readonly long: string;
  readonly short?: string;
  /** Its value's name; a switch without. */
  readonly value?: string;
  readonly text: string;
};

export const PTFTP_OPTIONS: readonly PtftpOption[] = [
  {
    long: 'host',
    short: 'h',
    value: 'name',
    text: 'the server, where it is not named before get or put (localhost)',
  },
  { long: 'port', short: 'p', value: 'port', text: 'its port (69)' },
  { long: 'mode', short: 'm', value: 'mode', text: 'octet (also: binary) or netascii (also: ascii)' },
  { long: 'blksize', short: 'b', value: 'octets', text: 'block size to ask for (1468)' },
  { long: 'windowsize', short: 'w', value: 'blocks', text: 'blocks to ask for before an answer (16)' },
  { long: 'timeout', short: 't', value: 'seconds', text: 'longest wait for one answer (2)' },
  { long: 'retries', value: 'count', text: 'so many longest waits in vain are the end (5)' },
  { long: 'rfc1350', short: 'r', text: 'ask for no extension at all' },
  { long: 'force', short: 'f', text: 'replace a local file' },
  { long: 'progress', text: 'show progress though this is no terminal' },
  { long: 'quiet', short: 'q', text: 'say nothing but what failed' },
  { long: 'verbose', short: 'v', text: 'say what was agreed, and each packet' },
  { long: 'json', text: 'tell the result as one line of JSON' },
  { long: 'hash', value: 'sha256', text: 'print the hash of the file' },
  { long: 'verify', value: 'hex', text: 'keep the file only if this is its SHA-256' },
  { long: 'command', short: 'c', text: 'all that follows is one command: -c get file' },
  { long: 'version', short: 'V', text: 'print the version' },
  { long: 'help', short: '?', text: 'show this help' },
];

export type Parsed =
  | { readonly kind: 'setup'; readonly setup: PtftpSetup }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'usage'; readonly problem: string };

/** What was wrong with the command line, in words. */
class Usage extends Error {}

/** Reads the arguments behind the program's name. */
export function parsePtftp(argv: readonly string[]): Parsed {
  try {
    return parse(argv);
  } catch (error) {
    // util.parseArgs names the option; parseTarget the URL.
    const { message } = error as Error;
    return { kind: 'usage', problem: message.split('. To specify')[0]! };
  }
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

function parse(argv: readonly string[]): Parsed {
  const { before, command } = splitCommand(argv);
  const options = Object.fromEntries(
    PTFTP_OPTIONS.map(({ long, short, value }) => [
      long,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
    ]),
  );
  const { values, positionals } = parseArgs({ args: [...before], options, allowPositionals: true });
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  return { kind: 'setup', setup: setupOf(values as Values, positionals, command) };
}

/** `-c` ends the options: what follows is a command's, as for tftp-hpa. */
function splitCommand(argv: readonly string[]): { before: readonly string[]; command?: readonly string[] } {
  const at = argv.findIndex((word) => word === '-c' || word === '--command' || word === '--');
  if (argv[at] === '--') return { before: argv };
  return at < 0 ? { before: argv } : { before: argv.slice(0, at), command: argv.slice(at + 1) };
}

function setupOf(values: Values, positionals: readonly string[], command?: readonly string[]): PtftpSetup {
  const port = numberOf(values, 'port', 1, 65_535) ?? 69;
  const { host, portOfHost, words } = splitWords(positionals);
  if (host !== undefined && values.host !== undefined)
    throw new Usage(`Two hosts: ${host} and ${values.host}`);
  const named = host ?? (values.host as string | undefined);
  if (named === '') throw new Usage('Which host?');
  if (command !== undefined && words.length > 0) throw new Usage(`"${words[0]}" stands before -c`);
  const base = {
    host: named,
    port: portOfHost ?? port,
    transfer: transferOf(values),
    force: values.force === true,
    progress: values.progress === true ? true : undefined,
    quiet: values.quiet === true,
    verbose: values.verbose === true,
    json: values.json === true,
    hash: hashOf(values),
    verify: verifyOf(values),
  };
  const given = command ?? words;
  if (given.length === 0) {
    if (command !== undefined) throw new Usage('No command behind -c');
    return base;
  }
  const job = isShellLike(command)
    ? undefined
    : jobOf(given, { host: named ?? 'localhost', port: base.port });
  if (job !== undefined) return { ...base, job };
  if (command === undefined) {
    const several = given[0] === 'get' || given[0] === 'put';
    const words = several ? 'one file, and where to; several take -c' : `get or put, not "${given[0]}"`;
    throw new Usage(`Expected ${words}`);
  }
  return { ...base, command };
}

/** `[host[:port]] [get|put …]`, or a URL in the place of host and get. */
function splitWords(positionals: readonly string[]): {
  host: string | undefined;
  portOfHost?: number | undefined;
  words: readonly string[];
} {
  const [first] = positionals;
  if (first === undefined || first === 'get' || first === 'put')
    return { host: undefined, words: positionals };
  if (isUrl(first)) return { host: undefined, words: ['get', ...positionals] };
  const { host, port: portOfHost, rest: words } = parseServer(positionals);
  return { host, portOfHost, words };
}

function isUrl(text: string): boolean {
  return /^tftp:\/\//i.test(text);
}

/** Has what only the prompt's commands know: options, and files of other servers (`host:file`). */
function isShellLike(command: readonly string[] = []): boolean {
  return command.some((word) => /^-./.test(word) || (word.includes(':') && !isUrl(word)));
}

/** undefined: more than a single transfer. */
function jobOf(
  [what, first, second, ...more]: readonly string[],
  server: { host: string; port: number },
): Job | undefined {
  if (what !== 'get' && what !== 'put') return undefined;
  if (first === undefined) throw new Usage(`${what} what?`);
  if (more.length > 0) return undefined;
  if (what === 'get') {
    const remote = remoteOf(first, server);
    return { what, ...remote, local: second ?? basename(remote.file) };
  }
  if (second === undefined) {
    if (isUrl(first)) throw new Usage('put which file there?');
    if (first === '-') throw new Usage('Under which name? put - NAME');
    return { what, ...server, file: basename(first), local: first };
  }
  return { what, ...remoteOf(second, server), local: first };
}

function remoteOf(text: string, server: { host: string; port: number }) {
  if (!isUrl(text)) return { ...server, file: text };
  const { host, port = 69, file, mode } = parseTarget(text);
  return { host, port, file, ...(mode !== undefined && { mode }) };
}

function basename(path: string): string {
  const name = path.split(/[/\\]/).filter(Boolean).at(-1);
  if (name === undefined || name === '.' || name === '..') throw new Usage(`"${path}" names no file`);
  return name;
}

function transferOf(values: Values): PtftpSetup['transfer'] {
  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(seconds >= 0.1 && seconds <= 255)) {
    throw new Usage(`--timeout ${values.timeout}: expected seconds from 0.1 to 255`);
  }
  const known = {
    mode: modeOf(values),
    blksize: numberOf(values, 'blksize', 8, 65_464),
    windowsize: numberOf(values, 'windowsize', 1, 65_535),
    timeoutMs: seconds === undefined ? undefined : Math.round(seconds * 1000),
    retries: numberOf(values, 'retries', 0, 1000),
    rfc1350: values.rfc1350 === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

const MODES = {
  octet: 'octet',
  binary: 'octet',
  image: 'octet',
  netascii: 'netascii',
  ascii: 'netascii',
} as const;

function modeOf({ mode }: Values): 'octet' | 'netascii' | undefined {
  if (mode === undefined) return undefined;
  const name = String(mode).toLowerCase();
  if (!Object.hasOwn(MODES, name)) throw new Usage(`--mode ${mode}: expected octet or netascii`);
  return MODES[name as keyof typeof MODES];
}

function hashOf({ hash }: Values): boolean {
  if (hash === undefined || String(hash).toLowerCase() === 'sha256') return hash !== undefined;
  throw new Usage(`--hash ${hash}: expected sha256`);
}

function verifyOf({ verify }: Values): string | undefined {
  if (verify === undefined || /^[0-9a-f]{64}$/i.test(String(verify))) return verify as string | undefined;
  throw new Usage('--verify: expected the 64 hexadecimal digits of a SHA-256');
}

function numberOf(values: Values, name: string, least: number, most: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(String(text)) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Usage(`--${name} ${text}: expected a whole number from ${least} to ${most}`);
}
