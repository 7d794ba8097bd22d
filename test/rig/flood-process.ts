/**
 * Sends arbitrary datagrams to a server: bytes that mean nothing, and golden messages cut, stretched, spliced and
 * bitten. The same seed sends the same bytes.
 *
 *     node flood-process.ts <address> <seed> <count>
 */
import { createSocket, type Socket } from 'node:dgram';
import { goldensOf } from '../golden/load.ts';

/** Datagrams between two pauses: a burst that the server's queue holds, so that it reads them all. */
const BURST = 50;

type Random = (below: number) => number;

/** xorshift32: whole numbers below a bound. */
function createRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: random(600) }, () => random(256));
}

/** A message with up to eight wounds. */
function mutate(messages: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = messages[random(messages.length)]!.slice();
  for (let wounds = random(8); wounds > 0 && bytes.length > 0; wounds -= 1) {
    const at = random(bytes.length);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = bytes.slice(0, at);
        break;
      case 2:
        bytes[at] = (bytes[at]! ^ (1 << random(8))) & 0xff;
        break;
      case 3: {
        const other = messages[random(messages.length)]!;
        bytes.set(other.subarray(0, Math.min(other.length, bytes.length - at)), at);
        break;
      }
      default:
        bytes = new Uint8Array([...bytes, ...noise(random)]);
    }
  }
  return bytes.subarray(0, 1400);
}

function send(socket: Socket, bytes: Uint8Array, to: { port: number; address: string }): Promise<void> {
  // A refused datagram (ICMP from a closed TID) reports on the next send; it is not the flood's concern.
  return new Promise((resolve) => socket.send(bytes, to.port, to.address, () => resolve()));
}

async function openSocket(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.bind(port, resolve));
  return socket;
}

const [address = '', seed = '1', count = '1000'] = process.argv.slice(2);
const random = createRandom(Number(seed));
const dhcp = goldensOf('dhcp4', 'bootp').map(({ bytes }) => bytes);
const tftp = goldensOf('tftp').map(({ bytes }) => bytes);
// From the DHCP client's port, as real ones send, and from some TIDs.
const sockets = await Promise.all([68, 0, 0, 0, 0].map(openSocket));
for (let sent = 0; sent < Number(count); sent += 1) {
  const port = random(2) === 0 ? 67 : 69;
  const bytes = random(4) === 0 ? noise(random) : mutate(port === 67 ? dhcp : tftp, random);
  await send(sockets[random(sockets.length)]!, bytes, { port, address });
  if (sent % BURST === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
console.log(`sent ${count}`);
for (const socket of sockets) socket.close();
