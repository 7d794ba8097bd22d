import { expect, test } from 'vitest';
import type { Setup, Tool } from '../../src/app/setup.ts';
import { type Options, setupOf } from '../../src/cli/setup-of.ts';
import { toolCommand } from '../../src/cli/tools.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

/** Runs a command line through commander, as the bins do. Throws what commander refuses. */
function read(tool: Tool, argv: string, files: Record<string, string> = {}) {
  const command = toolCommand(tool, '0').exitOverride();
  command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  command.parse(argv === '' ? [] : argv.split(' '), { from: 'user' });
  const line = { tool, positional: command.args, options: command.opts<Options>() };
  const readText = (file: string) => {
    const text = files[file];
    if (text === undefined) throw new Error(`ENOENT: ${file}`);
    return text;
  };
  return setupOf(line, { readText, archNames: [] });
}

function setup(tool: Tool, argv: string, files?: Record<string, string>): Setup {
  const result = read(tool, argv, files);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.value;
}

function problems(tool: Tool, argv: string, files?: Record<string, string>): readonly string[] {
  const result = read(tool, argv, files);
  return result.ok ? [] : result.problems;
}

test('pxed <interface> <root> <boot file> serves everything', () => {
  const { config } = setup('pxed', 'eth0 /tftp pxelinux.0');
  expect(config.interfaces).toEqual(['eth0']);
  expect(config.boot.filename).toBe('pxelinux.0');
  expect([config.mode, config.bootp.enabled, config.tftp.enabled]).toEqual(['auto', true, true]);
  expect(config.tftp).toMatchObject({ root: '/tftp', port: 69, writes: 'off', 'max-transfers': 2000 });
  expect(config['answer-all']).toBe(false);
});

test('bootpd serves BOOTP alone, to everybody', () => {
  const { config } = setup('bootpd', 'eth0 pxelinux.0 -t 10.0.0.9 -g 10.0.0.1');
  expect([config.mode, config.bootp.enabled, config.tftp.enabled]).toEqual(['off', true, false]);
  expect(config.bootp.range).toBe('network');
});

test('pxed serves files by HTTP too, unless told otherwise; the other tools do not', () => {
  const http = (tool: Tool, argv: string, files?: Record<string, string>) =>
    setup(tool, argv, files).config.http;
  expect(http('pxed', 'eth0 /tftp pxelinux.0')).toEqual({ enabled: 'auto', port: 80 });
  expect(http('pxed', '--no-http eth0 /tftp pxelinux.0')).toEqual({ enabled: false, port: 80 });
  expect(http('pxed', '--http-port 8080 eth0 /tftp pxelinux.0')).toEqual({ enabled: true, port: 8080 });
  const file = { f: 'version: 1\nhttp: { enabled: true, port: 8080 }\n' };
  expect(http('pxed', '-c f eth0 /tftp pxelinux.0', file)).toEqual({ enabled: true, port: 8080 });
  expect(http('ptftpd', '-c f eth0 /tftp', file).enabled).toBe(false);
  expect(http('dhcpd', '-c f eth0', file).enabled).toBe(false);
  expect(http('bootpd', '-c f eth0', file).enabled).toBe(false);
});

test('pxed needs a root for HTTP alone, too', () => {
  const file = { f: 'version: 1\ntftp: { enabled: false }\nhttp: { enabled: true }\n' };
  expect(problems('pxed', '-c f eth0', file)).toEqual([expect.stringMatching(/^Which folder to serve\?/)]);
});

test('dhcpd serves DHCP alone', () => {
  const { config } = setup('dhcpd', 'eth0 pxelinux.0 -a');
  expect([config.mode, config.bootp.enabled, config.tftp.enabled]).toEqual(['dhcp', false, false]);
  expect(config['answer-all']).toBe(true);
});

test('ptftpd serves TFTP alone, in both forms', () => {
  const both = setup('ptftpd', 'eth0 /tftp').config;
  expect([both.mode, both.bootp.enabled, both.tftp.enabled]).toEqual(['off', false, true]);
  expect([both.interfaces, both.tftp.root]).toEqual([['eth0'], '/tftp']);
  const older = setup('ptftpd', '-p 6969 /var/lib/tftp').config;
  expect([older.interfaces, older.tftp.root, older.tftp.port]).toEqual([undefined, '/var/lib/tftp', 6969]);
});

test.each<[Tool, string]>([
  ['pxed', 'eth0 /tftp pxelinux.0 -r'],
  ['ptftpd', 'eth0 /tftp --rfc1350'],
  ['dhcpd', 'eth0 pxelinux.0 -r'],
  ['bootpd', 'eth0 pxelinux.0 --rfc1350'],
])('%s takes --rfc1350', (tool, argv) => {
  expect(setup(tool, argv).config.tftp.rfc1350).toBe(true);
});

// pTFTPd defect 12: it parsed -n and dropped it.
test('-n name servers, -g gateway and -t TFTP server reach the network settings (pTFTPd defect 12)', () => {
  const { overrides } = setup(
    'pxed',
    'eth0 /tftp pxelinux.0 -n 1.1.1.1 -n 8.8.8.8 -g 10.0.0.254 -t 10.0.0.2',
  );
  expect(overrides).toEqual({
    dns: [parseIpv4('1.1.1.1'), parseIpv4('8.8.8.8')],
    routers: [parseIpv4('10.0.0.254')],
    nextServer: parseIpv4('10.0.0.2'),
  });
});

test('every switch of the command line reaches the configuration', () => {
  const flags =
    '--authoritative --no-conflict-probe --bootp --single-port --no-ignore-case --rollover forbid';
  const { config } = setup(
    'pxed',
    `eth0 /tftp a ${flags} --blksize-max 1024 --user root --group root --log-format text`,
  );
  expect([config.authoritative, config['conflict-probe'], config.bootp.range]).toEqual([
    true,
    false,
    'network',
  ]);
  expect(config.tftp).toMatchObject({
    'single-port': true,
    'ignore-case': false,
    rollover: 'forbid',
    'blksize-max': 1024,
  });
  expect([config.user, config.group, config.log.format]).toEqual(['root', 'root', 'text']);
});

test.each<[Tool, string, string]>([
  ['pxed', 'eth0 /tftp a -n 1.1.1.1 -n 2.2.2.2 -n 3.3.3.3 -n 4.4.4.4', 'At most three name servers.'],
  ['pxed', 'eth0 /tftp a -g 10.0.0', 'Expected an IPv4 address'],
  ['pxed', 'eth0 /tftp a b', 'too many arguments'],
  ['pxed', 'eth0 /tftp a --nosuch', "unknown option '--nosuch'"],
  ['pxed', 'eth0 /tftp a --allow-write --allow-overwrite', 'cannot be used with'],
  ['ptftpd', 'eth0 /tftp -p 65536', 'Expected a whole number from 0 to 65535.'],
  ['ptftpd', 'eth0 /tftp --port-range 10-20', 'Expected a range like 30000-30999'],
  ['ptftpd', 'eth0 /tftp --rollover 2', 'Expected 0, 1 or forbid.'],
  ['ptftpd', 'eth0 /tftp --upload-max lots', 'Expected a size like'],
])('%s %s is refused in words', (tool, argv, words) => {
  expect(() => read(tool, argv)).toThrow(words);
});

test.each<[Tool, string, string]>([
  ['pxed', '', 'Which interface?'],
  ['pxed', 'eth0', 'Which folder to serve?'],
  ['ptftpd', '', 'Which folder to serve?'],
  ['dhcpd', '', 'Which interface?'],
  ['pxed', `eth0 /tftp ${'a'.repeat(128)}`, 'too long for the DHCP header'],
])('%s %s asks for what is missing', (tool, argv, words) => {
  expect(problems(tool, argv).join('\n')).toContain(words);
});

const FILE = `version: 1
interfaces: [eth1]
boot: { filename: a.0 }
tftp: { root: /srv, windowsize-max: 8, writes: create }
log: { level: warn }
`;

test('a configuration file replaces the arguments, and the command line wins over it', () => {
  const files = { 'p.yaml': FILE };
  const plain = setup('pxed', '-c p.yaml', files).config;
  expect([plain.interfaces, plain.tftp.root, plain.boot.filename]).toEqual([['eth1'], '/srv', 'a.0']);
  expect([plain.tftp['windowsize-max'], plain.tftp.writes, plain.log.level]).toEqual([8, 'create', 'warn']);
  const mixed = setup('pxed', '-c p.yaml eth0 --windowsize-max 4 --allow-overwrite -v', files).config;
  expect([mixed.interfaces, mixed.tftp.root]).toEqual([['eth0'], '/srv']);
  expect([mixed.tftp['windowsize-max'], mixed.tftp.writes, mixed.log.level]).toEqual([
    4,
    'overwrite',
    'debug',
  ]);
});

test('mistakes in the file come with file and line; a missing file is named', () => {
  expect(problems('pxed', '-c p.yaml', { 'p.yaml': 'version: 1\nnosuch: 2' })).toEqual([
    'p.yaml:2: nosuch: no such key',
  ]);
  expect(problems('pxed', '-c none.yaml eth0 /tftp a')).toEqual(['Cannot read none.yaml: ENOENT: none.yaml']);
  const off = 'version: 1\ninterfaces: [eth0]\nmode: off\nbootp: {enabled: false}\ntftp: {enabled: false}';
  expect(problems('pxed', '-c p.yaml', { 'p.yaml': off })).toEqual([
    'Nothing to serve: mode is off, and so are bootp, tftp and http',
  ]);
});

test.each<Tool>(['pxed', 'bootpd', 'dhcpd', 'ptftpd'])(
  '%s --help shows every option of pTFTPd’s tool',
  (tool) => {
    const help = toolCommand(tool, '0').helpInformation();
    const letters = { pxed: 'rganvD', bootpd: 'tgv', dhcpd: 'tgvan', ptftpd: 'rpvD' }[tool];
    for (const letter of letters) expect(help).toMatch(new RegExp(`\\n  -${letter}, --`));
    expect(help).toContain('--help');
  },
);

test('setupOf() takes several interfaces as a list, each once', () => {
  expect(setup('pxed', 'eth0,eth1,eth0 /tftp pxelinux.0').config.interfaces).toEqual(['eth0', 'eth1']);
  expect(setup('ptftpd', 'eth0,eth1 /tftp').config.interfaces).toEqual(['eth0', 'eth1']);
  expect(problems('pxed', ', /tftp pxelinux.0')).toEqual([expect.stringContaining('Which interface?')]);
});

test.each<[Tool, string, string]>([
  ['pxed', 'eth0 /tftp pxelinux.0', 'auto'],
  ['pxed', 'eth0 /tftp pxelinux.0 --mode dhcp', 'dhcp'],
  ['pxed', 'eth0 /tftp pxelinux.0 --mode proxy', 'proxy'],
  ['pxed', '-c mode.yaml', 'off'],
  ['dhcpd', 'eth0 pxelinux.0', 'dhcp'],
  ['dhcpd', 'eth0 pxelinux.0 --mode auto', 'auto'],
  ['dhcpd', '-c mode.yaml', 'dhcp'],
  ['bootpd', 'eth0 pxelinux.0', 'off'],
  ['ptftpd', 'eth0 /tftp', 'off'],
])('setupOf() has %s %s in mode %s', (tool, argv, mode) => {
  const files = { 'mode.yaml': 'version: 1\nmode: off\ninterfaces: [eth0]\ntftp: {root: /tftp}' };
  expect(setup(tool, argv, files).config.mode).toBe(mode);
});
