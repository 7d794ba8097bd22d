import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readPcap } from '../../../src/frame/pcap.ts';
import { buildUdpFrame } from '../../../src/frame/udp.ts';
import { concatBytes, fromHex, latin1Encode } from '../../../src/lib/bytes.ts';
import type { BoundFrames, FrameSocket, Network, Poller } from '../../../src/net/datagram.ts';
import { type CaptureMode, createRecorder } from '../../../src/server/capture/recorder.ts';

const MAC = '52:54:00:12:34:56';
const RRQ = buildUdpFrame({
  ...{ fromMac: MAC, toMac: '02:00:00:00:00:01', from: 0x0a00_0007, to: 0x0a00_0001 },
  ...{ fromPort: 2070, toPort: 69, payload: concatBytes([fromHex('0001'), latin1Encode('a\0octet\0')]) },
});

/** One interface, whose packets the test sends, and whose counters it turns. */
function rig(
  mode: CaptureMode,
  sockets: readonly BoundFrames[] = [{ fd: 7, interface: 'eth0', ifindex: 2 }],
  { refusals = 0 } = {},
) {
  const queue: Uint8Array[] = [];
  const state = { awake: false, packets: 0 as number | undefined, pollers: 0 };
  let resume: (() => void) | undefined;
  const frames = { receive: () => queue.shift(), detach() {} } as unknown as FrameSocket;
  const poller = {
    add() {},
    waitAsync: () =>
      new Promise<void>((resolve) => {
        resume = resolve;
      }),
    close() {
      state.pollers--;
      resume?.();
    },
  } as unknown as Poller;
  const network = {
    recording: {
      listen(_: BoundFrames, awake: boolean) {
        state.awake = awake;
        return { ok: true, value: undefined };
      },
    },
    attachFrames: () => frames,
    createPoller() {
      if (refusals-- > 0) throw new Error('Cannot create a poller: EMFILE');
      state.pollers++;
      return poller;
    },
  } as unknown as Network;
  const recorder = createRecorder({
    ...{ network, sockets, mode, packetsSoFar: () => state.packets, now: () => 1000 },
    own: () => ({ macs: new Set(), addresses: new Set(), tftpPort: 69 }),
  });
  const arrive = async (...packets: Uint8Array[]) => {
    queue.push(...packets);
    resume?.();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { recorder, state, arrive };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('createRecorder() keeps what machines send, as a capture file', async () => {
  const { recorder, arrive } = rig('on');
  await arrive(RRQ, new Uint8Array(3), RRQ);
  expect(recorder.machines()).toEqual([MAC]);
  const read = readPcap(recorder.captureOf(MAC)!);
  expect(read.ok && read.value.packets.map(({ at, bytes }) => [at, bytes])).toEqual([
    [1000, RRQ],
    [1000, RRQ],
  ]);
  expect(recorder.captureOf('00:00:00:00:00:00')).toBeUndefined();
});

test('createRecorder() takes nobody along where it cannot read, and tries again', async () => {
  const { recorder, state, arrive } = rig('auto', undefined, { refusals: 2 });
  await vi.advanceTimersByTimeAsync(0);
  expect(state.awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect(state.awake).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  expect([state.awake, state.pollers]).toEqual([true, 1]);
  await arrive(RRQ);
  expect(recorder.machines()).toEqual([MAC]);
  recorder.close();
  expect([state.awake, state.pollers]).toEqual([false, 0]);
});

test('createRecorder() sleeps while the interfaces are busy, and wakes when they are quiet again', async () => {
  const { recorder, state } = rig('auto');
  expect([recorder.state, state.awake]).toEqual(['recording', true]);
  const second = async (packets: number) => {
    state.packets = state.packets! + packets;
    await vi.advanceTimersByTimeAsync(1000);
    return recorder.state;
  };
  expect(await second(19_000)).toBe('recording');
  expect(await second(200_000)).toBe('busy');
  expect([state.awake, state.pollers]).toEqual([false, 0]);
  expect(await second(6000)).toBe('busy');
  expect(await second(4000)).toBe('recording');
  expect([state.awake, state.pollers]).toEqual([true, 1]);
});

test('createRecorder() goes to sleep in the middle of a second that brings too much, and not for what it is told to do', async () => {
  const { recorder, state, arrive } = rig('auto');
  for (let n = 0; n < 40; n++) await arrive(...new Array<Uint8Array>(64).fill(RRQ));
  expect([recorder.state, state.awake]).toEqual(['busy', false]);
  state.packets = 4000;
  await vi.advanceTimersByTimeAsync(1000);
  expect([recorder.state, state.awake]).toEqual(['recording', true]);
  recorder.configure('on');
  for (let n = 0; n < 40; n++) await arrive(...new Array<Uint8Array>(64).fill(RRQ));
  expect([recorder.state, state.awake]).toEqual(['recording', true]);
});

test('createRecorder() stays awake for whoever follows, however busy it is', async () => {
  const { recorder, state, arrive } = rig('auto');
  state.packets = 1_000_000;
  await vi.advanceTimersByTimeAsync(1000);
  expect(recorder.state).toBe('busy');
  const heard: string[] = [];
  const end = recorder.follow((machine) => void heard.push(machine));
  expect(recorder.state).toBe('recording');
  await arrive(RRQ);
  expect(heard).toEqual([MAC]);
  end();
  expect(recorder.state).toBe('busy');
});

test('createRecorder() records always when it is on, and never when it is off', async () => {
  const { recorder, state, arrive } = rig('on');
  state.packets = 1_000_000;
  await vi.advanceTimersByTimeAsync(5000);
  expect(recorder.state).toBe('recording');
  await arrive(RRQ);
  recorder.configure('off');
  expect([recorder.state, state.awake, recorder.machines()]).toEqual(['off', false, []]);
  recorder.configure('auto');
  expect(recorder.state).toBe('recording');
  recorder.close();
  expect([recorder.state, state.awake, state.pollers]).toEqual(['off', false, 0]);
});

test('createRecorder() is off where there are no sockets', () => {
  const { recorder, state } = rig('on', []);
  expect([recorder.state, state.pollers]).toEqual(['off', 0]);
});
