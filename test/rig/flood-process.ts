/**
 * Sends arbitrary datagrams to a UDP port: `flood-process.ts HOST PORT COUNT SEED`. A third is noise, a third begins as a packet
 * of the protocol does, a third is a valid request with octets changed.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [host = '', port = '', count = '', seed = ''] = process.argv.slice(2);
const socket = createSocket('udp4').bind();
await once(socket, 'listening');
let state = Number(seed) | 1;

function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function datagram(): Uint8Array {
  const kind = random(3);
  if (kind === 2) {
    const request = Buffer.from(
      `\0${String.fromCharCode(1 + random(2))}boot\0octet\0blksize\x001468\0tsize\x000\0`,
    );
    for (let i = random(4); i >= 0; i--) request[random(request.length)] = random(256);
    return request;
  }
  const bytes = Uint8Array.from({ length: random(kind === 0 ? 1400 : 60) }, () => random(256));
  if (kind === 1 && bytes.length > 1) bytes.set([0, random(8)]);
  return bytes;
}

// A few at a time, so that the server's queue is not what drops them.
for (let sent = 0; sent < Number(count); sent += 100) {
  const batch = Array.from(
    { length: 100 },
    () => new Promise((resolve) => socket.send(datagram(), Number(port), host, resolve)),
  );
  await Promise.all(batch);
}
console.log(`sent ${count}`);
socket.close();
