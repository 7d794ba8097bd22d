import { TftpError } from '../lib/tftp-error.ts';
import type { TftpMode } from '../tftp-packet/index.ts';
import type { Target } from './face.ts';

export const TFTP_PORT = 69;

/**
 * Reads a URL (RFC 3617): `tftp://host[:port]/path[;mode=octet|netascii]`. The path is what stands behind the slash, with
 * `%20` and the like undone; `tftp://host//path` asks for `/path`.
 *
 * Throws TftpError with reason `bad-url`.
 *
 *     parseTarget('tftp://10.0.0.1/boot/vmlinuz;mode=octet') // { host: '10.0.0.1', file: 'boot/vmlinuz', mode: 'octet' }
 */
export function parseTarget(url: string): Target {
  const match = /^tftp:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:]*)(?::(\d*))?\/(.*)$/is.exec(url);
  if (!match) throw badUrl(url, 'it must look like tftp://host/file');
  const [, rawHost = '', rawPort = '', rest = ''] = match;
  const { path, mode } = splitMode(rest);
  const host = unescaped(rawHost.replace(/^\[|\]$/g, ''), url);
  const file = unescaped(path, url);
  if (host === '') throw badUrl(url, 'it names no host');
  if (file === '') throw badUrl(url, 'it names no file');
  const target = { host, file, ...(mode !== undefined && { mode: modeOf(mode, url) }) };
  if (rawPort === '') return target;
  const port = Number(rawPort);
  if (!(port >= 1 && port <= 65_535)) throw badUrl(url, 'a port is a number from 1 to 65535');
  return { ...target, port };
}

/** Only a `;mode=` at the end is one: other semicolons belong to the name. */
function splitMode(rest: string): { path: string; mode?: string } {
  const match = /^(.*);mode=([^;]*)$/is.exec(rest);
  return match ? { path: match[1]!, mode: match[2]! } : { path: rest };
}

function modeOf(text: string, url: string): TftpMode {
  const mode = text.toLowerCase();
  if (mode === 'octet' || mode === 'netascii') return mode;
  throw badUrl(url, `its mode is neither octet nor netascii`);
}

function unescaped(text: string, url: string): string {
  if (!text.includes('%')) return text;
  try {
    // Names are octets on the wire, and a URL's are UTF-8.
    return decodeURIComponent(text);
  } catch {
    // `fe80::1%eth0` and names with a lone % are what they are.
    if (/%[0-9a-f]{2}/i.test(text)) throw badUrl(url, 'its %-escapes are no UTF-8');
    return text;
  }
}

function badUrl(url: string, why: string): TftpError {
  return new TftpError(`Cannot use "${url}": ${why}`, { reason: 'bad-url' });
}
