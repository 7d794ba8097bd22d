import { latin1Decode, latin1Encode } from '../lib/bytes.ts';
import { FileNotFound, TftpError } from '../lib/tftp-error.ts';

/** PATH_MAX and NAME_MAX of Linux; a TFTP request holds 512 octets. */
const PATH_MAX = 1024;
const NAME_MAX = 255;

/** What uploads write to before their file has its name: nobody else's business. */
const TEMPORARY = /(^|\/)\.pxed-[0-9a-f]+\.part$/;

/**
 * What an operator calls a file, as a path of the tree (`BootTree.open`): octets as latin1 text, `''` is the root. Names
 * mean what they mean to clients: `/a` and `a//b` lie below the root, `\` is `/`. Text is UTF-8; half a surrogate pair is the
 * octet that {@link nameOfPath} made it of.
 *
 * Throws TftpError: `outside-root` for a `..`, whatever it would come to, `bad-name` for what no file can be called.
 *
 *     pathOfName('/boot\\bcd') // 'boot/bcd'
 */
export function pathOfName(name: string): string {
  const components = name
    .replaceAll('\\', '/')
    .split('/')
    .filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) {
    throw new TftpError(`Cannot use ${name}: a name with .. may lead out of the root`, {
      reason: 'outside-root',
    });
  }
  const path = latin1Decode(octetsOf(components.join('/')));
  if (path.includes('\0')) throw badName(name, 'it has a NUL in it');
  if (path.length > PATH_MAX || path.split('/').some((component) => component.length > NAME_MAX)) {
    throw badName(name, 'it is too long');
  }
  if (TEMPORARY.test(path)) throw badName(name, 'files on their way in are called so');
  return path;
}

/** The same for what has to be something below the root: throws where the name is the root's. */
export function pathOfEntry(name: string): string {
  const path = pathOfName(name);
  if (path === '') throw new TftpError('Cannot do that to the root itself', { reason: 'bad-name' });
  return path;
}

/** The same for a file: a name that ends in a slash is a folder's. */
export function pathOfFile(name: string): string {
  if (/[/\\]$/.test(name)) throw badName(name, 'it ends in a slash, and so is the name of a folder');
  return pathOfEntry(name);
}

function badName(name: string, why: string): TftpError {
  return new TftpError(`Cannot use ${JSON.stringify(name)}: ${why}`, { reason: 'bad-name' });
}

/** The folder that a path lies in, `''` for the root, and its own name there. */
export function splitPath(path: string): { folder: string; name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) };
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** Is this one of the hidden files that uploads write to? */
export function isTemporary(path: string): boolean {
  return TEMPORARY.test(path);
}

/** `loader.efi` is missing, or is no file that could be served. */
export function notFound(path: string, why = 'no such file'): FileNotFound {
  return new FileNotFound(`${nameOfPath(path) || '/'}: ${why}`);
}

const HALF = 0xdc00;

/**
 * A path of the tree as text: UTF-8. An octet that is none, of a name that an old system wrote, becomes half a surrogate pair, as in
 * Python (PEP 383), so that the file can still be named.
 */
export function nameOfPath(path: string): string {
  const octets = latin1Encode(path);
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets);
  if (!text.includes('\ufffd')) return text;
  let out = '';
  for (let at = 0; at < octets.length; ) {
    const length = sequenceLength(octets, at);
    out +=
      length === 0
        ? String.fromCharCode(HALF + octets[at]!)
        : new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return out;
}

/** Octets of the character that begins here; 0 where none does. */
function sequenceLength(octets: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= octets.length; length++) {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(octets.subarray(at, at + length));
      return length;
    } catch {
      // Not a whole character, or none.
    }
  }
  return 0;
}

function octetsOf(text: string): Uint8Array {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= HALF + 0x80 && code <= HALF + 0xff) parts.push(code - HALF);
    else parts.push(...new TextEncoder().encode(character));
  }
  return Uint8Array.from(parts);
}
