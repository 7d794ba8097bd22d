import { expect, test } from 'vitest';
import { createCaptureOperations } from '../../src/app/capture-operations.ts';
import { readPcap } from '../../src/frame/pcap.ts';
import { concatBytes } from '../../src/lib/bytes.ts';
import type { KeptPacket } from '../../src/server/capture/packet-ring.ts';
import type { CaptureState, Recorder } from '../../src/server/capture/recorder.ts';
import type { KeptCaptures } from '../../src/store/kept-captures.ts';

const MAC = '52:54:00:12:34:56';
const AT = Date.UTC(2026, 10, 20, 12);
const packet = (n: number): KeptPacket => ({ at: AT + n, bytes: Uint8Array.of(n), wireLength: 60 });
const FILE = { name: '52-54-00-12-34-56_2026-11-20T12-00-00Z.pcap', machine: MAC, at: AT, sizeBytes: 3 };

/** A recorder that has `packets` of one machine, which has the address 10.0.0.7. */
function rig(
  packets: KeptPacket[],
  { state = 'recording' as CaptureState, failed = false, known = (): boolean => true } = {},
) {
  const listeners = new Set<(machine: string, packet: KeptPacket) => void>();
  const recorder = {
    state,
    machines: () => (packets.length > 0 ? [MAC] : []),
    packetsOf: (machine: string) => (machine === MAC ? packets : []),
    nameOfAddress: (ip: number) => (ip === 0x0a00_0007 ? (known() ? MAC : '10.0.0.7') : '10.0.0.8'),
    captureOf: (machine: string) => (machine === MAC && packets.length > 0 ? Uint8Array.of(9) : undefined),
    follow(listener: (machine: string, packet: KeptPacket) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } as unknown as Recorder;
  const kept = {
    list: () => (failed ? [FILE] : []),
    read: (name: string) => (failed && name === FILE.name ? Uint8Array.of(1, 2, 3) : undefined),
  } as KeptCaptures;
  return { operations: createCaptureOperations({ recorder, kept }), listeners };
}

test('captures() lists what is in memory and what is kept', () => {
  const { operations } = rig([packet(0), packet(500)], { failed: true });
  expect(operations.captures()).toEqual({
    state: 'recording',
    machines: [
      {
        ...{ machine: MAC, packets: 2, sizeBytes: 2 },
        ...{ firstAt: '2026-11-20T12:00:00.000Z', lastAt: '2026-11-20T12:00:00.500Z' },
      },
    ],
    kept: [{ name: FILE.name, machine: MAC, at: '2026-11-20T12:00:00.000Z', sizeBytes: 3 }],
  });
});

test.each(['52:54:00:12:34:56', '52-54-00-12-34-56', '10.0.0.7'])(
  'captureOf() finds a machine as %s',
  (id) => {
    const { operations } = rig([packet(0)]);
    expect(operations.captureOf(id, { failed: false })).toEqual({
      name: '52-54-00-12-34-56.pcap',
      bytes: Uint8Array.of(9),
    });
  },
);

test('captureOf() gives the boot that failed when it is asked for, or when nothing else is left', () => {
  const { operations } = rig([packet(0)], { failed: true });
  expect(operations.captureOf(MAC, { failed: true }).name).toBe(FILE.name);
  const after = rig([], { failed: true });
  expect(after.operations.captureOf(MAC, { failed: false }).bytes).toEqual(Uint8Array.of(1, 2, 3));
  expect(after.operations.keptCapture(FILE.name).bytes).toHaveLength(3);
});

test.each([
  { name: 'nobody', id: 'server', options: {}, status: 400, says: /neither a MAC nor an IPv4/ },
  { name: 'silence', id: '10.0.0.8', options: {}, status: 404, says: /no packets of 10.0.0.8$/ },
  { name: 'a storm', id: MAC, options: { state: 'busy' }, status: 404, says: /capture: on/ },
  { name: 'capture: off', id: MAC, options: { state: 'off' }, status: 404, says: /capture is off/ },
] as const)('captureOf() says why there is none: $name', ({ id, options, status, says }) => {
  const { operations } = rig([], options);
  const ask = () => operations.captureOf(id, { failed: false });
  expect(ask).toThrow(expect.objectContaining({ status }));
  expect(ask).toThrow(says);
  expect(() => operations.keptCapture('x')).toThrow(expect.objectContaining({ status: 404 }));
});

test('follow() brings what there is, then what comes, and ends with whoever asked', async () => {
  const { operations, listeners } = rig([packet(1)]);
  const gone = new AbortController();
  const parts: Uint8Array[] = [];
  const reading = (async () => {
    for await (const part of operations.follow(MAC, gone.signal)) {
      parts.push(part);
      if (parts.length === 2) {
        for (const listener of listeners) {
          listener('52:54:00:00:00:99', packet(9));
          listener(MAC, packet(2));
        }
      }
      if (parts.length === 3) gone.abort();
    }
  })();
  await reading;
  const read = readPcap(concatBytes(parts));
  expect(read.ok && read.value.packets.map(({ bytes }) => bytes[0])).toEqual([1, 2]);
  expect(listeners.size).toBe(0);
});

test('follow() goes on with a machine whose MAC is heard of later', async () => {
  let known = false;
  const { operations, listeners } = rig([], { known: () => known });
  const gone = new AbortController();
  const parts: Uint8Array[] = [];
  for await (const part of operations.follow('10.0.0.7', gone.signal)) {
    parts.push(part);
    known = true;
    for (const listener of listeners) listener(MAC, packet(7));
    if (parts.length === 2) gone.abort();
  }
  const read = readPcap(concatBytes(parts));
  expect(read.ok && read.value.packets.map(({ bytes }) => bytes[0])).toEqual([7]);
});
