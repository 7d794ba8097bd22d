/**
 * Which of the OFFERs a machine takes, and how it comes to its boot file. Firmware differs (all seen on the wire):
 *
 *                                          BIOS ROM, iPXE          EDK2 (UEFI)            UEFI HTTP
 *     60 PXEClient, 43.6..10, file         takes it at once        takes it at once       -
 *     60 PXEClient, file, no 43            takes it at once        asks port 4011         -
 *     60 PXEClient, a menu or no file      asks port 4011          asks port 4011         -
 *     60 HTTPClient, a URL                 -                       -                      takes it at once
 *     file alone                           takes it, 3 s later     takes it, later        ignores it
 *
 * The same counts for a proxy's OFFER, which gives no address, except that file alone is not looked at.
 */
import {
  type DhcpPacket,
  DiscoveryControl,
  type PxeBootItem,
  type PxeOptions,
  readPxe,
} from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../lib/ipv4.ts';
import { bootFileOf, bootSourceOf, isFromHttpServer, isFromPxeServer, senderOf } from './dhcp-reply.ts';
import { failure, type Outcome, success } from './exchange.ts';
import type { Firmware } from './rom-identity.ts';

export type Offer = {
  /** The address and who gave it. */
  readonly packet: DhcpPacket;
  /** The proxy's OFFER, when the boot file comes from it. */
  readonly proxy?: DhcpPacket;
  /** Port 4011 of this server knows the file: that of this line of its menu, or the only one. */
  readonly ask?: { readonly server: Ipv4; readonly item?: PxeBootItem; readonly line?: string };
  /** The menu's first line is the machine's own disk. */
  readonly local?: boolean;
  /** No offer was good enough to be taken at once. */
  readonly waited?: boolean;
};

/** What an OFFER is good for. */
type Lead = 'boots' | 'asks' | 'plain';

/** As much as a machine keeps. */
const MOST_OFFERS = 16;

export type Offers = {
  add(packet: DhcpPacket): void;
  /** Somebody offered an address. */
  readonly hasAddress: boolean;
  /** An answer that no later OFFER makes better; undefined: go on listening. */
  best(): Outcome<Offer> | undefined;
  /** The answer when the time is over. `no-boot-file`, `no-http-offer` and `other-server` are its failure codes. */
  final(): Outcome<Offer>;
  /** For people, when nobody gave an address. */
  describeProxies(): string;
};

/** `wanted`: the server that is to boot the machine; others may give the address only. */
export function createOffers(firmware: Firmware, wanted?: Ipv4): Offers {
  const addresses: DhcpPacket[] = [];
  const proxies: DhcpPacket[] = [];
  const isWanted = (packet: DhcpPacket) => wanted === undefined || senderOf(packet) === wanted;

  function withLead(list: readonly DhcpPacket[], lead: Lead): DhcpPacket | undefined {
    return list.find((packet) => isWanted(packet) && leadOf(packet, firmware) === lead);
  }

  function best(): Outcome<Offer> | undefined {
    const boots = withLead(addresses, 'boots');
    if (boots) return checked({ packet: boots }, firmware);
    const proxy = withLead(proxies, 'boots');
    const address = addresses.find(isWanted) ?? addresses[0];
    return proxy && address && checked({ packet: address, proxy }, firmware);
  }

  function final(): Outcome<Offer> {
    const found = best();
    if (found) return found;
    const address = addresses.find(isWanted) ?? addresses[0]!;
    const asks = withLead(addresses, 'asks');
    if (asks) return success({ packet: asks, ...askOf(asks) });
    const proxy = withLead(proxies, 'asks');
    if (proxy) return success({ packet: address, proxy, ...askOf(proxy) });
    if (!isWanted(address)) return failure('other-server', otherServer(address, wanted ?? 0));
    if (firmware === 'http') return failure('no-http-offer', noHttp(addresses, proxies));
    return checked({ packet: address }, firmware);
  }

  return {
    add(packet) {
      const list = packet.yiaddr === 0 ? proxies : addresses;
      // Of an OFFER that comes again the newer one counts.
      const before = list.findIndex((each) => senderOf(each) === senderOf(packet));
      if (before >= 0) list[before] = packet;
      else if (list.length < MOST_OFFERS) list.push(packet);
    },
    get hasAddress() {
      return addresses.length > 0;
    },
    best,
    final,
    describeProxies() {
      const names = proxies.map((packet) => formatIpv4(senderOf(packet)));
      return names.length === 0 ? '' : `; ${names.join(', ')} answered as a proxy, which gives none`;
    },
  };
}

function leadOf(packet: DhcpPacket, firmware: Firmware): Lead {
  const file = bootFileOf(packet);
  if (firmware === 'http') return isFromHttpServer(packet) && file !== '' ? 'boots' : 'plain';
  if (!isFromPxeServer(packet)) return 'plain';
  const pxe = readPxe(packet.options)?.values;
  if (file === '' || showsMenu(pxe)) return 'asks';
  return firmware === 'uefi' && !isPxe10(pxe) ? 'asks' : 'boots';
}

type Values = PxeOptions['values'];

/** A menu is passed over when 43.6 says to take the file (PXE 2.1 Table 2-1, PXE_DISCOVERY_CONTROL bit 3). */
function showsMenu(pxe: Values | undefined): boolean {
  const control = pxe?.discoveryControl ?? 0;
  return (pxe?.bootMenu?.length ?? 0) > 0 && (control & DiscoveryControl.useBootFile) === 0;
}

/** EDK2's PXE10 offer: one with any of 43.6 to 43.10 (PxeBcDhcp4.c). */
function isPxe10(pxe: Values | undefined): boolean {
  const { discoveryControl, discoveryMulticast, bootServers, bootMenu, menuPrompt } = pxe ?? {};
  return [discoveryControl, discoveryMulticast, bootServers, bootMenu, menuPrompt].some(
    (value) => value !== undefined,
  );
}

/** Whom to ask at port 4011, about the line that the menu begins with: it is taken when nobody presses a key. */
function askOf(packet: DhcpPacket): Pick<Offer, 'ask' | 'local'> {
  const pxe = readPxe(packet.options)?.values;
  const line = showsMenu(pxe) ? pxe?.bootMenu?.[0] : undefined;
  if (line?.type === 0) return { local: true };
  const listed = pxe?.bootServers?.find(({ type }) => type === line?.type)?.servers[0];
  const server = listed ?? senderOf(packet);
  return { ask: line ? { server, item: { type: line.type, layer: 0 }, line: line.text } : { server } };
}

function checked(offer: Offer, firmware: Firmware): Outcome<Offer> {
  const source = bootSourceOf(offer.proxy ?? offer.packet, firmware);
  return typeof source === 'string' ? failure('no-boot-file', source) : success(offer);
}

function otherServer(address: DhcpPacket, wanted: Ipv4): string {
  const other = `${formatIpv4(senderOf(address))} offers ${formatIpv4(address.yiaddr)}`;
  return `${other}; ${formatIpv4(wanted)} answered nothing`;
}

function noHttp(addresses: readonly DhcpPacket[], proxies: readonly DhcpPacket[]): string {
  const told = [...addresses, ...proxies].map((packet) => {
    const file = bootFileOf(packet);
    const vendor = isFromHttpServer(packet) ? '' : ', option 60 is not HTTPClient';
    return `${formatIpv4(senderOf(packet))}${file === '' ? ' names no boot file' : ` names ${file}`}${vendor}`;
  });
  return `UEFI's HTTP boot takes a URL from servers that say HTTPClient: ${told.join('; ')}`;
}
