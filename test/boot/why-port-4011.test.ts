/** Firmware that is sent to port 4011 for its boot file, and a firewall that drops what it sends there. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type BootRoot, createBootRoot, linux, loader } from '../rig/boot-root.ts';
import { createControlSocket } from '../rig/control.ts';
import { createLab, type Lab } from '../rig/lab.ts';
import { addQuietRouter, biosRom, powerOn, qemu } from '../rig/machine.ts';
import type { Command } from '../rig/process.ts';
import { command, namespaces, ring, tun } from '../rig/requirement.ts';
import { dnsmasqCommand, pxedCommand, waitForPorts } from '../rig/server.ts';
import { whyFailed } from '../rig/why.ts';

const NEEDS = [namespaces, tun, qemu, biosRom, linux, loader('pxelinux')].concat([
  command('dnsmasq', 'dnsmasq-base'),
  command('nft', 'nftables'),
]);
const READY_MS = 30_000;
const FAILED_MS = 120_000;
const MAC = '52:54:00:ae:40:11';

const MENU = `boot:
  menu:
    prompt: A menu
    timeout: 1
    entries:
      - {text: Linux}
      - {text: Own disk, local: true}
`;

const FIREWALL = `table inet planted {
  chain input { type filter hook input priority 0; udp dport 4011 drop; }
}`;

ring('a machine that is sent to port 4011', NEEDS, () => {
  let lab: Lab | undefined;
  let root: BootRoot | undefined;
  const control = createControlSocket();
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') lab?.keep(task.name);
    await lab?.close();
    await root?.delete();
    control.delete();
  });

  test('and is not let through is told so', async () => {
    root = await createBootRoot();
    await root.install('pxelinux');
    lab = await createLab();
    const server = await lab.host('server', { address: '192.168.77.1/24' });
    const other = await lab.host('other', { address: '192.168.77.2/24' });
    await addQuietRouter(lab);
    const addresses = dnsmasqCommand({ root: root.path, bootFile: '' }, '192.168.77.2/24', lab.folder).filter(
      (word) => !/^--(dhcp-boot|enable-tftp|tftp-root|bootp-dynamic)/.test(word),
    );
    await waitForPorts(other.start(addresses as unknown as Command), [67]);
    await server.must(['nft', '-f', '-'], { input: FIREWALL });
    const config = join(lab.folder, 'proxy.yaml');
    await writeFile(config, `version: 1\n${MENU}`);
    const options = ['--config', config, ...control.options];
    const pxed = server.start(
      pxedCommand({ root: root.path, bootFile: 'pxelinux.0', mode: 'proxy', options }),
    );
    await pxed.waitFor(/pxed ready|"service":"pxed"/, READY_MS);
    const machine = await powerOn(lab, { name: 'asking', mac: MAC, firmware: 'bios' });
    const { explanation } = await whyFailed(control, MAC, FAILED_MS);
    await machine.off();
    expect(explanation.reasons[0]).toMatchObject({
      code: 'port-4011',
      text: expect.stringContaining('nothing of it arrived there'),
      fix: expect.stringContaining('nft'),
    });
    expect(explanation.missing).toContain('port 4011');
  });
});
