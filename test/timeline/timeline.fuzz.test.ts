import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BootEvent } from '../../src/events/event.ts';
import { MARKS_MOST } from '../../src/timeline/boot.ts';
import { bootFromJson, bootToJson } from '../../src/timeline/boot-json.ts';
import { BOOTS_MOST, createLedger } from '../../src/timeline/ledger.ts';
import { storyOf, summaryOf } from '../../src/timeline/summary.ts';
import { IP, MAC } from './rig.ts';

const mac = fc.constantFrom(MAC, '52:54:00:00:00:02', '', '00:11');
const peer = fc.constantFrom(IP, '10.0.0.9', 'fe80::1', '');
const file = fc.constantFrom(
  'pxelinux.0',
  'ldlinux.c32',
  '/grub/grub.cfg',
  'vmlinuz',
  'vmlinuz.cbt',
  'initrd.gz',
  'a.efi',
  'x\\y//z',
  '',
  'shimx64.efi',
);
const word = fc.constantFrom(
  'not-found',
  'access',
  'timeout',
  'address-server',
  'not-netboot',
  'no-such-word',
  '__proto__',
);
const stage = fc.constantFrom('rom', 'ipxe', 'loader', 'installer', 'os', 'unknown');
const ip = fc.constantFrom(0, 1, 0xc0a84d32, 0xffff_ffff);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Of every type that tells of machines, with what makes no sense together, too. */
const event = fc
  .record({
    type: fc.constantFrom(
      ...([
        'dhcp.offer',
        'dhcp.ack',
        'dhcp.nak',
        'dhcp.ignored',
        'dhcp.proxy-offer',
        'dhcp.boot-server-ack',
      ] as const),
      ...([
        'dhcp.quirk',
        'dhcp.pool-exhausted',
        'dhcp.no-address',
        'dhcp.malformed',
        'dhcp.decline',
      ] as const),
      ...([
        'bootp.reply',
        'bootp.ignored',
        'tftp.started',
        'tftp.done',
        'tftp.failed',
        'tftp.probed',
      ] as const),
      ...([
        'tftp.refused',
        'tftp.config',
        'http.started',
        'http.done',
        'http.failed',
        'http.refused',
      ] as const),
      ...([
        'http.reported',
        'boot.again',
        'boot.installed',
        'boot.loop',
        'boot.relinked',
        'service.ready',
      ] as const),
    ),
    ...{ mac, peer, file, ip, stage, why: word, failure: word },
    ...{
      write: fc.boolean(),
      whole: fc.boolean(),
      bytes: fc.nat(1e7),
      sizeBytes: optional(fc.nat(1e7)),
      tookMs: fc.nat(),
    },
    ...{
      retransmissions: fc.nat(5),
      blksize: fc.nat(1468),
      tried: fc.array(file, { maxLength: 40 }),
      winner: optional(file),
    },
    ...{ rendered: optional(fc.constantFrom('local', 'debian')), search: optional(fc.constant(true)) },
    ...{
      messageType: fc.constantFrom('DISCOVER', 'REQUEST'),
      profile: word,
      next: word,
      link: file,
      to: file,
      times: fc.nat(),
    },
    ...{
      arch: optional(fc.constantFrom('x86PC', 'x86-64_EFI', 'nonsense')),
      secs: optional(fc.nat(70_000)),
      detail: optional(word),
    },
    ...{
      menu: optional(fc.nat(3)),
      later: optional(fc.constant(true)),
      quirk: word,
      before: word,
      missing: fc.constantFrom('config', 'kernel'),
    },
  })
  .map(
    (fields) =>
      Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== undefined),
      ) as unknown as BootEvent,
  );

const stories = fc.array(fc.tuple(event, fc.integer({ min: -1000, max: 400_000 })), { maxLength: 250 });

test('a timeline takes any events in any order: it stays bounded, tells a story, and finds it again in JSON', () => {
  fc.assert(
    fc.property(stories, fc.nat(4_000_000), (steps, quiet) => {
      const limits = { strangers: 2, begun: 2, proven: 2 };
      const ledger = createLedger({ limits, machineOf: (asked) => (asked === '10.0.0.9' ? MAC : undefined) });
      let at = 1_800_000_000_000;
      for (const [each, afterMs] of steps) {
        at += afterMs;
        ledger.hear({ at, event: each });
      }
      ledger.identify();
      expect(ledger.size).toBeLessThanOrEqual(6);
      for (const machine of ledger.all()) {
        expect(machine.boots.length).toBeLessThanOrEqual(BOOTS_MOST);
        for (const boot of machine.boots) {
          expect(boot.marks.length).toBeLessThanOrEqual(MARKS_MOST);
          const now = boot.last + quiet;
          const facts = { file: () => ({ exists: false }) };
          const story = storyOf(machine, boot, { now, facts });
          for (const { text } of story.steps) expect(text).not.toMatch(/undefined|\[object/);
          for (const { text, fix } of story.explanation.reasons)
            expect(`${text} ${fix ?? ''}`).not.toMatch(/undefined|\[object/);
          expect(summaryOf(machine, boot, now).stageText).not.toMatch(/undefined|\[object/);
          const { began, last } = boot;
          const again = bootFromJson(bootToJson(boot), { began, last })!;
          expect(storyOf(machine, again, { now, facts }).steps).toEqual(story.steps);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('bootFromJson() takes any text', () => {
  const times = { began: 1, last: 2 };
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void bootFromJson(text, times)));
  expect(
    bootFromJson('{"marks":[{"what":"fetched","at":1},{"what":"nonsense","at":1},7]}', times)?.marks,
  ).toHaveLength(1);
  expect(bootFromJson('{"marks":7}', times)).toBeUndefined();
});
