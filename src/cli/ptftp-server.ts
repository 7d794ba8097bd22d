/** A server as it is typed. */

export type ServerWords = {
  readonly host: string;
  /** undefined where none is named. */
  readonly port: number | undefined;
  /** Words behind it. */
  readonly rest: readonly string[];
};

/**
 * Reads `host`, `host:port`, `[IPv6]:port` or, as tftp-hpa has it, `host port` from the beginning of `words`, of which there is at
 * least one. Throws RangeError for a port that is none.
 *
 *     parseServer(['10.0.0.1:6969', 'get', 'f']) // { host: '10.0.0.1', port: 6969, rest: ['get', 'f'] }
 */
export function parseServer(words: readonly string[]): ServerWords {
  const [first = '', second] = words;
  const named = /^\[([^\]]+)\](?::(\d+))?$/.exec(first) ?? /^([^:]+):(\d+)$/.exec(first);
  const host = named?.[1] ?? first;
  if (named?.[2] !== undefined) return { host, port: portFrom(named[2]), rest: words.slice(1) };
  if (second === undefined || !/^\d+$/.test(second)) return { host, port: undefined, rest: words.slice(1) };
  return { host, port: portFrom(second), rest: words.slice(2) };
}

function portFrom(text: string): number {
  const port = Number(text);
  if (port >= 1 && port <= 65_535) return port;
  throw new RangeError(`Port ${text}: expected a number from 1 to 65535`);
}
