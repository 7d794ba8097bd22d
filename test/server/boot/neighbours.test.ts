import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import { createNeighbours, parseArpTable } from '../../../src/server/boot/neighbours.ts';

/** As Linux 6.1 writes it. */
const TABLE = `IP address       HW type     Flags       HW address            Mask     Device
192.168.77.50    0x1         0x2         52:54:00:12:34:56     *        eth0
192.168.77.51    0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.77.52    0x1         0x6         52:54:00:AB:cd:ef     *        eth0
192.168.77.53    0x20        0x2         52:54:00:12:34:57     *        ib0
`;
const at = (text: string) => parseIpv4(text)!;

test('parseArpTable() takes complete Ethernet entries alone', () => {
  expect([...parseArpTable(TABLE)]).toEqual([
    [at('192.168.77.50'), '52:54:00:12:34:56'],
    [at('192.168.77.52'), '52:54:00:ab:cd:ef'],
  ]);
});

test('parseArpTable() takes any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const [ip, mac] of parseArpTable(text)) {
        expect(ip).toBeGreaterThanOrEqual(0);
        expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      }
    }),
  );
});

function createTable() {
  const state = { now: 0, reads: 0, text: TABLE as string | undefined };
  const neighbours = createNeighbours({
    clock: () => state.now,
    read() {
      state.reads++;
      return state.text;
    },
  });
  return { state, neighbours };
}

test('createNeighbours() reads the table once a second for those in it', () => {
  const { state, neighbours } = createTable();
  for (let i = 0; i < 5; i++) expect(neighbours(at('192.168.77.50'))).toBe('52:54:00:12:34:56');
  expect(state.reads).toBe(1);
  state.now = 1000;
  state.text = TABLE.replace('52:54:00:12:34:56', '52:54:00:00:00:01');
  expect(neighbours(at('192.168.77.50'))).toBe('52:54:00:00:00:01');
});

test('createNeighbours() looks again for who was not in it, but not for every one of a flood', () => {
  const { state, neighbours } = createTable();
  expect(neighbours(at('192.168.77.60'))).toBeUndefined();
  state.text = TABLE.replace('192.168.77.50', '192.168.77.60');
  expect(neighbours(at('192.168.77.60'))).toBe('52:54:00:12:34:56');
  for (let i = 0; i < 1000; i++) neighbours(at('10.0.0.1') + i);
  expect(state.reads).toBeLessThanOrEqual(50);
  state.now += 100;
  neighbours(at('10.0.0.1'));
  expect(state.reads).toBeGreaterThan(50);
});

test('createNeighbours() knows nobody where there is no table', () => {
  const { state, neighbours } = createTable();
  state.text = undefined;
  expect(neighbours(at('192.168.77.50'))).toBeUndefined();
});
