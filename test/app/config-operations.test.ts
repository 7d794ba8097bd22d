import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { ARCH_NAMES } from '../../src/app/arch-names.ts';
import type { Composed } from '../../src/app/compose.ts';
import { createConfigOperations } from '../../src/app/config-operations.ts';
import { EDITING_MS } from '../../src/app/config-sessions.ts';
import { dhcpSettingsOf } from '../../src/app/dhcp-settings.ts';
import { reload } from '../../src/app/reload.ts';
import type { Setup } from '../../src/app/setup.ts';
import { setupOf } from '../../src/cli/setup-of.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { ControlError } from '../../src/server/control/control-error.ts';
import { unprivileged } from '../rig/unprivileged.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'pxed-config-'));
chmodSync(FOLDER, 0o755);
const FILE = join(FOLDER, 'pxed.yaml');
const TEXT = `# The lab
version: 1

mode: dhcp   # alone here
tftp:
  root: /tftp
  port: 69

hosts:
  # Bob's
  - mac: 52:54:00:00:00:01
    address: 10.0.0.11
`;

beforeEach(() => writeFileSync(FILE, TEXT));
afterAll(() => rmSync(FOLDER, { recursive: true }));

/** A pxed that runs, as far as a configuration matters to it. */
function running({ isNamed = true, options = {} } = {}) {
  const file = isNamed ? FILE : undefined;
  const read = (text?: string) =>
    setupOf(
      {
        tool: 'pxed',
        positional: isNamed ? ['eth0'] : ['eth0', '/tftp', 'x.0'],
        options: { ...(file !== undefined && { config: file }), ...options },
      },
      {
        readText: (name) => (name === file && text !== undefined ? text : readFileSync(name, 'utf8')),
        archNames: ARCH_NAMES,
      },
    );
  const started = read();
  if (!started.ok) throw new Error(started.problems.join('\n'));
  let current: Setup = started.value;
  let now = Date.UTC(2026, 0, 1);
  let refusal: string | undefined;
  const events: string[] = [];
  const io = { applied: 0 };
  const composed = {
    get setup() {
      return current;
    },
    apply(next: Setup) {
      if (refusal !== undefined) throw new Error(refusal);
      current = next;
      io.applied++;
    },
    inside: {
      facts: () => {
        const address = parseIpv4('10.0.0.1')!;
        const mac = '52:54:00:00:00:fe';
        const link = { name: 'eth0', index: 2, mac, mtu: 1500 };
        const addresses = [{ address, prefixLength: 24 }];
        const dhcp = dhcpSettingsOf(current, [{ ...link, addresses: [{ ip: address, length: 24 }] }], 'h');
        return { links: [{ ...link, up: true, running: true, addresses }], dhcp };
      },
    },
  } as unknown as Composed;
  const operations = createConfigOperations({
    ...{ file, read, setup: () => current },
    check: (next) => {
      if (next.config.tftp.root === '/nowhere') throw new Error('Cannot serve /nowhere: no such folder');
    },
    reload: () =>
      reload(
        composed,
        () => read(),
        (event) => events.push(event.type),
      ),
    now: () => now,
  });
  return {
    operations,
    io,
    setup: () => current,
    pass: (ms: number) => {
      now += ms;
    },
    refuse: (why: string | undefined) => {
      refusal = why;
    },
  };
}

function refusal(act: () => unknown): ControlError {
  try {
    act();
  } catch (error) {
    if (error instanceof ControlError) return error;
    throw error;
  }
  throw new Error('was done');
}

test('view() tells the file, what is in force, and that they are the same', () => {
  const { operations } = running({ options: { port: 1069 } });
  const view = operations.view();
  expect(view).toMatchObject({ file: FILE, text: TEXT, writable: true, problems: [], inForce: true });
  expect(view.effective).toMatchObject({
    mode: 'dhcp',
    interfaces: ['eth0'],
    tftp: { root: '/tftp', port: 1069, 'windowsize-max': 64 },
    hosts: [{ mac: '52:54:00:00:00:01', address: '10.0.0.11' }],
  });
});

test('view() tells mistakes that the file has by now, and what waits for a restart', () => {
  const { operations } = running();
  writeFileSync(FILE, `${TEXT}modus: x\n`);
  const view = operations.view();
  expect(view.inForce).toBe(false);
  expect(view.problems).toMatchObject([{ file: FILE, line: 13, path: 'modus' }]);
  writeFileSync(FILE, TEXT.replace('port: 69', 'port: 70'));
  expect(operations.view()).toMatchObject({ problems: [], needsRestart: ['tftp.port'], inForce: false });
  expect(operations.view().effective).toMatchObject({ tftp: { port: 69 } });
});

test('save() warns of an address that no machine will get, and of nothing that was so before', () => {
  const { operations } = running();
  const elsewhere = operations.save({ set: { 'hosts[0].address': '10.9.0.1' } }, 'alice');
  expect(elsewhere).toMatchObject({
    applied: true,
    warnings: ['hosts[0].address: 10.9.0.1 is in no network that is served: nobody gets it'],
  });
  const again = operations.save({ set: { 'tftp.windowsize-max': 8 } }, 'alice');
  expect(again).toMatchObject({ applied: true });
  expect(again).not.toHaveProperty('warnings');
  const own = operations.save({ set: { 'hosts[0].address': '10.0.0.1' } }, 'alice');
  expect(own.warnings).toEqual([expect.stringContaining("10.0.0.1 is pxed's own")]);
});

test('save() changes what was asked for and nothing else, saves it, and puts it in force', () => {
  const { operations, setup, io } = running();
  const saved = operations.save(
    { set: { 'tftp.windowsize-max': 8, 'hosts[0].address': '10.0.0.12' } },
    'alice',
  );
  expect(saved).toMatchObject({ file: FILE, saved: true, applied: true, needsRestart: [], problems: [] });
  expect(saved.changed).toEqual([
    { path: 'tftp.windowsize-max', after: 8 },
    { path: 'hosts[0].address', before: '10.0.0.11', after: '10.0.0.12' },
  ]);
  const want = TEXT.replace('port: 69\n', 'port: 69\n  windowsize-max: 8\n').replace(
    '10.0.0.11',
    '10.0.0.12',
  );
  expect(readFileSync(FILE, 'utf8')).toBe(want);
  expect(setup().config.tftp['windowsize-max']).toBe(8);
  expect(io.applied).toBe(1);
  expect(operations.save({ unset: ['tftp.windowsize-max'] }, 'alice')).toMatchObject({ applied: true });
  expect(setup().config.tftp['windowsize-max']).toBe(64);
});

test('save() says that a change waits for a restart, and saves it', () => {
  const { operations, setup } = running();
  const saved = operations.save({ set: { 'tftp.port': 1069 } }, 'alice');
  expect(saved).toMatchObject({ saved: true, applied: false, needsRestart: ['tftp.port'] });
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT.replace('port: 69', 'port: 1069'));
  expect(setup().config.tftp.port).toBe(69);
});

test('save() does not write what is so already, and says so', () => {
  const { operations } = running();
  expect(operations.save({ set: { mode: 'dhcp' } }, 'alice')).toMatchObject({ saved: false, changed: [] });
});

test.each([
  { name: 'each with its line', set: { mode: 'of', 'tftp.port': 'x' }, places: ['4 mode', '7 tftp.port'] },
  {
    name: 'that contradict one another',
    set: { 'hosts[+]': { mac: '52:54:00:00:00:02', address: '10.0.0.11' } },
    places: ['14 hosts[1].address'],
  },
  { name: 'of what is served', set: { 'tftp.root': '/nowhere' }, places: ['undefined undefined'] },
  { name: 'of a bootptab that is not there', set: { bootptab: '/nowhere' }, places: ['undefined undefined'] },
])('save() changes nothing for mistakes $name', ({ set, places }) => {
  const { operations, io } = running();
  const problem = refusal(() => operations.save({ set }, 'alice'));
  expect(problem).toMatchObject({ status: 422, code: 'config-problems' });
  const { problems } = problem.details as { problems: { line?: number; path?: string }[] };
  expect(problems.map(({ line, path }) => `${line} ${path}`)).toEqual(places);
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT);
  expect(io.applied).toBe(0);
});

test('save() puts the old text back when what was tried cannot be put in force after all', () => {
  const { operations, refuse } = running();
  refuse('the folder has gone');
  expect(refusal(() => operations.save({ set: { 'tftp.rfc1350': true } }, 'alice'))).toMatchObject({
    status: 422,
    code: 'not-applied',
  });
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT);
});

test('save() of a whole text needs the mark of the one that it was made from', () => {
  const { operations } = running();
  const { etag } = operations.view();
  expect(refusal(() => operations.save({ text: 'version: 1\n' }, 'alice'))).toMatchObject({ status: 400 });
  const text = TEXT.replace('alone here', 'for now');
  expect(operations.save({ text, ifMatch: etag }, 'alice')).toMatchObject({ saved: true, changed: [] });
  expect(readFileSync(FILE, 'utf8')).toBe(text);
});

test('save() tells who comes second what the first one changed', () => {
  const { operations } = running();
  const { etag } = operations.view();
  operations.save({ set: { 'tftp.rfc1350': true } }, 'alice');
  const problem = refusal(() => operations.save({ set: { mode: 'proxy' }, ifMatch: etag }, 'bob'));
  expect(problem).toMatchObject({ status: 409, code: 'changed' });
  expect(problem.message).toContain('tftp.rfc1350');
  expect(problem.details).toMatchObject({ changed: [{ path: 'tftp.rfc1350', after: true }] });
  writeFileSync(FILE, TEXT);
  expect(refusal(() => operations.save({ set: { mode: 'proxy' }, ifMatch: 'unknown' }, 'bob')).code).toBe(
    'changed',
  );
});

test('save() refuses what is no place, and what cannot be there', () => {
  const { operations } = running();
  expect(refusal(() => operations.save({ set: { 'a..b': 1 } }, 'x'))).toMatchObject({
    status: 400,
    code: 'bad-path',
  });
  expect(refusal(() => operations.save({ set: { 'mode.x': 1 } }, 'x'))).toMatchObject({
    status: 422,
    code: 'cannot-edit',
  });
});

test('save() says who may write where pxed may not', async () => {
  if (process.getuid?.() !== 0) return;
  const { operations } = running();
  const problem = await unprivileged(() => refusal(() => operations.save({ set: { mode: 'proxy' } }, 'x')));
  expect(problem).toMatchObject({ status: 403, code: 'not-writable' });
  expect(problem.message).toMatch(/(permission denied in|belongs to somebody else).*pxectl config set/);
  const view = await unprivileged(() => operations.view());
  expect(view).toMatchObject({ writable: false, text: TEXT });
  chmodSync(FILE, 0o600);
  const unreadable = await unprivileged(() => operations.view());
  expect(unreadable.text).toBeUndefined();
  expect(unreadable.problems[0]?.message).toMatch(/permission denied/);
});

test('operations without a file show what is in force, and save nothing', () => {
  const { operations } = running({ isNamed: false });
  expect(refusal(() => operations.save({ set: { mode: 'proxy' } }, 'x'))).toMatchObject({
    status: 409,
    code: 'no-file',
  });
  expect(refusal(() => operations.begin('x', false)).code).toBe('no-file');
  const view = operations.view();
  expect(view.file).toBeUndefined();
  expect(view.effective).toMatchObject({ mode: 'auto', interfaces: ['eth0'] });
});

test('check() tells what would come of it, and changes nothing', () => {
  const { operations } = running();
  expect(operations.check({ set: { 'tftp.port': 70, mode: 'proxy' }, unset: ['hosts[0]'] })).toMatchObject({
    problems: [],
    needsRestart: ['mode', 'tftp.port'],
    changed: [
      { path: 'mode', before: 'dhcp', after: 'proxy' },
      { path: 'tftp.port', before: 69, after: 70 },
      { path: 'hosts[0]' },
    ],
  });
  expect(operations.check({ text: 'version: 2\n' }).problems).toMatchObject([{ line: 1, path: 'version' }]);
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT);
});

test('begin, set, save and apply are steps of their own, and others are told meanwhile', () => {
  const { operations, setup } = running();
  const editing = operations.begin('alice', false);
  expect(editing.who).toBe('alice');
  const told = refusal(() => operations.begin('bob', false));
  expect(told).toMatchObject({ status: 409, code: 'being-edited' });
  expect(told.message).toMatch(/^alice has been editing/);
  expect(refusal(() => operations.save({ set: { mode: 'proxy' } }, 'bob')).code).toBe('being-edited');
  expect(operations.view().editor).toMatchObject({ who: 'alice' });
  expect(JSON.stringify(operations.view())).not.toContain(editing.id);

  // Set: nothing is saved, and a mistake is told at once.
  expect(operations.stage(editing.id, { set: { 'tftp.writes': 'creat' } }).problems).toHaveLength(1);
  expect(refusal(() => operations.saveStaged(editing.id, false)).code).toBe('config-problems');
  const staged = operations.stage(editing.id, { set: { 'tftp.writes': 'create' } });
  expect(staged).toMatchObject({ problems: [], changed: [{ path: 'tftp.writes', after: 'create' }] });
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT);

  // Save: what is in force is what it was.
  expect(operations.saveStaged(editing.id, false)).toMatchObject({ saved: true, applied: false });
  expect(setup().config.tftp.writes).toBe('off');
  expect(operations.view().inForce).toBe(false);

  // Apply.
  expect(operations.apply()).toEqual({ applied: true, needsRestart: [], problems: [] });
  expect(setup().config.tftp.writes).toBe('create');
  expect(refusal(() => operations.staged(editing.id))).toMatchObject({
    status: 404,
    code: 'no-such-editing',
  });
});

test('an editing ends by itself, may be taken over, and never overwrites what others saved', () => {
  const { operations, pass } = running();
  const first = operations.begin('alice', false);
  pass(EDITING_MS - 1);
  operations.stage(first.id, { set: { mode: 'proxy' } });
  pass(EDITING_MS - 1);
  expect(operations.view().editor?.who).toBe('alice');
  pass(1);
  expect(operations.view().editor).toBeUndefined();
  const second = operations.begin('bob', false);
  const third = operations.begin('carol', true);
  expect(refusal(() => operations.staged(second.id)).code).toBe('no-such-editing');
  operations.save({ set: { 'tftp.rfc1350': true }, force: true }, 'dave');
  operations.stage(third.id, { set: { mode: 'proxy' } });
  expect(refusal(() => operations.saveStaged(third.id, true)).code).toBe('changed');
  operations.end(third.id);
  expect(operations.view().editor).toBeUndefined();
});

test('schema() is a JSON Schema in which every key says what it means', () => {
  const schema = running().operations.schema();
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    properties: {
      tftp: { properties: { port: { default: 69 }, 'upload-max': { default: 1024 ** 3 } } },
      // One router will do in the place of a list.
      networks: { items: { properties: { routers: { anyOf: [{ type: 'string' }, { type: 'array' }] } } } },
    },
  });
});
