import type { Ipv4 } from './ipv4.ts';

const START = 64;
const NO_SLOT = -1;

/**
 * Values by (address, port). A Map would want one key object or big number for each lookup; here a lookup per packet
 * allocates nothing. Open addressing with linear probing, at most half full.
 */
export class PeerTable<T> {
  size = 0;
  #addresses = new Uint32Array(START);
  #ports = new Uint16Array(START);
  #values: (T | undefined)[] = new Array(START).fill(undefined);

  get(address: Ipv4, port: number): T | undefined {
    const slot = this.#find(address, port);
    return slot === NO_SLOT ? undefined : this.#values[slot];
  }

  set(address: Ipv4, port: number, value: T): void {
    const slot = this.#find(address, port);
    if (slot !== NO_SLOT) {
      this.#values[slot] = value;
      return;
    }
    if ((this.size + 1) * 2 > this.#values.length) this.#grow();
    this.#insert(address, port, value);
    this.size++;
  }

  /** False when there was none. */
  delete(address: Ipv4, port: number): boolean {
    const slot = this.#find(address, port);
    if (slot === NO_SLOT) return false;
    this.#remove(slot);
    this.size--;
    return true;
  }

  *values(): Generator<T> {
    for (const value of this.#values) if (value !== undefined) yield value;
  }

  #home(address: Ipv4, port: number): number {
    const mixed = Math.imul(address ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.#values.length - 1);
  }

  #find(address: Ipv4, port: number): number {
    const mask = this.#values.length - 1;
    for (let slot = this.#home(address, port); this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      if (this.#ports[slot] === port && this.#addresses[slot] === address) return slot;
    }
    return NO_SLOT;
  }

  #insert(address: Ipv4, port: number, value: T): void {
    const mask = this.#values.length - 1;
    let slot = this.#home(address, port);
    while (this.#values[slot] !== undefined) slot = (slot + 1) & mask;
    this.#addresses[slot] = address;
    this.#ports[slot] = port;
    this.#values[slot] = value;
  }

  /** Moves back what had to step over the hole, so that no probe ends at it too early (Knuth, vol. 3, 6.4 R). */
  #remove(hole: number): void {
    const mask = this.#values.length - 1;
    for (let slot = (hole + 1) & mask; this.#values[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = this.#home(this.#addresses[slot]!, this.#ports[slot]!);
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#addresses[hole] = this.#addresses[slot]!;
      this.#ports[hole] = this.#ports[slot]!;
      this.#values[hole] = this.#values[slot];
      hole = slot;
    }
    this.#values[hole] = undefined;
  }

  #grow(): void {
    const [addresses, ports, values] = [this.#addresses, this.#ports, this.#values];
    const length = values.length * 2;
    this.#addresses = new Uint32Array(length);
    this.#ports = new Uint16Array(length);
    this.#values = new Array(length).fill(undefined);
    values.forEach((value, slot) => {
      if (value !== undefined) this.#insert(addresses[slot]!, ports[slot]!, value);
    });
  }
}
