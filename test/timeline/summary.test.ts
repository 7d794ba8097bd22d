import { expect, test } from 'vitest';
import { NO_FACTS } from '../../src/timeline/explanation.ts';
import { type MachineStage, storyOf, summaryOf } from '../../src/timeline/summary.ts';
import {
  ack,
  bios,
  configured,
  createStory,
  fetched,
  IP,
  ignored,
  MAC,
  offer,
  refused,
  type Step,
  started,
} from './rig.ts';

const DEFAULT = 'pxelinux.cfg/default';
const CONFIG = configured(DEFAULT, ['pxelinux.cfg/C0A84D32', DEFAULT], {
  rendered: 'debian',
  reason: 'profile debian by hosts',
});

function summary(steps: readonly Step[], quietMs = 1000) {
  const { ledger } = createStory(steps);
  const machine = ledger.find(MAC)!;
  const boot = machine.boots.at(-1)!;
  return summaryOf(machine, boot, boot.last + quietMs, { hostname: 'node1', boots: 3 });
}

test.each<{ stage: MachineStage; steps: readonly Step[]; quietMs?: number; text: RegExp }>([
  { stage: 'address', steps: [offer()], text: /was answered/ },
  { stage: 'address', steps: [offer(), ack()], text: /has the address 192\.168\.77\.50/ },
  { stage: 'address', steps: [ignored('not-netboot')], quietMs: 60_000, text: /DISCOVER was ignored/ },
  { stage: 'loader', steps: [offer(), ack(), started('pxelinux.0')], text: /is fetching pxelinux\.0/ },
  { stage: 'config', steps: [...bios(), ...CONFIG], text: /profile debian/ },
  { stage: 'kernel', steps: [...bios(), ...CONFIG, started('vmlinuz')], text: /is fetching vmlinuz/ },
  {
    stage: 'initrd',
    steps: [...bios(), ...CONFIG, ...fetched('vmlinuz'), started('initrd.gz')],
    text: /is fetching initrd\.gz/,
  },
  {
    stage: 'done',
    steps: [...bios(), ...CONFIG, ...fetched('vmlinuz'), ...fetched('initrd.gz')],
    quietMs: 6000,
    text: /booted debian/,
  },
  {
    stage: 'system',
    steps: [...bios(), ...CONFIG, ...fetched('vmlinuz'), ack({ stage: 'os' })],
    text: /booted debian/,
  },
  {
    stage: 'failed',
    steps: [...bios(), ...CONFIG, refused('vmlinuz')],
    quietMs: 6000,
    text: /did not boot: it asks for vmlinuz/,
  },
])('summaryOf() $stage: $text', ({ stage, steps, quietMs = 1000, text }) => {
  const told = summary(steps, quietMs);
  expect(told).toMatchObject({ stage, id: MAC, mac: MAC, hostname: 'node1', boots: 3, firmware: 'BIOS' });
  expect(told.stageText).toMatch(text);
  expect(told.failure !== undefined).toBe(stage === 'failed');
});

test('summaryOf() of whoever fetches files by hand tells no failure, and no boot', () => {
  const { ledger } = createStory([...fetched('pxelinux.0'), refused('ldlinux.c32')]);
  const machine = ledger.find(IP)!;
  const boot = machine.boots.at(-1)!;
  const told = summaryOf(machine, boot, boot.last + 3_600_000);
  expect(told).toMatchObject({ id: IP, stage: 'files', stageText: expect.stringContaining('pxelinux.0') });
  expect(told.failure).toBeUndefined();
});

test('summaryOf() counts octets of this boot', () => {
  const steps = [...bios(), ...CONFIG, ...fetched('vmlinuz', 5_000_000), started('initrd.gz', 9_000_000)];
  expect(summary(steps)).toMatchObject({ bytes: 5_162_000, totalBytes: 14_162_000, profile: 'debian' });
});

test('storyOf() tells the names of a search once, also when the configuration is there before the search is told of', () => {
  const tried = ['pxelinux.cfg/C0A84D32', DEFAULT];
  const [asked, told] = configured(DEFAULT, tried) as [Step, Step];
  const { ledger } = createStory([...bios(), asked, ...fetched(DEFAULT), told, ...fetched('vmlinuz')]);
  const machine = ledger.find(MAC)!;
  const boot = machine.boots[0]!;
  const { steps } = storyOf(machine, boot, { now: boot.last, facts: NO_FACTS });
  expect(steps.filter(({ text }) => text.includes('C0A84D32')).map(({ what }) => what)).toEqual([
    'configured',
  ]);
});

test('storyOf() tells every step, the good from the bad, and how long it took', () => {
  const { ledger } = createStory([
    offer({ reason: 'the boot file' }),
    ack(),
    ...fetched('pxelinux.0'),
    ...CONFIG,
    refused('vmlinuz'),
  ]);
  const machine = ledger.find(MAC)!;
  const boot = machine.boots[0]!;
  const { steps, left, explanation } = storyOf(machine, boot, { now: boot.last + 9000, facts: NO_FACTS });
  expect(steps.map(({ text, ok }) => [text, ok])).toEqual([
    ['was offered 192.168.77.50, boots pxelinux.0 (the boot file)', undefined],
    ['got 192.168.77.50', true],
    ['got pxelinux.0 (1.0 kB)', true],
    [
      `is configured by ${DEFAULT}, made from profile debian (profile debian by hosts) (not there: pxelinux.cfg/C0A84D32)`,
      true,
    ],
    ['cannot have vmlinuz: not-found', false],
  ]);
  expect(steps[2]).toMatchObject({ tookMs: 5 });
  expect(left).toBe(0);
  expect(explanation.verdict).toBe('failed');
});
