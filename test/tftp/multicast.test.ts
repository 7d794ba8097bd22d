import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMulticastGroup, fitsGroup, type MulticastGroup } from '../../src/tftp/multicast.ts';
import type { ReadSession } from '../../src/tftp/session.ts';
import { createRandom } from '../sim/clock.ts';

const MASTER = Uint8Array.of(0, 6, 1);
const LISTENER = Uint8Array.of(0, 6, 0);
const TERMS = { blksize: 512, windowsize: 1, rollover: 0 } as const;
/** Ten blocks, the last one empty. */
const SIZE = 9 * 512;

type Seat = { session: ReadSession; touched: number };

function join(group: MulticastGroup, now = 0): Seat {
  const seat = { touched: 0 } as Seat;
  const options = {
    touched: () => {
      seat.touched++;
    },
  };
  seat.session = group.join({ master: MASTER, listener: LISTENER }, options, now);
  return seat;
}

/** What poll() hands out, in words. */
function drain({ session }: Seat, now: number): string[] {
  const said: string[] = [];
  for (let action = session.poll(now); action !== undefined; action = session.poll(now)) {
    if (action.kind === 'data') said.push(`data ${action.first}`);
    else if (action.kind === 'packet') {
      const { packet } = action;
      said.push(packet === MASTER ? 'OACK 1' : packet === LISTENER ? 'OACK 0' : `ERROR ${packet[3]}`);
    } else said.push(action.kind);
  }
  return said;
}

describe('createMulticastGroup()', () => {
  test('makes the first member master and the others listeners', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const [one, two] = [join(group), join(group)];
    expect(drain(one, 0)).toEqual(['OACK 1']);
    expect(drain(two, 0)).toEqual(['OACK 0']);
    one.session.acknowledge(0, 1);
    expect(drain(one, 1)).toEqual(['data 1']);
    expect(drain(two, 1)).toEqual([]);
  });

  test('lets the next master begin at what it misses, and be done at once when it misses nothing', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const seats = [join(group), join(group), join(group)] as const;
    for (const seat of seats) drain(seat, 0);
    for (let block = 0; block < 10; block++) {
      seats[0].session.acknowledge(block, block + 1);
      expect(drain(seats[0], block + 1)).toEqual([`data ${block + 1}`]);
    }
    seats[0].session.acknowledge(10, 11);
    expect(drain(seats[0], 11)).toEqual(['finished', 'close']);
    expect(seats[1].touched).toBe(1);
    expect(drain(seats[1], 11)).toEqual(['OACK 1']);
    seats[1].session.acknowledge(3, 12); // it came when 4 had gone by
    expect(drain(seats[1], 12)).toEqual(['data 4']);
    seats[1].session.acknowledge(7, 13); // 5 to 7 it has
    expect(drain(seats[1], 13)).toEqual(['data 8']);
    seats[1].session.acknowledge(10, 14);
    expect(drain(seats[2], 14)).toEqual(['OACK 1']);
    seats[2].session.acknowledge(10, 15);
    expect(drain(seats[2], 15)).toEqual(['finished', 'close']);
    expect(seats.map(({ session }) => session.outcome()?.kind)).toEqual(['done', 'done', 'done']);
    expect(seats.map(({ session }) => session.stats().bytes)).toEqual([SIZE, SIZE, SIZE]);
    expect(group.size).toBe(0);
  });

  test('a listener that has everything ends without ever being master', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const [one, two] = [join(group), join(group)];
    for (const seat of [one, two]) drain(seat, 0);
    two.session.acknowledge(10, 5);
    expect(drain(two, 5)).toEqual(['finished', 'close']);
    expect(one.session.outcome()).toBeUndefined();
  });

  test('answers no doubled ACK (RFC 1123 §4.2.3.1), but a late one', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const one = join(group);
    drain(one, 0);
    one.session.acknowledge(0, 1);
    drain(one, 1);
    one.session.acknowledge(1, 2);
    expect(drain(one, 2)).toEqual(['data 2']);
    one.session.acknowledge(1, 2.1);
    one.session.acknowledge(0, 2.2);
    expect(drain(one, 2.2)).toEqual([]);
    one.session.acknowledge(1, 22);
    expect(drain(one, 22)).toEqual(['data 2']);
  });

  test('tells a listener that asks for blocks what it is, once a second', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    join(group);
    const two = join(group);
    drain(two, 0);
    for (let now = 10; now < 900; now += 10) two.session.acknowledge(0, now);
    expect(drain(two, 900)).toEqual([]);
    two.session.acknowledge(0, 1100);
    expect(drain(two, 1100)).toEqual(['OACK 0']);
  });

  test('a master that says nothing goes to the end of the line, and is given up the second time', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const [one, two] = [join(group), join(group)];
    for (const seat of [one, two]) drain(seat, 0);
    let now = 0;
    while (two.touched === 0 && now < 20_000) {
      now = Math.max(now + 1, one.session.deadline());
      drain(one, now);
    }
    expect(now).toBeLessThan(8_000);
    expect(drain(two, now)).toEqual(['OACK 1']);
    two.session.acknowledge(10, now);
    expect(drain(two, now)).toEqual(['finished', 'close']);
    expect(one.touched).toBe(1);
    expect(drain(one, now)).toEqual(['OACK 1']);
    const said: string[] = [];
    for (let i = 0; i < 50 && one.session.outcome() === undefined; i++) {
      now = Math.max(now + 1, one.session.deadline());
      said.push(...drain(one, now));
    }
    expect(said.at(-1)).toBe('close');
    expect(one.session.outcome()).toMatchObject({ kind: 'failed', failure: 'timeout' });
    expect(group.size).toBe(0);
  });

  test.each([
    ['an ERROR', (seat: Seat) => seat.session.peerError(0, 'enough', 1)],
    ['an abort', (seat: Seat) => seat.session.abort('superseded')],
  ])('the next is master after %s of the first', (_, end) => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    const [one, two] = [join(group), join(group)];
    for (const seat of [one, two]) drain(seat, 0);
    end(one);
    expect(drain(one, 10_000)).toEqual(['finished', 'close']);
    expect(drain(two, 10_000)).toEqual(['OACK 1']);
    two.session.acknowledge(0, 10_001);
    expect(drain(two, 10_001)).toEqual(['data 1']);
  });

  test('repeats the OACK for a repeated request', () => {
    const group = createMulticastGroup(TERMS, SIZE, 0);
    join(group);
    const two = join(group);
    drain(two, 0);
    two.session.duplicateRequest(100);
    expect(drain(two, 100)).toEqual(['OACK 0']);
  });
});

test('createMulticastGroup() gets the file to all members over a network that loses 20 %', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 40_000 }),
      (seed, count, size) => {
        const random = createRandom(seed);
        const group = createMulticastGroup(TERMS, size, 0);
        const last = Math.floor(size / 512) + 1;
        const clients = Array.from({ length: count }, () => ({
          seat: join(group),
          has: new Set<number>(),
          master: false,
          askedAt: 0,
        }));
        const missingAfter = (has: Set<number>) => {
          let block = 0;
          while (has.has(block + 1)) block++;
          return block;
        };
        const arrives = () => random() >= 0.2;
        for (let now = 0; now < 400_000 && group.size > 0; now += 5) {
          for (const client of clients) {
            for (const said of drain(client.seat, now)) {
              if (said.startsWith('data')) {
                const block = Number(said.slice(5));
                for (const { has } of clients) if (arrives()) has.add(block);
              } else if (said === 'OACK 1' && arrives()) client.master = true;
            }
            const { session } = client.seat;
            if (!client.master || session.outcome() !== undefined) continue;
            if (arrives()) session.acknowledge(missingAfter(client.has), now + 2);
          }
        }
        for (const { seat, has } of clients) {
          // What has everything may lose its last ACK for good; it is never the other way round.
          expect(seat.session.outcome()).toEqual({ kind: 'done' });
          expect(missingAfter(has)).toBe(last);
        }
      },
    ),
    // Five of five OACKs to the last member are lost in the example.
    { numRuns: 60, examples: [[163_800_127, 4, 38_912]] },
  );
});

test('fitsGroup() refuses what would number blocks past 65,535', () => {
  expect(fitsGroup(65_534 * 512 + 511, 512)).toBe(true);
  expect(fitsGroup(65_535 * 512, 512)).toBe(false);
});
