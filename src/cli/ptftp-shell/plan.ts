/** Which transfers a `get` or `put` means. */
import { parseTarget, TFTP_PORT } from '../../tftp-client/target.ts';
import type { Job } from '../ptftp-setup.ts';
import { CommandProblem, type Server } from './command.ts';

export type Plan = {
  readonly jobs: readonly Job[];
  /** -f was there. */
  readonly force: boolean;
};

/** Where names belong that name no server themselves. */
export type Here = {
  readonly host: string | undefined;
  readonly port: number;
  readonly literal: boolean;
};

type Remote = Server & { readonly file: string; readonly mode?: 'octet' | 'netascii' };

/**
 * `[-f] FILE`, `[-f] FILE LOCAL`, `[-f] FILE FILE FILE…`; a last one that ends in / is the folder here. FILE is a name, `host:name` or a
 * URL; a server that is named holds for the files behind it, too. Throws CommandProblem, and TftpError for a bad URL.
 *
 *     planGet(['a', 'b:c', 'd'], { host: 'h', port: 69, literal: false }) // a of h, c of b, d of b
 */
export function planGet(words: readonly string[], here: Here): Plan {
  const { force, names } = withoutOptions(words);
  if (names.length === 0) throw new CommandProblem('get what? get [-f] FILE [LOCAL]');
  const last = names.at(-1)!;
  const folder = names.length > 2 && last.endsWith('/') ? last : undefined;
  const alone = names.length === 2;
  const wanted = alone ? names.slice(0, 1) : names.slice(0, folder === undefined ? undefined : -1);
  const jobs = remotesOf(wanted, here).map((remote): Job => {
    const local = alone ? last : `${folder ?? ''}${basename(remote.file)}`;
    return { what: 'get', ...remote, local };
  });
  return { jobs, force };
}

/**
 * `LOCAL`, `LOCAL FILE`, `LOCAL LOCAL… FOLDER`; FILE and FOLDER are names on the server, `host:name`, or a URL. A FILE that ends in / is
 * a folder. Throws as {@link planGet} does.
 */
export function planPut(words: readonly string[], here: Here): Plan {
  const { force, names } = withoutOptions(words);
  if (names.length === 0) throw new CommandProblem('put what? put LOCAL [FILE]');
  if (names.includes('-'))
    throw new CommandProblem('Standard input has the commands: use ptftp HOST put - NAME');
  const locals = names.length === 1 ? names : names.slice(0, -1);
  const remote = names.length === 1 ? remoteOf('', here) : remoteOf(names.at(-1)!, here);
  const isFolder = locals.length > 1 || remote.file === '' || remote.file.endsWith('/');
  const jobs = locals.map((local): Job => {
    const file = isFolder ? inFolder(remote.file, basename(local)) : remote.file;
    return { what: 'put', ...remote, file, local };
  });
  return { jobs, force };
}

function withoutOptions(words: readonly string[]): { force: boolean; names: readonly string[] } {
  let force = false;
  for (const [at, word] of words.entries()) {
    if (word === '--') return { force, names: words.slice(at + 1) };
    if (word !== '-f' && word !== '--force') {
      if (!word.startsWith('-') || word === '-') return { force, names: words.slice(at) };
      throw new CommandProblem(`${word}: the only option is -f (a name that begins with - comes behind --)`);
    }
    force = true;
  }
  return { force, names: [] };
}

function remotesOf(names: readonly string[], here: Here): readonly Remote[] {
  let { host, port } = here;
  return names.map((name) => {
    const remote = remoteOf(name, { ...here, host, port });
    if (remote.file === '') throw new CommandProblem(`"${name}" names no file`);
    ({ host, port } = remote);
    return remote;
  });
}

/** `name`, `host:name`, `[IPv6]:name`, `tftp://host/name`. `C:\boot` is a name. */
function remoteOf(text: string, { host, port, literal }: Here): Remote {
  if (!literal) {
    if (/^tftp:\/\//i.test(text)) return { port: TFTP_PORT, ...parseTarget(text) };
    const split = /^(?:\[([^\]]+)\]|([^:/\\[\]]+)):(?!\/\/)(.*)$/s.exec(text);
    if (split && !/^[a-z]:[\\/]/i.test(text)) return { host: (split[1] ?? split[2])!, port, file: split[3]! };
  }
  if (host === undefined) throw new CommandProblem('Connected to no server: connect HOST [PORT]');
  return { host, port, file: text };
}

function basename(path: string): string {
  const name = path.split(/[/\\]/).filter(Boolean).at(-1);
  if (name === undefined || name === '.' || name === '..')
    throw new CommandProblem(`"${path}" names no file`);
  return name;
}

function inFolder(folder: string, name: string): string {
  return folder === '' || folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}
