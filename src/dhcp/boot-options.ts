import type { BootClient } from '../boot/client.ts';
import { isUrl } from '../boot/policy.ts';
import type { BootMenu } from '../boot/settings.ts';
import {
  BROADCAST_FLAG,
  type DhcpPacket,
  DiscoveryControl,
  writeOption,
  writePxe,
} from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import { writeMenu } from './boot-menu.ts';
import { type AnswerShape, PLAIN } from './quirks-table.ts';
import { wireText } from './wire-text.ts';

/** What a client boots from where. */
export type BootAnswer = {
  readonly client: BootClient;
  readonly mac: Mac;
  /** The TFTP server. */
  readonly nextServer: Ipv4;
  /** A path or URL; absent when this client gets none. */
  readonly file?: string;
  /** Shown by the client, which then asks port 4011 for the file; `own`: our address. */
  readonly menu?: { readonly lines: BootMenu; readonly own: Ipv4 } | undefined;
  /** The usual one when absent. */
  readonly shape?: AnswerShape;
  /** It is a proxy's offer: another server gives the address. */
  readonly proxy?: boolean;
};

/**
 * A prompt of no seconds and a menu of one entry, "Raspberry Pi Boot", in the octets and the order that the boot ROM of
 * a Pi 3 is known to accept: without that text it goes on asking (raspberrypi.org, bootmodes/net).
 */
function piMenu(text: string): Uint8Array {
  const octets = [...text].map((letter) => letter.charCodeAt(0));
  const entry = [0x09, octets.length + 3, 0, 0, octets.length, ...octets];
  return Uint8Array.from([0x06, 1, 3, 0x0a, 4, 0, 0x50, 0x58, 0x45, ...entry, 0xff]);
}

/** The header's `file` has 128 octets, one of them the final NUL. */
const LONGEST_FILE = 127;

/**
 * Fills in what makes a client find its boot file, in every place one of them looks (FIRMWARE: old ROMs read the
 * header, iPXE and UEFI options, some siaddr and some 66), and what stops it from looking for another server:
 *
 * - siaddr and, without a URL, `sname` and 66: the TFTP server. 67, and `file` when it fits: the boot file.
 * - PXE clients: 60 `PXEClient` and 43.6 = 8 ("take the file, no discovery"), always both: 60 alone sends EDK2 to port
 *   4011, none costs an iPXE ROM three seconds of waiting for a proxy.
 * - iPXE besides: 175.176 = 1, no proxyDHCP wait; not of a proxy, which it has waited for.
 * - UEFI HTTP clients: 60 `HTTPClient` and the URL; nothing of PXE, which they would take for another's answer.
 * - With a menu: 43 holds the menu and there is no file: what DHCP names, a boot server could not change any more
 *   (PXE 2.1 §2.4.1).
 */
export function writeBootAnswer(reply: DhcpPacket, answer: BootAnswer): void {
  const { client, nextServer, menu, shape = PLAIN } = answer;
  reply.siaddr = nextServer;
  if (shape.broadcast) reply.flags |= BROADCAST_FLAG;
  const isPi = client.kind === 'raspberry-pi';
  if (answer.file === undefined && !menu && !isPi) return;
  const named = answer.file !== undefined && !menu && shape.file !== 'later';
  if (named) writeFile(reply, wireText(expand(answer.file, answer)), answer);
  if (client.kind === 'http') writeOption(reply.options, 'vendor-class-id', 'HTTPClient');
  if (client.kind === 'pxe' || client.kind === 'ipxe' || isPi) {
    if (shape.vendorClass) writeOption(reply.options, 'vendor-class-id', 'PXEClient');
    if (isPi) reply.options.set(43, piMenu(shape.piText));
    else if (shape.discovery === 'skip') writeDiscovery(reply, answer);
  }
  if (client.kind === 'ipxe' && !answer.proxy) {
    writeOption(reply.options, 'ipxe-encap', { values: { noPxeDhcp: 1 } });
  }
}

function writeFile(reply: DhcpPacket, file: string, { nextServer, shape = PLAIN }: BootAnswer): void {
  const header = shape.file !== 'options';
  const options = shape.file !== 'header' || file.length > LONGEST_FILE;
  const server = isUrl(file) ? undefined : formatIpv4(nextServer);
  if (header && file.length <= LONGEST_FILE) reply.file = file;
  if (header && server !== undefined) reply.sname = server;
  if (options) writeOption(reply.options, 'bootfile-name', file);
  if (options && server !== undefined) writeOption(reply.options, 'tftp-server-name', server);
}

function writeDiscovery(reply: DhcpPacket, { menu }: BootAnswer): void {
  if (menu) writeMenu(reply, menu.lines, menu.own);
  else writePxe(reply.options, { values: { discoveryControl: DiscoveryControl.useBootFile } });
}

/** Placeholders of configured files: next-server, mac, mac-hyp (dashes), uuid. Unknown ones stay as they are. */
export function expand(
  file: string,
  { client, mac, nextServer }: Pick<BootAnswer, 'client' | 'mac' | 'nextServer'>,
): string {
  const values: Readonly<Record<string, string | undefined>> = {
    'next-server': formatIpv4(nextServer),
    mac,
    'mac-hyp': mac.replaceAll(':', '-'),
    uuid: client.uuid?.smbios,
  };
  return file.replace(/\$\{([a-z-]+)\}/g, (whole, name: string) => values[name] ?? whole);
}
