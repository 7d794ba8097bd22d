/**
 * Reads single fields straight from a datagram, for loops that must not allocate. Each takes any octets: a field that
 * is not there reads as -1.
 */

/** 1 to 6 for a TFTP packet (RFC 1350 §5, RFC 2347); -1 when there are no two octets. */
export function peekOpcode(bytes: Uint8Array): number {
  return bytes.length < 2 ? -1 : (bytes[0]! << 8) | bytes[1]!;
}

/** Block number of DATA and ACK, code of ERROR; -1 when shorter than four octets. */
export function peekNumber(bytes: Uint8Array): number {
  return bytes.length < 4 ? -1 : (bytes[2]! << 8) | bytes[3]!;
}

/** Lays the four octets before a DATA block. `block` is taken modulo 65,536. */
export function putDataHeader(out: Uint8Array, at: number, block: number): void {
  out[at] = 0;
  out[at + 1] = 3;
  out[at + 2] = block >> 8;
  out[at + 3] = block;
}
