import { expect, test } from 'vitest';
import { afterOnce } from '../../../src/boot/install-once.ts';
import {
  type KernelProfile,
  LOCAL_PROFILE,
  type OncePolicy,
  type Profile,
} from '../../../src/boot/profile.ts';
import type { BootEvent, ClientFacts } from '../../../src/events/event.ts';
import { createBootKeeper } from '../../../src/server/boot/progress.ts';
import { type BootProgressStore, createMemoryProgress } from '../../../src/store/boot-progress.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const PEERS = new Map([
  ['192.168.77.11', MAC],
  ['192.168.77.12', OTHER],
]);

function kernel(name: string, once?: OncePolicy): KernelProfile {
  const profile = { name, kernel: 'vmlinuz', initrds: ['initrd.img'], args: '' };
  return { kind: 'kernel', ...profile, ...(once && { once }) };
}

function once(until: OncePolicy['until'], then = 'local'): OncePolicy {
  return { until, then, done: 'Kickstart_end' };
}

const INSTALL = kernel('install', once('fetched'));
const REPORT = kernel('report', once('reported'));
const PROFILES: readonly Profile[] = [INSTALL, REPORT, kernel('live'), LOCAL_PROFILE];

function rig(options: { store?: BootProgressStore } = {}) {
  const events: BootEvent[] = [];
  const later: (() => void)[] = [];
  const muchLater: (() => void)[] = [];
  const store = options.store ?? createMemoryProgress();
  const profiles = new Map(PROFILES.map((profile) => [profile.name, profile]));
  let time = 1000;
  const keeper = createBootKeeper({
    store,
    profiles: () => profiles,
    machineOf: (peer) => PEERS.get(peer),
    emit: (event) => {
      events.push(event);
      keeper.hear(event); // as the bus does
    },
    now: () => time,
    soon: (save) => later.push(save),
    later: (save) => muchLater.push(save),
  });
  return {
    ...{ keeper, events, store, profiles },
    wait: (ms: number) => {
      time += ms;
    },
    /** What was put off until the present events are heard. */
    settle: () => later.splice(0).map((save) => save()).length,
    /** What was put off for longer. */
    settleLater: () => muchLater.splice(0).map((save) => save()).length,
    next: (profile: Profile, mac = MAC) => afterOnce(profile, keeper.progressOf(mac)),
  };
}

type Stage = NonNullable<ClientFacts['stage']>;
type Done = Extract<BootEvent, { type: 'tftp.done' }>;

function done(file: string, fields: Partial<Done> = {}): Done {
  return {
    ...{ type: 'tftp.done', peer: '192.168.77.11', port: 2000, file, write: false, bytes: 9, tookMs: 1 },
    ...{ retransmissions: 0, blksize: 1468, windowsize: 1 },
    ...fields,
  };
}

function failed(file: string): BootEvent {
  const { type: _, ...rest } = done(file);
  return { type: 'tftp.failed', ...rest, failure: 'timeout' };
}

function http(file: string, whole: boolean): BootEvent {
  const peer = { peer: '192.168.77.11', port: 2000 };
  return { type: 'http.done', ...peer, file, sizeBytes: 9, bytes: 9, whole, tookMs: 1 };
}

function offer(stage: Stage, mac = MAC): BootEvent {
  return { type: 'dhcp.offer', mac, stage, ip: 0xc0a84d0b };
}

test('createBootKeeper() knows that a machine has all files of its profile, and tells each step once', () => {
  const { keeper, events, settle, next } = rig();
  keeper.offered(MAC, INSTALL);
  keeper.hear(done('vmlinuz'));
  keeper.hear(done('vmlinuz'));
  expect(next(INSTALL)).toBe('install');
  keeper.hear(done('initrd.img'));
  keeper.hear(done('initrd.img'));
  expect(next(INSTALL)).toBe('local');
  expect(next(INSTALL, OTHER)).toBe('install');
  settle();
  const about = { mac: MAC, profile: 'install' };
  expect(events).toEqual([
    { type: 'boot.progress', ...about, file: 'vmlinuz', fetched: 1, of: 2 },
    { type: 'boot.progress', ...about, file: 'initrd.img', fetched: 2, of: 2 },
    { type: 'boot.installed', ...about, proof: 'fetched', next: 'local' },
  ]);
});

test.each<{ name: string; event: BootEvent; counts: boolean }>([
  { name: 'a file under the name that was asked for', event: done('/initrd.img'), counts: true },
  {
    name: 'a file that the tree has in another case',
    event: done('initrd.img', { path: 'INITRD.IMG' }),
    counts: true,
  },
  {
    name: 'a file that the client asked for in another case',
    event: done('INITRD.IMG', { path: 'initrd.img' }),
    counts: true,
  },
  { name: 'a file by HTTP', event: http('initrd.img', true), counts: true },
  { name: 'a range of a file by HTTP', event: http('initrd.img', false), counts: false },
  { name: 'half a file', event: failed('initrd.img'), counts: false },
  { name: 'an upload', event: done('initrd.img', { write: true }), counts: false },
  {
    name: 'a size that was asked for',
    event: { type: 'tftp.probed', peer: '192.168.77.11', port: 2, file: 'initrd.img' },
    counts: false,
  },
  { name: 'a file of another machine', event: done('initrd.img', { peer: '192.168.77.12' }), counts: false },
  { name: 'a file of nobody that is known', event: done('initrd.img', { peer: '10.0.0.1' }), counts: false },
])('createBootKeeper() and $name', ({ event, counts }) => {
  const { keeper, next } = rig();
  keeper.offered(MAC, INSTALL);
  keeper.offered(OTHER, INSTALL);
  keeper.hear(done('vmlinuz'));
  keeper.hear(event);
  expect(next(INSTALL)).toBe(counts ? 'local' : 'install');
});

test.each<{ name: string; event: BootEvent; again: boolean }>([
  { name: 'its firmware asks for an address', event: offer('rom'), again: true },
  {
    name: 'its firmware asks a proxy',
    event: { type: 'dhcp.proxy-offer', mac: MAC, stage: 'rom' },
    again: true,
  },
  { name: 'it asks by BOOTP', event: { type: 'bootp.reply', mac: MAC, ip: 1 }, again: true },
  { name: 'its installer asks for an address', event: offer('installer'), again: false },
  { name: 'its kernel asks for an address', event: offer('unknown'), again: false },
  { name: 'the firmware of another machine asks', event: offer('rom', OTHER), again: false },
])('createBootKeeper() counts anew when $name: $again', ({ event, again }) => {
  const { keeper, events, settle, next } = rig();
  keeper.offered(MAC, INSTALL);
  keeper.hear(done('vmlinuz'));
  keeper.hear(event);
  keeper.hear(done('initrd.img'));
  settle();
  expect(next(INSTALL)).toBe(again ? 'install' : 'local');
  const told = { type: 'boot.again', mac: MAC, profile: 'install', fetched: 1, of: 2 };
  expect(events.filter(({ type }) => type === 'boot.again')).toEqual(again ? [told] : []);
});

test('createBootKeeper() does not count anew for a machine that is installed', () => {
  const { keeper, events, settle, next } = rig();
  keeper.offered(MAC, INSTALL);
  for (const file of ['vmlinuz', 'initrd.img']) keeper.hear(done(file));
  keeper.hear(offer('rom'));
  keeper.offered(MAC, LOCAL_PROFILE);
  settle();
  expect(next(INSTALL)).toBe('local');
  expect(events.some(({ type }) => type === 'boot.again')).toBe(false);
});

test('createBootKeeper() takes the done file for the word of whoever fetches it', () => {
  const { keeper, events, settle, next } = rig();
  keeper.offered(MAC, REPORT);
  keeper.offered(OTHER, REPORT);
  for (const file of ['vmlinuz', 'initrd.img']) keeper.hear(done(file));
  expect(next(REPORT)).toBe('report');
  keeper.hear(failed('Kickstart_end'));
  expect(next(REPORT)).toBe('report');
  keeper.hear(done('Kickstart_end', { bytes: 0 }));
  keeper.hear(done('Kickstart_end', { bytes: 0 }));
  expect(next(REPORT)).toBe('local');
  expect(next(REPORT, OTHER)).toBe('report');
  settle();
  expect(events.filter(({ type }) => type === 'boot.installed')).toEqual([
    { type: 'boot.installed', mac: MAC, profile: 'report', proof: 'reported', next: 'local' },
  ]);
});

test('createBootKeeper().reportedBy() takes a posted word like a fetched one', () => {
  const { keeper, next } = rig();
  keeper.offered(MAC, REPORT);
  keeper.offered(OTHER, INSTALL);
  expect(keeper.reportedBy('192.168.77.11', '/other')).toBe(false);
  expect(keeper.reportedBy('192.168.77.12', '/Kickstart_end')).toBe(false);
  expect(keeper.reportedBy('10.0.0.1', '/Kickstart_end')).toBe(false);
  expect(next(REPORT)).toBe('report');
  expect(keeper.reportedBy('192.168.77.11', '/Kickstart_end')).toBe(true);
  expect(next(REPORT)).toBe('local');
  expect(keeper.reportedBy('192.168.77.11', '/Kickstart_end')).toBe(true);
});

test('createBootKeeper().forget() has a machine installed once more', () => {
  const { keeper, next } = rig();
  keeper.offered(MAC, REPORT);
  keeper.reported(MAC);
  expect(next(REPORT)).toBe('local');
  expect(keeper.forget(MAC)).toBe(true);
  expect(keeper.forget(MAC)).toBe(false);
  expect(next(REPORT)).toBe('report');
  expect(keeper.reported(MAC)).toBe(false);
});

test('createBootKeeper() passes over machines whose profile is gone from the configuration', () => {
  const { keeper, profiles, next } = rig();
  keeper.offered(MAC, INSTALL);
  keeper.hear(done('vmlinuz'));
  profiles.delete('install');
  keeper.hear(done('initrd.img'));
  keeper.hear(offer('rom'));
  profiles.set('install', INSTALL);
  expect(next(INSTALL)).toBe('install');
  expect(keeper.progressOf(MAC)?.fetched).toEqual(['vmlinuz']);
});

test('createBootKeeper() saves what one batch of events brought at once', () => {
  let saves = 0;
  const store = { ...createMemoryProgress(), save: () => void saves++ };
  const { keeper, settle } = rig({ store });
  for (const mac of PEERS.values()) keeper.offered(mac, INSTALL);
  for (const [peer] of PEERS) for (const file of ['vmlinuz', 'initrd.img']) keeper.hear(done(file, { peer }));
  expect(settle()).toBe(1);
  expect(saves).toBe(1);
  keeper.hear(done('vmlinuz'));
  expect(settle()).toBe(0);
  keeper.forget(MAC);
  expect(saves).toBe(2);
});

test('createBootKeeper() saves what any number of made-up machines are offered once in a while', () => {
  let saves = 0;
  const store = { ...createMemoryProgress(), save: () => void saves++ };
  const { keeper, settle, settleLater } = rig({ store });
  for (let i = 0; i < 100; i++) keeper.offered(`02:00:00:00:00:${i.toString(16).padStart(2, '0')}`, INSTALL);
  expect([settle(), saves]).toEqual([0, 0]);
  expect([settleLater(), saves]).toEqual([1, 1]);
  // A word that changes nothing does not hurry them.
  keeper.offered(OTHER, INSTALL);
  keeper.offered(MAC, REPORT);
  expect(keeper.reportedBy('192.168.77.11', 'Kickstart_end')).toBe(true);
  expect(saves).toBe(2);
  keeper.offered(OTHER, REPORT);
  expect(keeper.reportedBy('192.168.77.11', 'Kickstart_end')).toBe(true);
  expect(saves).toBe(2);
  // Proof that came meanwhile took the others with it: nothing is left for their turn.
  keeper.hear(done('Kickstart_end', { peer: '192.168.77.12' }));
  settle();
  expect(saves).toBe(3);
  settleLater();
  expect(saves).toBe(3);
});

test('createBootKeeper() tells that a machine is installed once that is safe', () => {
  const toldBefore: number[] = [];
  const store = { ...createMemoryProgress(), save: () => void toldBefore.push(events.length) };
  const { keeper, settle, events } = rig({ store });
  keeper.offered(MAC, REPORT);
  keeper.offered(OTHER, REPORT);
  keeper.hear(done('Kickstart_end'));
  settle();
  expect(toldBefore).toEqual([0]);
  expect(events.map(({ type }) => type)).toEqual(['boot.installed']);
  // Who posts is answered at once, and not before.
  expect(keeper.reportedBy('192.168.77.12', '/Kickstart_end')).toBe(true);
  expect(toldBefore).toEqual([0, 1]);
  settle();
  expect(events).toHaveLength(2);
});

test('createBootKeeper() warns when the disk refuses, once a minute, and goes on', () => {
  let broken = true;
  const store = createMemoryProgress();
  const failing = {
    ...store,
    save() {
      if (broken) throw new Error('boot.db: the disk is full');
    },
  };
  const { keeper, events, settle, wait, next } = rig({ store: failing });
  const warnings = () => events.filter(({ type }) => type === 'service.warning');
  keeper.offered(MAC, INSTALL);
  settle();
  keeper.hear(done('vmlinuz'));
  settle();
  expect(warnings()).toEqual([
    {
      ...{ type: 'service.warning', service: 'boot', problem: 'progress-unsaved' },
      detail: expect.stringContaining('boot.db: the disk is full'),
    },
  ]);
  keeper.hear(done('initrd.img'));
  expect(next(INSTALL)).toBe('local');
  wait(60_000);
  settle();
  expect(warnings()).toHaveLength(2);
  broken = false;
  keeper.save();
  expect(warnings()).toHaveLength(2);
});

test('createBootKeeper().choose() holds for one boot with `once`, else until it is taken back', () => {
  const { keeper, wait, settleLater } = rig();
  const live = kernel('live');
  expect(keeper.choose(MAC, { profile: live, once: true })).toBe(true);
  keeper.hear(offer('rom'));
  expect(keeper.choiceOf(MAC)).toMatchObject({ profile: 'live', once: true });
  keeper.offered(MAC, live);
  expect(settleLater()).toBe(1);
  wait(1000);
  keeper.offered(MAC, live);
  keeper.hear(offer('installer'));
  expect(keeper.choiceOf(MAC)).toMatchObject({ profile: 'live' });
  wait(60_000);
  keeper.hear(offer('rom'));
  expect(keeper.choiceOf(MAC)).toBeUndefined();
  keeper.choose(MAC, { profile: live, once: false });
  keeper.offered(MAC, live);
  wait(60_000);
  keeper.hear(offer('ipxe'));
  expect(keeper.choiceOf(MAC)).toMatchObject({ profile: 'live', once: false });
  keeper.choose(MAC, undefined);
  expect(keeper.choiceOf(MAC)).toBeUndefined();
  expect(keeper.choiceOf(OTHER)).toBeUndefined();
});

test('createBootKeeper().choose() offers again what a machine got through, and forgets nothing else', () => {
  const { keeper, next, settle } = rig();
  for (const profile of [INSTALL, REPORT]) {
    keeper.offered(MAC, profile);
    for (const file of ['vmlinuz', 'initrd.img', 'Kickstart_end']) keeper.hear(done(file));
    settle();
  }
  expect([next(INSTALL), next(REPORT)]).toEqual(['local', 'local']);
  keeper.choose(MAC, { profile: INSTALL, once: true });
  expect([next(INSTALL), next(REPORT)]).toEqual(['install', 'local']);
  keeper.choose(MAC, { profile: REPORT, once: true });
  expect([next(INSTALL), next(REPORT)]).toEqual(['install', 'report']);
});

test('createBootKeeper().choose() says when it could not be saved', () => {
  const broken = () => {
    throw new Error('boot.db: the disk is full');
  };
  const { keeper } = rig({ store: { ...createMemoryProgress(), save: broken } });
  expect(keeper.choose(MAC, { profile: INSTALL, once: true })).toBe(false);
  expect(keeper.choiceOf(MAC)).toMatchObject({ profile: 'install' });
});
