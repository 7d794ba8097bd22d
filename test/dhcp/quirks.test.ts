import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuirkMemory, type QuirkMemory } from '../../src/dhcp/quirk-memory.ts';
import { success } from '../../src/dhcp/quirks.ts';
import { ladderOf, QUIRK_NAMES, type QuirkName, shapeOf } from '../../src/dhcp/quirks-table.ts';
import type { Link } from '../../src/dhcp/settings.ts';
import type { DhcpPacket } from '../../src/dhcp-packet/index.ts';
import type { BootEvent } from '../../src/events/event.ts';
import {
  createWorld,
  discover,
  ETH0,
  ip,
  MAC,
  PXE_UEFI,
  received,
  SERVER,
  selecting,
  type World,
  type WorldOptions,
} from './world.ts';

const PROXY: Link = { ...ETH0, role: 'proxy' };
const OTHER = ip('10.0.0.2');
const CLIENT = ip('10.0.0.130');

type Lab = { readonly world: World; readonly memory: QuirkMemory };

function lab(options: WorldOptions = {}): Lab {
  const memory = createQuirkMemory();
  return { memory, world: createWorld({ links: [PROXY], quirks: memory, ...options }) };
}

/** What a trial shows of its answer. */
function looks(offer: DhcpPacket) {
  return {
    file: offer.file !== '',
    67: offer.options.has(67),
    43: offer.options.has(43),
    60: offer.options.has(60),
  };
}

function changesIn(events: readonly BootEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'dhcp.quirk' ? [`${event.why} ${event.quirk}`] : []));
}

/** The client downloads, as the server tells the memory. */
function fetch({ world, memory }: Lab, address = CLIENT): string[] {
  const trial = memory.fetched(address);
  if (!trial) return [];
  const { mutations, events } = success(trial, world.leases.machine(trial.mac), world.now());
  world.leases.stage(mutations);
  return changesIn(events);
}

/** DISCOVERs of one boot at these seconds; what each one changed. */
function asks({ world }: Lab, seconds: readonly number[], mac = MAC): string[][] {
  let at = 0;
  return seconds.map((second) => {
    world.later(second - at);
    at = second;
    return changesIn(world.send(discover({ mac })).events);
  });
}

function accepts({ world }: Lab, mac = MAC): void {
  world.send(selecting(CLIENT, { mac, with: { 'server-id': OTHER } }));
}

describe('a simulated client', () => {
  test('that boots at once gets the usual answer every time', () => {
    const place = lab();
    for (let boot = 0; boot < 10; boot++) {
      expect(asks(place, [0, 1])).toEqual([[], []]);
      accepts(place);
      expect(fetch(place)).toEqual([]);
      expect(place.memory.size).toBe(0);
      place.world.later(60);
    }
  });

  test('of iPXE’s haste, beside a slow address server, is not given up within 4 s', () => {
    const place = lab();
    expect(asks(place, [0, 1, 3])).toEqual([[], [], []]);
    accepts(place);
    expect(fetch(place)).toEqual([]);
  });

  test('that takes nothing but an answer on port 4011 gets there within one boot of EDK2, and it is remembered', () => {
    const place = lab();
    // EDK2 asks at 0, 4, 12 and 28 s, and gives up at 60.
    expect(asks(place, [0, 4, 12, 28])).toEqual([[], [], [], ['no-boot with-4011']]);
    accepts(place);
    expect(fetch(place)).toEqual(['worked with-4011']);
    expect(place.world.leases.machine(MAC)).toMatchObject({ quirk: 'with-4011', arch: 'x86PC' });
    // The next boot begins with it.
    place.world.later(3600);
    const offer = received(place.world.send(discover()));
    expect(looks(offer)).toEqual({ file: false, 67: false, 43: false, 60: true });
    accepts(place);
    expect(fetch(place)).toEqual([]);
    expect(place.world.leases.machine(MAC)?.quirk).toBe('with-4011');
  });

  test('that takes none is led through the whole ladder and round again', () => {
    const place = lab();
    const seen: string[] = [];
    for (let i = 0; i < 20; i++) {
      place.world.later(8);
      seen.push(...changesIn(place.world.send(discover()).events));
    }
    const ladder = ladderOf('pxe', 'proxy').map((quirk) => `no-boot ${quirk}`);
    expect(seen).toEqual([...ladder.slice(1), ladder[0], ladder[1]]);
  });

  test('that comes back after a pause begins anew', () => {
    const place = lab();
    expect(asks(place, [0, 4, 12, 400, 404])).toEqual([[], [], [], [], []]);
  });

  test('that goes on asking port 4011 for its file is answered in another way, too', () => {
    const place = lab({ files: ['pxelinux.0', 'bootx64.efi'] });
    const packet = selecting(CLIENT, { ciaddr: CLIENT, with: PXE_UEFI });
    const how = { port: 4011 as const, source: { ip: CLIENT, port: 4011 }, destination: SERVER };
    const seen = [0, 2, 4, 6, 8, 10, 12].map((second) => {
      place.world.later(second === 0 ? 0 : 2);
      return changesIn(place.world.send(packet, how).events);
    });
    expect(seen.flat()).toEqual(['no-boot with-4011', 'no-boot no-43']);
    expect(fetch(place)).toEqual(['worked no-43']);
  });

  test('whose file is elsewhere proves by its REQUEST that it took the answer', () => {
    const place = lab({ network: { nextServer: OTHER } });
    expect(asks(place, [0, 4, 12, 28]).at(-1)).toEqual(['no-boot with-4011']);
    const { events } = place.world.send(selecting(CLIENT, { with: { 'server-id': OTHER } }));
    expect(changesIn(events)).toEqual(['worked with-4011']);
    expect(place.world.leases.machine(MAC)).toMatchObject({ quirk: 'with-4011', arch: 'x86PC' });
  });

  test('of a full server that hears no unicast is answered by broadcast, OFFER and ACK alike', () => {
    const memory = createQuirkMemory();
    const world = createWorld({ quirks: memory });
    expect(asks({ world, memory }, [0, 4, 12, 28]).at(-1)).toEqual(['no-boot broadcast']);
    const offer = world.send(discover());
    expect(offer.reply?.destination.kind).toBe('broadcast');
    const { yiaddr } = received(offer);
    expect(world.send(selecting(yiaddr)).reply?.destination.kind).toBe('broadcast');
    expect(fetch({ world, memory }, yiaddr)).toEqual(['worked broadcast']);
    expect(world.send(discover()).reply?.destination.kind).toBe('broadcast');
  });
});

describe('a Raspberry Pi', () => {
  const PI = 'b8:27:eb:00:00:01';
  const pi = (place: Lab, wait: number): string[] => {
    place.world.later(wait);
    return changesIn(place.world.send(discover({ mac: PI })).events);
  };

  test('that asks on and on is answered later, then with its string padded', () => {
    const place = lab();
    const seen = Array.from({ length: 8 }, () => pi(place, 5));
    expect(seen.flat()).toEqual(['no-boot slow-answer', 'no-boot pi-padded']);
    const offer = received(place.world.send(discover({ mac: PI })));
    expect(Buffer.from(offer.options.get(43)!).toString('latin1')).toContain('Raspberry Pi Boot   \xff');
  });

  test('that boots without a REQUEST again and again stays with the usual answer', () => {
    const place = lab();
    expect(Array.from({ length: 8 }, () => pi(place, 40)).flat()).toEqual([]);
  });

  test('of ours is known to boot by the address it was offered', () => {
    const memory = createQuirkMemory();
    const world = createWorld({ quirks: memory });
    const { yiaddr } = received(world.send(discover({ mac: PI })));
    expect(memory.size).toBe(1);
    fetch({ world, memory }, yiaddr);
    expect(memory.size).toBe(0);
  });
});

describe('what worked', () => {
  function teach(place: Lab, mac: string): void {
    asks(place, [0, 4, 12, 28], mac);
    accepts(place, mac);
    fetch(place);
  }

  test('for two machines of a make is where a third begins; another make does not', () => {
    const place = lab();
    teach(place, '52:54:00:00:00:01');
    expect(looks(received(place.world.send(discover({ mac: '52:54:00:00:00:03' }))))[43]).toBe(true);
    teach(place, '52:54:00:00:00:02');
    expect(looks(received(place.world.send(discover({ mac: '52:54:00:00:00:04' }))))[43]).toBe(false);
    expect(looks(received(place.world.send(discover({ mac: '02:00:00:00:00:04' }))))[43]).toBe(true);
  });

  test('once is not for ever: a machine that takes the usual answer again is remembered for that', () => {
    const place = lab();
    teach(place, MAC);
    place.world.later(3600);
    const rungs = ladderOf('pxe', 'proxy').length;
    let last: string[] = [];
    for (let i = 0; i < 3 * rungs && last[0] !== 'no-boot default'; i++) {
      place.world.later(8);
      last = changesIn(place.world.send(discover()).events);
    }
    accepts(place);
    expect(fetch(place)).toEqual(['worked default']);
    expect(place.world.leases.machine(MAC)?.quirk).toBe('default');
  });

  test('is not believed when the store has it of another version', () => {
    const place = lab();
    place.world.leases.stage([{ kind: 'machine', machine: { mac: MAC, bootedAt: 0, quirk: 'teleport' } }]);
    expect(looks(received(place.world.send(discover())))).toEqual({
      file: true,
      67: true,
      43: true,
      60: true,
    });
  });
});

describe('the operator’s word', () => {
  const shapes: readonly (readonly [QuirkName, object])[] = [
    ['default', { file: true, 67: true, 43: true, 60: true }],
    ['with-4011', { file: false, 67: false, 43: false, 60: true }],
    ['no-43', { file: true, 67: true, 43: false, 60: true }],
    ['no-60', { file: true, 67: true, 43: false, 60: false }],
    ['file-in-header', { file: true, 67: false, 43: true, 60: true }],
    ['file-in-options', { file: false, 67: true, 43: true, 60: true }],
  ];
  test.each(shapes)('`quirks: [%s]` holds for all', (quirk, want) => {
    const place = lab({ settings: { quirks: [quirk] } });
    for (let i = 0; i < 9; i++) {
      place.world.later(8);
      expect(looks(received(place.world.send(discover())))).toEqual(want);
    }
    expect(place.memory.size).toBe(0);
  });

  test('for a host goes before the network’s, that before everybody’s', () => {
    const reservations = [{ mac: MAC, terms: { quirks: ['no-60' as const] } }];
    const place = lab({ network: { quirks: ['no-43'] }, settings: { quirks: 'off', reservations } });
    expect(looks(received(place.world.send(discover())))[60]).toBe(false);
    const other = looks(received(place.world.send(discover({ mac: '52:54:00:00:00:09' }))));
    expect(other).toMatchObject({ 60: true, 43: false });
  });

  test('`off` is the usual answer, always', () => {
    const place = lab({ settings: { quirks: 'off' } });
    expect(asks(place, [0, 8, 16, 24, 32, 40]).flat()).toEqual([]);
  });

  test('names several at once', () => {
    expect(shapeOf(['no-43', 'file-in-header', 'broadcast'])).toMatchObject({
      discovery: 'none',
      file: 'header',
      broadcast: true,
      vendorClass: true,
    });
  });

  test('can hold answers back', () => {
    const { reply } = lab({ settings: { quirks: ['slow-answer'] } }).world.send(discover());
    expect(reply?.delayMs).toBe(2000);
    expect(lab().world.send(discover()).reply?.delayMs).toBeUndefined();
  });
});

describe('createQuirkMemory()', () => {
  test('is bounded, whatever MACs come', () => {
    const memory = createQuirkMemory({ trials: 100, makes: 10 });
    const world = createWorld({ links: [PROXY], quirks: memory });
    const mac = fc.integer({ min: 0, max: 0xffff }).map((n) => {
      const hex = n.toString(16).padStart(4, '0');
      return `02:${hex.slice(0, 2)}:${hex.slice(2)}:00:00:00`;
    });
    const steps = fc.array(
      fc.record({ mac, wait: fc.integer({ min: 0, max: 20 }), take: fc.boolean(), load: fc.boolean() }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        for (const step of list) {
          world.later(step.wait);
          world.send(discover({ mac: step.mac }));
          if (step.take) accepts({ world, memory }, step.mac);
          if (step.load) fetch({ world, memory });
          expect(memory.size).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('iPXE is led to port 4011 by a proxy alone', () => {
    expect(ladderOf('ipxe', 'proxy')).toContain('with-4011');
    for (const role of ['server', undefined] as const)
      expect(ladderOf('ipxe', role)).not.toContain('with-4011');
    expect(ladderOf('pxe', 'server')).toContain('with-4011');
  });

  test('every quirk of a ladder is one there is, and ladders begin with the usual answer', () => {
    for (const kind of ['pxe', 'ipxe', 'http', 'raspberry-pi'] as const) {
      for (const role of ['server', 'proxy'] as const) {
        const ladder = ladderOf(kind, role);
        expect(ladder[0]).toBe('default');
        expect(new Set(ladder).size).toBe(ladder.length);
        expect(ladder.filter((quirk) => !QUIRK_NAMES.includes(quirk))).toEqual([]);
      }
    }
  });
});
