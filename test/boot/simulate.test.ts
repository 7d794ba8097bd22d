/** `pxectl simulate` against captures of real firmware and loaders. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { BOOTED, createBootRoot, linux, loader, pxelinuxConfig } from '../rig/boot-root.ts';
import { type Conversation, conversationOf, repliesOf, saying, simulateOn } from '../rig/conversation.ts';
import { biosRom, type Machine, type MachineSpec, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux'), loader('grub')].concat([
  command('tcpdump', 'tcpdump'),
]);
const BOOT_MS = 150_000;
const BIOS = { name: 'bios', mac: '52:54:00:a9:00:01', uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' };
const UEFI = { name: 'uefi', mac: '52:54:00:a9:00:02', uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3302' };

const CONFIG = `
profiles:
  linux: { kernel: vmlinuz, initrd: initrd.gz, args: console=ttyS0 quiet panic=-1 pxed.config=rendered }
hosts:
  - { mac: '${UEFI.mac}', profile: linux }
`;

ring('pxectl simulate and real machines', NEEDS, () => {
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'pxelinux.0',
    config: CONFIG,
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.install('grub');
      await root.write('pxelinux.cfg/default', pxelinuxConfig('default'));
    },
  });
  let machine: Machine | undefined;
  afterEach(async () => machine?.off());

  async function boot(spec: MachineSpec): Promise<Conversation> {
    machine = await powerOn(site().lab, spec);
    await machine.waitFor(BOOTED, BOOT_MS);
    return await conversationOf(site().capture, spec.mac);
  }

  async function simulate({ requests }: Conversation) {
    const { host, root } = site();
    const config = ['--config', join(host.folder, 'pxed.yaml'), '--mode', 'dhcp', '--state', 'memory'];
    return await simulateOn(host, [
      ...saying(requests),
      ...config,
      '--interface',
      'eth0',
      root.path,
      'pxelinux.0',
    ]);
  }

  test('iPXE’s ROM is told the same, and PXELINUX asks for the same names', async () => {
    const conversation = await boot({ ...BIOS, firmware: 'bios' });
    const simulation = await simulate(conversation);
    expect(repliesOf(simulation)).toEqual(conversation.replies);
    expect(conversation.replies.length).toBeGreaterThanOrEqual(2);
    const names = simulation.lookups?.names.map(({ name }) => name);
    expect(names).toEqual(conversation.asked.filter((name) => name.includes('pxelinux.cfg/')));
    expect(names).toHaveLength(11);
    expect(simulation.lookups?.names.at(-1)).toMatchObject({ name: 'pxelinux.cfg/default', found: 'file' });
  });

  test('OVMF is told the same, and GRUB asks for the name that is made for it', async () => {
    const conversation = await boot({ ...UEFI, firmware: 'uefi' });
    const simulation = await simulate(conversation);
    expect(repliesOf(simulation)).toEqual(conversation.replies);
    const asked = conversation.asked.map((name) => name.replace(/^\/+/, ''));
    expect(simulation.lookups).toMatchObject({
      loader: 'grub',
      bootFile: { name: 'grubnetx64.efi', found: 'file' },
      names: [{ found: 'rendered', profile: 'linux' }],
    });
    const names = simulation.lookups?.names.map(({ name }) => name);
    expect(names).toEqual(asked.filter((name) => /grub\.cfg/.test(name)));
  });
});
