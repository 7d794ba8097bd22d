import { describe, expect, test } from 'vitest';
import { cpioArchive } from '../../src/demo/cpio.ts';
import { tinyInit, tinyInitFiles } from '../../src/demo/tiny-init.ts';

type Record = { name: string; mode: number; content: string; device: [number, number]; inode: number };

/** Reads "newc" as Linux's init/initramfs.c does. */
function readArchive(bytes: Uint8Array): Record[] {
  const text = Buffer.from(bytes).toString('latin1');
  const records: Record[] = [];
  let at = 0;
  while (at < text.length) {
    expect(text.slice(at, at + 6)).toBe('070701');
    const field = (index: number) => Number.parseInt(text.slice(at + 6 + index * 8, at + 14 + index * 8), 16);
    const body = (at + 110 + field(11) + 3) & ~3;
    records.push({
      name: text.slice(at + 110, at + 110 + field(11) - 1),
      mode: field(1),
      content: text.slice(body, body + field(6)),
      device: [field(9), field(10)],
      inode: field(0),
    });
    at = (body + field(6) + 3) & ~3;
  }
  return records;
}

describe('cpioArchive()', () => {
  test('holds folders, files and devices, and ends with the trailer', () => {
    const archive = cpioArchive([
      { path: 'dev', mode: 0o040755 },
      { path: 'dev/console', mode: 0o020600, device: [5, 1] },
      { path: 'init', mode: 0o100755, content: Buffer.from('hello') },
    ]);
    expect(readArchive(archive)).toEqual([
      { name: 'dev', mode: 0o040755, content: '', device: [0, 0], inode: 1 },
      { name: 'dev/console', mode: 0o020600, content: '', device: [5, 1], inode: 2 },
      { name: 'init', mode: 0o100755, content: 'hello', device: [0, 0], inode: 3 },
      { name: 'TRAILER!!!', mode: 0, content: '', device: [0, 0], inode: 4 },
    ]);
  });
});

describe('tinyInit()', () => {
  test('is an x86-64 program that is entered behind its headers', () => {
    const file = Buffer.from(tinyInit('hello'));
    expect(file.subarray(0, 5)).toEqual(Buffer.from('\x7fELF\x02', 'latin1'));
    expect(file.readUInt16LE(18)).toBe(62);
    const entry = Number(file.readBigUInt64LE(24)) - Number(file.readBigUInt64LE(80));
    // mov edi, 1; mov esi, <the line>; mov edx, 5; mov eax, 1 (write); syscall
    const code = file.subarray(entry, entry + 22);
    const line = code.readUInt32LE(6) - Number(file.readBigUInt64LE(80));
    expect(file.subarray(line, line + 5).toString()).toBe('hello');
    expect(code.toString('hex')).toMatch(/^bf01000000be.{8}ba05000000b8010000000f05$/);
  });

  test('refuses a line that does not fit', () => {
    expect(() => tinyInit('x'.repeat(600))).toThrow(RangeError);
  });

  test('comes with the console it prints to', () => {
    expect(tinyInitFiles('x').map(({ path }) => path)).toEqual(['dev', 'dev/console', 'proc', 'init']);
  });
});
