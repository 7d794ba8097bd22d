import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ARCH_NAMES } from '../../src/app/arch-names.ts';
import { EXIT } from '../../src/app/exit-codes.ts';
import type { Tool } from '../../src/app/setup.ts';
import { pxectlCommand, withSubcommands } from '../../src/cli/pxectl.ts';
import { toolCommand } from '../../src/cli/tools.ts';
import { formatProblem, loadConfig } from '../../src/config/load.ts';
import { template } from '../../src/config/network-schema.ts';
import { schema } from '../../src/config/schema.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

test.each<Tool>(['pxed', 'bootpd', 'dhcpd', 'ptftpd'])(
  'README.md names every option of %s, with a mark for that tool',
  (tool) => {
    const rows = README.split('\n').filter((line) => line.startsWith('| `-'));
    for (const { long, short } of toolCommand(tool, '0').options) {
      const row = rows.find((line) => line.includes(`${long}\``) || line.includes(`${long} `));
      expect(row, `${tool} ${long}`).toBeDefined();
      if (short) expect(row).toContain(`\`${short}\``);
      expect(row, `${tool} ${long}`).toMatch(new RegExp(`\\b(${tool}|all)\\b[^|]*\\|$`));
    }
  },
);

test.each(['check', 'loaders install', 'selftest'])('README.md names every option of pxectl %s', (name) => {
  const table = README.split(`| option of \`pxectl ${name}\``)[1]?.split('\n\n')[0] ?? '';
  const commands = withSubcommands(pxectlCommand('0', () => {}));
  const fullName = (one: Command): string =>
    one.parent ? `${fullName(one.parent)} ${one.name()}` : one.name();
  const { options } = commands.find((one) => fullName(one) === `pxectl ${name}`)!;
  expect(options.length).toBeGreaterThan(1);
  for (const { flags, long } of options) expect(table, flags).toContain(long);
});

test('README.md names every finding of pxectl check', () => {
  const source = readFileSync(join(ROOT, 'src/boot/tree.ts'), 'utf8');
  const problems = /type TreeProblem =([^;]*);/.exec(source)?.[1]?.match(/[a-z-]+(?=')/g) ?? [];
  expect(problems.length).toBeGreaterThan(10);
  for (const problem of problems) expect(README).toMatch(new RegExp(`^\\| .*\`${problem}\``, 'm'));
});

test('README.md has examples that load', () => {
  const examples = [...README.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) =>
    text.startsWith('version:') ? text : `version: 1\n${text}`,
  );
  expect(examples.length).toBeGreaterThanOrEqual(5);
  for (const text of examples) {
    const loaded = loadConfig(text, { file: 'README.md', archNames: ARCH_NAMES });
    expect(loaded.ok ? [] : loaded.problems.map(formatProblem)).toEqual([]);
  }
});

type JsonSchema = { properties?: Record<string, JsonSchema>; items?: JsonSchema };

function keysOf(node: JsonSchema, prefix = ''): string[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const deeper = keysOf(child, `${prefix}${key}.`);
    return deeper.length > 0 ? deeper : [`${prefix}${key}`];
  });
  return [...own, ...(node.items ? keysOf(node.items, `${prefix.replace(/\.$/, '')}[].`) : [])];
}

/** `*.lease` stands for the leases of networks, hosts and rules: the keys of a template. */
function shared(key: string): string {
  const [, name = ''] = /^(?:networks\[\]|hosts\[\]|rules\[\]\.then)\.([^.]+)$/.exec(key) ?? [];
  return name !== 'template' && name in template.shape ? `*.${name}` : key;
}

test('README.md names every key of the configuration', () => {
  const keys = keysOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.map(shared).filter((key) => !README.includes(`| \`${key}\``))).toEqual([]);
});

test('README.md names every event and nothing else as one', () => {
  const folder = join(ROOT, 'src/events');
  const files = readdirSync(folder).filter((name) => name.endsWith('event.ts'));
  const source = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  const types = new Set(
    [...source.matchAll(/'((?:dhcp|bootp|tftp|http|boot|service)\.[a-z-]+)'/g)].map((match) => match[1]!),
  );
  const shown = new Set(
    [...README.matchAll(/^\| `((?:dhcp|bootp|tftp|http|boot|service)\.[a-z-]+)`/gm)].map(
      (match) => match[1]!,
    ),
  );
  const keys = new Set(['bootp.enabled', 'bootp.range']);
  const configKeys = (name: string) =>
    keys.has(name) || (/^(tftp|http|boot)\./.test(name) && !types.has(name));
  expect(types.size).toBeGreaterThan(15);
  expect([...types].filter((type) => !shown.has(type))).toEqual([]);
  expect([...shown].filter((type) => !types.has(type) && !configKeys(type))).toEqual([]);
});

test('README.md names every exit code', () => {
  for (const code of Object.values(EXIT)) expect(README).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
});
