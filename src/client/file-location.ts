import { type Ipv4, parseIpv4 } from '../lib/ipv4.ts';
import type { Location } from './step.ts';

/** Where names without a server are looked for. */
export type Base = {
  /** Put before them: a folder with a slash at its end, or a URL of one. */
  readonly prefix: string;
  readonly server: Ipv4;
  /** The loader knows HTTP: lpxelinux.0 and syslinux.efi do. */
  readonly http?: boolean;
};

/**
 * Where PXELINUX looks for a file named in its configuration: `::name` is absolute, `10.0.0.1::name` is on another
 * server, URLs are what they say, and everything else has the prefix put before it, even with a leading slash.
 * undefined: neither by TFTP nor by an HTTP that it knows, or by TFTP from a host name, which takes a loader that knows DNS.
 */
export function locateFile(name: string, base: Base): Location | undefined {
  const url = locateUrl(name, base.http === true);
  if (url !== 'no-url') return url;
  const mark = name.indexOf('::');
  if (mark < 0) {
    const whole = base.prefix + name;
    const prefixed = locateUrl(whole, base.http === true);
    return prefixed === 'no-url' ? { server: base.server, path: whole } : prefixed;
  }
  const path = name.slice(mark + 2);
  if (mark === 0) return { server: base.server, path };
  const server = parseIpv4(name.slice(0, mark));
  return server === undefined ? undefined : { server, path };
}

/** A `tftp:` or, where it is known, `http:` URL; undefined for one that is of no use, `no-url` for what is none. */
export function locateUrl(name: string, http: boolean): Location | undefined | 'no-url' {
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)\/?(.*)$/i.exec(name);
  if (!url) return 'no-url';
  const [, scheme = '', host = '', path = ''] = url;
  if (scheme.toLowerCase() === 'http') return http ? { url: name } : undefined;
  const server = parseIpv4(host);
  return scheme.toLowerCase() !== 'tftp' || server === undefined ? undefined : { server, path };
}

/** `tftp://10.0.0.1/pxelinux.0`, `http://10.0.0.1/vmlinuz`. */
export function nameOf(location: Location): string {
  return 'url' in location ? location.url : location.path;
}

/** The same kind of place, another path. */
export function beside(location: Location, path: string): Location {
  if (!('url' in location)) return { ...location, path };
  return { url: location.url.replace(/^(http:\/\/[^/]*\/).*$/i, `$1${path.replace(/^\/+/, '')}`) };
}

/** The path below the root of its server. */
export function pathOf(location: Location): string {
  return 'url' in location ? location.url.replace(/^http:\/\/[^/]*\/?/i, '') : location.path;
}
