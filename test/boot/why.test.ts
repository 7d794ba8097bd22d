/** Machines with real firmware that cannot boot, for a reason that was planted; `pxectl why` is to name it first. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { type BootRoot, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { createControlSocket } from '../rig/control.ts';
import { biosRom, type Machine, type MachineSpec, ovmf, powerOn, qemu } from '../rig/machine.ts';
import { command, file, namespaces, ring, tun } from '../rig/requirement.ts';
import { useSite } from '../rig/site.ts';
import { type Why, whyFailed } from '../rig/why.ts';

const IA32 = '/usr/lib/SYSLINUX.EFI/efi32/syslinux.efi';
const X64 = '/usr/lib/SYSLINUX.EFI/efi64/syslinux.efi';
const NEEDS = [namespaces, tun, qemu, biosRom, ovmf, linux, loader('pxelinux')].concat([
  file(IA32, 'syslinux-efi'),
  file(X64, 'syslinux-efi'),
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const FAILED_MS = 180_000;
const MODULES = '/usr/lib/syslinux/modules/bios';

/** Each fault has a machine of its own, and that its own files: all of them are there at once. */
const MACHINES = {
  companion: { mac: '52:54:00:ae:00:01', address: '192.168.77.11', filename: 'bare/pxelinux.0' },
  bios: { mac: '52:54:00:ae:00:02', address: '192.168.77.12', filename: 'efi64/syslinux.efi' },
  uefi: { mac: '52:54:00:ae:00:03', address: '192.168.77.13', filename: 'efi32/syslinux.efi' },
  kernel: { mac: '52:54:00:ae:00:04', address: '192.168.77.14', filename: 'full/pxelinux.0' },
  link: { mac: '52:54:00:ae:00:05', address: '192.168.77.15', filename: 'full/pxelinux.0' },
  initrd: { mac: '52:54:00:ae:00:06', address: '192.168.77.16', filename: 'full/pxelinux.0' },
} as const;

type Fault = keyof typeof MACHINES;

const CONFIG = `hosts:\n${Object.values(MACHINES)
  .map(({ mac, address, filename }) => `  - { mac: '${mac}', address: ${address}, filename: ${filename} }`)
  .join('\n')}\n`;

/** 192.168.77.15. */
const LINK = 'full/pxelinux.cfg/C0A84D0F';

function configOf(fault: Fault): string {
  return `full/pxelinux.cfg/01-${MACHINES[fault].mac.replaceAll(':', '-')}`;
}

function pxelinuxConfig(kernel: string, initrd: string): string {
  return `DEFAULT linux\nLABEL linux\n  KERNEL ::${kernel}\n  INITRD ::${initrd}\n  APPEND console=ttyS0 quiet panic=-1\n`;
}

async function plant(root: BootRoot): Promise<void> {
  for (const folder of ['bare', 'full'])
    await root.add(`${folder}/pxelinux.0`, '/usr/lib/PXELINUX/pxelinux.0');
  await root.add('full/ldlinux.c32', `${MODULES}/ldlinux.c32`);
  await root.add('efi32/syslinux.efi', IA32);
  await root.add('efi64/syslinux.efi', X64);
  await root.write(configOf('kernel'), pxelinuxConfig('closed/vmlinuz', 'initrd.gz'));
  await root.write('closed/vmlinuz', 'nobody is to read it');
  await chmod(join(root.path, 'closed/vmlinuz'), 0);
  await root.link(LINK, 'default.netboot');
  await root.write(configOf('initrd'), pxelinuxConfig('vmlinuz', 'large.img'));
  await root.write('large.img', new Uint8Array(96 * 1024 * 1024));
}

ring('a machine that does not boot', NEEDS, () => {
  const control = createControlSocket();
  const site = useSite({
    root: createBootRoot,
    machines: true,
    bootFile: 'full/pxelinux.0',
    options: ['-v', ...control.options],
    config: CONFIG,
    prepare: plant,
  });
  const stories = new Map<Fault, Promise<Why>>();
  const machines: Machine[] = [];

  async function on(fault: Fault): Promise<Machine> {
    const firmware: MachineSpec['firmware'] = fault === 'uefi' ? 'uefi' : 'bios';
    const machine = await powerOn(site().lab, { name: fault, mac: MACHINES[fault].mac, firmware });
    machines.push(machine);
    return machine;
  }

  /** Its power fails while its initrd is on its way. */
  async function cutOff(): Promise<void> {
    const machine = await on('initrd');
    const words = ['"type":"tftp\\.started"', `"${MACHINES.initrd.address}"`, 'large\\.img'];
    const line = new RegExp(`^${words.map((word) => `(?=.*${word})`).join('')}.*$`, 'm');
    await site().server.waitFor(line, FAILED_MS);
    await someArrived('large.img');
    await machine.off();
  }

  async function someArrived(file: string): Promise<void> {
    const api = createControlClient({ socket: control.path });
    const until = performance.now() + FAILED_MS;
    for (;;) {
      const transfers = (await api.get('/api/v1/transfers')) as { file: string; bytes: number }[];
      if (transfers.some((one) => one.file.endsWith(file) && one.bytes > 0)) return;
      if (performance.now() > until) throw new Error(`Cannot see anything of ${file} arrive`);
    }
  }

  async function failing(fault: Fault): Promise<Why> {
    const machine = await on(fault);
    const why = await whyFailed(control, MACHINES[fault].mac, FAILED_MS);
    await machine.off();
    return why;
  }

  /** One after another; two lanes keep two processors busy. */
  function lane(before: Promise<unknown>, ...faults: Fault[]): void {
    let turn = before.catch(() => undefined);
    for (const fault of faults) {
      const story = turn.then(() => failing(fault));
      turn = story.catch(() => undefined);
      stories.set(fault, story);
    }
  }

  beforeAll(() => {
    const cut = cutOff();
    // TFTP waits for half a minute before it gives up: meanwhile others boot.
    const story = cut.then(() => whyFailed(control, MACHINES.initrd.mac, FAILED_MS));
    story.catch(() => undefined);
    stories.set('initrd', story);
    lane(cut, 'companion', 'kernel');
    lane(Promise.resolve(), 'uefi', 'link', 'bios');
  });
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.off()));
    control.delete();
  });

  async function firstReason(fault: Fault): Promise<Why['explanation']['reasons'][number]> {
    const { explanation } = await stories.get(fault)!;
    const [first] = explanation.reasons;
    expect(explanation.headline).toContain(first?.text);
    return first!;
  }

  test('for want of ldlinux.c32 is told so', async () => {
    expect(await firstReason('companion')).toMatchObject({
      code: 'missing-companion',
      text: expect.stringMatching(/^bare\/pxelinux\.0 needs .*ldlinux\.c32/),
      fix: expect.stringContaining('syslinux'),
    });
  });

  test('that boots by BIOS and was given a loader for UEFI is told so', async () => {
    expect(await firstReason('bios')).toMatchObject({
      code: 'wrong-arch',
      text: expect.stringMatching(
        /^efi64\/syslinux\.efi is a program for UEFI, and the machine boots by BIOS/,
      ),
    });
  });

  test('that is a 64-bit UEFI one and was given a 32-bit loader is told so', async () => {
    expect(await firstReason('uefi')).toMatchObject({
      code: 'wrong-arch',
      text: expect.stringMatching(/^efi32\/syslinux\.efi is an EFI program for 32-bit x86/),
    });
  });

  test('whose kernel pxed may not read is told so', async () => {
    expect(await firstReason('kernel')).toMatchObject({
      code: 'unreadable',
      text: expect.stringMatching(/^closed\/vmlinuz is there, and \w+, whom pxed runs as, may not read it/),
      fix: expect.stringContaining('chmod'),
    });
  });

  test('whose own link leads nowhere is told so', async () => {
    expect(await firstReason('link')).toMatchObject({
      code: 'dangling-link',
      text: `${LINK} is a link to default.netboot, which does not exist`,
    });
  });

  test('whose initrd was cut off is told so, with how much of it arrived', async () => {
    expect(await firstReason('initrd')).toMatchObject({
      code: 'cut-off',
      text: expect.stringMatching(/^large\.img broke off after .* of 101 MB/),
    });
    const { stdout, code } = await control.pxectl('why', MACHINES.initrd.address);
    expect(code).toBe(1);
    expect(stdout).toContain('did not boot: large.img broke off');
    expect(stdout).toMatch(/ \+ got vmlinuz /);
    const list = await control.pxectl('machines');
    for (const { mac } of Object.values(MACHINES)) expect(list.stdout).toContain(mac);
  });
});
