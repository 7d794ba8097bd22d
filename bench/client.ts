/**
 * `npm run bench:client`: ptftp and its peers fetch from, and send to, each server in turn, in one run. Needs root and iproute2; clients
 * that are not installed are left out. docs/performance.md says how to read the tables. Options: `--runs 3`, `--only SCENARIO`,
 * `--servers a,b`, `--json FILE`.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Lan, openLan, startPinned, untilBound } from './lan.ts';
import { findPeers, type Peer, which } from './peers.ts';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    servers: { type: 'string' },
    json: { type: 'string', default: join(import.meta.dirname, 'results/client.json') },
  },
});

/** What a transfer is asked with. `best`: the client's own best settings; `windows`: the same, of clients that know windows alone. */
type Terms = 'best' | 'windows' | 'lock-step 1468' | 'RFC 1350';
type Scenario = {
  readonly name: string;
  readonly way: 'get' | 'put';
  readonly file: string;
  readonly bytes: number;
  readonly terms: Terms;
  /** Transfers one after the other, each a process of its own. */
  readonly times: number;
  /** So many files of that content, fetched by one process. */
  readonly files?: number;
};

/**
 * The best of 16, 32, 64, 128 and 256 for each: at 128 atftp loses packets and takes four times as long; atftpd's buffer holds less than
 * 128, whoever sends.
 */
const BEST_WINDOW = { ptftp: { get: '256', put: '64' }, atftp: '64' };

const MB = 1024 * 1024;
const SCENARIOS: readonly Scenario[] = [
  { name: 'get 200 MB, windows', way: 'get', file: 'large', bytes: 200 * MB, terms: 'windows', times: 1 },
  { name: 'get 32 MB, best settings', way: 'get', file: 'half', bytes: 32 * MB, terms: 'best', times: 1 },
  {
    name: 'get 32 MB, lock-step, 1468',
    way: 'get',
    file: 'half',
    bytes: 32 * MB,
    terms: 'lock-step 1468',
    times: 1,
  },
  { name: 'get 33 MB, RFC 1350', way: 'get', file: 'rollover', bytes: 33 * MB, terms: 'RFC 1350', times: 1 },
  { name: 'put 200 MB, windows', way: 'put', file: 'large', bytes: 200 * MB, terms: 'windows', times: 1 },
  { name: 'put 33 MB, RFC 1350', way: 'put', file: 'rollover', bytes: 33 * MB, terms: 'RFC 1350', times: 1 },
  { name: 'put 32 MB, best settings', way: 'put', file: 'half', bytes: 32 * MB, terms: 'best', times: 1 },
  {
    name: 'get 200 files of 42 kB, one process',
    way: 'get',
    file: 'pxelinux.0',
    bytes: 42_430,
    terms: 'best',
    times: 1,
    files: 200,
  },
  { name: 'get 42 kB, 20 times', way: 'get', file: 'pxelinux.0', bytes: 42_430, terms: 'best', times: 20 },
  { name: 'get 1 kB, 20 times', way: 'get', file: 'small', bytes: 1000, terms: 'best', times: 20 },
];

/** A client's command line; undefined when it cannot be asked for this. */
type Client = {
  readonly name: string;
  readonly version: string;
  argv(scenario: Scenario, server: string, paths: Paths): readonly string[] | undefined;
  /** Of many files into the folder it runs in: a line `get NAME NAME` each on its standard input, unless it has its own way. */
  many(server: string, files: number): readonly string[];
};
type Paths = { readonly local: string; readonly remote: string };

const PTFTP = join(import.meta.dirname, '../dist/bin/ptftp.js');

function findClients(): Client[] {
  const hpa = which('tftp');
  const atftp = which('atftp');
  const curl = which('curl');
  const clients: (Client | false)[] = [
    {
      name: 'ptftp',
      version: `Node ${process.versions.node}`,
      argv: ({ way, terms }, server, { local, remote }) => [
        ...[process.execPath, PTFTP, '-q', '-f'],
        ...(terms === 'RFC 1350'
          ? ['-r']
          : ['-w', terms === 'lock-step 1468' ? '1' : BEST_WINDOW.ptftp[way]]),
        ...(way === 'get' ? [server, 'get', remote, local] : [server, 'put', local, remote]),
      ],
      many: (server) => [process.execPath, PTFTP, '-q', '-w', BEST_WINDOW.ptftp.get, server],
    },
    hpa !== undefined && {
      name: 'tftp-hpa',
      version: firstLine(hpa, '-V').replace(/^tftp-hpa ([^,]+).*/, '$1'),
      // It knows blocks of 512 alone.
      argv: ({ way, terms }, server, { local, remote }) =>
        terms === 'lock-step 1468' || terms === 'windows'
          ? undefined
          : [
              hpa,
              '-m',
              'binary',
              server,
              '-c',
              ...(way === 'get' ? ['get', remote, local] : ['put', local, remote]),
            ],
      many: (server) => [hpa, '-m', 'binary', server],
    },
    atftp !== undefined && {
      name: 'atftp',
      version: firstLine(atftp, '--version').replace(/^atftp-(\S+).*/, '$1'),
      argv: ({ way, terms }, server, { local, remote }) => [
        atftp,
        ...(terms === 'RFC 1350' ? [] : ['--option', 'blksize 1468']),
        ...(terms === 'best' || terms === 'windows' ? ['--option', `windowsize ${BEST_WINDOW.atftp}`] : []),
        ...[way === 'get' ? '-g' : '-p', '-r', remote, '-l', local, server],
      ],
      many: (server) => [
        atftp,
        '--option',
        'blksize 1468',
        '--option',
        `windowsize ${BEST_WINDOW.atftp}`,
        server,
      ],
    },
    curl !== undefined && {
      name: 'curl',
      version: firstLine(curl, '--version').replace(/^curl (\S+).*/, '$1'),
      argv: ({ way, terms }, server, { local, remote }) =>
        terms === 'windows'
          ? undefined
          : [
              ...[curl, '-sS'],
              ...(terms === 'RFC 1350' ? ['--tftp-no-options'] : ['--tftp-blksize', '1468']),
              ...(way === 'get' ? ['-o', local] : ['-T', local]),
              `tftp://${server}/${remote}`,
            ],
      many: (server, files) => [
        ...[curl, '-sS', '--tftp-blksize', '1468'],
        ...['--remote-name-all', `tftp://${server}/many-[0-${files - 1}]`],
      ],
    },
  ];
  return clients.filter((client) => client !== false);
}

function firstLine(program: string, flag: string): string {
  return (
    execFileSync(program, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ??
    '?'
  );
}

/** Servers that take uploads do, into the same folder. */
function writable({ name, argv }: Peer): readonly string[] {
  if (name === 'pxed') return [...argv, '--allow-overwrite', '--user', 'root'];
  if (name === 'in.tftpd') return [...argv.slice(0, -1), '-c', '-p', ...argv.slice(-1)];
  return argv;
}

type Row = { scenario: string; server: string; client: string; seconds: number; mbPerSecond: number };

/** Seconds for all transfers of a scenario; undefined when one failed or brought something else. */
async function measure(
  lan: Lan,
  client: Client,
  { scenario, folder }: { scenario: Scenario; folder: string },
) {
  if (scenario.files !== undefined) return measureMany(lan, client, { scenario, folder });
  const { way, file, times, bytes } = scenario;
  const local = join(folder, way === 'get' ? 'got' : `root/${file}`);
  const remote = way === 'get' ? file : 'uploaded';
  const argv = client.argv(scenario, lan.address, { local, remote });
  if (argv === undefined) return undefined;
  const came = way === 'get' ? local : join(folder, 'root/uploaded');
  // A first download finds nothing there. atftpd and in.tftpd write what is there already; everybody writes the same.
  if (way === 'get') rmSync(came, { force: true });
  else writeFileSync(came, '', { mode: 0o666 });
  const loop = `i=0; while [ $i -lt ${times} ]; do ${quoted(argv)} || exit 1; i=$((i+1)); done`;
  const seconds = await timed(lan, loop);
  return seconds !== undefined && bytes > 0 && same(came, join(folder, 'root', file)) ? seconds : undefined;
}

async function measureMany(
  lan: Lan,
  client: Client,
  { scenario: { file, files = 0 }, folder }: { scenario: Scenario; folder: string },
) {
  const into = join(folder, 'many');
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into);
  const names = manyNames(files);
  const script = join(folder, 'script');
  writeFileSync(script, names.map((name) => `get ${name} ${name}\n`).join(''));
  const seconds = await timed(lan, `cd ${into} && ${quoted(client.many(lan.address, files))} < ${script}`);
  const whole = names.every((name) => same(join(into, name), join(folder, 'root', file)));
  return whole ? seconds : undefined;
}

function manyNames(files: number): readonly string[] {
  return Array.from({ length: files }, (_, i) => `many-${i}`);
}

function quoted(argv: readonly string[]): string {
  return argv.map((word) => `'${word}'`).join(' ');
}

function same(path: string, wanted: string): boolean {
  return existsSync(path) && readFileSync(path).equals(readFileSync(wanted));
}

/** Seconds; undefined when it failed. */
async function timed(lan: Lan, command: string): Promise<number | undefined> {
  const pinned = ['netns', 'exec', lan.client, 'taskset', '-c', '1', 'sh', '-c', command];
  const started = performance.now();
  const ok = await new Promise<boolean>((resolve) => {
    execFile('ip', pinned, { timeout: 60_000 }, (error, _, stderr) =>
      resolve(!error && !/rror/.test(stderr)),
    );
  });
  return ok ? (performance.now() - started) / 1000 : undefined;
}

async function withServer<T>(lan: Lan, argv: readonly string[], use: () => Promise<T>): Promise<T> {
  const server = startPinned(lan.server, '0', argv);
  try {
    await untilBound(lan, true);
    return await use();
  } finally {
    server.kill('SIGKILL');
    execFileSync('sh', ['-c', `ip netns pids ${lan.server} | xargs -r kill -9`]);
    await untilBound(lan, false);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Markdown: a line for each server, a column for each client. */
function printTable({ name, times }: Scenario, rows: readonly Row[], clients: readonly Client[]): void {
  const unit = times > 1 ? 'ms each' : 'MB/s';
  console.log(`\n${name} (${unit})\n\n| server | ${clients.map((client) => client.name).join(' | ')} |`);
  console.log(`|---|${clients.map(() => '---').join('|')}|`);
  for (const server of new Set(rows.map((row) => row.server))) {
    const cells = clients.map(({ name: client }) => {
      const row = rows.find((each) => each.server === server && each.client === client);
      if (!row) return 'no';
      return times > 1 ? ((row.seconds / times) * 1000).toFixed(1) : row.mbPerSecond.toFixed(1);
    });
    console.log(`| ${server} | ${cells.join(' | ')} |`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'pxed-bench-'));
const root = join(folder, 'root');
mkdirSync(root);
for (const { file, bytes, files } of SCENARIOS) {
  const content = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) content[i] = (i * 31 + (i >>> 9)) & 0xff;
  writeFileSync(join(root, file), content);
  for (const name of manyNames(files ?? 0)) writeFileSync(join(root, name), content);
}
execFileSync('chmod', ['-R', 'a+rwX', folder]);
const wanted = options.servers?.split(',') ?? ['pxed', 'dnsmasq', 'atftpd', 'in.tftpd'];
const peers = findPeers(root, folder).filter(({ name }) => wanted.includes(name));
const clients = findClients();
const all: Row[] = [];
const lan = openLan();
try {
  for (const scenario of SCENARIOS.filter(({ name }) => !options.only || name.includes(options.only))) {
    const rows: Row[] = [];
    for (const peer of peers) {
      if (scenario.way === 'put' && peer.name === 'dnsmasq') continue; // it takes no uploads
      await withServer(lan, scenario.way === 'put' ? writable(peer) : peer.argv, async () => {
        const runs = new Map<string, number[]>(clients.map(({ name }) => [name, []]));
        const failing = new Set<string>();
        // Once for nothing: daemons run for months. Then turn by turn, so that a slow minute is everybody's.
        for (let run = -1; run < Number(options.runs); run++) {
          for (const client of clients) {
            if (run >= 0 && failing.has(client.name)) continue;
            const seconds = await measure(lan, client, { scenario, folder });
            if (seconds === undefined) failing.add(client.name);
            else if (run >= 0) runs.get(client.name)!.push(seconds);
          }
        }
        for (const [client, seconds] of runs) {
          if (seconds.length < Number(options.runs)) continue;
          const middle = median(seconds);
          const mbPerSecond = (scenario.bytes * scenario.times * (scenario.files ?? 1)) / middle / 1e6;
          rows.push({ scenario: scenario.name, server: peer.name, client, seconds: middle, mbPerSecond });
        }
      });
    }
    all.push(...rows);
    printTable(scenario, rows, clients);
    const versions = Object.fromEntries([...peers, ...clients].map(({ name, version }) => [name, version]));
    writeFileSync(
      options.json,
      `${JSON.stringify({ runs: Number(options.runs), versions, rows: all }, undefined, 1)}\n`,
    );
  }
} finally {
  lan.close();
  rmSync(folder, { recursive: true });
}
