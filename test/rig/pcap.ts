import { readFileSync } from 'node:fs';

const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** The frames of a capture that tcpdump wrote on a machine like this one (pcap(5), host byte order); a cut last one is left out. */
export function framesOf(path: string): Uint8Array[] {
  const file = readFileSync(path);
  const frames: Uint8Array[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= file.length; ) {
    const length = file.readUInt32LE(at + 8);
    const from = at + RECORD_HEADER;
    if (from + length > file.length) break;
    frames.push(file.subarray(from, from + length));
    at = from + length;
  }
  return frames;
}
