import { describe, expect, test } from 'vitest';
import { bootMenuOf } from '../../src/app/boot-menu.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { writeMenu } from '../../src/dhcp/boot-menu.ts';
import { QUIRK_NAMES } from '../../src/dhcp/quirks-table.ts';
import { createPacket, Op } from '../../src/dhcp-packet/index.ts';

const ARCH = ['x86PC', 'x86-64_EFI'];

function load(lines: readonly string[]) {
  return loadConfig(['version: 1', ...lines].join('\n'), { file: 'f', archNames: ARCH });
}

function problems(lines: readonly string[]): string[] {
  const loaded = load(lines);
  return loaded.ok ? [] : loaded.problems.map(formatProblem);
}

function menu(lines: readonly string[]) {
  const loaded = load(['boot:', '  menu:', '    entries:', ...lines.map((line) => `      - ${line}`)]);
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return bootMenuOf(loaded.value.boot.menu!);
}

describe('boot.menu', () => {
  test('gives its lines types of their own, and leaves those that are named', () => {
    const { entries, prompt, timeoutSeconds } = menu([
      '{text: Install}',
      '{text: Rescue, filename: r.0, arch: [x86PC, 7]}',
      '{text: Windows, server: 10.0.0.7, type: 32769}',
      '{text: Disk, local: true}',
      '{text: More}',
    ]);
    expect(entries).toEqual([
      { text: 'Install', type: 0x8000 },
      { text: 'Rescue', type: 0x8002, file: 'r.0', archs: [0, 7] },
      { text: 'Windows', type: 0x8001, servers: [0x0a00_0007] },
      { text: 'Disk', type: 0 },
      { text: 'More', type: 0x8003 },
    ]);
    expect([prompt, timeoutSeconds]).toEqual(['Press F8 for the boot menu', 10]);
  });

  test.each([
    [['{text: a, local: true}'], 'boot.menu.entries: have nothing to boot but the own disk'],
    [
      ['{text: a, local: true, filename: x}', '{text: b}'],
      'boot.menu.entries[0].local: is the machine’s own disk: there is no filename, server or type to it',
    ],
    [
      ['{text: a, server: 10.0.0.7}'],
      'boot.menu.entries[0].server: needs the type that this server answers to',
    ],
    [
      ['{text: a, server: 10.0.0.7, type: 2, filename: x}'],
      'boot.menu.entries[0].filename: is for that server to say: leave it out',
    ],
    [
      ['{text: a, type: 2}', '{text: b, type: 2}'],
      'boot.menu.entries[1].type: is that of entries[0] already',
    ],
    [['{text: a, arch: x86-65_EFI}'], 'boot.menu.entries[0].arch[0]: no such architecture'],
    [['{text: a, file: x}'], 'boot.menu.entries[0].file: no such key'],
  ])('%s is a mistake', (lines, want) => {
    const found = problems(['boot:', '  menu:', '    entries:', ...lines.map((line) => `      - ${line}`)]);
    expect(found.join('\n')).toContain(want);
  });

  test('must fit option 43, and one that does, does', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `{text: Zeile ${i} für alle}`);
    const sizes = Array.from({ length: 20 }, (_, i) => i + 1).filter((count) => {
      const given = ['boot:', '  menu:', '    entries:', ...lines(count).map((line) => `      - ${line}`)];
      return problems(given).length === 0;
    });
    const most = Math.max(...sizes);
    expect(most).toBeGreaterThan(5);
    expect(most).toBeLessThan(15);
    const reply = createPacket({ op: Op.REPLY });
    writeMenu(reply, menu(lines(most)), 1);
    expect(reply.options.get(43)!.length).toBeLessThanOrEqual(255);
    writeMenu(
      reply,
      {
        ...menu(lines(most)),
        entries: menu(lines(most)).entries.concat({ text: 'Zeile 10 für alle', type: 9 }),
      },
      1,
    );
    expect(reply.options.get(43)!.length).toBeGreaterThan(255);
  });
});

describe('quirks', () => {
  test('of the configuration are those of the table', () => {
    const loaded = load(['boot:', `  quirks: [${QUIRK_NAMES.join(', ')}]`]);
    expect(loaded.ok && loaded.value.boot.quirks).toEqual(QUIRK_NAMES);
    for (const wrong of ['[nonsense]', 'nonsense', '7']) {
      const [told = ''] = problems(['boot:', `  quirks: ${wrong}`]);
      expect(told).toMatch(/^f:3: boot\.quirks/);
      expect(QUIRK_NAMES.filter((name) => !told.includes(name))).toEqual([]);
    }
  });

  test('may be said of a network, a host, a template and a rule, one or several', () => {
    const loaded = load([
      'templates: {t: {quirks: broadcast}}',
      'networks: [{subnet: 10.0.0.0/24, quirks: [no-43, broadcast]}]',
      'hosts: [{mac: "52:54:00:12:34:56", template: t}]',
      'rules: [{match: {arch: x86PC}, then: {quirks: with-4011}}]',
    ]);
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    expect(loaded.value.networks[0]?.quirks).toEqual(['no-43', 'broadcast']);
    expect(loaded.value.hosts[0]?.quirks).toEqual(['broadcast']);
    expect(loaded.value.rules[0]?.then.quirks).toEqual(['with-4011']);
  });
});
