import { expect, test } from 'vitest';
import type { BootProgress } from '../../src/boot/install-once.ts';
import { LOCAL_PROFILE, type Profile } from '../../src/boot/profile.ts';
import { selectProfile } from '../../src/boot/selection.ts';
import { DEBIAN, MACHINE, MEMTEST, policyOf } from './profiles.ts';

// biome-ignore lint/suspicious/noThenProperty: nobody awaits a policy
const ONCE: Profile = { ...DEBIAN, once: { until: 'fetched', done: 'Kickstart_end', then: 'memtest' } };

function done(profile: string): BootProgress {
  return { profile, fetched: [], state: 'fetched', since: 0, finished: [profile] };
}

test('selectProfile() none where none is named', () => {
  const policy = { ...policyOf([]), said: () => ({ tags: ['a'], nextServer: 1, trace: ['rules[0]: no'] }) };
  const selection = selectProfile(MACHINE, policy);
  expect(selection.profile).toBeUndefined();
  expect(selection).toMatchObject({ tags: ['a'], nextServer: 1, trace: ['rules[0]: no'] });
});

test('selectProfile() says who named it', () => {
  const policy = policyOf([DEBIAN], { from: 'rules[2]' });
  expect(selectProfile(MACHINE, policy)).toMatchObject({
    profile: DEBIAN,
    reason: 'profile debian by rules[2]',
    trace: ['profile debian by rules[2]'],
  });
});

test('selectProfile() local is there without being configured, and can be', () => {
  const said = { profile: 'local', from: 'hosts' };
  expect(selectProfile(MACHINE, policyOf([DEBIAN], said)).profile).toBe(LOCAL_PROFILE);
  const own: Profile = { kind: 'local', name: 'local', title: 'Disk' };
  expect(selectProfile(MACHINE, policyOf([own], said)).profile).toBe(own);
});

test('selectProfile() goes on to what follows when a profile is done, and to what follows that', () => {
  const policy = policyOf([ONCE, { ...MEMTEST, instead: 'local' }]);
  expect(selectProfile(MACHINE, policy).profile).toBe(ONCE);
  expect(selectProfile(MACHINE, policy, done('other')).profile).toBe(ONCE);
  const after = selectProfile(MACHINE, policy, done('debian'));
  expect(after.profile).toBe(LOCAL_PROFILE);
  expect(after.reason).toBe(
    'profile debian by default; debian is done, so memtest; memtest is never offered, local is',
  );
});

test('selectProfile() gives nothing for a name that there is not, and ends in a circle', () => {
  expect(selectProfile(MACHINE, policyOf([DEBIAN], { profile: 'x' })).profile).toBeUndefined();
  const a: Profile = { kind: 'local', name: 'a', instead: 'b' };
  const b: Profile = { kind: 'local', name: 'b', instead: 'a' };
  expect(selectProfile(MACHINE, policyOf([a, b])).reason).toContain('a is never offered');
});
