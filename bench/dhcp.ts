/**
 * `npm run bench:dhcp`: pxed and its peers give leases to perfdhcp (package kea-admin), in turn, in one run. Needs root and
 * iproute2. docs/performance.md says how to read the table. Options: `--runs 3`, `--rates 1000,5000`, `--peers a,b`,
 * `--json FILE`.
 */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DhcpPeer, findDhcpPeers } from './dhcp-peers.ts';
import { type Lan, openLan, startPinned } from './lan.ts';
import { compile } from './peers.ts';
import { usageOf } from './proc.ts';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    rates: { type: 'string', default: '1000,5000,10000,15000,20000,30000,75000' },
    peers: { type: 'string' },
    folder: { type: 'string', default: import.meta.dirname },
    json: { type: 'string', default: join(import.meta.dirname, 'results/dhcp.json') },
  },
});

/** All of these are new leases: the pool has 65,000 addresses. */
const MOST_CLIENTS = 56_000;
/** The same few clients again and again: they cost no addresses. */
const WARM_UP = { rate: 8_000, count: 40_000, clients: 2_000 };
const SECONDS = 4;
/** At 25,000 leases a second there are addresses left at the end, beside those of the warm-up. */
const OVERLOAD_SECONDS = 2;
/** Times the best rate seen. */
const OVERLOAD = 5;

type Result = {
  /** DISCOVERs that perfdhcp sent in a second: it does not reach every rate it is asked for. */
  readonly offered: number;
  readonly acknowledged: number;
  /** Of the DISCOVERs sent, percent, that did not end in an ACK. */
  readonly lost: number;
  readonly perCpuSecond: number;
  readonly rssMb: number;
};

/** Starts it, warms it up and, when `work` is done, ends it. */
async function served<T>(lan: Lan, peer: DhcpPeer, work: (server: ChildProcess) => Promise<T>): Promise<T> {
  // What the one before left in memory for the disk is not this one's to wait for.
  execFileSync('sync');
  const server = startPinned(lan.server, '0', peer.prepare());
  try {
    await untilServing(lan, peer, server);
    // Clients that do not count: daemons run for months, and a just-in-time compiler needs a second.
    await perfdhcp(lan, WARM_UP.rate, { ...WARM_UP, from: '00:0c:aa:00:00:00' });
    return await work(server);
  } finally {
    const ended = server.exitCode === null ? once(server, 'exit') : undefined;
    server.kill('SIGKILL');
    await ended; // its port is free
    execFileSync('sh', ['-c', `ip netns pids ${lan.server} | xargs -r kill -9`]);
  }
}

function measure(lan: Lan, peer: DhcpPeer, rate: number): Promise<Result> {
  return served(lan, peer, async (server) => {
    const before = usageOf(server.pid!).cpuSeconds;
    const started = performance.now();
    const count = Math.min(MOST_CLIENTS, rate * SECONDS);
    const report = await perfdhcp(lan, rate, { count, from: '00:0c:01:00:00:00' });
    const seconds = (performance.now() - started) / 1000 - report.idleSeconds;
    const after = usageOf(server.pid!);
    const cpu = after.cpuSeconds - before;
    return {
      offered: report.sent / seconds,
      acknowledged: report.acked / seconds,
      lost: 100 * (1 - report.acked / report.sent),
      perCpuSecond: report.acked / cpu,
      rssMb: after.rssBytes / 1e6,
    };
  });
}

type Overload = { readonly offered: number; readonly acknowledged: number };

/**
 * New clients at a rate that perfdhcp does not reach; for as long as the pool lasts. What is acknowledged afterwards, while
 * nobody asks any more, does not count.
 */
function overload(lan: Lan, peer: DhcpPeer, rate: number): Promise<Overload> {
  return served(lan, peer, async () => {
    const told = await dhcpload(lan, rate, OVERLOAD_SECONDS);
    return { offered: told.sent / told.seconds, acknowledged: told.acks / told.seconds };
  });
}

type Told = { readonly sent: number; readonly acks: number; readonly seconds: number };

function dhcpload(lan: Lan, rate: number, seconds: number): Promise<Told> {
  const words = [lan.address, lan.clientAddress, rate.toFixed(0), seconds].map(String);
  const argv = ['netns', 'exec', lan.client, 'taskset', '-c', '1', join(folder, 'dhcpload'), ...words];
  return new Promise((resolve, reject) => {
    execFile('ip', argv, { timeout: 60_000 }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as Told),
    );
  });
}

/** `count` exchanges of as many clients, or of `clients`, whose addresses begin with `from`. */
type Clients = { readonly count: number; readonly clients?: number; readonly from: string };

type Report = { sent: number; acked: number; idleSeconds: number };

/** A second of silence at the end shows what would still have come. */
async function perfdhcp(lan: Lan, rate: number, { count, clients = count, from }: Clients): Promise<Report> {
  const load = ['-r', rate, '-R', clients, '-n', count, '-W', 1_000_000, '-b', `mac=${from}`];
  const args = ['-4', '-l', 'eth0', '-g', 'single', ...load];
  const argv = ['netns', 'exec', lan.client, 'taskset', '-c', '1', 'perfdhcp', ...args];
  const text = await new Promise<string>((resolve, reject) => {
    // Drops make it end with 3.
    execFile('ip', [...argv, lan.address].map(String), { timeout: 120_000 }, (error, stdout) =>
      stdout.includes('Statistics for') ? resolve(stdout) : reject(error ?? new Error(stdout)),
    );
  });
  const number = (section: string, what: string): number => {
    const found = new RegExp(`Statistics for: ${section}[\\s\\S]*?${what}: (\\d+)`).exec(text)?.[1];
    if (found === undefined) throw new Error(`perfdhcp said nothing of ${what}: ${text}`);
    return Number(found);
  };
  return {
    sent: number('DISCOVER-OFFER', 'sent packets'),
    acked: number('REQUEST-ACK', 'received packets'),
    idleSeconds: 1,
  };
}

/** Bound, and with an answer for a first client: servers differ in how they say so. */
async function untilServing(lan: Lan, peer: DhcpPeer, server: ChildProcess): Promise<void> {
  let said = '';
  server.stderr?.on('data', (text) => {
    said += text;
  });
  for (let attempt = 0; attempt < 10 && server.exitCode === null; attempt++) {
    const { acked } = await perfdhcp(lan, 10, { count: 5, from: '00:0c:ff:00:00:00' });
    if (acked > 0) return;
  }
  throw new Error(`Cannot measure ${peer.name}: it does not answer. ${said}`);
}

function median(runs: readonly Result[]): Result {
  const middle = (key: keyof Result) => {
    const values = runs.map((run) => run[key]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)]!;
  };
  const keys = Object.keys(runs[0]!) as (keyof Result)[];
  return Object.fromEntries(keys.map((key) => [key, middle(key)])) as Result;
}

function print(rate: number, rows: readonly (Result & { readonly peer: string })[]): void {
  console.log(`\n${rate} new clients a second\n`);
  console.log('| server | offered/s | acknowledged/s | lost % | leases/CPU s | RSS MB |');
  console.log('| --- | --- | --- | --- | --- | --- |');
  for (const { peer, offered, acknowledged, lost, perCpuSecond, rssMb } of rows) {
    const cells = [offered.toFixed(0), acknowledged.toFixed(0), lost.toFixed(2), perCpuSecond.toFixed(0)];
    console.log(`| ${[peer, ...cells, rssMb.toFixed(0)].join(' | ')} |`);
  }
}

/** Not in memory: the leases of all have to be on a disk. */
const folder = mkdtempSync(join(options.folder, '.dhcp-'));
chmodSync(folder, 0o755);
const wanted = options.peers?.split(',');
const peers = findDhcpPeers(folder).filter(
  ({ name }) => !wanted || wanted.some((one) => name.startsWith(one)),
);
const lan = openLan(16);
const table: (Result & { readonly rate: number; readonly peer: string })[] = [];
/** Far past what it can do: higher rates would tell nothing more. */
const overrun = new Set<string>();
const storms: (Overload & { readonly peer: string; readonly peak: number })[] = [];
compile('dhcpload', folder);

function save(): void {
  const figures = { runs: Number(options.runs), rows: table, overload: storms };
  writeFileSync(options.json, `${JSON.stringify(figures, undefined, 1)}\n`);
}

/** What is left of the best rate when five times as many ask. */
async function beyond(): Promise<void> {
  console.log(`\n${OVERLOAD} times its best rate\n`);
  console.log('| server | best rate/s | offered/s | acknowledged/s | % of the best |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const peer of peers) {
    const own = table.filter(({ peer: name }) => name === peer.name);
    const peak = Math.max(0, ...own.map(({ acknowledged }) => acknowledged));
    const runs: Overload[] = [];
    for (let run = 0; run < Number(options.runs); run++) {
      runs.push(await overload(lan, peer, peak * OVERLOAD));
    }
    runs.sort((a, b) => a.acknowledged - b.acknowledged);
    const middle = { peer: peer.name, peak, ...runs[Math.floor(runs.length / 2)]! };
    storms.push(middle);
    const { offered, acknowledged } = middle;
    const share = ((100 * acknowledged) / peak).toFixed(0);
    const cells = [peak, offered, acknowledged].map((number) => number.toFixed(0));
    console.log(`| ${[peer.name, ...cells, share].join(' | ')} |`);
  }
  save();
}

try {
  for (const rate of options.rates.split(',').map(Number)) {
    const taking = peers.filter(({ name }) => !overrun.has(name));
    const runs = new Map<string, Result[]>(taking.map(({ name }) => [name, []]));
    for (let run = 0; run < Number(options.runs); run++) {
      for (const peer of taking) runs.get(peer.name)!.push(await measure(lan, peer, rate));
    }
    const rows = taking.map(({ name }) => ({ rate, peer: name, ...median(runs.get(name)!) }));
    for (const { peer, lost } of rows) if (lost > 50) overrun.add(peer);
    table.push(...rows);
    print(rate, rows);
    save();
  }
  await beyond();
} finally {
  lan.close();
  rmSync(folder, { recursive: true, force: true });
}
