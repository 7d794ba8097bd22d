import type { BootClient } from '../boot/client.ts';
import { isUrl } from '../boot/policy.ts';
import { type DhcpPacket, DiscoveryControl, writeOption, writePxe } from '../dhcp-packet/index.ts';
import { fromHex, latin1Decode } from '../lib/bytes.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';

/** What a client boots from where. */
export type BootAnswer = {
  readonly client: BootClient;
  readonly mac: Mac;
  /** The TFTP server. */
  readonly nextServer: Ipv4;
  /** A path or URL; absent when this client gets none. */
  readonly file?: string;
};

/**
 * A prompt of no seconds and a menu of one entry, "Raspberry Pi Boot", in the octets and the order that the boot ROM of
 * a Pi 3 is known to accept: without that text it goes on asking (raspberrypi.org, bootmodes/net).
 */
const PI_MENU = fromHex('06 01 03  0a 04 00 505845  09 14 0000 11 5261737062657272792050692042 6f6f74  ff');

/** The header's `file` has 128 octets, one of them the final NUL. */
const LONGEST_FILE = 127;

/**
 * Fills in what makes a client find its boot file, in every place one of them looks (FIRMWARE: old ROMs read the
 * header, iPXE and UEFI options, some siaddr and some 66), and what stops it from looking for another server:
 *
 * - siaddr and, without a URL, `sname` and 66: the TFTP server. 67, and `file` when it fits: the boot file.
 * - PXE clients: 60 `PXEClient` and 43.6 = 8 ("take the file, no discovery"), always both: 60 alone sends EDK2 to port
 *   4011, none costs an iPXE ROM three seconds of waiting for a proxy.
 * - iPXE besides: 175.176 = 1, no proxyDHCP wait.
 * - UEFI HTTP clients: 60 `HTTPClient` and the URL; nothing of PXE, which they would take for another's answer.
 */
export function writeBootAnswer(reply: DhcpPacket, answer: BootAnswer): void {
  const { client, nextServer } = answer;
  reply.siaddr = nextServer;
  if (answer.file === undefined) return;
  const file = wireText(expand(answer.file, answer));
  if (file.length <= LONGEST_FILE) reply.file = file;
  writeOption(reply.options, 'bootfile-name', file);
  if (!isUrl(file)) {
    reply.sname = formatIpv4(nextServer);
    writeOption(reply.options, 'tftp-server-name', formatIpv4(nextServer));
  }
  if (client.kind === 'http') writeOption(reply.options, 'vendor-class-id', 'HTTPClient');
  if (client.kind === 'pxe' || client.kind === 'ipxe' || client.kind === 'raspberry-pi') {
    writeOption(reply.options, 'vendor-class-id', 'PXEClient');
    if (client.kind === 'raspberry-pi') reply.options.set(43, PI_MENU);
    else writePxe(reply.options, { values: { discoveryControl: DiscoveryControl.useBootFile } });
  }
  if (client.kind === 'ipxe') writeOption(reply.options, 'ipxe-encap', { values: { noPxeDhcp: 1 } });
}

/** Placeholders of configured files: next-server, mac, mac-hyp (dashes), uuid. Unknown ones stay as they are. */
export function expand(file: string, { client, mac, nextServer }: BootAnswer): string {
  const values: Readonly<Record<string, string | undefined>> = {
    'next-server': formatIpv4(nextServer),
    mac,
    'mac-hyp': mac.replaceAll(':', '-'),
    uuid: client.uuid?.smbios,
  };
  return file.replace(/\$\{([a-z-]+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** UTF-8 octets as latin1 text: the way wire strings are kept. */
export function wireText(text: string): string {
  return isAscii(text) ? text : latin1Decode(new TextEncoder().encode(text));
}

/** Then UTF-8 and latin1 are the same octets, and nothing has to be converted. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
