import { expect, test } from 'vitest';
import type { BootEvent } from '../../src/events/event.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { MARKS_MOST } from '../../src/timeline/boot.ts';
import { createLedger } from '../../src/timeline/ledger.ts';
import {
  ack,
  bios,
  configured,
  createStory,
  done,
  fetched,
  IP,
  ignored,
  MAC,
  offer,
  refused,
  START,
  type Step,
  started,
} from './rig.ts';

const OTHER = '52:54:00:00:00:02';

function boots(steps: readonly Step[]): string[][] {
  const { ledger } = createStory(steps);
  return ledger.find(MAC)!.boots.map(({ marks }) => marks.map(({ what }) => what));
}

/** So long after what came before. */
function later([event]: Step, ms: number): Step {
  return [event, ms];
}

test('createLedger() keeps what a machine asked and got, in a boot', () => {
  const [only, ...more] = boots([
    ...bios(),
    ...configured('pxelinux.cfg/default', ['pxelinux.cfg/C0A84D32', 'pxelinux.cfg/default']),
  ]);
  expect(more).toEqual([]);
  expect(only).toEqual(['offered', 'got-address', 'fetched', 'fetched', 'configured']);
});

test.each<{ name: string; steps: Step[]; boots: number }>([
  { name: 'retries of a ROM', steps: [offer(), later(offer(), 4000), later(offer(), 8000), ack()], boots: 1 },
  {
    name: 'a ROM that begins again after it had files',
    steps: [...bios(), later(offer(), 20_000)],
    boots: 2,
  },
  {
    name: 'a ROM that begins again long after it got no answer',
    steps: [ignored('no-network'), later(offer(), 600_000)],
    boots: 2,
  },
  {
    name: 'iPXE that a ROM loads',
    steps: [
      offer({ file: 'undionly.kpxe' }),
      ack(),
      ...fetched('undionly.kpxe'),
      later(offer({ stage: 'ipxe', file: 'boot.ipxe' }), 900),
      ack({ stage: 'ipxe' }),
      ...fetched('boot.ipxe'),
    ],
    boots: 1,
  },
  {
    name: 'iPXE as the ROM, and again after a reset',
    steps: [
      offer({ stage: 'ipxe' }),
      ack({ stage: 'ipxe' }),
      ...fetched('pxelinux.0'),
      later(offer({ stage: 'ipxe' }), 9000),
    ],
    boots: 2,
  },
  {
    name: 'UEFI that tries HTTP when PXE has failed',
    steps: [offer(), ack(), refused('a.efi'), later(ignored('no-boot-file', { kind: 'http' }), 20_000)],
    boots: 1,
  },
  {
    name: 'a system that renews its address for days',
    steps: [
      ...bios(),
      ...fetched('vmlinuz'),
      later(ack({ stage: 'os' }), 30_000),
      later(ack({ stage: 'os' }), 86_400_000),
    ],
    boots: 1,
  },
  {
    name: 'a loader fetched again without DHCP, later',
    steps: [...bios(), later(started('pxelinux.0'), 300_000)],
    boots: 2,
  },
  {
    name: 'an installer that fetches for an hour',
    steps: [
      ...bios(),
      ...fetched('vmlinuz'),
      later(started('a.deb'), 1_000_000),
      later(started('b.deb'), 1_000_000),
    ],
    boots: 1,
  },
])('createLedger() tells boots apart: $name', ({ steps, boots: count }) => {
  expect(boots(steps)).toHaveLength(count);
});

test('createLedger() counts what repeats, and takes the end of a transfer for its beginning', () => {
  const { ledger } = createStory([offer(), offer(), offer(), ack(), started('a'), done('a', { bytes: 7 })]);
  const [first, , file] = ledger.find(MAC)!.boots[0]!.marks;
  expect(first).toMatchObject({ what: 'offered', times: 3, at: START + 10, last: START + 30 });
  expect(file).toMatchObject({ what: 'fetched', file: 'a', bytes: 7, size: 1000, at: START + 45 });
});

test('createLedger() puts the names of a search into one mark', () => {
  const tried = ['pxelinux.cfg/C0A8', 'pxelinux.cfg/C0A', 'pxelinux.cfg/default'];
  const { ledger } = createStory(configured(undefined, tried));
  expect(ledger.find(IP)!.boots[0]!.marks).toEqual([
    expect.objectContaining({ what: 'not-configured', tried }),
  ]);
});

test('createLedger() joins what was known by an address to the machine that it belongs to', () => {
  const { ledger, at } = createStory(fetched('pxelinux.0'));
  expect(ledger.find(IP)).toMatchObject({ id: IP });
  const [event] = ack();
  ledger.hear({ at: at + 100, event });
  expect(ledger.size).toBe(1);
  const machine = ledger.find(MAC)!;
  expect(ledger.find(IP)).toBe(machine);
  expect(machine.boots.map(({ marks }) => marks.map(({ what }) => what))).toEqual([
    ['fetched', 'got-address'],
  ]);
  expect(machine.weight).toBe(2);
});

test('createLedger() joins two halves of one boot, and says which row is of no use any more', () => {
  const gone: number[] = [];
  const { ledger, at } = createStory([offer()], { gone: (row) => void gone.push(row) });
  for (const [event] of fetched('pxelinux.0')) ledger.hear({ at: at + 50, event });
  ledger.find(MAC)!.boots[0]!.row = 1;
  ledger.find(IP)!.boots[0]!.row = 2;
  ledger.hear({ at: at + 90, event: ack()[0] });
  const [boot, ...more] = ledger.find(MAC)!.boots;
  expect(more).toEqual([]);
  expect(boot).toMatchObject({ row: 1, beyond: true });
  expect(boot!.marks.map(({ what }) => what)).toEqual(['offered', 'fetched', 'got-address']);
  expect(gone).toEqual([2]);
});

test('createLedger() asks whose address it is when nobody told', () => {
  let mac: string | undefined;
  const { ledger } = createStory(fetched('pxelinux.0'), { machineOf: () => mac });
  expect(ledger.find(IP)).toMatchObject({ id: IP });
  mac = OTHER;
  ledger.identify();
  expect(ledger.find(IP)).toMatchObject({ id: OTHER, ip: IP });
  expect(ledger.find(OTHER)!.boots).toHaveLength(1);
});

test('createLedger() follows an address that changes hands', () => {
  const { ledger, at } = createStory([offer(), ack()]);
  const [event] = ack({ mac: OTHER });
  ledger.hear({ at: at + 10, event });
  for (const [each] of fetched('pxelinux.0')) ledger.hear({ at: at + 20, event: each });
  expect(ledger.find(MAC)!.boots[0]!.marks).toHaveLength(2);
  expect(ledger.find(OTHER)!.boots[0]!.marks.map(({ what }) => what)).toEqual(['got-address', 'fetched']);
});

test('createLedger() finds machines by MAC, address and UUID', () => {
  const uuid = '4c4c4544-0034-5010-8054-b7c04f4d3132';
  const { ledger } = createStory([offer({ uuid }), ack()]);
  for (const name of [MAC, IP, uuid, uuid.toUpperCase()]) expect(ledger.find(name)?.id).toBe(MAC);
  expect(ledger.find('10.9.9.9')).toBeUndefined();
});

test('createLedger() keeps machines that got a file, however many others are made up', () => {
  const left: string[] = [];
  const { ledger, at } = createStory([...bios()], {
    limits: { strangers: 10, begun: 10, proven: 10 },
    leaving: ({ id }) => void left.push(id),
  });
  for (let n = 0; n < 5000; n++) {
    const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
    ledger.hear({ at: at + n, event: offer({ mac })[0] });
    ledger.hear({
      at: at + n,
      event: { ...refused(`f${n}`)[0], peer: `10.0.${n >> 8}.${n & 255}` } as BootEvent,
    });
    if (n % 10 === 0)
      ledger.hear({ at: at + n, event: { ...ack({ mac })[0], ip: parseIpv4('10.1.0.0')! + n } as BootEvent });
  }
  expect(ledger.size).toBeLessThanOrEqual(30);
  expect(ledger.find(MAC)?.boots[0]?.marks).toHaveLength(4);
  expect(left).not.toContain(MAC);
  expect([...ledger.all()]).toHaveLength(ledger.size);
  expect(ledger.takeChanged().length).toBeLessThanOrEqual(30);
});

test('createLedger() bounds a boot, keeps its beginning and its end, and counts the rest', () => {
  const many = Array.from({ length: 1000 }, (_, n) => fetched(`f${n}`)).flat();
  const { ledger } = createStory([offer(), ack(), ...many]);
  const [boot] = ledger.find(MAC)!.boots;
  expect(boot!.marks).toHaveLength(MARKS_MOST);
  expect(boot!.marks[0]).toMatchObject({ what: 'offered' });
  expect(boot!.marks.at(-1)).toMatchObject({ what: 'fetched', file: 'f999' });
  expect(boot!.left).toBe(2 + 1000 - MARKS_MOST);
});

test('createLedger() tells what changed since it was asked last', () => {
  const ledger = createLedger();
  ledger.hear({ at: START, event: offer()[0] });
  expect(ledger.takeChanged().map(({ id }) => id)).toEqual([MAC]);
  expect(ledger.takeChanged()).toEqual([]);
  ledger.hear({ at: START, event: { type: 'service.ready', service: 'pxed' } });
  expect(ledger.takeChanged()).toEqual([]);
});

test('createLedger() goes on with what was kept', () => {
  const { ledger: before } = createStory(bios());
  const ledger = createLedger();
  ledger.restore([...before.all()]);
  const [event] = started('vmlinuz');
  ledger.hear({ at: START + 20_000, event });
  const machine = ledger.find(MAC)!;
  expect(machine.boots).toHaveLength(1);
  expect(machine.boots[0]!.marks.at(-1)).toMatchObject({ what: 'asked', file: 'vmlinuz' });
  expect(ledger.forget(MAC)).toBe(true);
  expect(ledger.forget(MAC)).toBe(false);
});
