import { expect, test } from 'vitest';
import { type BootChoice, chosenBy, isOver, isValid, taken, withChoices } from '../../src/boot/choice.ts';
import { LOCAL_PROFILE } from '../../src/boot/profile.ts';
import { selectProfile } from '../../src/boot/selection.ts';
import { DEBIAN, MACHINE, MEMTEST, policyOf } from './profiles.ts';

const ALWAYS: BootChoice = { profile: 'memtest', once: false, since: 1000 };
const ONCE: BootChoice = { profile: 'memtest', once: true, since: 1000 };

function selected(choice: BootChoice | undefined, said = {}) {
  const policy = withChoices(policyOf([DEBIAN, MEMTEST], said), (mac) =>
    mac === MACHINE.mac ? choice : undefined,
  );
  return selectProfile(MACHINE, policy);
}

test('withChoices() puts what was chosen before what the configuration says, and says so', () => {
  expect(selected(undefined)).toMatchObject({ profile: DEBIAN, reason: 'profile debian by default' });
  expect(selected(ALWAYS)).toMatchObject({
    profile: MEMTEST,
    reason: 'profile memtest by pxectl boot',
    trace: ['pxectl boot: profile memtest in place of debian by default', 'profile memtest by pxectl boot'],
  });
  expect(selected(ONCE)).toMatchObject({ profile: MEMTEST, reason: 'profile memtest by pxectl boot, once' });
  expect(selected({ ...ALWAYS, profile: 'local' })).toMatchObject({ profile: LOCAL_PROFILE });
});

test('withChoices() goes by the configuration again when the profile is gone from it', () => {
  expect(selected({ ...ALWAYS, profile: 'gone' })).toMatchObject({
    profile: DEBIAN,
    reason: 'profile debian by default',
  });
});

test('chosenBy() tells DHCP the same', () => {
  const { profiles } = policyOf([DEBIAN]);
  const ask = chosenBy(
    () => profiles,
    (mac) =>
      mac === 'a' ? { ...ONCE, profile: 'debian' } : mac === 'b' ? { ...ONCE, profile: 'gone' } : undefined,
  );
  expect([ask('a'), ask('b'), ask('c')]).toEqual([
    { name: 'debian', from: 'pxectl boot, once' },
    undefined,
    undefined,
  ]);
  expect(
    chosenBy(
      () => undefined,
      () => ONCE,
    )('a'),
  ).toBeUndefined();
});

test('a choice for one boot is taken once, holds as long as its boot, and is over with the next', () => {
  expect(isValid(ONCE, 9e9)).toBe(true);
  expect(isOver(ONCE, 9e9)).toBe(false);
  const begun = taken(ONCE, 5000);
  expect(begun).toEqual({ ...ONCE, takenAt: 5000 });
  expect(taken(begun, 9000)).toBe(begun);
  expect([isValid(begun, 6000), isOver(begun, 6000)]).toEqual([true, false]);
  // A ROM is no loader of the same boot.
  expect(isOver(begun, 6000, true)).toBe(true);
  expect(isOver(ONCE, 6000, true)).toBe(false);
  expect([isValid(begun, 20_000), isOver(begun, 20_000)]).toEqual([true, true]);
  expect(isValid(begun, 5000 + 300_000)).toBe(false);
});

test('a choice for good is never taken, and never over', () => {
  expect(taken(ALWAYS, 5000)).toBe(ALWAYS);
  expect([isValid(ALWAYS, 9e9), isOver(ALWAYS, 9e9)]).toEqual([true, false]);
});
