/** An IPv4 address as an unsigned 32-bit number: 10.0.0.1 = 0x0a000001. Cheap to hash, compare and count with. */
export type Ipv4 = number;

/** A network: `network` has its host bits cleared; `length` is 0 to 32. */
export type Subnet = { readonly network: Ipv4; readonly length: number };

/** 0.0.0.0: "no address". */
export const UNSPECIFIED: Ipv4 = 0;

/** 255.255.255.255. */
export const LIMITED_BROADCAST: Ipv4 = 0xffff_ffff;

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Four decimal parts, each 0 to 255, no leading zeros (which some read as octal). undefined when it is not one. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = DOTTED.exec(text);
  if (!parts) return undefined;
  let address = 0;
  for (const part of parts.slice(1)) {
    const octet = Number(part);
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    address = address * 256 + octet;
  }
  return address;
}

/** `10.0.0.1` for 0x0a000001. */
export function formatIpv4(address: Ipv4): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** `0A000001`: upper-case hex, eight digits, as boot loaders name their per-client files. */
export function hexIpv4(address: Ipv4): string {
  return address.toString(16).toUpperCase().padStart(8, '0');
}

/** 24 gives 255.255.255.0. Throws RangeError outside 0 to 32. */
export function maskOf(length: number): Ipv4 {
  if (!Number.isInteger(length) || length < 0 || length > 32) {
    throw new RangeError(`Cannot make a mask: prefix length must be 0 to 32, got ${length}`);
  }
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** 255.255.255.0 gives 24; undefined when the ones are not contiguous. */
export function lengthOfMask(mask: Ipv4): number | undefined {
  const length = Math.clz32(~mask >>> 0);
  return maskOf(length) === mask ? length : undefined;
}

/** The subnet that `address` lies in. */
export function subnetOf(address: Ipv4, length: number): Subnet {
  return { network: (address & maskOf(length)) >>> 0, length };
}

/** The last address of the subnet. */
export function broadcastOf(subnet: Subnet): Ipv4 {
  return (subnet.network | (~maskOf(subnet.length) >>> 0)) >>> 0;
}

/** Does `address` lie in `subnet`? */
export function contains(subnet: Subnet, address: Ipv4): boolean {
  return (address & maskOf(subnet.length)) >>> 0 === subnet.network;
}

/** `10.0.0.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return `${formatIpv4(subnet.network)}/${subnet.length}`;
}

/** `10.0.0.0/24`; host bits must be zero. undefined when it is not one. */
export function parseSubnet(text: string): Subnet | undefined {
  const [head, tail, ...rest] = text.split('/');
  const network = parseIpv4(head ?? '');
  if (network === undefined || tail === undefined || rest.length > 0 || !/^\d{1,2}$/.test(tail))
    return undefined;
  const length = Number(tail);
  if (length > 32 || subnetOf(network, length).network !== network) return undefined;
  return { network, length };
}
