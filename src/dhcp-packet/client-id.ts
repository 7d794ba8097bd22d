import { readU32 } from './octets.ts';

/**
 * Option 61 taken apart, for people. Servers compare the octets as they are (RFC 2131 §4.2, RFC 4361 §6.3).
 *
 * `hardware`: type octet of an ARP hardware type, then the address (RFC 2132 §9.14). `duid`: type 255, IAID and
 * DUID (RFC 4361 §6.1). `opaque`: type 0 or anything else. Octets are views.
 */
export type ClientId =
  | { readonly kind: 'hardware'; readonly htype: number; readonly address: Uint8Array }
  | { readonly kind: 'duid'; readonly iaid: number; readonly duid: Uint8Array }
  | { readonly kind: 'opaque'; readonly type: number; readonly bytes: Uint8Array };

/** Reads the body of option 61. Any octets, at least one, have a meaning. */
export function describeClientId(body: Uint8Array): ClientId {
  const type = body[0] ?? 0;
  if (type === 255 && body.length > 5) {
    return { kind: 'duid', iaid: readU32(body, 1), duid: body.subarray(5) };
  }
  if (type === 1 && body.length === 7) return { kind: 'hardware', htype: 1, address: body.subarray(1) };
  return { kind: 'opaque', type, bytes: body.subarray(1) };
}
