import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

/**
 * Who may import whom; docs/architecture.md explains the rows. `types` may be imported with `import type` only.
 */
const MAY_IMPORT: Record<string, { from: string[]; types?: string[] }> = {
  lib: { from: [] },
  'dhcp-packet': { from: ['lib'] },
  'tftp-packet': { from: ['lib'] },
  frame: { from: ['lib'] },
  boot: { from: ['lib', 'dhcp-packet'] },
  dhcp: { from: ['lib', 'dhcp-packet', 'boot'], types: ['events'] },
  tftp: { from: ['lib', 'tftp-packet'], types: ['events'] },
  http: { from: ['lib', 'boot'], types: ['events'] },
  events: { from: ['lib'] },
  timeline: { from: ['lib', 'boot', 'events'] },
  config: { from: ['lib', 'dhcp-packet'] },
  net: { from: ['lib'] },
  store: { from: ['lib'], types: ['dhcp', 'boot'] },
  client: { from: ['lib', 'dhcp-packet', 'tftp-packet', 'frame', 'boot', 'net', 'tftp-client'] },
  server: {
    from: [
      'lib',
      'dhcp-packet',
      'tftp-packet',
      'frame',
      'boot',
      'dhcp',
      'tftp',
      'http',
      'events',
      'timeline',
      'net',
      'store',
    ],
  },
  app: {
    from: [
      'lib',
      'dhcp-packet',
      'tftp-packet',
      'frame',
      'boot',
      'dhcp',
      'tftp',
      'http',
      'events',
      'timeline',
      'config',
      'net',
    ].concat(['store', 'server', 'client']),
  },
  'tftp-client': { from: ['lib', 'tftp-packet', 'tftp', 'net'] },
  cli: { from: ['app', 'config', 'lib', 'tftp-client'] },
  library: { from: ['app', 'config', 'events', 'lib', 'net', 'store'] },
  demo: { from: ['lib', 'client', 'net', 'frame'] },
  ui: { from: ['lib'], types: ['server'] },
};

/** Folders whose code takes time, randomness, files and sockets as arguments. */
const PURE = ['lib', 'dhcp-packet', 'tftp-packet', 'frame', 'boot', 'dhcp', 'tftp', 'http', 'timeline'];
/** The same for parts of folders that have sockets beside them. */
const PURE_PARTS = ['tftp-client/machine'];
const IMPURE = [
  /from 'node:/,
  /import\('node:/,
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bprocess\./,
];

type Import = { file: string; from: string; to: string; typeOnly: boolean };

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

function folderOf(file: string): string {
  return relative(SRC, file).split('/')[0]!;
}

function inPart(file: string, part: string): boolean {
  return file.startsWith(`${join(SRC, part)}/`);
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /(?:^|\n)\s*(import|export)\s+(type\s+)?([^;'"]*?\bfrom\s+)?'([^']+)'/g,
  )) {
    const [, , type, , target] = match;
    if (target?.startsWith('.')) {
      const to = resolve(dirname(file), target);
      found.push({
        file: relative(ROOT, file),
        from: folderOf(file),
        to: relative(SRC, to),
        typeOnly: type !== undefined,
      });
    }
  }
  for (const match of text.matchAll(/\bimport\(\s*'(\.[^']+)'\s*\)/g)) {
    const to = resolve(dirname(file), match[1]!);
    found.push({ file: relative(ROOT, file), from: folderOf(file), to: relative(SRC, to), typeOnly: false });
  }
  return found;
}

const files = sources(SRC);
const imports = files.flatMap(importsOf);

test('every folder of src has a row', () => {
  const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
});

test('every import is allowed by its folder’s row', () => {
  const wrong = imports.filter(({ from, to, typeOnly }) => {
    const target = to.split('/')[0]!;
    const row = MAY_IMPORT[from]!;
    return target !== from && !row.from.includes(target) && !(typeOnly && row.types?.includes(target));
  });
  expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
});

test('bin imports cli alone', () => {
  const wrong = sources(join(ROOT, 'bin')).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/(?:from |import\()'([^']+)'/g)]
      .map((match) => match[1]!)
      .filter((target) => !target.startsWith('../src/cli/'))
      .map((target) => `${relative(ROOT, file)} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('protocol code is pure: no node modules, clock, randomness or process', () => {
  const wrong = files
    .filter((file) => PURE.includes(folderOf(file)) || PURE_PARTS.some((part) => inPart(file, part)))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      return IMPURE.filter((pattern) => pattern.test(text)).map(
        (pattern) => `${relative(ROOT, file)}: ${pattern}`,
      );
    });
  expect(wrong).toEqual([]);
});

test('pointers exist in net/linux alone', () => {
  const wrong = files
    .filter((file) => !file.startsWith(join(SRC, 'net/linux')))
    .filter((file) => /from 'koffi'|import\('koffi'\)/.test(readFileSync(file, 'utf8')));
  expect(wrong.map((file) => relative(ROOT, file))).toEqual([]);
});

test('pino is known to the log file alone', () => {
  const wrong = files
    .filter((file) => relative(SRC, file) !== 'events/log.ts')
    .filter((file) => /from 'pino(-pretty)?'/.test(readFileSync(file, 'utf8')));
  expect(wrong.map((file) => relative(ROOT, file))).toEqual([]);
});

test('what the console is made of is known to the console alone', () => {
  const wrong = files
    .filter((file) => folderOf(file) !== 'ui')
    .filter((file) => /from '(preact|@preact\/|uplot|vite)/.test(readFileSync(file, 'utf8')));
  expect(wrong.map((file) => relative(ROOT, file))).toEqual([]);
});

test('frameworks of control are known to one file each', () => {
  const knows = (name: string) =>
    files.filter((file) => new RegExp(`(from|import\\()\\s*'${name}[/']`).test(readFileSync(file, 'utf8')));
  expect(knows('(@fastify/[a-z]+|fastify)').map((file) => relative(SRC, file))).toEqual([
    'server/control/app.ts',
  ]);
  expect(knows('prom-client').map((file) => relative(SRC, file))).toEqual(['server/control/metrics.ts']);
});

test('what only operators need is not loaded at start', () => {
  const statically = new Map<string, string[]>();
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const targets = [
      ...text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[^;'"]*?\bfrom\s+)?'(\.[^']+)'/g),
    ];
    statically.set(
      relative(SRC, file),
      targets.map((match) => relative(SRC, resolve(dirname(file), match[1]!))),
    );
  }
  const loaded = new Set<string>();
  const waiting = ['cli/main.ts'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    waiting.push(...(statically.get(file) ?? []));
  }
  expect(loaded.size).toBeGreaterThan(100);
  expect(loaded).toContain('app/control-service.ts');
  for (const late of ['app/control.ts', 'server/control/app.ts', 'server/control/metrics.ts']) {
    expect(statically.has(late)).toBe(true);
    expect(loaded).not.toContain(late);
  }
});

test('imports have no circles', () => {
  const edges = new Map<string, string[]>();
  for (const { file, to, typeOnly } of imports) {
    if (typeOnly) continue;
    const from = relative('src', file);
    edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const circles: string[] = [];
  const state = new Map<string, 'open' | 'closed'>();
  function visit(node: string, path: string[]): void {
    if (state.get(node) === 'closed') return;
    if (state.get(node) === 'open') {
      circles.push([...path.slice(path.indexOf(node)), node].join(' -> '));
      return;
    }
    state.set(node, 'open');
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    state.set(node, 'closed');
  }
  for (const node of edges.keys()) visit(node, []);
  expect(circles).toEqual([]);
});

test('no source file is longer than 300 lines, data tables apart', () => {
  const long = files
    .filter((file) => !/table\.ts$/.test(file))
    .map((file) => ({ file: relative(ROOT, file), lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 300);
  expect(long).toEqual([]);
});
