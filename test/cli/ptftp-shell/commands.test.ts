import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CommandProblem, type Shell, type ShellState } from '../../../src/cli/ptftp-shell/command.ts';
import { COMMANDS, findCommand } from '../../../src/cli/ptftp-shell/commands.ts';
import { TftpError } from '../../../src/lib/tftp-error.ts';

const README = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');

/** A shell whose transfers end with the code that the file's name says: `fails-3`. */
function open({ nowhere = false } = {}) {
  const said: string[] = [];
  const transfers: string[] = [];
  const state: ShellState = {
    host: nowhere ? undefined : 'h',
    port: 69,
    transfer: {},
    verbose: false,
    trace: false,
    literal: false,
    known: new Set(),
    over: false,
  };
  const shell: Shell = {
    state,
    say: (line) => void said.push(line),
    async connect(server) {
      if (server.host === 'nowhere') throw new TftpError('Cannot find nowhere', { reason: 'no-such-host' });
      Object.assign(state, { host: server.host, port: server.port });
    },
    async transfer({ what, host: where, file, local }, { force }) {
      transfers.push(`${what}${force ? ' -f' : ''} ${where} ${file} ${local}`);
      return Number(/fails-(\d+)/.exec(file)?.[1] ?? 0);
    },
  };
  const run = async (line: string) => {
    const [name = '', ...words] = line.split(' ');
    return findCommand(name).run(shell, words);
  };
  return { run, said, transfers, state };
}

describe('findCommand()', () => {
  test.each([
    // pTFTPd's letters, each its own.
    ...(['? help', 'q quit', 'm mode', 'b blksize', 'w windowsize', 'g get', 'p put'] as const),
    ...(['rexmt timeout', 'bye quit', 'exit quit', 'GET get'] as const),
    ...(['con connect', 'stat status', 'asc ascii', 'bin binary', 'verb verbose', 'win windowsize'] as const),
  ])('%s', (pair) => {
    const [typed, name] = pair.split(' ');
    expect(findCommand(typed!).name).toBe(name);
  });

  test.each([
    ['nothing', 'No command "nothing": ? lists them'],
    ['t', '"t" may be timeout or tsize or trace'],
    ['!ls', 'ptftp runs no other programs: there is no !'],
    ['!', 'ptftp runs no other programs: there is no !'],
  ])('%s is refused', (word, problem) => {
    expect(() => findCommand(word)).toThrow(new CommandProblem(problem));
  });

  test('no name or alias stands for two commands', () => {
    const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('settings', () => {
  test.each([
    ['blksize', 'blksize 1468, over IPv6 1448 (default)', {}],
    ['b 1024', 'blksize 1024', { blksize: 1024 }],
    ['windowsize 8', 'windowsize 8', { windowsize: 8 }],
    ['retries 0', 'retries 0', { retries: 0 }],
    ['mode', 'mode octet', { mode: 'octet' }],
    ['m ASCII', 'mode netascii', { mode: 'netascii' }],
    ['ascii', 'mode netascii', { mode: 'netascii' }],
    ['binary', 'mode octet', { mode: 'octet' }],
    ['timeout', 'timeout 2 s (default)', {}],
    ['rexmt 1.5', 'timeout 1.5 s', { timeoutMs: 1500 }],
    ['tsize', 'tsize off', { tsize: false }],
    ['tsize on', 'tsize on', { tsize: true }],
    ['rfc1350', 'rfc1350 on', { rfc1350: true }],
    ['option blksize 512', 'blksize 512', { blksize: 512 }],
    ['option tsize', 'tsize on', { tsize: true }],
    ['option disable tsize', 'tsize off', { tsize: false }],
  ])('%s', async (line, said, transfer) => {
    const shell = open();
    expect(await shell.run(line)).toBe(0);
    expect(shell.said).toEqual([said]);
    expect(shell.state.transfer).toEqual(transfer);
  });

  test.each(['verbose', 'trace', 'literal'] as const)('%s is switched and set', async (name) => {
    const shell = open();
    for (const line of [name, name, `${name} on`, `${name} on`, `${name} off`]) await shell.run(line);
    expect(shell.said).toEqual(['on', 'off', 'on', 'on', 'off'].map((each) => `${name} ${each}`));
    expect(shell.state[name]).toBe(false);
  });

  test('default undoes what was set', async () => {
    const shell = open();
    for (const line of ['blksize 1024', 'timeout 9', 'blksize default', 'timeout default'])
      await shell.run(line);
    expect(shell.state.transfer).toEqual({});
  });

  test.each([
    ['blksize 7', 'blksize 7: expected a whole number from 8 to 65464'],
    ['blksize 1e3', 'blksize 1e3: expected a whole number from 8 to 65464'],
    ['windowsize 65536', 'windowsize 65536: expected a whole number from 1 to 65535'],
    ['mode mail', 'mode mail: expected octet or netascii'],
    ['mode constructor', 'mode constructor: expected octet or netascii'],
    ['timeout 0', 'timeout 0: expected seconds from 0.1 to 255'],
    ['verbose maybe', 'verbose maybe: expected on or off'],
    ['blksize 8 9', '"9" is too much: expected [NUMBER|default]'],
    ['ascii x', '"x" is too much: expected nothing'],
    ['option', 'Which option? One of blksize, windowsize, timeout, tsize'],
    ['option quit', 'Which option? One of blksize, windowsize, timeout, tsize'],
  ])('%s is refused', async (line, problem) => {
    const shell = open();
    await expect(shell.run(line)).rejects.toThrow(problem);
    expect(shell.state.transfer).toEqual({});
  });
});

describe('connect', () => {
  test.each([
    ['connect s', 's', 69, 'Connected to s:69.'],
    ['connect s 6969', 's', 6969, 'Connected to s:6969.'],
    ['connect s:6969', 's', 6969, 'Connected to s:6969.'],
    ['connect ::1', '::1', 69, 'Connected to [::1]:69.'],
    ['connect [::1]:70', '::1', 70, 'Connected to [::1]:70.'],
  ])('%s', async (line, host, port, said) => {
    const shell = open();
    await shell.run(line);
    expect(shell.state).toMatchObject({ host, port });
    expect(shell.said).toEqual([said]);
  });

  test.each([
    ['connect', 'connect where? connect HOST [PORT]'],
    ['connect s 0', 'Port 0: expected a number from 1 to 65535'],
    ['connect s 69 x', '"x" is too much: expected HOST[:PORT] [PORT]'],
    ['connect nowhere', 'Cannot find nowhere'],
  ])('%s is refused, and changes nothing', async (line, problem) => {
    const shell = open();
    await expect(shell.run(line)).rejects.toThrow(problem);
    expect(shell.state).toMatchObject({ host: 'h', port: 69 });
  });
});

describe('get and put', () => {
  test('do all that was asked for though one fails, and say which exit code was the first', async () => {
    const shell = open();
    expect(await shell.run('get a fails-3 fails-1 b')).toBe(3);
    expect(shell.transfers).toEqual([
      'get h a a',
      'get h fails-3 fails-3',
      'get h fails-1 fails-1',
      'get h b b',
    ]);
  });

  test('stop when they are interrupted', async () => {
    const shell = open();
    expect(await shell.run('get a fails-130 b')).toBe(130);
    expect(shell.transfers).toHaveLength(2);
  });

  test('a server named with a file is the one from then on', async () => {
    const shell = open({ nowhere: true });
    await shell.run('get -f a:x');
    await shell.run('put y');
    expect(shell.transfers).toEqual(['get -f a x x', 'put a y y']);
    expect(shell.said).toEqual(['Connected to a:69.']);
  });

  test('without a server they say so', async () => {
    await expect(open({ nowhere: true }).run('get x')).rejects.toThrow(
      'Connected to no server: connect HOST [PORT]',
    );
  });
});

test('status tells the server and every setting', async () => {
  const shell = open();
  await shell.run('status');
  expect(shell.said).toEqual([
    'Connected to h:69.',
    'mode octet',
    'blksize 1468, over IPv6 1448 (default)',
    'windowsize 16 (default)',
    'retries 5 (default)',
    'timeout 2 s (default)',
    'tsize on, rfc1350 off, verbose off, trace off, literal off',
  ]);
});

test('quit is the end', async () => {
  const shell = open();
  await shell.run('q');
  expect(shell.state.over).toBe(true);
});

describe('help', () => {
  test('has each command with its names, in the width of a terminal', async () => {
    const { run, said } = open();
    await run('?');
    for (const { name, aliases, help } of COMMANDS) {
      const line = said.find((each) => each.startsWith([name, ...aliases].join(', ')));
      expect(line).toContain(help);
    }
    expect(said.filter((line) => line.length > 100)).toEqual([]);
  });

  test('has one command', async () => {
    const { run, said } = open();
    await run('help g');
    expect(said).toEqual([
      'get, g  [-f] FILE [LOCAL], or three FILEs and more: fetch; -f replaces files here',
    ]);
  });
});

test('README.md names every command of ptftp', () => {
  const table = README.split('| command of `ptftp`')[1]?.split('\n\n')[0] ?? '';
  const named = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([a-z0-9?]+)/g)].map(([, name]) => name),
  );
  expect(named).toEqual(COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases]));
});
