import { toHex } from '../lib/bytes.ts';

/** Octets in order, not as SMBIOS prints them; PXELINUX and GRUB skip one whose type nibble is 0 or 15. */
export function uuidFileName(uuid: Uint8Array): string | undefined {
  const hex = toHex(uuid);
  const type = (uuid[6] ?? 0) >>> 4;
  if (uuid.length !== 16 || type === 0 || type === 15) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
