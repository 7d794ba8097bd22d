import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openCapture } from '../../src/app/capture.ts';
import { defaultConfig } from '../../src/config/load.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { buildUdpFrame } from '../../src/frame/udp.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import type { Network } from '../../src/net/datagram.ts';
import { linkOf } from './doctor/patient.ts';

const MAC = '52:54:00:12:34:56';
const RRQ = buildUdpFrame({
  ...{ fromMac: MAC, toMac: '52:54:00:00:00:01', from: 0x0a00_0007, to: 0x0a00_0001 },
  ...{ fromPort: 2070, toPort: 69, payload: fromHex('0001610000') },
});
const FAILED: BootEvent = {
  ...{ type: 'tftp.failed', peer: '10.0.0.7', port: 2070, file: 'a', write: false, failure: 'timeout' },
  ...{ bytes: 0, tookMs: 1, retransmissions: 3, blksize: 512, windowsize: 1 },
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-capture-'));
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 20, 12) });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** One interface, over which `arrive` brings a packet of the machine. */
function rig() {
  const queue: Uint8Array[] = [];
  const emitted: BootEvent[] = [];
  const released: number[] = [];
  let resume: (() => void) | undefined;
  const network = {
    recording: {
      open: (name: string) => ({ ok: true, value: { fd: 7, interface: name, ifindex: 2 } }),
      listen: () => ({ ok: true, value: undefined }),
      release: ({ fd }: { fd: number }) => void released.push(fd),
    },
    attachFrames: () => ({ receive: () => queue.shift(), detach() {} }),
    createPoller: () => ({
      add() {},
      waitAsync: () =>
        new Promise<void>((resolve) => {
          resume = resolve;
        }),
      close: () => resume?.(),
    }),
  } as unknown as Network;
  const capture = openCapture({
    ...{ network, config: defaultConfig(), links: [linkOf()] },
    machineOf: (peer) => (peer === '10.0.0.7' ? MAC : undefined),
    emit: (event) => void emitted.push(event),
  });
  const arrive = async () => {
    queue.push(RRQ);
    resume?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { capture, arrive, emitted, released };
}

test('openCapture() keeps the packets of a boot that failed, a moment after it did', async () => {
  const { capture, arrive } = rig();
  capture.keepIn(folder);
  await arrive();
  capture.hear(FAILED);
  await vi.advanceTimersByTimeAsync(2999);
  expect(capture.kept?.list()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(capture.kept?.list()).toMatchObject([{ machine: MAC }]);
});

test('openCapture() keeps one file of a boot, and another of the next', async () => {
  const { capture, arrive } = rig();
  capture.keepIn(folder);
  await arrive();
  for (const wait of [10_000, 10_000, 300_000]) {
    capture.hear(FAILED);
    await vi.advanceTimersByTimeAsync(wait);
  }
  expect(capture.kept?.list()).toHaveLength(1);
  capture.hear({ type: 'boot.loop', peer: '10.0.0.7', mac: MAC, file: 'a', times: 4, missing: 'config' });
  await vi.advanceTimersByTimeAsync(3000);
  expect(capture.kept?.list()).toHaveLength(2);
});

test('openCapture() sees by the timeline which boots failed, each once', async () => {
  const { capture, arrive } = rig();
  capture.keepIn(folder);
  await arrive();
  const machines = [{ id: MAC, stage: 'loader', since: 5 }];
  capture.watch(() => machines);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(capture.kept?.list()).toEqual([]);
  machines[0] = { id: MAC, stage: 'failed', since: 5 };
  await vi.advanceTimersByTimeAsync(600_000);
  expect(capture.kept?.list()).toHaveLength(1);
});

test('openCapture() says that a capture could not be kept', async () => {
  const { capture, arrive, emitted } = rig();
  writeFileSync(join(folder, 'captures'), 'in the way');
  capture.keepIn(folder);
  await arrive();
  capture.failed(MAC);
  await vi.advanceTimersByTimeAsync(3000);
  expect(emitted).toMatchObject([{ type: 'service.warning', problem: 'capture-unsaved' }]);
});

test('openCapture() keeps nothing where nothing is kept, and nothing of machines that said nothing', async () => {
  const { capture, arrive } = rig();
  await arrive();
  capture.failed(MAC);
  await vi.advanceTimersByTimeAsync(3000);
  capture.keepIn(folder);
  capture.failed('10.0.0.99');
  await vi.advanceTimersByTimeAsync(3000);
  expect(capture.kept?.list()).toEqual([]);
});

test('openCapture() keeps what is due when pxed ends, and closes its sockets', async () => {
  const { capture, arrive, released } = rig();
  capture.keepIn(folder);
  await arrive();
  capture.failed(MAC);
  capture.close();
  expect(capture.kept?.list()).toHaveLength(1);
  expect(released).toEqual([7]);
  expect(vi.getTimerCount()).toBe(0);
});
