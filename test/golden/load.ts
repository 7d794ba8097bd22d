import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../src/lib/bytes.ts';

/**
 * One packet of known meaning: `<name>.hex` beside this file. `bytes` is the UDP payload; the other fields are the
 * comments at its head: what a decoder must say (`expect`: `ok` or `error: reason (policy)`) and what it must find.
 */
export type Golden = {
  readonly name: string;
  readonly proto: string;
  /** `68>67`: source and destination port. */
  readonly udp: string;
  readonly expect: string;
  readonly decode: string;
  readonly bytes: Uint8Array;
};

/** The vector whose name is, or begins with, `name`: `golden('02')`, `golden('02-offer-pxe-bios')`. */
export function golden(name: string): Golden {
  const found = goldenNames().filter((one) => one === name || one.startsWith(`${name}-`));
  if (found.length !== 1)
    throw new Error(`Cannot load golden vector "${name}": ${found.length} have that name`);
  return read(found[0]!);
}

/** All names, in order. */
export function goldenNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.hex'))
    .map((file) => file.slice(0, -'.hex'.length))
    .sort();
}

/** All vectors of a protocol: `dhcp4`, `bootp`, `tftp`, `dhcp6`. */
export function goldensOf(...protos: readonly string[]): Golden[] {
  return goldenNames()
    .map(read)
    .filter(({ proto }) => protos.includes(proto));
}

function read(name: string): Golden {
  const text = readFileSync(join(import.meta.dirname, `${name}.hex`), 'latin1');
  const bytes = fromHex(text.replace(/#.*/g, ''));
  const stated = Number(/bytes: (\d+)/.exec(text)?.[1]);
  if (bytes.length !== stated) throw new Error(`${name}: ${bytes.length} octets, its head says ${stated}`);
  return {
    name,
    proto: /proto: (\S+)/.exec(text)?.[1] ?? '',
    udp: /udp: (\S+)/.exec(text)?.[1] ?? '',
    expect: /# expect: (.*)/.exec(text)?.[1] ?? '',
    decode: /# decode: (.*)/.exec(text)?.[1] ?? '',
    bytes,
  };
}
