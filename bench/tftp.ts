/**
 * `npm run bench:tftp`: pxed and its peers serve the same fleet of clients, in turn, in one run. Needs root, cc,
 * iproute2. docs/performance.md says how to read the table. Options: `--runs 5`, `--only SCENARIO`, `--peers a,b`,
 * `--json FILE`.
 */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HOSTS, type Lan, openLan, startPinned, untilBound } from './lan.ts';
import { compile, findPeers, type Peer } from './peers.ts';
import { busySeconds, usageOf } from './proc.ts';
import { type Measured, median, printTable, type Row } from './table.ts';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    peers: { type: 'string' },
    json: { type: 'string', default: join(import.meta.dirname, 'results/tftp.json') },
  },
});

/** One fleet: how many clients fetch which file, how often, with which options. */
type Fleet = {
  file: string;
  bytes: number;
  clients: number;
  transfers: number;
  blksize: number;
  window: number;
  /** The client's side of the LAN is 64 machines; all from one address when left out. */
  manyAddresses?: boolean;
};
type Scenario = {
  name: string;
  fleets: readonly Fleet[];
  /** At most so many runs: peers need minutes for one. */
  runs?: number;
  /** Of the frames, each way. */
  lossPercent?: number;
  /** Servers that take part; all but the extra ones when left out. */
  servers?: readonly string[];
  /** Processors of the server and of the fleet; 0 and 1 when left out. */
  cpus?: readonly [server: string, fleet: string];
};

const MB = 1024 * 1024;
const FILES = {
  'pxelinux.0': 42_430,
  config: 300,
  vmlinuz: 8 * MB,
  'initrd.img': 30 * MB,
  one: MB,
  four: 4 * MB,
  big: 64 * MB,
};

function fleet(file: keyof typeof FILES, clients: number, options: Partial<Fleet> = {}): Fleet {
  return { file, bytes: FILES[file], clients, transfers: clients, blksize: 1468, window: 1, ...options };
}

/** Workers share clients by address: here they come from 64 of them. */
const TWO_FLEETS = [1, 2].map(() => fleet('four', 32, { transfers: 128, manyAddresses: true }));

const SCENARIOS: Scenario[] = [
  { name: '64 × 4 MB', fleets: [fleet('four', 64, { transfers: 128 })] },
  { name: '64 × 4 MB, window 16', fleets: [fleet('four', 64, { window: 16, transfers: 256 })] },
  { name: '200 × pxelinux.0', fleets: [fleet('pxelinux.0', 200, { transfers: 6000 })] },
  { name: '1000 × 1 MB at once', fleets: [fleet('one', 1000)] },
  { name: '10 × 1 MB at a time', fleets: [fleet('one', 10, { transfers: 500 })] },
  { name: '1 client, 512', fleets: [fleet('four', 1, { blksize: 512, transfers: 4 })] },
  { name: '1 client, 1468', fleets: [fleet('four', 1, { transfers: 8 })] },
  { name: '1 client, 1468 × 16', fleets: [fleet('big', 1, { window: 16, transfers: 4 })] },
  // Server and fleets share what there is: ideally, two processors and two workers do twice as much as one of each.
  { name: 'two fleets, one processor', fleets: TWO_FLEETS, servers: ['pxed'], cpus: ['0', '0'] },
  {
    name: 'two fleets, 1 and 2 workers, nothing pinned',
    fleets: TWO_FLEETS,
    servers: ['pxed', 'pxed, 2 workers'],
    cpus: ['0,1', '0,1'],
  },
  {
    name: 'boot storm of 20',
    fleets: [
      fleet('pxelinux.0', 20, { blksize: 1408 }),
      fleet('config', 20, { blksize: 1408, transfers: 200 }),
      fleet('vmlinuz', 20, { blksize: 1408 }),
      fleet('initrd.img', 20, { blksize: 1408 }),
    ],
  },
  {
    name: 'ten storms of 1000 × 1 MB',
    fleets: [fleet('one', 1000, { transfers: 10_000 })],
    servers: ['pxed'],
  },
  {
    name: '1000 × 1 MB, 2 % loss',
    fleets: [fleet('one', 1000)],
    lossPercent: 2,
    runs: 1,
    // The limit does not retransmit: there is nothing to compare with.
    servers: ['pxed', 'dnsmasq', 'atftpd', 'in.tftpd'],
  },
];

/** What tftpload prints. */
type Report = {
  ok: number;
  fail: number;
  retrans: number;
  sec: number;
  pkts_per_s: number;
  p50_ms: number;
  p99_ms: number;
  max_ms: number;
};

async function load(
  lan: Lan,
  program: string,
  { file, bytes, clients, transfers, blksize, window, manyAddresses }: Fleet,
  cpus = '1',
): Promise<Report> {
  const args = [lan.address, '69', file, clients, transfers, blksize, window, bytes].map(String);
  const from = manyAddresses ? ['env', `SOURCES=10.93.0.10+${HOSTS}`] : [];
  const child = startPinnedFleet(lan, [...from, program, ...args], cpus);
  return JSON.parse(await child) as Report;
}

function startPinnedFleet(lan: Lan, argv: string[], cpus: string): Promise<string> {
  const full = ['netns', 'exec', lan.client, 'taskset', '-c', cpus, ...argv];
  return new Promise((resolve, reject) => {
    // A fleet with failures ends with 1 and still prints its line.
    execFile('ip', full, { timeout: 180_000 }, (error, stdout) => (stdout ? resolve(stdout) : reject(error)));
  });
}

async function measure(
  lan: Lan,
  program: string,
  { peer, scenario }: { peer: Peer; scenario: Scenario },
): Promise<Measured> {
  const [serverCpus, fleetCpus] = scenario.cpus ?? ['0', '1'];
  const server = startPinned(lan.server, serverCpus, peer.argv);
  try {
    await untilServing(lan, peer, server);
    // A first round that does not count: daemons run for months, and a just-in-time compiler needs a second.
    await Promise.all(scenario.fleets.map((each) => load(lan, program, warmUp(each), fleetCpus)));
    if (scenario.lossPercent) lan.lose(scenario.lossPercent);
    const before = usageOf(server.pid!);
    const busyBefore = busySeconds(0);
    let rss = before.rssBytes;
    const watch = setInterval(() => {
      rss = Math.max(rss, usageOf(server.pid!).rssBytes);
    }, 200);
    const started = performance.now();
    const reports = await Promise.all(scenario.fleets.map((each) => load(lan, program, each, fleetCpus)));
    const seconds = (performance.now() - started) / 1000;
    clearInterval(watch);
    // Children that nobody waits for take their account with them; then the processor's own has to do.
    const cpuSeconds = peer.forks
      ? busySeconds(0) - busyBefore
      : usageOf(server.pid!).cpuSeconds - before.cpuSeconds;
    return summarise(scenario, reports, { cpuSeconds, rss, seconds });
  } finally {
    if (scenario.lossPercent) lan.lose(0);
    server.kill('SIGKILL');
    execFileSync('sh', ['-c', `ip netns pids ${lan.server} | xargs -r kill -9`]);
    await untilBound(lan, false);
  }
}

/** Half of it, but every client once. */
function warmUp(each: Fleet): Fleet {
  return { ...each, transfers: Math.max(each.clients, Math.ceil(each.transfers / 2)) };
}

type Cost = { cpuSeconds: number; rss: number; seconds: number };

function summarise(
  { fleets }: Scenario,
  reports: readonly Report[],
  { cpuSeconds, rss, seconds }: Cost,
): Measured {
  const sum = (pick: (report: Report) => number) => reports.reduce((total, each) => total + pick(each), 0);
  const bytes = fleets.reduce((total, each, i) => total + each.bytes * reports[i]!.ok, 0);
  const busy = reports.length === 1 ? reports[0]!.sec : seconds;
  const packets = sum((report) => report.pkts_per_s * report.sec);
  return {
    mbPerSecond: bytes / busy / 1e6,
    packetsPerSecond: packets / busy,
    packetsPerCpuSecond: packets / cpuSeconds,
    cpuSecondsPerGb: cpuSeconds / (bytes / 1e9),
    p50Ms: Math.max(...reports.map((report) => report.p50_ms)),
    p99Ms: Math.max(...reports.map((report) => report.p99_ms)),
    maxMs: Math.max(...reports.map((report) => report.max_ms)),
    retries: sum((report) => report.retrans),
    failures: sum((report) => report.fail),
    rssMb: rss / 1e6,
  };
}

/** What a server says before it listens is why it does not. */
async function untilServing(lan: Lan, peer: Peer, server: ChildProcess): Promise<void> {
  let said = '';
  server.stderr?.on('data', (text) => {
    said += text;
  });
  try {
    await untilBound(lan, true);
  } catch (error) {
    throw new Error(`Cannot measure ${peer.name}. ${said}`, { cause: error });
  }
}

function prepareRoot(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) {
    const content = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i++) content[i] = (i * 31 + (i >>> 9)) & 0xff;
    writeFileSync(join(root, name), content);
  }
  execFileSync('chmod', ['-R', 'a+rX', root]);
}

const folder = mkdtempSync(join(tmpdir(), 'pxed-bench-'));
execFileSync('chmod', ['a+rx', folder]);
const root = join(folder, 'root');
prepareRoot(root);
const program = compile('tftpload', folder);
const wanted = options.peers?.split(',');
const peers = findPeers(root, folder).filter(({ name }) => !wanted || wanted.includes(name));
const scenarios = SCENARIOS.filter(({ name }) => !options.only || name.includes(options.only));
const lan = openLan();
const rows: Row[] = [];
try {
  for (const scenario of scenarios) {
    const taking = peers.filter(({ name, extra }) => scenario.servers?.includes(name) ?? !extra);
    const runs = new Map<string, Measured[]>(taking.map(({ name }) => [name, []]));
    // Turn by turn, so that a slow minute of the machine is everybody's.
    for (let run = 0; run < Math.min(Number(options.runs), scenario.runs ?? Infinity); run++) {
      for (const peer of taking) {
        if (run > 0 && peer.once) continue;
        runs.get(peer.name)!.push(await measure(lan, program, { peer, scenario }));
      }
    }
    const measured = taking.map(
      ({ name }): Row => ({ scenario: scenario.name, peer: name, ...median(runs.get(name)!) }),
    );
    rows.push(...measured);
    printTable(scenario.name, measured);
    const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
    writeFileSync(
      options.json,
      `${JSON.stringify({ runs: Number(options.runs), versions, rows }, undefined, 1)}\n`,
    );
  }
} finally {
  lan.close();
  rmSync(folder, { recursive: true });
}
