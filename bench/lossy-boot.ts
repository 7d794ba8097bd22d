/**
 * Boots of real firmware over a cable that loses frames, beside the same boots over a good one: how much a lost frame
 * costs is the TFTP server's doing, for PXELINUX waits for it, and OVMF says nothing for 4 s.
 *
 *     npm run bench:boot -- --runs 3 --only BIOS --peers pxed,dnsmasq,in.tftpd
 *
 * Needs root, QEMU, the loaders and a kernel (Debian packages: see test/rig/boot-root.ts).
 */
import { parseArgs } from 'node:util';
import {
  BOOTED,
  type BootRoot,
  createBootRoot,
  type LoaderFamily,
  pxelinuxConfig,
} from '../test/rig/boot-root.ts';
import { createLab, type Host, type Lab } from '../test/rig/lab.ts';
import { addLossyLink } from '../test/rig/lossy-link.ts';
import { addQuietRouter, powerOn } from '../test/rig/machine.ts';
import { dnsmasqCommand, pxedCommand, waitForPorts } from '../test/rig/server.ts';
import { which } from './peers.ts';

type Scenario = {
  readonly name: string;
  readonly firmware: 'bios' | 'uefi';
  readonly family: LoaderFamily;
  readonly bootFile: string;
  readonly percent: { loss: number; doubling: number; holding: number };
  /** The boot may take this many times as long as without loss. */
  readonly allowed: number;
};

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'BIOS, PXELINUX, 0.2 % lost, 1 % doubled',
    firmware: 'bios',
    family: 'pxelinux',
    bootFile: 'pxelinux.0',
    percent: { loss: 0.2, doubling: 1, holding: 0 },
    allowed: 1.3,
  },
  {
    name: 'OVMF, syslinux.efi, 1 % lost',
    firmware: 'uefi',
    family: 'syslinuxEfi',
    bootFile: 'syslinux.efi',
    percent: { loss: 1, doubling: 0, holding: 0 },
    allowed: 1.5,
  },
];

const GOOD = { loss: 0, doubling: 0, holding: 0 };
const PEERS = ['pxed', 'dnsmasq', 'in.tftpd'] as const;
type Peer = (typeof PEERS)[number];
/** A boot that takes longer has not ended, for whoever waits at the machine. */
const BOUND_MS = 180_000;
const MAC = '52:54:00:a7:00:01';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    peers: { type: 'string', default: PEERS.join(',') },
  },
});

async function serve(host: Host, peer: Peer, { root, bootFile }: { root: string; bootFile: string }) {
  if (peer === 'pxed') {
    // What is measured is TFTP: an address that is probed before its first offer costs each boot half a second more.
    const running = host.start(pxedCommand({ root, bootFile, options: ['--no-conflict-probe'] }));
    return waitForPorts(running, [67, 69]);
  }
  const command = dnsmasqCommand({ root, bootFile }, '192.168.77.1/24', host.folder);
  const [program, ...rest] = command;
  const dhcpOnly = rest.filter((argument) => !/^--(enable-tftp|tftp-root)/.test(argument));
  const dhcp = host.start([program, ...(peer === 'dnsmasq' ? rest : dhcpOnly)]);
  await waitForPorts(dhcp, peer === 'dnsmasq' ? [67, 69] : [67]);
  if (peer === 'in.tftpd') {
    const program = which('in.tftpd', 'tftpd-hpa', host.folder) ?? 'in.tftpd';
    const tftp = host.start([program, '-L', '-4', '-a', '0.0.0.0:69', '--secure', '--user', 'root', root]);
    await waitForPorts(tftp, [69]);
  }
}

async function bootOnce(lab: Lab, scenario: Scenario, segment: string): Promise<number> {
  const { firmware } = scenario;
  const machine = await powerOn(lab, { name: segment, mac: MAC, firmware, segment });
  try {
    const { seconds } = await machine.waitFor(BOOTED, BOUND_MS);
    return seconds;
  } catch {
    return Number.POSITIVE_INFINITY;
  } finally {
    await machine.off();
  }
}

/** Seconds without and with loss, each run over a cable with a seed of its own. */
async function measure(scenario: Scenario, peer: Peer, root: BootRoot, runs: number) {
  const good: number[] = [];
  const bad: number[] = [];
  const lab = await createLab();
  try {
    const host = await lab.host('server', { address: '192.168.77.1/24' });
    await serve(host, peer, { root: root.path, bootFile: scenario.bootFile });
    for (let run = 0; run < runs; run++) {
      for (const [seconds, percent] of [
        [good, GOOD],
        [bad, scenario.percent],
      ] as const) {
        const segment = `s${run}${percent === GOOD ? 'good' : 'bad'}`;
        await lab.segment(segment);
        const link = await addLossyLink(lab, { far: segment, percent, seed: 100 + run });
        const router = await addQuietRouter(lab, segment);
        seconds.push(await bootOnce(lab, scenario, segment));
        await router.stop();
        await link.stop();
      }
    }
  } finally {
    await lab.close();
  }
  return { good, bad };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

function seconds(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} s` : `not in ${BOUND_MS / 1000} s`;
}

for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
  const root = await createBootRoot();
  await root.install(scenario.family);
  await root.write('pxelinux.cfg/default', pxelinuxConfig('default'));
  console.log(`\n${scenario.name} (allowed: ${scenario.allowed}×)`);
  console.log(
    '| server | without loss | with loss | ratio | every run with loss |\n|---|---:|---:|---:|---|',
  );
  for (const peer of PEERS.filter((name) => values.peers.split(',').includes(name))) {
    const { good, bad } = await measure(scenario, peer, root, Number(values.runs));
    const ratio = median(bad) / median(good);
    const cells = [peer, seconds(median(good)), seconds(median(bad)), `${ratio.toFixed(2)}×`];
    console.log(`| ${[...cells, bad.map(seconds).join(', ')].join(' | ')} |`);
  }
  await root.delete();
}
