import { type Decoded, ok, rejected } from '../lib/result.ts';
import { type Encapsulated, encapsulation } from './encapsulation.ts';
import { writeBytes } from './octets.ts';
import { address } from './shapes/address.ts';
import { empty } from './shapes/empty.ts';
import { u32 } from './shapes/integer.ts';
import { opaque } from './shapes/opaque.ts';
import { type CodedBody, encodeBody, type Shape } from './shapes/shape.ts';
import { text } from './shapes/text.ts';

const octets = opaque({ min: 0, max: 255 });

/** One octet of flags, of which the first says that the client's message reached the relay by unicast;
 * octets that follow are ignored (RFC 5010 §3). */
const relayFlags: Shape<{ readonly unicast: boolean }> = {
  encodingLength: () => 1,
  encodeInto(value, out, at) {
    out[at] = value.unicast ? 0x80 : 0;
    return at + 1;
  },
  decode: (body) =>
    body.length === 0 ? rejected('relay-flags-length') : ok({ unicast: (body[0]! & 0x80) !== 0 }),
  check: (body) => (body.length === 0 ? 'relay-flags-length' : undefined),
};

const RELAY_TABLE = {
  /** RFC 3046 §3.1. */
  circuitId: { code: 1, shape: octets },
  /** RFC 3046 §3.2. */
  remoteId: { code: 2, shape: octets },
  /** RFC 3256 §2. */
  docsisDeviceClass: { code: 4, shape: u32() },
  /** The client's subnet: beats option 118 and giaddr; replies still go to giaddr (RFC 3527 §3). */
  linkSelection: { code: 5, shape: address },
  /** RFC 3993 §3. */
  subscriberId: { code: 6, shape: text },
  /** RFC 4014. */
  radiusAttributes: { code: 7, shape: octets },
  /** RFC 4030. */
  authentication: { code: 8, shape: octets },
  /** (enterprise u32, length u8, data), repeated (RFC 4243 §2). */
  vendorSpecific: { code: 9, shape: octets },
  flags: { code: 10, shape: relayFlags },
  /** To be sent as option 54, and compared with a REQUEST's (RFC 5107 §4). */
  serverIdOverride: { code: 11, shape: address },
  /** A DUID (RFC 6925 §5). */
  relayId: { code: 12, shape: octets },
  /** Reply to the datagram's source port instead of 67 (RFC 8357 §4.1). */
  sourcePort: { code: 19, shape: empty },
  /** Before RFC 3527 and RFC 5107 Cisco's relays sent these: as 5, a VRF name, as 11. */
  ciscoLinkSelection: { code: 150, shape: octets },
  ciscoVrf: { code: 151, shape: octets },
  ciscoServerIdOverride: { code: 152, shape: octets },
} as const;

/** `raw` is option 82 as it came: the octets to echo, whatever could be read of them. */
export type RelayAgentInfo = Encapsulated<typeof RELAY_TABLE> & { readonly raw: Uint8Array };

const subOptions = encapsulation(RELAY_TABLE, { marks: false });

/**
 * Option 82, relay agent information. A server copies it octet for octet into every reply, as the last option
 * (RFC 3046 §2.2), so writing writes `raw`; {@link relayAgentInfo} makes one from sub-options, as a relay does.
 */
export const relayAgent: Shape<RelayAgentInfo> = {
  encodingLength: (value) => value.raw.length,
  encodeInto: (value, out, at) => writeBytes(out, at, value.raw),
  decode(body): Decoded<RelayAgentInfo> {
    const read = subOptions.decode(body);
    return read.ok ? ok({ ...read.value, raw: body }) : read;
  },
  check: () => undefined,
  warn: (body) => subOptions.warn?.(body),
};

/** Option 82 from its sub-options: what a relay agent sends. Values go in the order of their codes. */
export function relayAgentInfo(
  values: RelayAgentInfo['values'],
  others: readonly CodedBody[] = [],
): RelayAgentInfo {
  return { values, others, problems: [], raw: encodeBody(subOptions, { values, others }) };
}
