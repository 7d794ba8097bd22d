import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { createSqliteLeases, type SqliteLeases } from '../../src/store/lease-sqlite.ts';
import { pxectl } from '../rig/pxectl.ts';
import { HOUR, lease, leaseFiles, put, save } from '../store/lease-rig.ts';

const newFile = leaseFiles();
const NOWHERE = join(tmpdir(), 'pxed-no-such.sock');
let folder = '';
let now = 0;

const MAC = '52:54:00:00:00:01';

async function open(): Promise<SqliteLeases> {
  const store = createSqliteLeases(join(folder, 'leases.db'), { warm: false });
  await store.load();
  return store;
}

beforeAll(() => vi.stubEnv('XDG_STATE_HOME', '/nowhere'));
afterAll(() => vi.unstubAllEnvs());

beforeEach(async () => {
  folder = dirname(newFile());
  now = Date.now();
  const times = { since: now - HOUR, expiresAt: now + HOUR };
  const store = await open();
  const one = lease(parseIpv4('10.0.0.10')!, '10.0.0.0/24 hw 1 a', { ...times, mac: MAC, hostname: 'node1' });
  const other = {
    ...one,
    ip: parseIpv4('10.0.0.9')!,
    client: '10.0.0.0/24 hw 1 b',
    mac: '52:54:00:00:00:02',
  };
  save(store, put(one), put(other));
  save(store, put({ ...other, state: 'released', since: now - 1, expiresAt: now - 1 }));
  store.close();
});

function stored(...words: string[]) {
  return pxectl('leases', ...words, '--folder', folder);
}

test('pxectl leases lists what a state folder has, without a pxed', async () => {
  const { code, out, err } = await stored('list');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toMatch(/^ADDRESS +STATE +MAC +HOSTNAME +NETWORK +EXPIRES$/);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatch(/^10\.0\.0\.9 +released +52:54:00:00:00:02 +node1 +10\.0\.0\.0\/24 +-$/);
  expect(rows[1]).toMatch(/^10\.0\.0\.10 +bound +52:54:00:00:00:01 +node1 +10\.0\.0\.0\/24 +in 59m/);
  expect((await stored('list', '--state', 'bound')).out.split('\n')).toHaveLength(3);
  expect((await stored('list', '--network', '10.9.0.0/16')).out).toBe('no leases\n');
  const { out: json } = await stored('list', '--mac', '52-54-00-00-00-01', '--json');
  expect(JSON.parse(json)).toMatchObject({ total: 1, leases: [{ ip: '10.0.0.10', state: 'bound' }] });
});

test('pxectl leases show and history tell of one address or machine', async () => {
  const shown = await stored('show', '10.0.0.9');
  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(/address {5}10\.0\.0\.9\nstate {7}released since /);
  expect(shown.out).toMatch(/Before:\nFROM .*\n.* {2}10\.0\.0\.9 .* a release\n/);
  expect(JSON.parse((await stored('show', MAC, '--json')).out)).toMatchObject({
    leases: [{ ip: '10.0.0.10' }],
  });
  expect(await stored('show', '10.0.0.99')).toMatchObject({
    code: 5,
    err: 'pxectl: Nothing is known of 10.0.0.99\n',
  });
  expect(await stored('show', 'node1')).toMatchObject({ code: 2 });
  expect((await stored('history')).out.trimEnd().split('\n')).toHaveLength(2);
  expect((await stored('history', MAC)).out).toBe('nothing is remembered\n');
  expect(JSON.parse((await stored('history', '--json', '-n', '1')).out).history).toHaveLength(1);
});

test('pxectl leases release takes one back for good', async () => {
  expect(await stored('release', MAC)).toEqual({
    code: 0,
    out: `10.0.0.10 of ${MAC} is free again\n`,
    err: '',
  });
  expect(await stored('release', MAC)).toMatchObject({ code: 1 });
  const store = await open();
  expect(store.byIp(parseIpv4('10.0.0.10')!)?.state).toBe('released');
  store.close();
});

test('pxectl leases export prints CSV, JSON and lines for hosts(5)', async () => {
  expect((await stored('export')).out.split('\r\n')).toHaveLength(4);
  expect((await stored('export', '--format', 'hosts')).out).toBe('10.0.0.10\tnode1\n');
  expect(JSON.parse((await stored('export', '--json')).out)).toHaveLength(2);
  expect(await stored('export', '--format', 'xml')).toMatchObject({ code: 2 });
});

test('pxectl leases looks on while a pxed has the file, and changes nothing then', async () => {
  const store = await open();
  try {
    expect((await stored('list')).code).toBe(0);
    // SQLite's locks are a process's: this one may.
    expect((await stored('show', MAC)).out).toContain('10.0.0.10');
  } finally {
    store.close();
  }
});

test('pxectl leases says that there are none, or no pxed', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'pxed-empty-'));
  try {
    expect(await pxectl('leases', 'list', '--folder', empty)).toMatchObject({
      code: 5,
      err: `pxectl: There are no leases in ${empty}\n`,
    });
    writeFileSync(join(empty, 'leases.db'), 'not a store of leases, whatever else it may be'.repeat(20));
    expect((await pxectl('leases', 'list', '--folder', empty)).code).toBe(1);
  } finally {
    rmSync(empty, { recursive: true });
  }
  if (process.getuid?.() !== 0)
    expect(await pxectl('leases', '--socket', NOWHERE)).toMatchObject({ code: 4 });
});

test('pxectl leases reserve saves an address for a machine', async () => {
  const file = join(folder, 'pxed.yaml');
  writeFileSync(file, 'version: 1\nnetworks:\n  - subnet: 10.0.0.0/24\n');
  const reserve = (...words: string[]) => pxectl('leases', 'reserve', '-c', file, ...words);
  expect(await reserve(MAC, '10.0.0.77', '--hostname', 'seven')).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe(
    `version: 1\nnetworks:\n  - subnet: 10.0.0.0/24\nhosts:\n  - mac: ${MAC}\n    address: 10.0.0.77\n    hostname: seven\n`,
  );
  expect((await reserve(MAC, '10.0.0.78')).out).toContain('hosts[0].address: 10.0.0.77 -> 10.0.0.78\n');
  const taken = await reserve('52:54:00:00:00:02', '10.0.0.78');
  expect(taken.code).toBe(1);
  expect(taken.err).toMatch(/pxed\.yaml:\d+: hosts\[1\]\.address: /);
  expect(await reserve('52:54', '10.0.0.78')).toMatchObject({
    code: 2,
    err: 'pxectl: 52:54 is no MAC address\n',
  });
  expect(await reserve(MAC, 'node')).toMatchObject({ code: 1 });
});
