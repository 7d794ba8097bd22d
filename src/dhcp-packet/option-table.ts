import { ipxeOptions } from './ipxe.ts';
import { relayAgent } from './relay-agent.ts';
import { address } from './shapes/address.ts';
import { addressList } from './shapes/address-list.ts';
import { addressPairs } from './shapes/address-pairs.ts';
import { authentication } from './shapes/authentication.ts';
import { classlessRoutes } from './shapes/classless-routes.ts';
import { clientFqdn } from './shapes/client-fqdn.ts';
import { clientUuid } from './shapes/client-uuid.ts';
import { domainNames } from './shapes/domain-names.ts';
import { empty } from './shapes/empty.ts';
import { flag } from './shapes/flag.ts';
import { i32, u8, u16, u32 } from './shapes/integer.ts';
import { u8List, u16List } from './shapes/integer-list.ts';
import { networkInterface } from './shapes/network-interface.ts';
import { opaque } from './shapes/opaque.ts';
import type { Shape, ValueOf } from './shapes/shape.ts';
import { terminatedText, text } from './shapes/text.ts';
import { userClass } from './shapes/user-class.ts';
import { vendorClasses, vendorOptions } from './shapes/vendor-identifying.ts';

/** What the library knows about one option; `source` says where its layout is written down. */
export type OptionRow = { readonly code: number; readonly shape: Shape<unknown>; readonly source: string };

const bytes = opaque({ min: 1 });

/** Every option with a name, by that name. The shape gives the type of its value. */
export const OPTION_TABLE = {
  'subnet-mask': { code: 1, shape: address, source: 'RFC 2132 §3.3' },
  'time-offset': { code: 2, shape: i32, source: 'RFC 2132 §3.4' },
  routers: { code: 3, shape: addressList, source: 'RFC 2132 §3.5' },
  'time-servers': { code: 4, shape: addressList, source: 'RFC 2132 §3.6' },
  'name-servers': { code: 5, shape: addressList, source: 'RFC 2132 §3.7' },
  'dns-servers': { code: 6, shape: addressList, source: 'RFC 2132 §3.8' },
  'log-servers': { code: 7, shape: addressList, source: 'RFC 2132 §3.9' },
  'cookie-servers': { code: 8, shape: addressList, source: 'RFC 2132 §3.10' },
  'lpr-servers': { code: 9, shape: addressList, source: 'RFC 2132 §3.11' },
  'impress-servers': { code: 10, shape: addressList, source: 'RFC 2132 §3.12' },
  'resource-location-servers': { code: 11, shape: addressList, source: 'RFC 2132 §3.13' },
  'host-name': { code: 12, shape: text, source: 'RFC 2132 §3.14' },
  /** In blocks of 512 octets. */
  'boot-file-size': { code: 13, shape: u16(), source: 'RFC 2132 §3.15' },
  'merit-dump-file': { code: 14, shape: text, source: 'RFC 2132 §3.16' },
  'domain-name': { code: 15, shape: text, source: 'RFC 2132 §3.17' },
  'swap-server': { code: 16, shape: address, source: 'RFC 2132 §3.18' },
  'root-path': { code: 17, shape: text, source: 'RFC 2132 §3.19' },
  'extensions-path': { code: 18, shape: text, source: 'RFC 2132 §3.20' },
  'ip-forwarding': { code: 19, shape: flag, source: 'RFC 2132 §4.1' },
  'non-local-source-routing': { code: 20, shape: flag, source: 'RFC 2132 §4.2' },
  'policy-filter': { code: 21, shape: addressPairs({ zeroFirst: true }), source: 'RFC 2132 §4.3' },
  'max-datagram-reassembly': { code: 22, shape: u16({ min: 576 }), source: 'RFC 2132 §4.4' },
  'default-ttl': { code: 23, shape: u8({ min: 1 }), source: 'RFC 2132 §4.5' },
  'pmtu-aging-timeout': { code: 24, shape: u32(), source: 'RFC 2132 §4.6' },
  'pmtu-plateau': { code: 25, shape: u16List({ min: 68 }), source: 'RFC 2132 §4.7' },
  'interface-mtu': { code: 26, shape: u16({ min: 68 }), source: 'RFC 2132 §5.1' },
  'all-subnets-local': { code: 27, shape: flag, source: 'RFC 2132 §5.2' },
  broadcast: { code: 28, shape: address, source: 'RFC 2132 §5.3' },
  'mask-discovery': { code: 29, shape: flag, source: 'RFC 2132 §5.4' },
  'mask-supplier': { code: 30, shape: flag, source: 'RFC 2132 §5.5' },
  'router-discovery': { code: 31, shape: flag, source: 'RFC 2132 §5.6' },
  'router-solicitation': { code: 32, shape: address, source: 'RFC 2132 §5.7' },
  'static-routes': { code: 33, shape: addressPairs({ zeroFirst: false }), source: 'RFC 2132 §5.8' },
  'trailer-encaps': { code: 34, shape: flag, source: 'RFC 2132 §6.1' },
  'arp-cache-timeout': { code: 35, shape: u32(), source: 'RFC 2132 §6.2' },
  'ethernet-encaps': { code: 36, shape: flag, source: 'RFC 2132 §6.3' },
  'tcp-ttl': { code: 37, shape: u8({ min: 1 }), source: 'RFC 2132 §7.1' },
  'tcp-keepalive-interval': { code: 38, shape: u32(), source: 'RFC 2132 §7.2' },
  'tcp-keepalive-garbage': { code: 39, shape: flag, source: 'RFC 2132 §7.3' },
  'nis-domain': { code: 40, shape: text, source: 'RFC 2132 §8.1' },
  'nis-servers': { code: 41, shape: addressList, source: 'RFC 2132 §8.2' },
  'ntp-servers': { code: 42, shape: addressList, source: 'RFC 2132 §8.3' },
  'vendor-specific': { code: 43, shape: bytes, source: 'RFC 2132 §8.4' },
  'netbios-name-servers': { code: 44, shape: addressList, source: 'RFC 2132 §8.5' },
  'netbios-dd-servers': { code: 45, shape: addressList, source: 'RFC 2132 §8.6' },
  'netbios-node-type': { code: 46, shape: u8(), source: 'RFC 2132 §8.7' },
  'netbios-scope': { code: 47, shape: text, source: 'RFC 2132 §8.8' },
  'x-font-servers': { code: 48, shape: addressList, source: 'RFC 2132 §8.9' },
  'x-display-managers': { code: 49, shape: addressList, source: 'RFC 2132 §8.10' },
  'requested-ip': { code: 50, shape: address, source: 'RFC 2132 §9.1' },
  'lease-time': { code: 51, shape: u32(), source: 'RFC 2132 §9.2' },
  /** Framing, not content: `decode` takes it out of the options, and `encode` writes it itself. */
  overload: { code: 52, shape: u8({ min: 1, max: 3 }), source: 'RFC 2132 §9.3' },
  'message-type': { code: 53, shape: u8({ min: 1 }), source: 'RFC 2132 §9.6' },
  'server-id': { code: 54, shape: address, source: 'RFC 2132 §9.7' },
  'parameter-request-list': { code: 55, shape: u8List(), source: 'RFC 2132 §9.8' },
  message: { code: 56, shape: text, source: 'RFC 2132 §9.9' },
  /** Below 576 it is illegal, sent all the same, and read as 576: see `replyBudget`. */
  'max-message-size': { code: 57, shape: u16(), source: 'RFC 2132 §9.10' },
  'renewal-time': { code: 58, shape: u32(), source: 'RFC 2132 §9.11' },
  'rebinding-time': { code: 59, shape: u32(), source: 'RFC 2132 §9.12' },
  'vendor-class-id': { code: 60, shape: text, source: 'RFC 2132 §9.13' },
  'client-id': { code: 61, shape: opaque({ min: 2 }), source: 'RFC 2132 §9.14' },
  'nis-plus-domain': { code: 64, shape: text, source: 'RFC 2132 §8.11' },
  'nis-plus-servers': { code: 65, shape: addressList, source: 'RFC 2132 §8.12' },
  'tftp-server-name': { code: 66, shape: terminatedText, source: 'RFC 2132 §9.4' },
  'bootfile-name': { code: 67, shape: terminatedText, source: 'RFC 2132 §9.5' },
  'smtp-servers': { code: 69, shape: addressList, source: 'RFC 2132 §8.14' },
  'pop3-servers': { code: 70, shape: addressList, source: 'RFC 2132 §8.15' },
  'nntp-servers': { code: 71, shape: addressList, source: 'RFC 2132 §8.16' },
  'www-servers': { code: 72, shape: addressList, source: 'RFC 2132 §8.17' },
  'finger-servers': { code: 73, shape: addressList, source: 'RFC 2132 §8.18' },
  'irc-servers': { code: 74, shape: addressList, source: 'RFC 2132 §8.19' },
  'streettalk-servers': { code: 75, shape: addressList, source: 'RFC 2132 §8.20' },
  'stda-servers': { code: 76, shape: addressList, source: 'RFC 2132 §8.21' },
  'user-class': { code: 77, shape: userClass, source: 'RFC 3004 §4' },
  'rapid-commit': { code: 80, shape: empty, source: 'RFC 4039 §4' },
  'client-fqdn': { code: 81, shape: clientFqdn, source: 'RFC 4702 §2' },
  'relay-agent-info': { code: 82, shape: relayAgent, source: 'RFC 3046 §2' },
  authentication: { code: 90, shape: authentication, source: 'RFC 3118 §2' },
  'client-last-transaction-time': { code: 91, shape: u32(), source: 'RFC 4388 §6.1' },
  'associated-ip': { code: 92, shape: addressList, source: 'RFC 4388 §6.1' },
  'client-arch': { code: 93, shape: u16List(), source: 'RFC 4578 §2.1' },
  'client-ndi': { code: 94, shape: networkInterface, source: 'RFC 4578 §2.2' },
  'client-uuid': { code: 97, shape: clientUuid, source: 'RFC 4578 §2.3' },
  'posix-tz': { code: 100, shape: text, source: 'RFC 4833 §2' },
  'tzdb-name': { code: 101, shape: text, source: 'RFC 4833 §2' },
  'ipv6-only-preferred': { code: 108, shape: u32(), source: 'RFC 8925 §3.1' },
  'captive-portal': { code: 114, shape: text, source: 'RFC 8910 §2.1' },
  'auto-configure': { code: 116, shape: u8({ max: 1 }), source: 'RFC 2563 §2' },
  'name-service-search': { code: 117, shape: u16List(), source: 'RFC 2937' },
  'subnet-selection': { code: 118, shape: address, source: 'RFC 3011 §2' },
  'domain-search': { code: 119, shape: domainNames, source: 'RFC 3397 §2' },
  'sip-servers': { code: 120, shape: bytes, source: 'RFC 3361' },
  'classless-routes': { code: 121, shape: classlessRoutes, source: 'RFC 3442' },
  'vi-vendor-class': { code: 124, shape: vendorClasses, source: 'RFC 3925 §3' },
  'vi-vendor-opts': { code: 125, shape: vendorOptions, source: 'RFC 3925 §4' },
  'capwap-ac': { code: 138, shape: addressList, source: 'RFC 5417 §3' },
  'tftp-server-address': { code: 150, shape: addressList, source: 'RFC 5859 §3' },
  'ipxe-encap': { code: 175, shape: ipxeOptions, source: 'iPXE include/ipxe/dhcp.h' },
  'iscsi-primary-target': { code: 201, shape: text, source: 'iPXE include/ipxe/dhcp.h' },
  'iscsi-secondary-target': { code: 202, shape: text, source: 'iPXE include/ipxe/dhcp.h' },
  'iscsi-initiator': { code: 203, shape: text, source: 'iPXE include/ipxe/dhcp.h' },
  'pxelinux-magic': { code: 208, shape: opaque({ min: 4, max: 4 }), source: 'RFC 5071 §3' },
  'config-file': { code: 209, shape: text, source: 'RFC 5071 §4' },
  'path-prefix': { code: 210, shape: text, source: 'RFC 5071 §5' },
  'reboot-time': { code: 211, shape: u32(), source: 'RFC 5071 §6' },
} as const satisfies Readonly<Record<string, OptionRow>>;

/** The name of a known option, `routers`, `client-arch`. */
export type OptionKey = keyof typeof OPTION_TABLE;

/** The type of that option's value. */
export type OptionValue<K extends OptionKey> = ValueOf<(typeof OPTION_TABLE)[K]['shape']>;

/** Code -> its row and name; undefined for an option without one (128 to 135 among them, RFC 4578 §2.4). */
export const OPTION_BY_CODE: readonly ((OptionRow & { readonly key: OptionKey }) | undefined)[] = byCode();

function byCode() {
  const rows = new Array<(OptionRow & { readonly key: OptionKey }) | undefined>(256).fill(undefined);
  for (const [key, row] of Object.entries(OPTION_TABLE)) rows[row.code] = { ...row, key: key as OptionKey };
  return rows;
}
