/** Programs of no use, as far as headers go. */
import { latin1Encode } from '../../src/lib/bytes.ts';

/** An EFI program for the COFF machine `machine` (x64: 0x8664), of one section, with `words` in it. */
export function efiProgram(machine = 0x8664, words = ''): Uint8Array {
  const bytes = new Uint8Array(2048);
  const view = new DataView(bytes.buffer);
  bytes.set(latin1Encode('MZ'));
  view.setUint32(0x3c, 0x80, true);
  bytes.set(latin1Encode('PE\0\0'), 0x80);
  view.setUint16(0x84, machine, true);
  view.setUint16(0x86, 1, true); // sections
  view.setUint16(0x94, 0xf0, true); // optional header
  view.setUint16(0x98, 0x20b, true);
  view.setUint16(0x98 + 68, 10, true); // an EFI application
  const section = 0x98 + 0xf0;
  view.setUint32(section + 16, 1024, true);
  view.setUint32(section + 20, 1024, true);
  bytes.set(latin1Encode(words), 1100);
  return bytes;
}

/** A Linux bzImage of 4 setup sectors and so many octets behind them. */
export function linuxKernel(bodyBytes = 4096): Uint8Array {
  const bytes = new Uint8Array(5 * 512 + bodyBytes);
  const view = new DataView(bytes.buffer);
  bytes[0x1f1] = 4;
  view.setUint32(0x1f4, Math.ceil(bodyBytes / 16), true);
  view.setUint16(0x1fe, 0xaa55, true);
  bytes.set(latin1Encode('HdrS'), 0x202);
  return bytes;
}
