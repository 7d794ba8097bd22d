import { type Ipv4, parseIpv4 } from '../lib/ipv4.ts';
import type { Location } from './step.ts';

/**
 * Where PXELINUX looks for a file named in its configuration: `::name` is absolute, `10.0.0.1::name` is on another
 * server, `tftp://` is what it says, and everything else has the prefix put before it, even with a leading slash.
 * undefined: not by TFTP, or from a host name, which takes a loader that knows DNS.
 */
export function locateFile(
  name: string,
  base: { readonly prefix: string; readonly server: Ipv4 },
): Location | undefined {
  const url = /^([a-z]+):\/\/([^/]*)\/?(.*)$/i.exec(name);
  if (url) {
    const server = parseIpv4(url[2] ?? '');
    if (url[1]?.toLowerCase() !== 'tftp' || server === undefined) return undefined;
    return { server, path: url[3] ?? '' };
  }
  const mark = name.indexOf('::');
  if (mark < 0) return { server: base.server, path: base.prefix + name };
  const path = name.slice(mark + 2);
  if (mark === 0) return { server: base.server, path };
  const server = parseIpv4(name.slice(0, mark));
  return server === undefined ? undefined : { server, path };
}
