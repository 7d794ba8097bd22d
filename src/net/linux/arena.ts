import { addressOf } from './ffi.ts';

const HIGH = 0x1_0000_0000;

/**
 * Memory that the kernel reads and writes, laid out once and held for life.
 *
 * One allocation outside the moving heap (V8 keeps only buffers under 64 octets there) whose address is taken once. Whoever
 * makes system calls with it must hold the arena: a table that only the kernel knows is garbage to V8.
 */
export class Arena {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The same memory as 32-bit words, for tables that are rewritten for every packet. */
  readonly words: Uint32Array;
  #used = 0;

  constructor(sizeBytes: number) {
    const memory = new ArrayBuffer(Math.max(64, (sizeBytes + 63) & ~63));
    this.address = addressOf(memory);
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.words = new Uint32Array(memory);
  }

  /** The offset of `sizeBytes` unused octets, aligned to 16. Throws RangeError when the arena is too small. */
  take(sizeBytes: number): number {
    const at = this.#used;
    if (at + sizeBytes > this.bytes.length)
      throw new RangeError(`Cannot take ${sizeBytes} octets: arena full`);
    this.#used = (at + sizeBytes + 15) & ~15;
    return at;
  }

  /** Writes a pointer or size_t at a byte offset that is a multiple of 8. */
  setLong(at: number, value: number): void {
    this.words[at >>> 2] = value; // modulo 2^32, as typed arrays do
    this.words[(at >>> 2) + 1] = value / HIGH;
  }

  /** Writes a 32-bit number at a byte offset that is a multiple of 4. */
  setInt(at: number, value: number): void {
    this.words[at >>> 2] = value;
  }

  getInt(at: number): number {
    return this.words[at >>> 2]!;
  }

  /** The address of the octet at `offset`. */
  pointer(offset: number): number {
    return this.address + offset;
  }
}
