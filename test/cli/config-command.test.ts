import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { pxectl } from '../rig/pxectl.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'pxed-config-'));
const FILE = join(FOLDER, 'pxed.yaml');
const NO_SOCKET = join(FOLDER, 'no.sock');
const TEXT = '# mine\nversion: 1\ntftp:\n  root: /tftp # files\n  port: 69\n';

beforeEach(() => writeFileSync(FILE, TEXT));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(FOLDER, { recursive: true }));

function onFile(...words: string[]) {
  const [first = '', ...rest] = words;
  return pxectl('config', first, '--config', FILE, ...rest);
}

test('pxectl config show prints the file as it is, or all that holds', async () => {
  expect(await onFile('show')).toEqual({ code: 0, out: TEXT, err: '' });
  const { out } = await onFile('show', '--effective');
  expect(out).toContain('  windowsize-max: 64\n');
  const loaded = loadConfig(out, { file: 'effective', archNames: [] });
  expect(loaded.ok ? [] : loaded.problems).toEqual([]);
  const { out: json } = await onFile('show', '--json');
  expect(JSON.parse(json)).toMatchObject({ file: FILE, text: TEXT, problems: [], writable: true });
  expect(JSON.parse((await onFile('show', '--effective', '--json')).out)).toMatchObject({ mode: 'auto' });
});

test.each([
  { words: ['tftp.port'], want: { code: 0, out: '69\n' } },
  { words: ['tftp.root'], want: { code: 0, out: '/tftp\n' } },
  { words: ['tftp.windowsize-max'], want: { code: 0, out: '64\n' } },
  { words: ['limits'], want: { code: 0, out: 'per-client: 30\nper-relay: off\n' } },
  { words: ['tftp.root', '--json'], want: { code: 0, out: '"/tftp"\n' } },
  { words: ['networks[0].range'], want: { code: 5, err: 'pxectl: networks[0].range is not set\n' } },
  { words: ['a..b'], want: { code: 2 } },
])('pxectl config get $words', async ({ words, want }) => {
  expect(await onFile('get', ...words)).toMatchObject(want);
});

test('pxectl config set changes values, and tells which', async () => {
  const said = await onFile('set', 'tftp.port', '1069', 'hosts[+]', '{"mac": "52:54:00:00:00:01"}');
  expect(said).toMatchObject({ code: 0, err: '' });
  expect(said.out).toBe(
    `tftp.port: 69 -> 1069\nhosts: not set -> [{ mac: 52:54:00:00:00:01 }]\nsaved in ${FILE}; in force when pxed reads it (pxectl reload)\n`,
  );
  const want = `${TEXT.replace('69', '1069')}hosts:\n  - mac: 52:54:00:00:00:01\n`;
  expect(readFileSync(FILE, 'utf8')).toBe(want);
  expect(await onFile('set', 'tftp.port', '1069')).toMatchObject({
    code: 0,
    out: `${FILE} says so already\n`,
  });
  const { out } = await onFile('set', 'mode', 'dhcp', '--json');
  expect(JSON.parse(out)).toMatchObject({ saved: true, changed: [{ path: 'mode', after: 'dhcp' }] });
});

test('pxectl config unset takes values out', async () => {
  expect(await onFile('unset', 'tftp.port', 'tftp.writes')).toMatchObject({ code: 0 });
  expect(readFileSync(FILE, 'utf8')).toBe('# mine\nversion: 1\ntftp:\n  root: /tftp # files\n');
  expect(await onFile('unset', 'tftp.port')).toMatchObject({ code: 0, out: `${FILE} says so already\n` });
});

test('pxectl config set makes a file that is not there', async () => {
  const made = join(FOLDER, 'made.yaml');
  expect(await pxectl('config', 'set', '-c', made, 'mode', 'proxy')).toMatchObject({ code: 0 });
  expect(readFileSync(made, 'utf8')).toBe('version: 1\nmode: proxy\n');
});

test.each([
  {
    name: 'with mistakes, each with its place',
    words: ['tftp.port', 'high', 'mode', 'x'],
    code: 1,
    err: [`${FILE}:5: tftp.port: `, `${FILE}:6: mode: `, 'pxectl: nothing was changed\n'],
  },
  { name: 'below a value', words: ['tftp.port.x', '1'], code: 1, err: ['tftp.port is a value'] },
  { name: 'at no place', words: ['tftp..port', '1'], code: 2, err: ['cannot read "tftp..port"'] },
  { name: 'without a value', words: ['mode', 'dhcp', 'tftp.port'], code: 2, err: ['Which value?'] },
  { name: 'twice', words: ['mode', 'dhcp', 'mode', 'off'], code: 2, err: ['mode is named twice'] },
  { name: 'that is half of JSON', words: ['leasequery', '[1'], code: 2, err: ['cannot read [1'] },
])('pxectl config set refuses values $name', async ({ words, code, err }) => {
  const said = await onFile('set', ...words);
  expect(said.code).toBe(code);
  for (const part of err) expect(said.err).toContain(part);
  expect(readFileSync(FILE, 'utf8')).toBe(TEXT);
});

test('pxectl config check lists every mistake with its line', async () => {
  expect(await pxectl('config', 'check', FILE)).toEqual({ code: 0, out: `${FILE}: no mistakes\n`, err: '' });
  writeFileSync(FILE, 'version: 1\nmode: x\ntftp: { prot: 1 }\nbootptab: /nowhere\n');
  const said = await pxectl('config', 'check', FILE);
  expect(said).toMatchObject({ code: 1, out: '' });
  expect(said.err).toMatch(/pxed\.yaml:2: mode: .*\n.*pxed\.yaml:3: tftp\.prot: /);
  const { out, code } = await onFile('check', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    problems: [
      { line: 2, path: 'mode' },
      { line: 3, path: 'tftp.prot' },
    ],
  });
  writeFileSync(FILE, 'version: 1\nbootptab: /nowhere\n');
  expect((await onFile('check')).err).toContain('/nowhere');
  expect(await pxectl('config', 'check', join(FOLDER, 'none'))).toMatchObject({ code: 5 });
});

test('pxectl config schema prints a JSON Schema', async () => {
  const { code, out } = await pxectl('config', 'schema');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ type: 'object', required: ['version'] });
});

test.each([['show'], ['get', 'mode'], ['set', 'mode', 'dhcp'], ['unset', 'mode'], ['check'], ['edit']])(
  'pxectl config %s says that no pxed runs, and what to do',
  async (...words) => {
    const said = await pxectl('config', ...words, '--socket', NO_SOCKET);
    expect(said).toMatchObject({ code: 4, out: '' });
    expect(said.err).toBe(`pxectl: No pxed is running at ${NO_SOCKET}; name its file instead: --config\n`);
  },
);

/** An editor that does what a script says. */
function editorThat(script: string): void {
  const path = join(FOLDER, 'editor.sh');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('VISUAL', path);
}

test('pxectl config edit saves what the editor left', async () => {
  editorThat('echo "mode: dhcp" >>"$1"');
  expect(await onFile('edit')).toMatchObject({ code: 0, err: '' });
  expect(readFileSync(FILE, 'utf8')).toBe(`${TEXT}mode: dhcp\n`);
  editorThat('true');
  expect(await onFile('edit')).toMatchObject({ code: 0, out: `${FILE} was not changed\n` });
});

test('pxectl config edit keeps what cannot be saved, and says where', async () => {
  editorThat('echo "modus: dhcp" >>"$1"');
  const said = await onFile('edit');
  expect(said.code).toBe(1);
  expect(said.err).toContain(`${FILE}:6: modus: `);
  const [, draft = ''] = /kept as (\S+)/.exec(said.err) ?? [];
  expect(readFileSync(draft, 'utf8')).toBe(`${TEXT}modus: dhcp\n`);
  rmSync(join(draft, '..'), { recursive: true });
  // Somebody else saves while the editor is open.
  editorThat(`echo "mode: dhcp" >>"$1"; echo "# other" >>${FILE}`);
  const late = await onFile('edit');
  expect(late.code).toBe(1);
  expect(late.err).toMatch(/Somebody changed the configuration since it was read.*kept as/);
  expect(readFileSync(FILE, 'utf8')).toBe(`${TEXT}# other\n`);
  const [, other = ''] = /kept as (\S+)/.exec(late.err) ?? [];
  rmSync(join(other, '..'), { recursive: true });
  editorThat('exit 3');
  expect(await onFile('edit')).toMatchObject({
    code: 1,
    err: 'pxectl: The editor failed: nothing was changed\n',
  });
  expect(existsSync(draft)).toBe(false);
});
