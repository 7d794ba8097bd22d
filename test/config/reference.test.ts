import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { defaultConfig, loadConfig } from '../../src/config/load.ts';
import { schema } from '../../src/config/schema.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const ARCH = ['x86-64_EFI', 'ARM64_EFI'];

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  default?: unknown;
};

/** Every key of the schema, as `tftp.ports` or `networks[].subnet`. */
function keysOf(node: JsonSchema, prefix = ''): string[] {
  const own = Object.entries(node.properties ?? {}).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...keysOf(child, `${prefix}${key}.`),
  ]);
  return [...own, ...(node.items ? keysOf(node.items, `${prefix.replace(/\.$/, '')}[].`) : [])];
}

function keysOfValue(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => keysOfValue(item, `${prefix.replace(/\.$/, '')}[].`));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...keysOfValue(child, `${prefix}${key}.`),
  ]);
}

test.each(['reference.yaml', 'minimal.yaml'])('config/%s has no mistake', (file) => {
  const loaded = loadConfig(readFileSync(join(CONFIG, file), 'utf8'), { file, archNames: ARCH });
  expect(loaded.ok ? [] : loaded.problems).toEqual([]);
});

test('config/reference.yaml shows every key there is', () => {
  const keys = keysOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema);
  const shown = new Set(keysOfValue(parse(readFileSync(join(CONFIG, 'reference.yaml'), 'utf8'))));
  expect(keys.length).toBeGreaterThan(40);
  expect(keys.filter((key) => !shown.has(key))).toEqual([]);
});

test('config/reference.yaml shows the defaults where it does not say "example"', () => {
  const loaded = loadConfig(readFileSync(join(CONFIG, 'reference.yaml'), 'utf8'), {
    file: 'r',
    archNames: ARCH,
  });
  if (!loaded.ok) throw new Error('has mistakes');
  const {
    root,
    ports,
    workers,
    'max-transfers-per-client': perClient,
    multicast,
    ...tftp
  } = loaded.value.tftp;
  const {
    root: _,
    ports: __,
    workers: ___,
    'max-transfers-per-client': ____,
    multicast: _____,
    ...tftpDefaults
  } = defaultConfig().tftp;
  expect(tftp).toEqual(tftpDefaults);
  expect([root, ports, workers, perClient, multicast]).not.toContain(undefined);
  expect(loaded.value.log).toEqual(defaultConfig().log);
  for (const key of ['mode', 'answer-all', 'authoritative', 'conflict-probe'] as const) {
    expect(loaded.value[key]).toBe(defaultConfig()[key]);
  }
});
