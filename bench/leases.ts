/**
 * `npm run bench:leases`: what durable leases cost: commits of several sizes, a start with 100,000 leases. Needs neither root
 * nor network. The file is made in the folder of `--folder` (the system's temporary one): the disk there is what counts.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LeaseMutation } from '../src/dhcp/lease.ts';
import { createSqliteLeases } from '../src/store/lease-sqlite.ts';

const { values: options } = parseArgs({
  options: { folder: { type: 'string', default: tmpdir() }, load: { type: 'string' } },
});

const NETWORK = 0x0a00_0000;
/** Leases of each row: enough for some seconds one by one, and for some tenths in batches. */
const COUNTS = new Map([
  [1, 5_000],
  [16, 50_000],
  [64, 100_000],
  [256, 100_000],
]);

function leaseOf(n: number, now: number): LeaseMutation {
  const octets = [n >>> 16, (n >>> 8) & 255, n & 255].map((octet) => octet.toString(16).padStart(2, '0'));
  const mac = `52:54:00:${octets.join(':')}`;
  const client = `10.0.0.0/15 hw 1 ${mac}`;
  const times = { since: now, expiresAt: now + 43_200_000 };
  // Addresses are chosen by a hash of the client: neighbours in time are none in the pool.
  const ip = NETWORK + ((n * 40_503) & 0x1ffff);
  return { kind: 'put', lease: { ip, client, mac, state: 'bound', kind: 'dhcp', ...times }, volatile: false };
}

type Row = { batch: number; perSecond: number; cpuMicros: number; longestMs: number };

async function measure(path: string, batch: number, count: number): Promise<Row> {
  const store = createSqliteLeases(path);
  await store.load();
  const cpu = process.cpuUsage();
  const started = performance.now();
  let longestMs = 0;
  let tidyAt = started + 1000;
  for (let n = 0; n < count; n += batch) {
    const before = performance.now();
    for (let i = n; i < n + batch; i++) store.stage([leaseOf(i, Date.now())]);
    store.commit();
    longestMs = Math.max(longestMs, performance.now() - before);
    if (before < tidyAt) continue;
    store.tidy(Date.now());
    tidyAt = performance.now() + 1000;
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  store.close();
  return { batch, perSecond: count / seconds, cpuMicros: (user + system) / count, longestMs };
}

/** In a process of its own, which has done nothing else. */
async function load(path: string): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const store = createSqliteLeases(path);
  await store.load();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const rss = process.memoryUsage().rss;
  const count = [...store.all()].length;
  store.close();
  const spent = `${ms.toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms of processor time)`;
  console.log(
    `${count} leases, ${(statSync(path).size / 1e6).toFixed(1)} MB: read in ${spent}, RSS ${(rss / 1e6).toFixed(0)} MB`,
  );
}

async function compare(): Promise<void> {
  const folder = mkdtempSync(join(options.folder, 'pxed-bench-'));
  try {
    console.log(
      '| leases a commit | leases/s | processor time a lease | longest commit |\n|---|---|---|---|',
    );
    for (const [batch, count] of COUNTS) {
      const row = await measure(join(folder, `${batch}.db`), batch, count);
      const cells = [
        row.batch,
        row.perSecond.toFixed(0),
        `${row.cpuMicros.toFixed(1)} µs`,
        `${row.longestMs.toFixed(1)} ms`,
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
    const again = [...process.execArgv, import.meta.filename, '--load', join(folder, '256.db')];
    console.log(`\n${execFileSync(process.execPath, again, { encoding: 'utf8' }).trim()}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await (options.load === undefined ? compare() : load(options.load));
