import { existsSync } from 'node:fs';
import { chmod, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type BootRoot, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { addInstaller, INSTALLED, INSTALLING, installer, writeEmptyDisk } from '../rig/installer.ts';
import { biosRom, DISK_STARTED, type Machine, powerOn, qemu } from '../rig/machine.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { type Site, useSite } from '../rig/site.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, linux, installer, loader('pxelinux')].concat([
  command('tcpdump', 'tcpdump'),
  command('tshark', 'tshark'),
]);
const BOOT_MS = 150_000;
const TOLD_MS = 20_000;
/** Says at its end that it is done; its files come by HTTP, to the iPXE of its ROM. */
const REPORTS = { mac: '52:54:00:aa:00:01', address: '192.168.77.11' };
/** Says nothing; its files come by TFTP, to PXELINUX. */
const SILENT = { mac: '52:54:00:aa:00:02', address: '192.168.77.12' };
/** 192.168.77.13: its link is C0A84D0D. */
const LINKED = { mac: '52:54:00:aa:00:03', address: '192.168.77.13' };
const LINK = 'pxelinux.cfg/C0A84D0D';

type Client = { mac: string; address: string };

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of the configuration
const PROFILES = `
boot: { ipxe: 'http://\${next-server}/boot.ipxe' }
profiles:
  reports:
    kernel: vmlinuz
    initrd: [installer.gz, system.img]
    args: console=ttyS0 quiet panic=-1 pxed.done=http
    once: until-reported
    then: local
  silent:
    kernel: vmlinuz
    initrd: [installer.gz, system.img]
    args: console=ttyS0 quiet panic=-1
    once: until-fetched
    then: local
hosts:
  - { mac: '${REPORTS.mac}', address: ${REPORTS.address}, profile: reports }
  - { mac: '${SILENT.mac}', address: ${SILENT.address}, profile: silent, filename: pxelinux.0 }
`;
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of the configuration

const INSTALL_CONFIG = `DEFAULT install
LABEL install
  KERNEL vmlinuz
  INITRD installer.gz,system.img
  APPEND console=ttyS0 quiet panic=-1 pxed.done=tftp
`;

const LINKS = `
boot: { ipxe: pxelinux.0, relink: true }
hosts:
  - { mac: '${LINKED.mac}', address: ${LINKED.address} }
`;

/** A site whose machines are installed, and what each lives through: a machine switched on anew, with the same disk. */
function useInstallations(config: string, prepare: (root: BootRoot) => Promise<void>) {
  let system: Uint8Array;
  const site = useSite({
    root: createBootRoot,
    machines: true,
    state: true,
    bootFile: 'pxelinux.0',
    options: ['-v'],
    config,
    prepare: async (root) => {
      await root.install('pxelinux');
      await root.write('Kickstart_end', '');
      system = await addInstaller(root);
      await prepare(root);
    },
  });
  const machines: Machine[] = [];
  beforeAll(() => ready(site()));
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.off()));
  });

  const diskOf = (mac: string) => join(site().lab.folder, `${mac.replaceAll(':', '')}.img`);

  async function on({ mac }: Client): Promise<Machine> {
    const disk = diskOf(mac);
    if (!existsSync(disk)) await writeEmptyDisk(disk);
    const machine = await powerOn(site().lab, { name: mac.slice(-2), mac, firmware: 'bios', disk });
    machines.push(machine);
    return machine;
  }

  return {
    site,
    /** The server's power fails. */
    async restart(): Promise<void> {
      await site().restart();
      await ready(site());
    },
    /** The machine's power fails while its second initrd is on its way. */
    async cutOff(client: Client): Promise<void> {
      const machine = await on(client);
      await site().server.waitFor(line('(tftp|http).started', client.address, 'system.img'), BOOT_MS);
      await machine.off();
      expect(machine.console()).not.toMatch(INSTALLED);
      expect(site().server.output()).not.toMatch(line('(tftp|http).done', client.address, 'system.img'));
    },
    /** Its power fails when the installer has begun. */
    async failsInstalling(client: Client): Promise<void> {
      const machine = await on(client);
      await machine.waitFor(INSTALLING, BOOT_MS);
      await machine.off();
      expect(machine.console()).not.toMatch(INSTALLED);
    },
    /** The installer runs, and every octet of the system is on the disk: what it fetched the done file by. */
    async installs(client: Client): Promise<string> {
      const machine = await on(client);
      const { match, seconds } = await machine.waitFor(INSTALLED, BOOT_MS);
      console.log(`${client.address}: installed after ${seconds.toFixed(1)} s`);
      await machine.off();
      const disk = await readFile(diskOf(client.mac));
      expect(Buffer.compare(disk.subarray(0, system.length), system)).toBe(0);
      return match[1]!;
    },
    async startsItsDisk(client: Client): Promise<void> {
      const machine = await on(client);
      const { seconds } = await machine.waitFor(DISK_STARTED, BOOT_MS);
      console.log(`${client.address}: its disk after ${seconds.toFixed(1)} s`);
      await machine.off();
    },
    /** The server says so of this machine. */
    told: (event: string, ...words: string[]) => site().server.waitFor(line(event, ...words), TOLD_MS),
  };
}

async function ready({ server }: Site): Promise<void> {
  await server.waitFor(/pxed ready/, TOLD_MS);
}

/** A line of the log: an event, and what else it says, in any order. */
function line(event: string, ...words: string[]): RegExp {
  const each = words.map((word) => `(?=.*"${word.replaceAll('.', '\\.')}")`).join('');
  return new RegExp(`^(?=.*"type":"${event.replace('.', '\\.')}")${each}.*$`, 'm');
}

ring('machines that are installed once, by profiles', NEEDS, () => {
  const { site, told, ...rig } = useInstallations(PROFILES, async () => undefined);

  test('are offered the installer again when the power failed in the middle of the initrd', async () => {
    await Promise.all([rig.cutOff(REPORTS), rig.cutOff(SILENT)]);
    await rig.restart();
    await Promise.all([rig.failsInstalling(REPORTS), rig.installs(SILENT)]);
    await told('boot.again', REPORTS.mac);
    await told('boot.again', SILENT.mac);
    await told('boot.installed', SILENT.mac, 'fetched');
  });

  test('are offered it again when it began and never said that it is done', async () => {
    expect(site().server.output()).not.toMatch(line('boot.installed', REPORTS.mac));
    expect(await rig.installs(REPORTS)).toBe('http');
    await told('boot.installed', REPORTS.mac, 'reported');
  });

  test('start their disks from then on, over a restart, too', async () => {
    await rig.startsItsDisk(REPORTS);
    await rig.restart();
    await Promise.all([rig.startsItsDisk(REPORTS), rig.startsItsDisk(SILENT)]);
  });
});

ring('a machine that is installed once, by the link of the HOWTO', NEEDS, () => {
  const { site, told, ...rig } = useInstallations(LINKS, async (root) => {
    await root.write('pxelinux.cfg/default', 'DEFAULT disk\nLABEL disk\n  LOCALBOOT 0\n');
    await root.write('pxelinux.cfg/default.netboot', INSTALL_CONFIG);
    await root.link(LINK, 'default.netboot');
    await chmod(join(root.path, 'pxelinux.cfg'), 0o777); // pxed is nobody, and is to write there
  });
  const linkedTo = () => readlink(join(site().root.path, LINK));

  test('is installed again when the power failed, and its link leads to its disk only then', async () => {
    await rig.cutOff(LINKED);
    expect(await linkedTo()).toBe('default.netboot');
    await rig.restart();
    expect(await rig.installs(LINKED)).toBe('tftp');
    await told('boot.relinked', LINKED.address, LINK);
    expect(await linkedTo()).toBe('default');
    await rig.restart();
    await rig.startsItsDisk(LINKED);
  });
});
