import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Lease } from '../../src/dhcp/lease.ts';
import { createSqliteLeases } from '../../src/store/lease-sqlite.ts';
import { copyStore } from '../../src/store/store-copy.ts';

const IP = 0x0a000032;
const NOW = Date.now();
const LEASE: Lease = {
  ip: IP,
  client: '10.0.0.0/24 hw 1 52:54:00:12:34:56',
  mac: '52:54:00:12:34:56',
  state: 'bound',
  since: NOW,
  expiresAt: NOW + 3_600_000,
  kind: 'dhcp',
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-copy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('copyStore() has what was committed to a store that another has open and locked', async () => {
  const path = join(folder, 'leases.db');
  const running = createSqliteLeases(path);
  await running.load();
  running.stage([{ kind: 'put', lease: LEASE, volatile: false }]);
  running.commit();
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).length]);
  const second = createSqliteLeases(path);
  await expect(second.load()).rejects.toThrow(/another process/);

  const copy = copyStore(path)!;
  const read = createSqliteLeases(copy.path, { warm: false });
  await read.load();
  expect(read.byIp(IP)).toEqual(LEASE);
  read.stage([{ kind: 'remove', ip: IP }]);
  read.commit();
  read.close();
  copy.delete();
  expect(existsSync(dirname(copy.path))).toBe(false);

  expect(running.byIp(IP)).toEqual(LEASE);
  expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size])).toEqual(before);
  running.close();
});

test('copyStore() has nothing where nothing is, or a folder', () => {
  expect(copyStore(join(folder, 'gone.db'))).toBeUndefined();
  expect(copyStore(folder)).toBeUndefined();
});
