import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkTreeSoon, treeWarnings } from '../../src/app/check-tree.ts';
import { createRootFiles } from '../../src/app/root-files.ts';
import { reportTree, type TreeQuestion } from '../../src/app/tree-report.ts';
import type { TreeFinding } from '../../src/boot/tree.ts';
import { defaultConfig } from '../../src/config/load.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { efiProgram } from '../boot-policy/efi-program.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-check-'));
  root = join(folder, 'tftp');
  mkdirSync(root);
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, content = 'x'): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

async function check(question: TreeQuestion = { root }) {
  let out = '';
  let err = '';
  const code = await reportTree(question, {
    out: { write: (text: string) => (out += text) },
    err: { write: (text: string) => (err += text) },
    now: () => 0,
    readText: (file) => readFileSync(file, 'utf8'),
  });
  return { code, out, err };
}

function sound(): void {
  put('pxelinux.0', 'PXELINUX 6.04');
  put('ldlinux.c32');
  put('pxelinux.cfg/default', 'LABEL a\nKERNEL vmlinuz\n');
  put('vmlinuz');
}

test('reportTree() ends with 0 for a root without a problem, and notes do not count', async () => {
  sound();
  expect(await check()).toEqual({ code: 0, out: `${root}: no problem (5 names looked at)\n`, err: '' });
  put('ipxe.efi', '');
  rmSync(join(root, 'ipxe.efi'));
  put('undionly.kpxe');
  const noted = await check();
  expect(noted.code).toBe(0);
  expect(noted.out).toMatch(
    /: no problem, 1 note \(6 names looked at\)\n\nnote {5}no-script: undionly\.kpxe /,
  );
});

test('reportTree() ends with 1 for a problem, and says what to do on the next line', async () => {
  sound();
  rmSync(join(root, 'ldlinux.c32'));
  symlinkSync('default.netboot', join(root, 'pxelinux.cfg/C0A8000B'));
  const { code, out } = await check();
  expect(code).toBe(1);
  expect(out).toMatch(/^\S+: 2 problems \(5 names/);
  expect(out).toMatch(
    /\nproblem {2}missing-companion: pxelinux\.0 needs ldlinux\.c32, .*\n {9}copy it from /,
  );
  expect(out).toContain('problem  dangling-link: pxelinux.cfg/C0A8000B is a link to default.netboot');
});

test('reportTree() prints JSON with every field', async () => {
  sound();
  rmSync(join(root, 'vmlinuz'));
  const { code, out } = await check({ root, json: true, user: 'root' });
  expect(code).toBe(1);
  expect(JSON.parse(out)).toEqual({
    root,
    user: 'root',
    looked: 4,
    complete: true,
    findings: [
      {
        severity: 'problem',
        problem: 'missing-file',
        path: 'pxelinux.cfg/default:2',
        detail: 'kernel vmlinuz is not there',
        fix: 'put it there, or correct the name',
      },
    ],
  });
});

test('reportTree() takes root, files, profiles and user of a configuration', async () => {
  const config = join(folder, 'pxed.yaml');
  writeFileSync(
    config,
    `version: 1\nuser: root\ntftp: { root: ${root} }\nprofiles:\n  install: { kernel: gone, initrd: [vmlinuz, lost.img] }\n`,
  );
  put('pxelinux.0', 'PXELINUX 4.05');
  put('vmlinuz');
  const { code, out } = await check({ config });
  expect(code).toBe(1);
  // With profiles loaders need no configuration in the tree.
  expect(out).not.toContain('no-config');
  expect(out).toContain(
    'missing-file: the configuration names what is not in the root: gone (profiles.install), lost.img (profiles.install)\n',
  );
});

test('reportTree() holds files of rules and menu lines against the architecture they are for', async () => {
  const config = join(folder, 'pxed.yaml');
  writeFileSync(
    config,
    `version: 1
user: root
tftp: { root: ${root} }
rules: [{ match: { arch: ARM64_EFI }, then: { filename: x.efi } }]
boot:
  arch: { 7: x.efi }
  menu: { entries: [{ text: One, filename: x.efi, arch: IA32_EFI }] }
`,
  );
  writeFileSync(join(root, 'x.efi'), efiProgram({ machine: 0x8664 }));
  const { out } = await check({ config });
  expect(out.match(/wrong-cpu: .*/g)).toEqual([
    'wrong-cpu: x.efi is an EFI program for x86-64, and UEFI 64-bit ARM machines are given it',
    'wrong-cpu: x.efi is an EFI program for x86-64, and UEFI 32-bit x86 machines are given it',
  ]);
});

test('reportTree() has no name do anything to a terminal', async () => {
  sound();
  writeFileSync(join(root, 'a\u001b]0;evil\u0007.efi'), 'no program');
  const { out } = await check();
  expect(out).toContain('not-efi: a?]0;evil?.efi is no EFI program');
  expect(out).not.toContain('\u001b');
});

test('reportTree() tells what the user that pxed becomes cannot read, above the root too', async () => {
  sound();
  chmodSync(join(root, 'vmlinuz'), 0o600);
  chmodSync(folder, 0o700);
  const { code, out } = await check({ root, user: 'nobody' });
  expect(code).toBe(1);
  expect(out).toContain('unreadable: vmlinuz cannot be read');
  expect(out).toContain(`unreadable: ${folder} is closed to nobody`);
});

test.each([
  ['no root', {}, 2, /Which folder\?/],
  ['a root that is not there', { root: '/no/such/folder' }, 1, /no such folder/],
  [
    'a configuration that is not there',
    { config: '/no/such/file' },
    2,
    /Cannot read \/no\/such\/file: no such file\n/,
  ],
  ['a user that is not there', { root: '/', user: 'no-such-user' }, 1, /Cannot run as user no-such-user/],
])('reportTree() of %s', async (_, question, code, words) => {
  const said = await check(question);
  expect(said).toMatchObject({ code, out: '' });
  expect(said.err).toMatch(words);
});

test('reportTree() names every mistake of a configuration, and ends with 2', async () => {
  const config = join(folder, 'pxed.yaml');
  writeFileSync(config, 'version: 1\nrot: x\nmode: maybe\n');
  const { code, err } = await check({ config });
  expect(code).toBe(2);
  expect(err.split('\n')).toHaveLength(3);
});

test('checkTreeSoon() tells problems as warnings while all is served', async () => {
  sound();
  rmSync(join(root, 'ldlinux.c32'));
  put('ipxe.efi');
  const config = defaultConfig();
  const told = await new Promise<BootEvent>((resolve) => {
    checkTreeSoon({ root, config, exists: createRootFiles(root) }, resolve);
  });
  expect(told).toMatchObject({ type: 'service.warning', service: 'tree', problem: 'missing-companion' });
});

test('treeWarnings() tells the first problems in full, the number of the others, and no notes', () => {
  const finding = (severity: TreeFinding['severity'], path: string): TreeFinding => {
    return { severity, problem: 'missing-file', path, detail: 'is gone', fix: 'put it there' };
  };
  const findings = [
    ...Array.from({ length: 11 }, (_, i) => finding('problem', `f${i}`)),
    finding('note', 'n'),
  ];
  const details = treeWarnings(findings, '/tftp').map((event) =>
    event.type === 'service.warning' ? event.detail : '',
  );
  expect(details).toHaveLength(9);
  expect(details[0]).toBe('f0 is gone; put it there');
  expect(details.at(-1)).toBe('3 more problems in /tftp: pxectl check /tftp names them');
  expect(treeWarnings([finding('note', 'n')], '/tftp')).toEqual([]);
});
