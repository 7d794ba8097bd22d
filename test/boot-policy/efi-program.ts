/** The beginning of a program as firmware reads it: a DOS stub, then PE's headers at `at`. */
export function efiProgram(
  options: {
    readonly machine?: number;
    readonly subsystem?: number;
    readonly mark?: string;
    readonly optionalSize?: number;
    readonly at?: number;
  } = {},
): Uint8Array {
  const { machine = 0x8664, subsystem = 10, mark = 'PE\0\0', optionalSize = 240, at = 0x80 } = options;
  const octets = new Uint8Array(at + 256);
  const view = new DataView(octets.buffer);
  octets.set(new TextEncoder().encode('MZ'));
  view.setUint32(0x3c, at, true);
  octets.set(new TextEncoder().encode(mark), at);
  view.setUint16(at + 4, machine, true);
  view.setUint16(at + 20, optionalSize, true);
  view.setUint16(at + 24, 0x20b, true);
  view.setUint16(at + 24 + 68, subsystem, true);
  return octets;
}
