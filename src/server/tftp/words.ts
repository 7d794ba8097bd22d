import { latin1Decode } from '../../lib/bytes.ts';
import { formatIpv4 } from '../../lib/ipv4.ts';
import type { DatagramSocket } from '../../net/datagram.ts';
import { encode } from '../../tftp-packet/index.ts';
import type { Asker } from './waiting-requests.ts';

/** Refuses in words, on the spot. */
export function sendError(
  socket: DatagramSocket,
  { peer, peerPort, replyFrom }: Asker,
  { code, message }: { readonly code: number; readonly message: string },
): void {
  socket.out.begin(peer, peerPort, { from: replyFrom, ifindex: 0 });
  socket.out.bytes(encode({ opcode: 'error', code, message }));
  socket.out.end();
}

/** A peer's address for people. */
export function textOf({ numbers }: DatagramSocket, peer: number): string {
  return numbers ? numbers.format(peer) : formatIpv4(peer);
}

/** A foreign name in a line of text: UTF-8 when it is, control characters made visible. */
export function printable(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return name; // nearly all, and each request asks twice
  const bytes = Uint8Array.from(name, (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: foreign text must not steer a terminal
  return (text.includes('\ufffd') ? latin1Decode(bytes) : text).replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}
