import fc from 'fast-check';
import {
  clientUuidFromSmbios,
  createPacket,
  type DhcpPacket,
  type OptionKey,
  type OptionValue,
  relayAgentInfo,
} from '../../src/dhcp-packet/index.ts';

/** Values that each option can hold, over the whole of its range. */

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 12 });
const address = u32;
const addressList = some(address);
const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
const latin1 = (limits: { minLength: number; maxLength: number }) =>
  fc.string({ unit: fc.nat(0xff).map((code) => String.fromCharCode(code)), ...limits });
const text = latin1({ minLength: 1, maxLength: 300 }).filter((value) => !value.endsWith('\0'));
const sub = fc.record({ code: u8, body: fc.uint8Array({ maxLength: 20 }) });

/** A label as text: dots and backslashes of the wire are escaped (RFC 1035 §5.1). */
const label = latin1({ minLength: 1, maxLength: 20 }).map((raw) => raw.replace(/[.\\]/g, '\\$&'));
const dnsName = fc.array(label, { maxLength: 6 }).map((labels) => labels.join('.'));
/** Few labels, so that compression has something to do. */
const commonName = fc
  .array(fc.constantFrom('eng', 'lab', 'apple', 'example', 'com', 'A', 'a'), { maxLength: 5 })
  .map((labels) => labels.join('.'));

const maskBits = (length: number) => (length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0);
const route = fc
  .record({ network: address, length: fc.nat(32), router: address })
  .map((one) => ({ ...one, network: (one.network & maskBits(one.length)) >>> 0 }));

const fqdn = fc
  .record({ s: fc.boolean(), o: fc.boolean(), n: fc.boolean(), rcode1: u8, rcode2: u8 })
  .chain((head) =>
    fc.oneof(
      dnsName.map((name) => ({ ...head, e: true, name, partial: false })),
      dnsName.map((name) => ({ ...head, e: true, name, partial: true })),
      latin1({ minLength: 0, maxLength: 60 }).map((name) => ({ ...head, e: false, name, partial: false })),
    ),
  );

const relay = fc
  .record({ circuitId: fc.uint8Array({ maxLength: 30 }), linkSelection: address, unicast: fc.boolean() })
  .map(({ circuitId, linkSelection, unicast }) =>
    relayAgentInfo({ circuitId, linkSelection, flags: { unicast } }, [{ code: 77, body: circuitId }]),
  );

const ipxe = fc.record(
  { http: u8, priority: fc.integer({ min: -128, max: 127 }), scriptlet: text.filter((t) => t.length < 99) },
  { requiredKeys: [] },
);

const plain: { [K in OptionKey]?: fc.Arbitrary<OptionValue<K>> } = {
  'time-offset': fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  'policy-filter': some(fc.tuple(address, address)),
  'static-routes': some(fc.tuple(fc.integer({ min: 1, max: 0xffff_ffff }), address)),
  'max-datagram-reassembly': fc.integer({ min: 576, max: 0xffff }),
  'default-ttl': fc.integer({ min: 1, max: 255 }),
  'tcp-ttl': fc.integer({ min: 1, max: 255 }),
  'pmtu-plateau': some(fc.integer({ min: 68, max: 0xffff })),
  'interface-mtu': fc.integer({ min: 68, max: 0xffff }),
  'netbios-node-type': u8,
  overload: fc.integer({ min: 1, max: 3 }),
  'message-type': fc.integer({ min: 1, max: 255 }),
  'parameter-request-list': some(u8),
  'boot-file-size': u16,
  'max-message-size': u16,
  'vendor-specific': bytes,
  'client-id': fc.uint8Array({ minLength: 2, maxLength: 300 }),
  'user-class': some(latin1({ minLength: 1, maxLength: 30 })),
  'rapid-commit': fc.constant(true as const),
  'client-fqdn': fqdn,
  'relay-agent-info': relay,
  authentication: fc.record({
    protocol: u8,
    algorithm: u8,
    rdm: u8,
    replay: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    info: fc.uint8Array({ maxLength: 40 }),
  }),
  'client-arch': some(u16),
  'client-ndi': fc.record({ type: u8, major: u8, minor: u8 }),
  'client-uuid': fc.oneof(
    fc.record({ type: fc.integer({ min: 1, max: 255 }), bytes: fc.uint8Array({ maxLength: 30 }) }),
    fc.uuid().map(clientUuidFromSmbios),
  ),
  'auto-configure': fc.nat(1),
  'name-service-search': some(u16),
  'domain-search': fc.oneof(some(dnsName), some(commonName)),
  'sip-servers': bytes,
  'classless-routes': some(route),
  'vi-vendor-class': some(
    fc.record({ enterprise: u32, classes: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 5 }) }),
  ),
  'vi-vendor-opts': some(fc.record({ enterprise: u32, options: fc.array(sub, { maxLength: 5 }) })),
  'ipxe-encap': ipxe.map((values) => ({ values, others: [], problems: [] })),
  'pxelinux-magic': fc.uint8Array({ minLength: 4, maxLength: 4 }),
};

const byShape: readonly (readonly [RegExp, fc.Arbitrary<unknown>])[] = [
  [
    /^(subnet-mask|swap-server|broadcast|router-solicitation|requested-ip|server-id|subnet-selection)$/,
    address,
  ],
  [/-servers$|^routers$|^x-display-managers$|^associated-ip$|^tftp-server-address$|^capwap-ac$/, addressList],
  [/-time(out)?$|^ipv6-only-preferred$|-interval$/, u32],
  [
    /^(ip-forwarding|non-local-source-routing|all-subnets-local|mask-\w+|router-discovery)$|-encaps$|-garbage$/,
    fc.boolean(),
  ],
];

/** Values of the option `key`; text when nothing else is said. */
export function anyValue(key: OptionKey): fc.Arbitrary<unknown> {
  return plain[key] ?? byShape.find(([pattern]) => pattern.test(key))?.[1] ?? text;
}

/** Codes of a map: all but the marks 0 and 255 and the overload option. */
const code = fc.integer({ min: 1, max: 254 }).filter((one) => one !== 52);

/** Packets as a caller may build them: any bodies under codes that no table knows, sound ones under the others. */
export function packets(options: fc.Arbitrary<Map<number, Uint8Array>>): fc.Arbitrary<DhcpPacket> {
  return fc
    .record({
      op: fc.constantFrom(1, 2),
      htype: u8,
      hlen: fc.nat(16),
      hops: u8,
      xid: u32,
      secs: u16,
      flags: u16,
      ciaddr: address,
      yiaddr: address,
      siaddr: address,
      giaddr: address,
      chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      sname: latin1({ minLength: 0, maxLength: 64 }).map((value) => value.replaceAll('\0', '')),
      file: latin1({ minLength: 0, maxLength: 128 }).map((value) => value.replaceAll('\0', '')),
      options,
    })
    .map(createPacket);
}

/** Options that have no name, so that any octets will do. */
export const unnamedOptions: fc.Arbitrary<Map<number, Uint8Array>> = fc
  .array(
    fc.tuple(
      code.filter((one) => one >= 220),
      fc.uint8Array({ maxLength: 700 }),
    ),
    { maxLength: 8 },
  )
  .map((entries) => new Map(entries));
