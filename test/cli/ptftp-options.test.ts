import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ptftpHelp } from '../../src/cli/ptftp-help.ts';
import { PTFTP_OPTIONS, parsePtftp } from '../../src/cli/ptftp-options.ts';
import { PTFTP_EXIT } from '../../src/cli/ptftp-setup.ts';

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');

function setup(line: string) {
  const parsed = parsePtftp(line === '' ? [] : line.split(' '));
  if (parsed.kind !== 'setup') throw new Error(JSON.stringify(parsed));
  return parsed.setup;
}

function problem(line: string): string {
  const parsed = parsePtftp(line.split(' '));
  return parsed.kind === 'usage' ? parsed.problem : `no problem: ${JSON.stringify(parsed)}`;
}

const LOCAL = { host: 'localhost', port: 69 };

describe('parsePtftp()', () => {
  test.each([
    ['10.0.0.1 get f', { what: 'get', host: '10.0.0.1', port: 69, file: 'f', local: 'f' }],
    ['10.0.0.1:6969 get a/b c', { what: 'get', host: '10.0.0.1', port: 6969, file: 'a/b', local: 'c' }],
    ['10.0.0.1 6969 get a\\b', { what: 'get', host: '10.0.0.1', port: 6969, file: 'a\\b', local: 'b' }],
    ['[fe80::1%eth0]:70 get f -', { what: 'get', host: 'fe80::1%eth0', port: 70, file: 'f', local: '-' }],
    ['::1 get f', { what: 'get', host: '::1', port: 69, file: 'f', local: 'f' }],
    ['get f', { what: 'get', ...LOCAL, file: 'f', local: 'f' }],
    ['-h server -p 70 get f', { what: 'get', host: 'server', port: 70, file: 'f', local: 'f' }],
    ['--host=server get f', { what: 'get', host: 'server', port: 69, file: 'f', local: 'f' }],
    ['server put dir/f', { what: 'put', host: 'server', port: 69, file: 'f', local: 'dir/f' }],
    ['server put - f', { what: 'put', host: 'server', port: 69, file: 'f', local: '-' }],
    ['server -c get f g', { what: 'get', host: 'server', port: 69, file: 'f', local: 'g' }],
    ['-m binary server -c put f', { what: 'put', host: 'server', port: 69, file: 'f', local: 'f' }],
    ['tftp://h:70/a/b', { what: 'get', host: 'h', port: 70, file: 'a/b', local: 'b' }],
    [
      'tftp://h/a/b;mode=netascii x',
      { what: 'get', host: 'h', port: 69, file: 'a/b', local: 'x', mode: 'netascii' },
    ],
    ['put f tftp://h/up/f', { what: 'put', host: 'h', port: 69, file: 'up/f', local: 'f' }],
  ])('%s is one transfer', (line, job) => {
    expect(setup(line).job).toEqual(job);
  });

  test.each(['', 'server', 'server:70', '-h server'])('"%s" reads commands', (line) => {
    expect(setup(line).job).toBeUndefined();
    expect(setup(line).command).toBeUndefined();
  });

  test('-c with another command, or with more files, is a command', () => {
    expect(setup('server -c get a b c').command).toEqual(['get', 'a', 'b', 'c']);
    expect(setup('server -c status -v').command).toEqual(['status', '-v']);
  });

  test('-c with what the prompt alone knows is a command', () => {
    expect(setup('server -c get -f small').command).toEqual(['get', '-f', 'small']);
    expect(setup('server -c put -- -dash').command).toEqual(['put', '--', '-dash']);
    expect(setup('server -c get other:small').command).toEqual(['get', 'other:small']);
    expect(setup('server -c get tftp://other/small').job).toMatchObject({ host: 'other', file: 'small' });
    expect(setup('server -c get f -').job).toMatchObject({ file: 'f', local: '-' });
  });

  test('what follows -- is no option', () => {
    expect(setup('server get -- -c').job).toMatchObject({ file: '-c' });
  });

  test('options mean what tftp-hpa’s, atftp’s and pTFTPd’s mean', () => {
    const line =
      '-m netascii -b 1024 -w 8 -t 1.5 --retries 3 -r -f -q --json --hash sha256 --progress h get f';
    expect(setup(line)).toMatchObject({
      transfer: {
        mode: 'netascii',
        blksize: 1024,
        windowsize: 8,
        timeoutMs: 1500,
        retries: 3,
        rfc1350: true,
      },
      force: true,
      quiet: true,
      json: true,
      hash: true,
      progress: true,
    });
    expect(setup('h get f')).toMatchObject({ transfer: {}, force: false, progress: undefined });
    expect(setup('-m ascii h').transfer.mode).toBe('netascii');
    expect(setup('-m binary h').transfer.mode).toBe('octet');
  });

  test.each([
    ['--nope', "Unknown option '--nope'"],
    ['-b 7 h', '--blksize 7: expected a whole number from 8 to 65464'],
    ['-w 0 h', '--windowsize 0: expected a whole number from 1 to 65535'],
    ['-p 0 h', '--port 0: expected a whole number from 1 to 65535'],
    ['-t 0 h', '--timeout 0: expected seconds from 0.1 to 255'],
    ['-m mail h', '--mode mail: expected octet or netascii'],
    ['--hash md5 h get f', '--hash md5: expected sha256'],
    ['--verify 12 h get f', '--verify: expected the 64 hexadecimal digits of a SHA-256'],
    ['h gett f', 'Expected get or put, not "gett"'],
    ['h get', 'get what?'],
    ['h put -', 'Under which name? put - NAME'],
    ['h get a b c', 'Expected one file, and where to; several take -c'],
    ['-h a b get f', 'Two hosts: b and a'],
    ['h:99999 get f', 'Port 99999: expected a number from 1 to 65535'],
    ['h get f -c get g', '"get" stands before -c'],
    ['h -c', 'No command behind -c'],
    ['h get ..', '".." names no file'],
  ])('%s is refused', (line, words) => {
    expect(problem(line)).toBe(words);
  });

  test.each([
    ['-?', 'help'],
    ['--help', 'help'],
    ['-V', 'version'],
  ])('%s asks for %s', (line, kind) => {
    expect(parsePtftp([line]).kind).toBe(kind);
  });
});

describe('ptftpHelp()', () => {
  test('names every option and every exit code', () => {
    for (const { long, short, text } of PTFTP_OPTIONS) {
      expect(ptftpHelp()).toContain(`--${long}`);
      if (short) expect(ptftpHelp()).toContain(`-${short},`);
      expect(ptftpHelp()).toContain(text);
    }
    for (const code of Object.values(PTFTP_EXIT)) expect(ptftpHelp()).toMatch(new RegExp(`\\b${code} = `));
  });

  test('fits a terminal', () => {
    expect(
      ptftpHelp()
        .split('\n')
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });
});

test('README.md names every option and exit code of ptftp', () => {
  const table = README.split('| option of `ptftp`')[1]?.split('\n\n')[0] ?? '';
  for (const { long, short, value } of PTFTP_OPTIONS) {
    const flag = `--${long}${value === undefined ? '' : ` <${value}>`}`;
    expect(table).toContain(`| ${short === undefined ? '' : `\`-${short}\`, `}\`${flag}\` |`);
  }
  const codes = README.split('| exit code of `ptftp`')[1]?.split('\n\n')[0] ?? '';
  for (const code of Object.values(PTFTP_EXIT)) expect(codes).toContain(`| ${code} |`);
});
