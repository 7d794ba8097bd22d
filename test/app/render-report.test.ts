import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type RenderQuestion, reportRendering } from '../../src/app/render-report.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

const MAC = '52:54:00:12:34:56';
const CONFIG = `version: 1
interfaces: [eth0]
profiles:
  install: { kernel: linux, args: "ip=\${ip} mac=\${mac} url=\${http} name=\${hostname}" }
  rescue: { kernel: rescue }
hosts:
  - { mac: ${MAC}, address: 192.168.77.10, profile: install }
rules:
  - { match: { uuid: 564d8a10-97c2-4f05-9d3a-0123456789ab }, then: { profile: rescue } }
`;
const ETH0 = {
  ...{
    name: 'eth0',
    index: 2,
    mac: '52:54:00:00:00:01',
    mtu: 1500,
    up: true,
    running: true,
    loopback: false,
  },
  addresses: [{ address: parseIpv4('192.168.77.1')!, prefixLength: 24 }],
};

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function ask(question: Partial<RenderQuestion>, config = CONFIG) {
  const [out, err]: string[][] = [[], []];
  const code = await reportRendering(
    { config: 'pxed.yaml', mac: MAC, name: 'pxelinux.cfg/default', ...question },
    {
      out: { write: (text) => out!.push(text) },
      err: { write: (text) => err!.push(text) },
      interfaces: [ETH0],
      readText(file) {
        if (file !== 'pxed.yaml') throw new Error('ENOENT: no such file');
        return config;
      },
    },
  );
  return { code, out: out!.join(''), err: err!.join('') };
}

test('reportRendering() prints what the machine would be given, with its address of hosts', async () => {
  const { code, out, err } = await ask({ hostname: 'node7' });
  expect(out).toContain(`ip=192.168.77.10 mac=${MAC} url=http://192.168.77.1 name=node7`);
  expect(out).toContain('profile install by hosts');
  expect([code, err]).toEqual([0, '']);
});

test('reportRendering() says whose address it takes where this machine has no such interface', async () => {
  const networks = 'networks: [{ subnet: 192.168.77.0/24, next-server: 192.168.77.9 }]\n';
  const { code, out, err } = await ask({}, CONFIG.replace('[eth0]', '[eth7]') + networks);
  expect(out).toContain('url=http://192.168.77.9 ');
  expect([code, err]).toEqual([
    0,
    'pxectl: there is no interface eth7 here: taken to have 192.168.77.9/24\n',
  ]);
});

test('reportRendering() speaks the language of the name', async () => {
  expect((await ask({ name: '/grub/grub.cfg' })).out).toContain('menuentry');
  expect((await ask({ name: 'boot.ipxe' })).out).toMatch(/^#!ipxe\n/);
});

test('reportRendering() knows a machine by what else is told of it', async () => {
  const uuid = '564d8a10-97c2-4f05-9d3a-0123456789ab';
  const other = { mac: '52:54:00:00:00:09', ip: parseIpv4('192.168.77.20')! };
  expect((await ask({ ...other, uuid })).out).toContain('rescue');
  const none = await ask(other);
  expect([none.code, none.out]).toEqual([1, '']);
  expect(none.err).toMatch(/Nothing is made for 52:54:00:00:00:09: no profile/);
});

test.each([
  { what: 'the name of another machine', question: { name: 'pxelinux.cfg/01-52-54-00-00-00-09' }, code: 1 },
  { what: 'a name that no loader asks for', question: { name: 'vmlinuz' }, code: 2 },
  { what: 'no name at all', question: { name: '/' }, code: 2 },
  { what: 'a configuration that is not there', question: { config: 'gone.yaml' }, code: 2 },
])('reportRendering() says that $what gives nothing', async ({ question, code }) => {
  const said = await ask(question);
  expect(said).toMatchObject({ code, out: '' });
  expect(said.err).toMatch(/^pxectl: .+\n$/);
});

test('reportRendering() tells every mistake of the configuration, and that one has no profiles', async () => {
  const wrong = await ask({}, 'version: 1\nprofile: nothing\nmode: maybe\n');
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('pxed.yaml:3');
  expect(await ask({}, 'version: 1\n')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no profiles'),
  });
});

test('reportRendering() says so when a file of the root goes before it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'pxed-render-'));
  folders.push(root);
  mkdirSync(join(root, 'pxelinux.cfg'));
  writeFileSync(join(root, 'pxelinux.cfg/default'), 'real');
  const { code, err } = await ask({}, `${CONFIG}tftp: { root: ${root} }\n`);
  expect(code).toBe(0);
  expect(err).toContain('the root has a file pxelinux.cfg/default, which goes before this');
});
