import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, grubConfig, linux, loader } from '../rig/boot-root.ts';
import { type Machine, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const HTTP_MODULE = '/usr/lib/grub/x86_64-efi/http.mod';
const NEEDS = [namespaces, tun, qemu, ovmf, linux, loader('grub'), file(HTTP_MODULE, 'grub-efi-amd64-bin')];
const BOOT_MS = 100_000;
const SERVER = '192.168.77.1';

ring('GRUB that loads by HTTP (OVMF)', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    options: ['--verbose', '--log-format', 'json'],
    prepare: async (root) => {
      await root.write('pxelinux.0', 'for other machines');
      await root.install('grub');
      await root.add('grub/x86_64-efi/http.mod', HTTP_MODULE); // the signed image has none
      await root.write('grub/grub.cfg', `set root=(http,${SERVER})\n${grubConfig('grub-by-http')}`);
    },
  });
  let machine: Machine | undefined;
  afterEach(async () => machine?.off());

  test('gets kernel and initrd, and is known to have them although it resets its connections', async () => {
    const { lab, server } = site();
    machine = await powerOn(lab, { name: 'grub', mac: '52:54:00:a7:00:42', firmware: 'uefi' });
    const { match, seconds } = await machine.waitFor(BOOTED, BOOT_MS);
    console.log(`GRUB by HTTP: Linux spoke after ${seconds.toFixed(1)} s`);
    expect(match[1]).toContain('pxed.config=grub-by-http');
    const events = server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const done = events.filter(({ type, whole }) => type === 'http.done' && whole);
    expect(done.map(({ path, file }) => path ?? file)).toEqual(['vmlinuz', 'initrd.gz']);
    expect(events.filter(({ type }) => type === 'http.failed')).toEqual([]);
  });
});
