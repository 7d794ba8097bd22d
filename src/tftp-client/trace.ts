import { latin1Encode } from '../lib/bytes.ts';
import { harmless } from '../lib/harmless.ts';
import { decode, type TftpOption } from '../tftp-packet/index.ts';
import type { Work } from './drive.ts';
import type { TransferOptions } from './face.ts';

/** The part of {@link Work} that tells packets to whoever wants to see them. */
export function tracing({ onTrace }: TransferOptions): Pick<Work, 'trace'> {
  return onTrace ? { trace: (direction, packet) => onTrace(traceLine(direction, packet)) } : {};
}

/** A packet as tftp-hpa's `trace` shows it: `sent RRQ <file=a, mode=octet, blksize=1468>`. */
export function traceLine(direction: 'sent' | 'received', bytes: Uint8Array): string {
  const decoded = decode(bytes);
  if (!decoded.ok) return `${direction} ${bytes.length} octets that are no TFTP packet (${decoded.reason})`;
  const packet = decoded.value;
  switch (packet.opcode) {
    case 'rrq':
    case 'wrq': {
      const asked = packet.options.map(([name, value]) => `, ${name}=${value}`).join('');
      return `${direction} ${packet.opcode.toUpperCase()} <file=${printable(packet.filename)}, mode=${packet.mode}${asked}>`;
    }
    case 'data':
      return `${direction} DATA <block=${packet.block}, ${packet.data.length} bytes>`;
    case 'ack':
      return `${direction} ACK <block=${packet.block}>`;
    case 'oack':
      return `${direction} OACK <${packet.options.map(shown).join(', ')}>`;
    case 'error':
      return `${direction} ERROR <code=${packet.code}, msg=${printable(packet.message)}>`;
  }
}

function shown([name, value]: TftpOption): string {
  return `${printable(name)}=${printable(value)}`;
}

/** Octets as text, which is UTF-8 nearly everywhere. Foreign text must not steer a terminal. */
function printable(octets: string): string {
  return harmless(new TextDecoder().decode(latin1Encode(octets)));
}
