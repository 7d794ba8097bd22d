/** The Internet checksum (RFC 1071): ones' complement sum of 16-bit words, an odd last octet padded with zero. */
export function internetChecksum(bytes: Uint8Array, seed = 0): number {
  return ~fold(sumWords(bytes, seed)) & 0xffff;
}

/** Adds the words of `bytes` to a running sum; only the last part summed may have an odd length. */
export function sumWords(bytes: Uint8Array, seed = 0): number {
  let sum = seed;
  for (let i = 0; i + 1 < bytes.length; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1]! << 8;
  return sum;
}

/** Carries added back until 16 bits are left. */
function fold(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return sum;
}
