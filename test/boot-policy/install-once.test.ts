import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterOnce,
  type BootProgress,
  beginBoot,
  delivered,
  filesOf,
  isDoneFile,
  reported,
  restarted,
} from '../../src/boot/install-once.ts';
import { type KernelProfile, LOCAL_PROFILE, type OncePolicy, type Profile } from '../../src/boot/profile.ts';

const NOW = 1000;

function once(until: OncePolicy['until'], then = 'local'): OncePolicy {
  return { until, then, done: 'Kickstart_end' };
}

function kernel(name: string, fields: Partial<KernelProfile> = {}): KernelProfile {
  return { kind: 'kernel', name, kernel: 'vmlinuz', initrds: ['initrd.img'], args: '', ...fields };
}

const FETCHED = kernel('install', { once: once('fetched') });
const REPORTED = kernel('install', { once: once('reported', 'rescue') });

/** What a machine did, in order: `+file` delivered, `!` a ROM begins, `=` its configuration is rendered, `.` it reported. */
function after(profile: Profile, steps: readonly string[]): BootProgress {
  let progress = beginBoot(undefined, profile, NOW)!;
  for (const [at, step] of steps.entries()) {
    const now = NOW + 1 + at;
    if (step === '!') progress = restarted(progress, profile, now);
    else if (step === '=') progress = beginBoot(progress, profile, now)!;
    else if (step === '.') progress = reported(progress, profile, now);
    else progress = delivered(progress, profile, { path: step.slice(1), now });
  }
  return progress;
}

test.each([
  { name: 'nothing was fetched', steps: [], next: 'install' },
  { name: 'the kernel alone was fetched', steps: ['+vmlinuz'], next: 'install' },
  { name: 'an initrd alone was fetched', steps: ['+initrd.img'], next: 'install' },
  { name: 'all was fetched', steps: ['+vmlinuz', '+initrd.img'], next: 'local' },
  { name: 'all was fetched, the initrd first', steps: ['+initrd.img', '+vmlinuz'], next: 'local' },
  { name: 'the kernel was fetched twice', steps: ['+vmlinuz', '+vmlinuz'], next: 'install' },
  { name: 'other files were fetched', steps: ['+vmlinuz', '+initrd', '+pxelinux.0'], next: 'install' },
  { name: 'names were written in another way', steps: ['+/vmlinuz', '+.//initrd.img'], next: 'local' },
  { name: 'it was cut off between two files', steps: ['+vmlinuz', '!', '+initrd.img'], next: 'install' },
  { name: 'its configuration was asked for again', steps: ['+vmlinuz', '=', '+initrd.img'], next: 'install' },
  {
    name: 'it was cut off and came again',
    steps: ['+vmlinuz', '!', '=', '+vmlinuz', '+initrd.img'],
    next: 'local',
  },
  { name: 'it boots later', steps: ['+vmlinuz', '+initrd.img', '!', '='], next: 'local' },
  { name: 'it reports what nobody waits for', steps: ['.'], next: 'install' },
])('afterOnce() of until-fetched: $name', ({ steps, next }) => {
  expect(afterOnce(FETCHED, after(FETCHED, steps))).toBe(next);
});

test.each([
  { name: 'all was fetched', steps: ['+vmlinuz', '+initrd.img'], next: 'install', state: 'fetched' },
  { name: 'it reported', steps: ['+vmlinuz', '+initrd.img', '.'], next: 'rescue', state: 'reported' },
  { name: 'it reported, its files came from elsewhere', steps: ['.'], next: 'rescue', state: 'reported' },
  {
    name: 'it failed and booted again',
    steps: ['+vmlinuz', '+initrd.img', '!'],
    next: 'install',
    state: 'offered',
  },
  { name: 'it boots later', steps: ['.', '!', '=', '+vmlinuz'], next: 'rescue', state: 'reported' },
])('afterOnce() of until-reported: $name', ({ steps, next, state }) => {
  const progress = after(REPORTED, steps);
  expect(afterOnce(REPORTED, progress)).toBe(next);
  expect(progress.state).toBe(state);
});

test('afterOnce() offers a profile without once, and one that was never offered', () => {
  expect(afterOnce(kernel('live'), after(kernel('live'), ['+vmlinuz']))).toBe('live');
  expect(afterOnce(FETCHED, undefined)).toBe('install');
  expect(afterOnce(LOCAL_PROFILE, undefined)).toBe('local');
});

test('afterOnce() believes a record that tells its state alone', () => {
  const record = { profile: 'install', fetched: ['vmlinuz', 'initrd.img'], since: NOW };
  expect(afterOnce(FETCHED, { ...record, state: 'fetched' })).toBe('local');
  expect(afterOnce(REPORTED, { ...record, state: 'fetched' })).toBe('install');
  expect(afterOnce(REPORTED, { ...record, state: 'reported' })).toBe('rescue');
  expect(afterOnce(FETCHED, { ...record, profile: 'another', state: 'reported' })).toBe('install');
});

test('beginBoot() does not offer again what was finished before another profile', () => {
  const second = kernel('second', { once: once('reported') });
  let progress = beginBoot(after(FETCHED, ['+vmlinuz', '+initrd.img']), second, NOW)!;
  expect(progress).toMatchObject({ profile: 'second', state: 'offered', finished: ['install'] });
  expect(afterOnce(FETCHED, progress)).toBe('local');
  progress = reported(progress, second, NOW);
  expect(progress.finished).toEqual(['install', 'second']);
  expect(afterOnce(FETCHED, beginBoot(progress, FETCHED, NOW))).toBe('local');
});

test('beginBoot() of a profile without once ends the counting for another that shares its files', () => {
  const rescue = kernel('rescue');
  let progress = beginBoot(after(FETCHED, ['+vmlinuz']), rescue, NOW)!;
  progress = delivered(progress, FETCHED, { path: 'initrd.img', now: NOW });
  expect(afterOnce(FETCHED, progress)).toBe('install');
});

test('beginBoot() leaves what is finished in view when the machine boots what comes after', () => {
  const finished = after(FETCHED, ['+vmlinuz', '+initrd.img']);
  expect(beginBoot(finished, LOCAL_PROFILE, NOW + 99)).toBe(finished);
  expect(beginBoot(undefined, LOCAL_PROFILE, NOW)).toBeUndefined();
});

test('beginBoot() counts the files that the machine was offered, not those of a template', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
  const template = kernel('install', { kernel: 'k/${mac-hyp}', initrds: [], once: once('fetched') });
  const offered = beginBoot(undefined, { ...template, kernel: 'k/52-54-00-00-00-01' }, NOW)!;
  expect(delivered(offered, template, { path: 'k/52-54-00-00-00-02', now: NOW })).toBe(offered);
  const done = delivered(offered, template, { path: 'k/52-54-00-00-00-01', now: NOW });
  expect(afterOnce(template, done)).toBe('local');
});

test('beginBoot() asks for the files of the profile as it is now', () => {
  const before = beginBoot(undefined, FETCHED, NOW)!;
  const changed = { ...FETCHED, initrds: ['other.img'] };
  const offered = beginBoot(before, changed, NOW + 1)!;
  const old = delivered(offered, changed, { path: 'initrd.img', now: NOW });
  expect(old).toBe(offered);
  const kernel = delivered(offered, changed, { path: 'vmlinuz', now: NOW });
  expect(afterOnce(changed, kernel)).toBe('install');
  expect(afterOnce(changed, delivered(kernel, changed, { path: 'other.img', now: NOW }))).toBe('local');
});

test('filesOf() names each file once, as the tree does', () => {
  const profile = kernel('x', { kernel: '/boot//vmlinuz', initrds: ['./a.img', 'b.img', 'a.img'] });
  expect(filesOf(profile)).toEqual(['boot/vmlinuz', 'a.img', 'b.img']);
  expect(filesOf({ kind: 'loader', name: 'x', file: '\\efi\\boot.efi' })).toEqual(['efi/boot.efi']);
  expect(filesOf(LOCAL_PROFILE)).toEqual([]);
});

test('isDoneFile() knows the done file of a profile that waits for it', () => {
  expect(isDoneFile(REPORTED, '/Kickstart_end')).toBe(true);
  expect(isDoneFile(REPORTED, 'other/Kickstart_end')).toBe(false);
  expect(isDoneFile(FETCHED, 'Kickstart_end')).toBe(false);
  expect(isDoneFile(LOCAL_PROFILE, 'Kickstart_end')).toBe(false);
});

/** Profiles that share files, as installers of one distribution do. */
const PROFILES: readonly Profile[] = [
  kernel('a', { once: once('fetched') }),
  kernel('b', { initrds: ['initrd.img', 'more.img'], once: once('fetched', 'a') }),
  kernel('c', { once: once('reported', 'b') }),
  kernel('live', { initrds: [] }),
  { kind: 'loader', name: 'wds', file: 'wdsnbp.com', once: once('fetched') },
  LOCAL_PROFILE,
];
const FILES = ['vmlinuz', 'initrd.img', 'more.img', 'wdsnbp.com', 'pxelinux.0'];

type Step =
  | { readonly kind: 'render' | 'rom' | 'report'; readonly which: number }
  | { readonly kind: 'file'; readonly which: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('render' as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rom' as const), which: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('report' as const), which: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('file' as const), which: fc.nat(4) }) },
);

/** The same by looking at the whole story anew each time: what did this machine prove? */
function provenBy(steps: readonly Step[]): Set<string> {
  const proven = new Set<string>();
  let current: Profile | undefined;
  let since = 0;
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'render') {
      current = PROFILES[step.which]!;
      since = at;
    } else if (step.kind === 'rom') since = at;
    const policy = current && 'once' in current ? current.once : undefined;
    if (!current || !policy) continue;
    const boot = steps.slice(since, at + 1);
    const got = boot.flatMap((one) => (one.kind === 'file' ? [FILES[one.which]!] : []));
    const all = filesOf(current).every((name) => got.includes(name));
    if (policy.until === 'fetched' ? all : step.kind === 'report') proven.add(current.name);
  }
  return proven;
}

test('install-once offers a profile until the whole story holds its proof, and never again', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      let progress: BootProgress | undefined;
      for (const [now, step] of steps.entries()) {
        const before = progress;
        const profile = PROFILES.find(({ name }) => name === progress?.profile);
        if (step.kind === 'render') progress = beginBoot(progress, PROFILES[step.which]!, now);
        else if (!progress || !profile) continue;
        else if (step.kind === 'rom') progress = restarted(progress, profile, now);
        else if (step.kind === 'report') progress = reported(progress, profile, now);
        else progress = delivered(progress, profile, { path: FILES[step.which]!, now });
        // Nothing is written to a disk for nothing.
        if (progress !== before) expect(progress).not.toEqual(before);
        const proven = provenBy(steps.slice(0, now + 1));
        for (const one of PROFILES) {
          const policy = 'once' in one ? one.once : undefined;
          const next = policy && proven.has(one.name) ? policy.then : one.name;
          expect(afterOnce(one, progress), `${one.name} after step ${now}`).toBe(next);
        }
      }
    }),
    { numRuns: 500 },
  );
});
