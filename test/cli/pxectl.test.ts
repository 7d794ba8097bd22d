import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';

test('pxectl has a rescue command, and hands its exit code on', async () => {
  const codes: number[] = [];
  const command = pxectlCommand('1.2.3', (code) => codes.push(code));
  await command.parseAsync(['node', 'pxectl', 'rescue', '/nowhere/at/all']);
  expect(codes).toEqual([1]);
});

test('pxectl check and pxectl loaders install hand their exit codes on', async () => {
  const root = mkdtempSync(join(tmpdir(), 'pxed-pxectl-'));
  const codes: number[] = [];
  try {
    for (const words of [
      ['check', '--user', 'root', root],
      ['check', '--json', join(root, 'nowhere')],
      ['loaders', 'install', root, '--arch', 'nonsense'],
    ]) {
      await pxectlCommand('1.2.3', (code) => codes.push(code)).parseAsync(['node', 'pxectl', ...words]);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  expect(codes).toEqual([0, 1, 2]);
});

test('withSubcommands() has every command, however deep', () => {
  const names = withSubcommands(pxectlCommand('1.2.3', () => {})).map((one) => one.name());
  expect(names).toEqual(expect.arrayContaining(['pxectl', 'rescue', 'check', 'loaders', 'install']));
});

test('pxectl commands that ask a pxed take --socket and --json; README says which others take what', () => {
  const groups = {
    both: [] as string[],
    json: [] as string[],
    neither: [] as string[],
    socket: [] as string[],
  };
  for (const one of withSubcommands(pxectlCommand('1.2.3', () => {}))) {
    if (one.commands.length > 0) continue;
    const has = (flag: string) => one.options.some(({ long }) => long === flag);
    const group = has('--socket') ? (has('--json') ? 'both' : 'socket') : has('--json') ? 'json' : 'neither';
    const above = one.parent?.name() === 'pxectl' ? '' : `${one.parent?.name()} `;
    groups[group].push(`${above}${one.name()}`);
  }
  expect(groups.both).toEqual(
    expect.arrayContaining(['status', 'why', 'config set', 'leases reserve', 'files ls']),
  );
  expect(groups.socket).toEqual([]);
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8').replace(/\s+/g, ' ');
  const [, json, neither] = /`--json`; ([^.;]*) take `--json` alone, ([^.;]*) neither/.exec(readme) ?? [];
  const named = (text = '') => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name).sort();
  expect(named(json)).toEqual(groups.json.sort());
  expect(named(neither)).toEqual(groups.neither.sort());
});

test('pxectl takes nothing it does not know', async () => {
  const command = pxectlCommand('1.2.3', () => {});
  const said: string[] = [];
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });
  }
  await expect(command.parseAsync(['node', 'pxectl', 'rescue', 'a', 'b'])).rejects.toThrow(
    /too many arguments/,
  );
  await expect(command.parseAsync(['node', 'pxectl', 'mend'])).rejects.toThrow(/unknown command/);
  expect(said.join('')).toContain('pxectl --help shows how it is used');
});

test('pxectl --help fits 80 columns, of each command', () => {
  for (const one of withSubcommands(pxectlCommand('1.2.3', () => {}))) {
    const lines = one
      .configureOutput({ getOutHelpWidth: () => 80 })
      .helpInformation()
      .split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  }
});

test('pxectl says of each of its commands how that one is used', async () => {
  const command = pxectlCommand('1.2.3', () => {});
  const said: string[] = [];
  for (const one of withSubcommands(command)) {
    one.exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });
  }
  await expect(command.parseAsync(['node', 'pxectl', 'loaders', 'install'])).rejects.toThrow(/missing/);
  expect(said.join('')).toContain('(pxectl loaders install --help shows how it is used)');
  const words = ['render', '-c', 'a', '--mac', '52:54:00:12:34:56', '--name', 'a', '--arch', 'x86_64_EFI'];
  await expect(command.parseAsync(['node', 'pxectl', ...words])).rejects.toThrow(/Did you mean x86-64_EFI/);
});

test('pxectl render refuses what is no MAC, UUID or architecture', async () => {
  const usual = ['--name', 'boot.ipxe', '-c', 'pxed.yaml'];
  for (const wrong of [
    ['--mac', '52:54'],
    ['--mac', '52:54:00:12:34:56', '--uuid', 'x'],
    ['--mac', '52:54:00:12:34:56', '--arch', 'vax'],
  ]) {
    const command = pxectlCommand('1.2.3', () => {});
    const render = command.commands.find((one) => one.name() === 'render')!;
    render.exitOverride().configureOutput({ writeErr: () => {} });
    await expect(command.parseAsync(['node', 'pxectl', 'render', ...usual, ...wrong])).rejects.toThrow(
      /Expected/,
    );
  }
});

describe('pxectl simulate', () => {
  const MAC = ['--mac', '52:54:00:12:34:56', '--arch', 'x86PC'];

  async function simulate(words: readonly string[]): Promise<number[]> {
    const codes: number[] = [];
    const command = pxectlCommand('1.2.3', (code) => codes.push(code));
    const one = command.commands.find((each) => each.name() === 'simulate')!;
    one.exitOverride().configureOutput({ writeErr: () => {} });
    await command.parseAsync(['node', 'pxectl', 'simulate', '--state', 'memory', ...words]);
    return codes;
  }

  test('hands its exit code on: answered, not answered, no machine', async () => {
    const root = mkdtempSync(join(tmpdir(), 'pxed-pxectl-'));
    const request = join(root, 'request');
    writeFileSync(request, '01 01 06 00\n');
    writeFileSync(join(root, 'pxelinux.0'), '');
    try {
      expect(await simulate([...MAC, root, 'pxelinux.0'])).toEqual([0]);
      expect(await simulate([...MAC, '--stage', 'os', root, 'pxelinux.0'])).toEqual([1]);
      expect(await simulate([...MAC, root, 'gone.0'])).toEqual([1]);
      expect(await simulate(['--arch', 'x86PC', root, 'pxelinux.0'])).toEqual([2]);
      expect(await simulate(['--request', request, root, 'pxelinux.0'])).toEqual([2]);
      expect(await simulate([...MAC, '--config', join(root, 'gone.yaml'), root])).toEqual([2]);
      expect(await simulate(MAC)).toEqual([2]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test.each([
    [['--mac', '52:54'], /Expected a MAC/],
    [['--arch', 'vax'], /Expected one of/],
    [['--uuid', 'x'], /Expected a UUID/],
    [['--via', '10.0.0'], /Expected an IPv4/],
    [['--stage', 'late'], /Allowed choices/],
    [['--vendor-class', 'a\nb'], /printable/],
    [['--request', 'no such file'], /hex digits/],
    [['--request', tmpdir()], /hex digits/],
    [['--request', '/dev/zero'], /hex digits/],
    [['--request', '01', '--mac', '52:54:00:12:34:56'], /cannot be used with/],
    [['a', 'b', 'c'], /too many arguments/],
  ])('refuses %j', async (words, why) => {
    await expect(simulate(words)).rejects.toThrow(why);
  });

  test('README.md names each of its options', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const command = pxectlCommand('1.2.3', () => {}).commands.find((one) => one.name() === 'simulate')!;
    expect(command.options.length).toBeGreaterThan(20);
    expect(command.options.flatMap(({ long }) => (readme.includes(`\`${long}`) ? [] : [long]))).toEqual([]);
  });
});
