/**
 * EDK2's HTTP boot takes a file for a program or a disk by these three names, else by its extension
 * (NetworkPkg/HttpBootDxe/HttpBootSupport.c); others read the first for nothing. `.img` is a disk to it, and an initrd to
 * everybody else, who does not look.
 */
const FIRMWARE: Readonly<Record<string, string>> = {
  efi: 'application/efi',
  iso: 'application/vnd.efi-iso',
  img: 'application/vnd.efi-img',
};

/** What people look at in a browser. */
const TEXT: Readonly<Record<string, string>> = {
  cfg: 'text/plain; charset=utf-8',
  conf: 'text/plain; charset=utf-8',
  ipxe: 'text/plain; charset=utf-8',
  ks: 'text/plain; charset=utf-8',
  log: 'text/plain; charset=utf-8',
  preseed: 'text/plain; charset=utf-8',
  sh: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  yaml: 'text/plain; charset=utf-8',
  yml: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  xml: 'application/xml',
};

const TYPES = new Map(Object.entries({ ...FIRMWARE, ...TEXT }));

/** The Content-Type of a path, by its extension in any case. */
export function contentTypeOf(path: string): string {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return TYPES.get(extension) ?? 'application/octet-stream';
}
