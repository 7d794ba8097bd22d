/** The tree that the demo serves: the one of the classic PXE HOWTO, with a link for each client. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { latin1Encode } from '../lib/bytes.ts';
import { hexIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { cpioArchive } from './cpio.ts';
import type { RealParts } from './parts.ts';
import { tinyInitFiles } from './tiny-init.ts';

/** What the machine's first program says: proof that kernel and initrd arrived and run. */
export const MARKER = 'pxed demo: this machine booted over the network with';

/** Shared by all clients that are linked to it. */
export const NETBOOT_CONFIG = 'default.netboot-demo';

/** On the kernel's command line: proof of which configuration was used. */
export const CONFIG_PROOF = `pxed.config=${NETBOOT_CONFIG}`;

const LOCAL_BOOT = `# For machines without a link of their own: boot from the local disk.
DEFAULT local
LABEL local
  LOCALBOOT 0
`;

/** `quiet` keeps the kernel's own messages off; the serial line is where QEMU listens (firmware is there already). */
const NETBOOT = `# For machines whose hexadecimal address is linked to this file.
DEFAULT linux
LABEL linux
  KERNEL vmlinuz
  APPEND initrd=initrd.img console=ttyS0,115200 quiet panic=-1 ${CONFIG_PROOF}
`;

/** Real loader and kernel, or stand-ins of a similar size for the built-in machine, which runs nothing. */
export function layBootFiles(root: string, parts: RealParts | undefined): void {
  mkdirSync(join(root, 'pxelinux.cfg'), { recursive: true });
  writeFileSync(join(root, 'pxelinux.cfg', 'default'), LOCAL_BOOT);
  writeFileSync(join(root, 'pxelinux.cfg', NETBOOT_CONFIG), NETBOOT);
  writeFileSync(join(root, 'initrd.img'), cpioArchive(tinyInitFiles(`\n${MARKER} `)));
  if (parts) {
    copyFileSync(parts.pxelinux, join(root, 'pxelinux.0'));
    copyFileSync(parts.ldlinux, join(root, 'ldlinux.c32'));
    copyFileSync(parts.kernel, join(root, 'vmlinuz'));
  } else {
    writeFileSync(join(root, 'pxelinux.0'), standIn(42_000));
    writeFileSync(join(root, 'ldlinux.c32'), standIn(116_000, '\x7fELF'));
    writeFileSync(join(root, 'vmlinuz'), standIn(8_000_000));
  }
}

/** `pxelinux.cfg/C0A84D0B -> default.netboot-demo`; returns the link's name. */
export function linkClient(root: string, ip: Ipv4): string {
  const name = hexIpv4(ip);
  symlinkSync(NETBOOT_CONFIG, join(root, 'pxelinux.cfg', name));
  return name;
}

/** Every octet differs from its neighbours, so that a block in the wrong place would show; the built-in machine looks at the magic. */
function standIn(sizeBytes: number, magic = ''): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = (i * 31 + (i >>> 8)) & 255;
  bytes.set(latin1Encode(magic));
  return bytes;
}
