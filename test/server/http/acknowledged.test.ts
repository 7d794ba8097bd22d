import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { untilAcknowledged } from '../../../src/server/http/acknowledged.ts';

const FD = 7;
const HELD = 8;

/** A connection of which `left` octets are not acknowledged, and what was asked of the system. */
function connection(left: number | undefined) {
  const socket = Object.assign(new EventEmitter(), { destroyed: false, _handle: { fd: FD } });
  const state = { left, held: new Set<number>() };
  const sent = {
    unacknowledged: (fd: number) => (fd === FD || state.held.has(fd) ? state.left : undefined),
    hold() {
      state.held.add(HELD);
      return HELD;
    },
    letGo: (fd: number) => void state.held.delete(fd),
  };
  return { socket: socket as unknown as Socket, state, sent };
}

test('untilAcknowledged() is true at once when nothing is left', async () => {
  const { socket, state, sent } = connection(0);
  expect(await untilAcknowledged(socket, sent).settled).toBe(true);
  expect(state.held.size).toBe(0);
});

test('untilAcknowledged() is true when the rest is acknowledged, by the next look', async () => {
  const { socket, state, sent } = connection(1000);
  const { settled, look } = untilAcknowledged(socket, sent);
  look();
  state.left = 0;
  look();
  expect(await settled).toBe(true);
  expect(state.held.size).toBe(0);
  look(); // one that comes late
});

test('untilAcknowledged() looks by itself', async () => {
  const { socket, state, sent } = connection(1000);
  const { settled } = untilAcknowledged(socket, sent);
  state.left = 0;
  expect(await settled).toBe(true);
});

test('untilAcknowledged() is false when the connection ends before', async () => {
  const { socket, state, sent } = connection(1000);
  const { settled } = untilAcknowledged(socket, sent);
  state.left = 1;
  socket.emit('close');
  expect(await settled).toBe(false);
  expect(state.held.size).toBe(0);
});

test('untilAcknowledged() is true for a client that resets the connection as soon as it has all (GRUB)', async () => {
  const { socket, state, sent } = connection(1000);
  const { settled } = untilAcknowledged(socket, sent);
  state.left = 0;
  socket.emit('close');
  expect(await settled).toBe(true);
});

test('untilAcknowledged() looks before our own FIN is counted', async () => {
  const { socket, state, sent } = connection(1000);
  socket.on('end', () => {
    state.left = 1; // what node:http does then
  });
  const { settled } = untilAcknowledged(socket, sent);
  state.left = 0;
  socket.emit('end');
  expect(await settled).toBe(true);
});

test('untilAcknowledged() believes what was sent where the system does not tell', async () => {
  const { socket, sent } = connection(undefined);
  expect(await untilAcknowledged(socket, undefined).settled).toBe(true);
  expect(await untilAcknowledged(socket, { ...sent, hold: () => undefined }).settled).toBe(true);
});

test('untilAcknowledged() takes no word for it when descriptors have run out', async () => {
  const { socket, state, sent } = connection(1000);
  const scarce = { ...sent, hold: () => undefined };
  const cut = untilAcknowledged(socket, scarce);
  Object.assign(socket, { destroyed: true });
  state.left = 0; // whoever has that number now
  cut.look();
  socket.emit('close');
  expect(await cut.settled).toBe(false);

  const whole = connection(1000);
  const { settled, look } = untilAcknowledged(whole.socket, { ...whole.sent, hold: () => undefined });
  whole.state.left = 0;
  look();
  expect(await settled).toBe(true);
});
