/** What the octets of a captured packet begin with: the numbers of pcap-linktype(7). */
export const LINK_TYPE = { ethernet: 1, rawIp: 101, linuxCooked: 113, ipv4: 228, linuxCooked2: 276 } as const;

const NOBODY = new Uint8Array(6);

/**
 * A captured packet as an Ethernet frame, whatever it was captured from: `tcpdump -i any` writes "cooked" packets, which know the
 * sender's MAC alone, and tunnels have bare IP packets, without any. A MAC that is not known is 00:00:00:00:00:00. undefined
 * for other kinds of networks, and for packets too short.
 */
export function toEthernet(linkType: number, bytes: Uint8Array): Uint8Array | undefined {
  switch (linkType) {
    case LINK_TYPE.ethernet:
      return bytes;
    case LINK_TYPE.rawIp:
    case LINK_TYPE.ipv4:
      return bytes.length > 0 ? framed(NOBODY, versionType(bytes[0]! >>> 4), bytes) : undefined;
    case LINK_TYPE.linuxCooked:
      // packet type, ARPHRD, length of the address, address 8, protocol.
      return bytes.length < 16
        ? undefined
        : framed(cookedMac(bytes, 4, 6), half(bytes, 14), bytes.subarray(16));
    case LINK_TYPE.linuxCooked2:
      // protocol, reserved 2, interface 4, ARPHRD 2, packet type 1, length of the address 1, address 8.
      return bytes.length < 20
        ? undefined
        : framed(cookedMac(bytes, 10, 12, 1), half(bytes, 0), bytes.subarray(20));
    default:
      return undefined;
  }
}

function versionType(version: number): number {
  return version === 6 ? 0x86dd : 0x0800;
}

function cookedMac(bytes: Uint8Array, lengthAt: number, at: number, lengthSize = 2): Uint8Array {
  const length = lengthSize === 2 ? half(bytes, lengthAt) : bytes[lengthAt + 1]!;
  return length === 6 ? bytes.subarray(at, at + 6) : NOBODY;
}

function framed(from: Uint8Array, etherType: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(from, 6);
  frame[12] = etherType >>> 8;
  frame[13] = etherType;
  frame.set(payload, 14);
  return frame;
}

function half(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/** The frame without its VLAN tags (802.1Q, 802.1ad, and Q-in-Q of before), and their numbers, the outermost first. */
export function withoutTags(frame: Uint8Array): { readonly frame: Uint8Array; readonly vlans: number[] } {
  const vlans: number[] = [];
  let at = 12;
  while (frame.length >= at + 6 && TAGS.has(half(frame, at))) {
    vlans.push(half(frame, at + 2) & 0xfff);
    at += 4;
  }
  if (at === 12) return { frame, vlans };
  const bare = new Uint8Array(frame.length - (at - 12));
  bare.set(frame.subarray(0, 12));
  bare.set(frame.subarray(at), 12);
  return { frame: bare, vlans };
}
