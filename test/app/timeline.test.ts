import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createTimeline, type TimelineParts } from '../../src/app/timeline.ts';
import { openTimelineFile } from '../../src/app/timeline-state.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { openTimelineStore } from '../../src/store/timeline-store.ts';
import type { MachineSummary } from '../../src/timeline/summary.ts';
import {
  ack,
  bios,
  configured,
  fetched,
  IP,
  MAC,
  offer,
  refused,
  START,
  type Step,
  started,
} from '../timeline/rig.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pxed-timeline-'));
  folders.push(folder);
  return join(folder, 'timeline.db');
}

const CONFIG = configured('pxelinux.cfg/default', ['pxelinux.cfg/default']);

/** A timeline whose clock and ticks are the test's. */
function rig(parts: Partial<TimelineParts> = {}, from = START) {
  let at = from;
  const steps: (() => void)[] = [];
  const problems: unknown[] = [];
  const timeline = createTimeline({
    now: () => at,
    every: (_, step) => {
      steps.push(step);
      return () => void steps.splice(0);
    },
    onProblem: (error) => void problems.push(error),
    ...parts,
  });
  return {
    ...{ timeline, problems },
    hear(given: readonly Step[]): void {
      for (const [event, afterMs] of given) {
        at += afterMs;
        timeline.hear({ at, event });
      }
    },
    pass(ms: number): void {
      at += ms;
      for (let n = 0; n < 8; n++) for (const step of steps) step();
    },
    now: () => at,
  };
}

test('createTimeline() outlasts a restart, in the middle of a boot, too', () => {
  const path = file();
  const before = rig({ store: openTimelineStore(path) });
  before.hear([...bios(), ...CONFIG]);
  before.timeline.close();
  const after = rig({ store: openTimelineStore(path) }, before.now() + 20_000);
  after.hear([...fetched('vmlinuz'), ...fetched('initrd.gz')]);
  after.pass(10_000);
  const story = after.timeline.machine(MAC)!;
  expect(story).toMatchObject({ stage: 'done', boots: 1, ip: IP });
  expect(story.steps.map(({ what }) => what)).toEqual([
    ...['offered', 'got-address', 'fetched', 'fetched', 'configured', 'fetched', 'fetched'],
  ]);
  expect(after.problems).toEqual([]);
  after.timeline.close();
});

test('createTimeline() shows machines of earlier runs, their boots, and finds them by any name', () => {
  const path = file();
  const uuid = '4C4C4544-0034-5010-8054-b7c04f4d3132';
  const before = rig({ store: openTimelineStore(path) });
  before.hear([offer({ uuid }), ack(), ...fetched('pxelinux.0'), refused('ldlinux.c32')]);
  before.pass(60_000);
  before.hear([offer({ uuid }), ack(), ...fetched('pxelinux.0'), refused('ldlinux.c32')]);
  before.timeline.close();
  const after = rig({ store: openTimelineStore(path) }, before.now() + 86_400_000);
  expect(after.timeline.machines()).toMatchObject([{ id: MAC, stage: 'failed', boots: 2 }]);
  for (const name of [MAC, IP, uuid.toLowerCase()]) {
    expect(after.timeline.machine(name)?.earlier).toMatchObject([{ stage: 'failed' }]);
  }
  expect(after.timeline.machine('10.0.0.9')).toBeUndefined();
  after.hear([offer(), ack()]);
  expect(after.timeline.machines()).toMatchObject([{ id: MAC, stage: 'address', boots: 3 }]);
  expect(after.timeline.machine(MAC)?.earlier).toHaveLength(2);
  after.timeline.close();
});

test('createTimeline() saves one row a boot, however often it changes, and none twice', () => {
  const path = file();
  const run = rig({ store: openTimelineStore(path) });
  run.hear(bios());
  run.pass(250);
  run.hear(CONFIG);
  run.pass(250);
  // Known by its address alone, as long as nobody tells whose that is: one row in the end.
  run.hear([[{ ...started('x')[0], peer: '192.168.77.60' } as BootEvent, 10]]);
  run.pass(250);
  run.hear([[{ ...ack({ mac: MAC })[0], ip: 0xc0a84d3c } as BootEvent, 10]]);
  run.pass(250);
  run.timeline.close();
  const kept = openTimelineStore(path);
  expect(kept.of(MAC, 9)).toHaveLength(1);
  expect([...kept.counts().keys()]).toEqual([MAC]);
  kept.close();
});

test('createTimeline().subscribe() tells of each stage, of failures that only silence shows, and of nothing twice', () => {
  const run = rig();
  const told: MachineSummary[] = [];
  const end = run.timeline.subscribe((summary) => void told.push(summary));
  const stages = () => told.splice(0).map(({ stage }) => stage);
  run.hear([offer(), ack()]);
  run.pass(250);
  expect(stages()).toEqual(['address']);
  run.pass(250);
  expect(stages()).toEqual([]);
  run.hear([...fetched('pxelinux.0'), refused('ldlinux.c32')]);
  run.pass(250);
  expect(stages()).toEqual(['loader']);
  run.pass(10_000);
  expect(stages()).toEqual(['failed']);
  run.pass(10_000);
  expect(stages()).toEqual([]);
  end();
  run.hear([offer()]);
  run.pass(250);
  expect(stages()).toEqual([]);
});

test('createTimeline() writes made-up machines slowly, and keeps none of them for long', () => {
  const store = openTimelineStore(file());
  let written = 0;
  const counting = {
    ...store,
    save: (boots: Parameters<typeof store.save>[0]) => {
      written += boots.length;
      return store.save(boots);
    },
  };
  const run = rig({ store: counting });
  run.hear(bios());
  run.pass(250);
  expect(written).toBe(1);
  for (let n = 0; n < 3000; n++) {
    const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
    run.hear([[offer({ mac })[0], 0]]);
  }
  run.pass(250);
  expect(written).toBeLessThan(100);
  expect(run.timeline.machines(5000).length).toBeLessThan(600);
  expect(run.timeline.machine(MAC)?.steps).toHaveLength(4);
  run.timeline.close();
});

test('createTimeline() goes on when its store does not', () => {
  const broken = () => {
    throw new Error('the disk is full');
  };
  const store = openTimelineStore(file());
  const run = rig({
    store: {
      ...store,
      save: broken,
      latest: broken,
      of: broken,
      find: broken,
      counts: broken,
      countOf: broken,
    },
  });
  run.hear(bios());
  run.pass(1000);
  expect(run.timeline.machines()).toHaveLength(1);
  expect(run.timeline.machine(MAC)?.steps).toHaveLength(4);
  expect(run.timeline.machine('10.0.0.9')).toBeUndefined();
  expect(run.problems.length).toBeGreaterThan(0);
  run.timeline.close();
});

test('createTimeline() remembers other DHCP servers that were heard of', () => {
  const run = rig();
  const other = { interface: 'eth0', kind: 'address', ip: 0xc0a84d02 } as const;
  for (let n = 0; n < 3; n++) run.hear([[{ type: 'dhcp.other-server', ...other }, 1]]);
  expect(run.timeline.servers).toEqual([{ ip: '192.168.77.2', kind: 'address', interface: 'eth0' }]);
});

test('openTimelineFile() puts a damaged file aside and begins anew', () => {
  const path = file();
  writeFileSync(path, '');
  const warnings: string[] = [];
  const store = openTimelineFile(path, (problem) => void warnings.push(problem));
  expect(warnings).toEqual(['timeline-damaged']);
  expect(store?.latest({ most: 9 })).toEqual([]);
  expect(readdirSync(join(path, '..')).some((name) => name.startsWith('timeline.db.damaged-'))).toBe(true);
  // In use by somebody else: in memory, and said so.
  expect(openTimelineFile(path, (problem) => void warnings.push(problem))).toBeUndefined();
  expect(warnings).toEqual(['timeline-damaged', 'timeline-unsaved']);
  store?.close();
});

test('createTimeline() passes over what is more than a flood of DHCP may cost, and says how much; files are always heard', () => {
  const passedOver: number[] = [];
  const { timeline, hear, pass } = rig({ onPassedOver: (count) => void passedOver.push(count) });
  const flood = Array.from({ length: 2000 }, (_, n): Step => {
    const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
    return offer({ mac });
  });
  hear(flood);
  hear([ack()]);
  hear(fetched('pxelinux.0', 5));
  pass(250);
  expect(passedOver).toEqual([501]);
  expect(
    timeline
      .machine(IP)
      ?.steps.map(({ text }) => text)
      .join(),
  ).toContain('pxelinux.0');
  hear([ack()]);
  pass(250);
  expect(passedOver).toEqual([501]);
  expect(timeline.machine(MAC)).toBeDefined();
});
