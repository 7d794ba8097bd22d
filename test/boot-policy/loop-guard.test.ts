import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roleOf } from '../../src/boot/boot-step.ts';
import { type BootLoop, type BootStep, createLoopGuard } from '../../src/boot/loop-guard.ts';

const MINUTE = 60_000;

/** Steps in short: `pxelinux.0` is delivered; `?` a search without, `!` with a configuration; `+x`, `>x`, `-x`: payload asked, done, failed. */
function stepOf(word: string): BootStep {
  const file = word.slice(1);
  switch (word[0]) {
    case '?':
      return { kind: 'config', found: false };
    case '!':
      return { kind: 'config', found: true };
    case '+':
      return { kind: 'payload', file, state: 'asked' };
    case '~':
      return { kind: 'payload', file, state: 'probed' };
    case '>':
      return { kind: 'payload', file, state: 'done' };
    case '-':
      return { kind: 'payload', file, state: 'failed' };
    case '/':
      return { kind: 'refused', file };
    case '$':
      return { kind: 'system' };
    default:
      return { kind: 'loader', file: word };
  }
}

/** The loops told in a boot of these words that is repeated, each a minute after the one before. */
function loopsOf(boot: string, { rounds = 3, everyMs = MINUTE } = {}): BootLoop[] {
  const guard = createLoopGuard();
  const loops: BootLoop[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const word of boot.split(' ')) {
      const loop = guard.saw('10.0.0.9', stepOf(word), round * everyMs);
      if (loop) loops.push(loop);
    }
  }
  return loops;
}

describe('createLoopGuard() tells the step that never came', () => {
  test.each<{ name: string; boot: string; want: Partial<BootLoop> }>([
    { name: 'no configuration asked', boot: 'pxelinux.0', want: { missing: 'config' } },
    {
      name: 'the core module missing',
      boot: 'pxelinux.0 /ldlinux.c32',
      want: { missing: 'config', refused: 'ldlinux.c32' },
    },
    { name: 'no configuration found', boot: 'pxelinux.0 ?', want: { missing: 'config' } },
    { name: 'no kernel asked', boot: 'pxelinux.0 ? !', want: { missing: 'kernel' } },
    {
      name: 'a kernel not there',
      boot: 'pxelinux.0 ! /vmlinuz',
      want: { missing: 'kernel', refused: 'vmlinuz' },
    },
    {
      name: 'a kernel in part',
      boot: 'pxelinux.0 ! +vmlinuz -vmlinuz',
      want: { missing: 'kernel', incomplete: 'vmlinuz' },
    },
    {
      name: 'a kernel never ended',
      boot: 'pxelinux.0 ! +vmlinuz',
      want: { missing: 'kernel', incomplete: 'vmlinuz' },
    },
    {
      name: 'an initrd in part',
      boot: 'pxelinux.0 ! +k >k +i -i',
      want: { missing: 'initrd', incomplete: 'i' },
    },
    {
      name: 'shim’s second stage',
      boot: 'efi/shimx64.efi /grubx64.efi',
      want: { missing: 'second-stage', refused: 'grubx64.efi' },
    },
    {
      name: 'iPXE, that loads itself',
      boot: 'undionly.kpxe',
      want: { missing: 'config', file: 'undionly.kpxe' },
    },
  ])('$name', ({ boot, want }) => {
    const loops = loopsOf(boot);
    expect(loops).toHaveLength(1);
    expect(loops[0]).toMatchObject({ times: 3, ...want });
  });

  test('for a chain of loaders: the first of them, and how far the chain came', () => {
    expect(loopsOf('shimx64.efi grubx64.efi')).toMatchObject([{ file: 'shimx64.efi', missing: 'config' }]);
    expect(loopsOf('shimx64.efi grubx64.efi !')).toMatchObject([{ file: 'shimx64.efi', missing: 'kernel' }]);
  });
});

describe('createLoopGuard() is silent', () => {
  test.each([
    ['about two rounds', 'pxelinux.0', { rounds: 2 }],
    ['about rounds that are far apart', 'pxelinux.0', { everyMs: 6 * MINUTE, rounds: 6 }],
    [
      'about machines that got all they asked for',
      'pxelinux.0 ? ! ~vmlinuz +vmlinuz >vmlinuz +i >i',
      { rounds: 9 },
    ],
    ['about files that were fetched at the second try', 'pxelinux.0 ! +k >k +i -i +i >i', { rounds: 9 }],
    ['about machines whose system runs', 'pxelinux.0 ! $', { rounds: 9 }],
    ['about files without a loader', '! +k -k', { rounds: 9 }],
  ] as const)('%s', (_, boot, how) => {
    expect(loopsOf(boot, how)).toEqual([]);
  });

  test('for ten minutes after it told, and counts on meanwhile', () => {
    const loops = loopsOf('pxelinux.0', { rounds: 30, everyMs: MINUTE });
    // Told in minutes 2, 12 and 22: each time of the last ten minutes.
    expect(loops.map(({ times }) => times)).toEqual([3, 10, 10]);
  });

  test('about other machines', () => {
    const guard = createLoopGuard();
    const loops = ['a', 'b', 'c', 'd'].map((who) => guard.saw(who, stepOf('pxelinux.0'), 0));
    expect(loops).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test('createLoopGuard() counts anew behind a boot that went through', () => {
  const guard = createLoopGuard();
  const words = 'l l +k >k l l +k >k l l'.split(' ');
  expect(words.map((word, at) => guard.saw('a', stepOf(word), at)).filter((loop) => loop)).toEqual([]);
});

test('createLoopGuard() remembers a bounded number of machines, the last seen', () => {
  const guard = createLoopGuard({ mostMachines: 3 });
  const load = (who: string) => guard.saw(who, stepOf('l'), 0);
  for (const who of ['a', 'b', 'c', 'a', 'd', 'e']) load(who);
  expect(guard.size).toBe(3);
  expect(load('a')).toMatchObject({ times: 3 });
  guard.saw('z', stepOf('!'), 0);
  expect(guard.size).toBe(3);
});

test('createLoopGuard() tells no machine more often than once in the time, whatever it does', () => {
  const word = fc.constantFrom('l', 'm', 'n', 'o', 'p', '?', '!', '+k', '>k', '-k', '~k', '/x', '$');
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.integer({ min: 0, max: 200 })), { maxLength: 200 }), (steps) => {
      const guard = createLoopGuard({ withinMs: 1000 });
      let now = 0;
      const told: number[] = [];
      for (const [one, pause] of steps) {
        now += pause;
        const loop = guard.saw('a', stepOf(one), now);
        if (!loop) continue;
        expect(loop.times).toBeGreaterThanOrEqual(3);
        told.push(now);
        if (one === '$') told.length = 0;
      }
      // A system that ran in between begins a new life: only neighbours without one are compared.
      if (!steps.some(([one]) => one === '$')) {
        for (const [i, at] of told.entries())
          if (i > 0) expect(at - told[i - 1]!).toBeGreaterThanOrEqual(1000);
      }
    }),
  );
});

test.each([
  ['pxelinux.0', 'loader'],
  ['/EFI/BOOT/BOOTX64.EFI', 'loader'],
  ['efi\\shimx64.efi', 'loader'],
  ['grubnetx64.efi.signed', 'loader'],
  ['undionly.kpxe', 'loader'],
  ['ldlinux.c32', 'companion'],
  ['efi64/ldlinux.e64', 'companion'],
  ['grub/x86_64-efi/normal.mod', 'companion'],
  ['splash.png', 'companion'],
  ['ks.cfg', 'companion'],
  ['pxelinux.cfg/default', 'config'],
  ['efi64//pxelinux.cfg/C0A84D', 'config'],
  ['/grub/grub.cfg-01-52-54-00-12-34-56', 'config'],
  ['boot.ipxe', 'config'],
  ['extlinux/extlinux.conf', 'config'],
  ['vmlinuz-6.1.0', 'payload'],
  ['initrd.img', 'payload'],
  ['Kickstart_end', 'payload'],
])('roleOf() takes %s for a %s', (path, role) => {
  expect(roleOf(path)).toBe(role);
});
