import type { Action, ClientSession } from '../../src/tftp-client/machine/session.ts';
import { decode, encode, type TftpOption, type TftpPacket } from '../../src/tftp-packet/index.ts';

export const data = (block: number, length: number, fill = block): Uint8Array =>
  encode({ opcode: 'data', block: block & 0xffff, data: new Uint8Array(length).fill(fill) });
export const ack = (block: number): Uint8Array => encode({ opcode: 'ack', block: block & 0xffff });
export const oack = (...options: TftpOption[]): Uint8Array => encode({ opcode: 'oack', options });
export const error = (code: number, message = ''): Uint8Array => encode({ opcode: 'error', code, message });

/** A packet in short: `RRQ f`, `ACK 3`, `DATA 2+1`, `ERROR 8`; blocks of a put by their absolute numbers, `2..5`. */
export function said(session: ClientSession, now: number): string[] {
  const out: string[] = [];
  for (let action = session.poll(now); action !== undefined; action = session.poll(now))
    out.push(short(action));
  return out;
}

function short({ kind, packet, first, count }: Action): string {
  if (kind === 'data') return count === 1 ? `${first}` : `${first}..${first + count - 1}`;
  const decoded = decode(packet);
  if (!decoded.ok) throw new Error(`The client sent bad TFTP: ${decoded.reason}`);
  return words(decoded.value);
}

function words(packet: TftpPacket): string {
  switch (packet.opcode) {
    case 'rrq':
    case 'wrq':
      return `${packet.opcode.toUpperCase()} ${packet.filename}`;
    case 'ack':
      return `ACK ${packet.block}`;
    case 'error':
      return `ERROR ${packet.code}`;
    default:
      return packet.opcode.toUpperCase();
  }
}
