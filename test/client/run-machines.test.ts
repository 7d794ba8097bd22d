import { describe, expect, test } from 'vitest';
import { createFrameAttachment } from '../../src/client/frame-attachment.ts';
import { type MachineSpec, type RunOptions, runMachines } from '../../src/client/run-machines.ts';
import type { Verdict } from '../../src/client/step.ts';
import { parseUdpFrame } from '../../src/frame/udp.ts';
import { ROM } from './drive.ts';
import { createFakeEthernet, type FakeEthernet } from './fake-ethernet.ts';

const FILES = {
  'pxelinux.0': 'loader',
  'ldlinux.c32': '\x7fELF',
  'pxelinux.cfg/default': 'DEFAULT vmlinuz initrd=initrd.img',
  vmlinuz: new Uint8Array(5000).fill(1),
  'initrd.img': 'initrd',
};

const macOf = (number: number) => `02:70:78:00:${hex(number >> 8)}:${hex(number & 255)}`;
const hex = (octet: number) => octet.toString(16).padStart(2, '0');
const machine = (number: number): MachineSpec => ({
  rom: { ...ROM, mac: macOf(number), xid: 1000 + number, broadcast: true },
  release: true,
});

async function runAll(ethernet: FakeEthernet, specs: Iterable<MachineSpec>, more: Partial<RunOptions> = {}) {
  const verdicts: Verdict[] = [];
  const attachment = createFrameAttachment(ethernet.link, {
    random: () => 1,
    resolve: async () => undefined,
  });
  await runMachines(attachment, specs, {
    now: ethernet.now,
    onVerdict: (number, verdict) => {
      verdicts[number] = verdict;
    },
    ...more,
  });
  return verdicts;
}

describe('runMachines()', () => {
  test('boots many machines over one wire, each with an address of its own, and gives all of them back', async () => {
    const ethernet = createFakeEthernet({ files: FILES });
    const verdicts = await runAll(
      ethernet,
      Array.from({ length: 200 }, (_, i) => machine(i)),
    );
    expect(verdicts).toHaveLength(200);
    expect(verdicts.every(({ ok, ended }) => ok && ended === 'kernel')).toBe(true);
    expect(new Set(verdicts.map(({ lease }) => lease?.ip)).size).toBe(200);
    expect(new Set(ethernet.released).size).toBe(200);
  });

  test('switches machines on when their time comes, and takes them from the list only then', async () => {
    const ethernet = createFakeEthernet({ files: FILES });
    const taken: number[] = [];
    function* slowly(): Generator<MachineSpec> {
      for (let i = 0; i < 4; i++) {
        taken.push(ethernet.now());
        yield { ...machine(i), startMs: i * 500 };
      }
    }
    await runAll(ethernet, slowly());
    const since = [...ethernet.heard.values()];
    for (const [index, at] of since.entries()) expect(at).toBeGreaterThanOrEqual(index * 500);
    expect(since.at(-1)).toBeLessThan(1800);
    // One ahead, not all.
    expect(taken[3]).toBeGreaterThanOrEqual(1000);
  });

  test('gives a machine up that takes too long, and its address back', async () => {
    const toTftp = (frame: Uint8Array) => {
      const udp = parseUdpFrame(frame);
      return udp.ok && udp.value.toPort === 69;
    };
    const ethernet = createFakeEthernet({ files: FILES }, toTftp);
    const [verdict] = await runAll(ethernet, [machine(0)], { timeoutMs: 2000 });
    expect(verdict?.steps.map(({ step, ok }) => [step, ok])).toEqual([
      ['discover', true],
      ['request', true],
      ['given-up', false],
      ['release', true],
    ]);
    expect(verdict?.steps[2]).toMatchObject({ why: 'timeout', detail: 'no end within 2 s, after request' });
    expect(ethernet.released).toHaveLength(1);
  });

  test.each([
    ['discover', 'bios'],
    ['request', 'bootp'],
  ] as const)('says no more than it knows of a machine given up during %s', async (station, firmware) => {
    const ethernet = createFakeEthernet({ files: FILES, reply: () => undefined });
    const { rom } = machine(0);
    const [verdict] = await runAll(ethernet, [{ rom: { ...rom, firmware } }], { timeoutMs: 2000 });
    const detail = `no end within 2 s, during ${station}`;
    expect(verdict?.steps).toMatchObject([{ step: 'given-up', why: 'timeout', detail }]);
  });

  test('stops when it is told to: nobody starts any more, and addresses are given back', async () => {
    const ethernet = createFakeEthernet({ files: FILES }, (frame) => {
      const udp = parseUdpFrame(frame);
      return udp.ok && udp.value.toPort === 69;
    });
    const specs = Array.from({ length: 10 }, (_, i) => ({ ...machine(i), startMs: i * 1000 }));
    const verdicts = await runAll(ethernet, specs, { stopped: () => ethernet.now() > 2500 });
    expect(verdicts).toHaveLength(3);
    for (const { steps } of verdicts) {
      expect(steps.find(({ ok }) => !ok)).toMatchObject({ step: 'given-up', why: 'interrupted' });
    }
    expect(ethernet.released).toHaveLength(3);
  });

  test('gives the address back to a server that it never had to look for before', async () => {
    // The boot file is on another server, which does not exist: ARP for the DHCP server comes with the RELEASE.
    const ethernet = createFakeEthernet({
      files: {},
      reply: (packet) => ({ ...packet, siaddr: packet.yiaddr + 100 }),
    });
    const [verdict] = await runAll(ethernet, [machine(0)]);
    expect(verdict?.steps.find(({ ok }) => !ok)).toMatchObject({ step: 'boot-file', why: 'timeout' });
    expect(ethernet.released).toHaveLength(1);
  });

  test('tells of a host name that has no address', async () => {
    const ethernet = createFakeEthernet({
      files: { ...FILES, 'boot.ipxe': '#!ipxe\nkernel http://boot.example/k\n' },
      reply: (packet) => ({ ...packet, file: 'boot.ipxe' }),
    });
    const spec = machine(0);
    const [verdict] = await runAll(ethernet, [{ ...spec, rom: { ...spec.rom, firmware: 'ipxe' } }]);
    expect(verdict?.steps.find(({ ok }) => !ok)).toMatchObject({ step: 'kernel', why: 'name-unknown' });
  });
});
