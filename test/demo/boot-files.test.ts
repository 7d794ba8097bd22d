import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseSyslinux, readSyslinux } from '../../src/boot/syslinux-config.ts';
import { CONFIG_PROOF, layBootFiles, linkClient, NETBOOT_CONFIG } from '../../src/demo/boot-files.ts';

describe('layBootFiles()', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'pxed-test-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function config(name: string) {
    return readSyslinux(parseSyslinux(readFileSync(join(root, 'pxelinux.cfg', name), 'utf8')));
  }

  test('boots unknown machines locally and linked ones from files that are there', () => {
    layBootFiles(root, undefined);
    expect(config('default').entry?.localBoot).toBe(0);
    const entry = config(NETBOOT_CONFIG).entry;
    expect(readdirSync(root)).toEqual(
      expect.arrayContaining([entry?.kernel, ...(entry?.initrds ?? []), 'pxelinux.0']),
    );
    expect(entry?.append).toContain(CONFIG_PROOF);
  });

  test('links a client by its address in hexadecimal', () => {
    layBootFiles(root, undefined);
    expect(linkClient(root, 0xc0a8_4d0b)).toBe('C0A84D0B');
    expect(readlinkSync(join(root, 'pxelinux.cfg', 'C0A84D0B'))).toBe(NETBOOT_CONFIG);
  });
});
