import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { gatherWhyFacts } from '../../src/app/why-facts.ts';
import { addMark, beginBoot } from '../../src/timeline/boot.ts';
import type { Mark } from '../../src/timeline/mark.ts';
import { efiProgram } from '../boot-policy/efi-program.ts';

const root = mkdtempSync(join(tmpdir(), 'pxed-why-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function bootOf(...marks: Partial<Mark>[]) {
  const boot = beginBoot(1);
  for (const mark of marks) addMark(boot, { what: 'fetched', at: 1, by: 'tftp', ...mark } as Mark);
  return boot;
}

const PARTS = { root, tree: {}, links: [], servers: [], user: 'nobody', ownerOf: () => undefined };

test('gatherWhyFacts() looks at loaders, at what was refused, and at names that were tried', async () => {
  mkdirSync(join(root, 'pxelinux.cfg'));
  writeFileSync(join(root, 'pxelinux.0'), 'a program for BIOS');
  writeFileSync(join(root, 'bootia32.efi'), efiProgram({ machine: 0x14c }));
  writeFileSync(join(root, 'vmlinuz'), '');
  symlinkSync('default.netboot', join(root, 'pxelinux.cfg/C0A84D32'));
  symlinkSync('/etc/passwd', join(root, 'outside'));
  const boot = bootOf(
    { file: 'pxelinux.0' },
    { file: '/bootia32.efi' },
    { what: 'refused', file: 'vmlinux', why: 'not-found' },
    { what: 'refused', file: 'outside', why: 'not-found' },
    { what: 'not-configured', tried: ['pxelinux.cfg/C0A84D32', 'pxelinux.cfg/default'] },
  );
  const { file } = await gatherWhyFacts(boot, '10.0.0.5', PARTS);
  expect(file('pxelinux.0')).toMatchObject({ exists: true, image: 'not-efi', sizeBytes: 18 });
  expect(file('bootia32.efi')).toMatchObject({ image: 'efi', cpu: 'x86' });
  expect(file('vmlinux')).toEqual({ exists: false, near: 'vmlinuz' });
  expect(file('outside')).toEqual({ exists: false, link: { target: '/etc/passwd', why: 'outside' } });
  expect(file('pxelinux.cfg/C0A84D32')).toEqual({
    exists: false,
    link: { target: 'default.netboot', why: 'dangling' },
  });
  expect(file('pxelinux.cfg/default')).toMatchObject({ exists: false });
  expect(file('never-asked')).toBeUndefined();
});

test('gatherWhyFacts() tells the MTU towards a machine, and who holds its ports', async () => {
  const links = [
    { mtu: 9000, addresses: [{ address: 0x0a00_0001, prefixLength: 24 }] },
    { mtu: 1500, addresses: [{ address: 0x0a00_0101, prefixLength: 24 }] },
  ] as never;
  const ownerOf = (port: number) => (port === 4011 ? 'dnsmasq, pid 8' : undefined);
  const facts = await gatherWhyFacts(bootOf(), '10.0.1.5', { ...PARTS, links, ownerOf });
  expect(facts).toMatchObject({
    mtu: 1500,
    owners: [{ port: 4011, owner: 'dnsmasq, pid 8' }],
    user: 'nobody',
  });
});

test('gatherWhyFacts() does without a root, or one that is gone', async () => {
  for (const gone of [undefined, join(root, 'gone')]) {
    const { file } = await gatherWhyFacts(bootOf({ file: 'a.efi' }), undefined, { ...PARTS, root: gone });
    expect(file('a.efi')).toBeUndefined();
  }
});
