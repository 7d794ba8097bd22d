/**
 * `npm run bench:http`: pxed and nginx serve the same fleet of clients, in turn, in one run; the server has one processor, the
 * fleet another. Needs root, cc, iproute2; without nginx (Debian package nginx) pxed is alone. docs/performance.md
 * says how to read the table. Options: `--runs 5`, `--only SCENARIO`, `--json FILE`.
 */
import { type ChildProcess, execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Lan, openLan, startPinned } from './lan.ts';
import { compile, which } from './peers.ts';
import { usageOf } from './proc.ts';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    only: { type: 'string' },
    json: { type: 'string', default: join(import.meta.dirname, 'results/http.json') },
  },
});

type Peer = { readonly name: string; readonly argv: readonly string[]; readonly version: string };

/** `clients` connections fetch `file` until there were `requests`. */
type Scenario = {
  readonly name: string;
  readonly file: keyof typeof FILES;
  readonly clients: number;
  readonly requests: number;
};

const MB = 1024 * 1024;
const FILES = { config: 300, 'pxelinux.0': 42_430, one: MB, four: 4 * MB, initrd: 256 * MB };

const SCENARIOS: readonly Scenario[] = [
  { name: '1 client, 256 MB', file: 'initrd', clients: 1, requests: 8 },
  { name: '16 × 256 MB', file: 'initrd', clients: 16, requests: 16 },
  { name: '64 × 4 MB', file: 'four', clients: 64, requests: 1024 },
  { name: '1000 × 1 MB at once', file: 'one', clients: 1000, requests: 4000 },
  { name: '200, 20,000 × pxelinux.0', file: 'pxelinux.0', clients: 200, requests: 20_000 },
  { name: '100, 50,000 × 300 octets', file: 'config', clients: 100, requests: 50_000 },
];

/** What httpload prints. */
type Report = {
  readonly ok: number;
  readonly fail: number;
  readonly sec: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly err: string;
};

type Measured = {
  readonly mbPerSecond: number;
  readonly requestsPerSecond: number;
  readonly cpuSecondsPerGb: number;
  readonly requestsPerCpuSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failures: number;
  readonly rssMb: number;
};

function load(lan: Lan, program: string, { file, clients, requests }: Scenario): Promise<Report> {
  const args = [lan.address, '80', `/${file}`, clients, requests, FILES[file]].map(String);
  const argv = ['netns', 'exec', lan.client, 'taskset', '-c', '1', program, ...args];
  return new Promise((resolve, reject) => {
    // A fleet with failures ends with 1 and still prints its line.
    execFile('ip', argv, { timeout: 180_000 }, (error, stdout) =>
      stdout ? resolve(JSON.parse(stdout) as Report) : reject(error),
    );
  });
}

async function measure(
  lan: Lan,
  program: string,
  { peer, scenario }: { peer: Peer; scenario: Scenario },
): Promise<Measured> {
  const server = startPinned(lan.server, '0', peer.argv);
  try {
    await untilServing(lan, peer, server);
    // A first round that does not count: daemons run for months, and a just-in-time compiler needs a second.
    await load(lan, program, { ...scenario, requests: Math.max(scenario.clients, scenario.requests / 4) });
    const before = usageOf(server.pid!);
    let rss = before.rssBytes;
    const watch = setInterval(() => {
      rss = Math.max(rss, usageOf(server.pid!).rssBytes);
    }, 200);
    const report = await load(lan, program, scenario);
    clearInterval(watch);
    return summarise(scenario, report, {
      cpuSeconds: usageOf(server.pid!).cpuSeconds - before.cpuSeconds,
      rssBytes: rss,
    });
  } finally {
    server.kill('SIGKILL');
    execFileSync('sh', ['-c', `ip netns pids ${lan.server} | xargs -r kill -9`]);
  }
}

type Cost = { readonly cpuSeconds: number; readonly rssBytes: number };

function summarise({ file }: Scenario, report: Report, { cpuSeconds, rssBytes }: Cost): Measured {
  if (report.fail > 0) console.error(`${report.fail} requests failed: ${report.err}`);
  const bytes = report.ok * FILES[file];
  return {
    mbPerSecond: bytes / report.sec / 1e6,
    requestsPerSecond: report.ok / report.sec,
    cpuSecondsPerGb: cpuSeconds / (bytes / 1e9),
    requestsPerCpuSecond: report.ok / cpuSeconds,
    p50Ms: report.p50_ms,
    p99Ms: report.p99_ms,
    maxMs: report.max_ms,
    failures: report.fail,
    rssMb: rssBytes / 1e6,
  };
}

async function untilServing(lan: Lan, peer: Peer, server: ChildProcess): Promise<void> {
  let said = '';
  server.stderr?.on('data', (text) => {
    said += text;
  });
  const probe = ['netns', 'exec', lan.client, 'curl', '-sfo', '/dev/null', `http://${lan.address}/config`];
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      execFileSync('ip', probe, { stdio: 'ignore' });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`Cannot measure ${peer.name}: it does not answer. ${said}`);
}

function prepareRoot(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) {
    const content = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i++) content[i] = (i * 31 + (i >>> 9)) & 0xff;
    writeFileSync(join(root, name), content);
  }
}

function findPeers(root: string, folder: string): Peer[] {
  const program = join(import.meta.dirname, '../dist/bin/pxed.js');
  const pxed = [process.execPath, program, '--mode', 'off', '--state', 'memory', '--log-format', 'json'];
  const peers = [
    {
      name: 'pxed',
      argv: [...pxed, '--http-port', '80', '--user', 'root', 'eth0', root, 'pxelinux.0'],
      version: `Node ${process.versions.node}`,
    },
  ];
  const nginx = which('nginx', 'nginx', folder);
  if (nginx === undefined || !existsSync(nginx)) return peers;
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, nginxConf(root, folder));
  const version = execFileSync('sh', ['-c', `${nginx} -v 2>&1`], { encoding: 'utf8' }).trim();
  return [...peers, { name: 'nginx', argv: [nginx, '-c', conf, '-p', folder], version }];
}

/** As its documentation has it for large files: sendfile, one process for one processor. */
function nginxConf(root: string, folder: string): string {
  return `daemon off; master_process off; worker_processes 1; user root; pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; keepalive_timeout 60;
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 80 backlog=4096; root ${root}; }
}
`;
}

/** Column by column. */
function median(runs: readonly Measured[]): Measured {
  const middle = (key: keyof Measured) => {
    const values = runs.map((run) => run[key]).sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)]!;
  };
  const keys = Object.keys(runs[0]!) as (keyof Measured)[];
  return Object.fromEntries(keys.map((key) => [key, middle(key)])) as Measured;
}

type Row = Measured & { readonly scenario: string; readonly peer: string };

const COLUMNS: [title: string, show: (row: Row) => string][] = [
  ['server', (row) => row.peer],
  ['MB/s', (row) => row.mbPerSecond.toFixed(0)],
  ['requests/s', (row) => row.requestsPerSecond.toFixed(0)],
  ['CPU s/GB', (row) => row.cpuSecondsPerGb.toFixed(2)],
  ['requests/CPU s', (row) => row.requestsPerCpuSecond.toFixed(0)],
  ['p50 ms', (row) => row.p50Ms.toFixed(1)],
  ['p99 ms', (row) => row.p99Ms.toFixed(1)],
  ['max ms', (row) => row.maxMs.toFixed(1)],
  ['failures', (row) => String(row.failures)],
  ['RSS MB', (row) => row.rssMb.toFixed(0)],
];

/** As Markdown. */
function printTable(scenario: string, rows: readonly Row[]): void {
  const lines = [COLUMNS.map(([title]) => title), COLUMNS.map(() => '---')];
  for (const row of rows) lines.push(COLUMNS.map(([, show]) => show(row)));
  console.log(`\n${scenario}\n`);
  for (const cells of lines) console.log(`| ${cells.join(' | ')} |`);
}

const folder = mkdtempSync(join(tmpdir(), 'pxed-bench-'));
execFileSync('chmod', ['a+rx', folder]);
const root = join(folder, 'root');
prepareRoot(root);
const program = compile('httpload', folder);
const peers = findPeers(root, folder);
const scenarios = SCENARIOS.filter(({ name }) => !options.only || name.includes(options.only));
const lan = openLan();
const rows: Row[] = [];
try {
  for (const scenario of scenarios) {
    const runs = new Map<string, Measured[]>(peers.map(({ name }) => [name, []]));
    // Turn by turn, so that a slow minute of the machine is everybody's.
    for (let run = 0; run < Number(options.runs); run++) {
      for (const peer of peers) runs.get(peer.name)!.push(await measure(lan, program, { peer, scenario }));
    }
    const measured = peers.map(
      ({ name }): Row => ({ scenario: scenario.name, peer: name, ...median(runs.get(name)!) }),
    );
    rows.push(...measured);
    printTable(scenario.name, measured);
    const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
    const text = JSON.stringify({ runs: Number(options.runs), versions, rows }, undefined, 2);
    writeFileSync(options.json, `${text}\n`);
  }
} finally {
  lan.close();
  rmSync(folder, { recursive: true });
}
