/**
 * Sends to a neighbour that is not there: the system keeps what waits for its hardware address, in a send buffer that is
 * made as small as can be. When the neighbour is given up, after 3 s, there is room again.
 *
 *     node full-socket-process.ts <address>
 */
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { loadNetwork } from '../../src/net/load.ts';

const to = parseIpv4(process.argv[2] ?? '');
const network = await loadNetwork('linux');
const bound = await network.bind({ port: 0, sendBufferBytes: 4608 });
if (!bound.ok || to === undefined) throw new Error('Cannot begin');
const socket = network.attach(bound.value);
const failures: string[] = [];
socket.onFailure = (_, errno) => failures.push(errno);
const poller = network.createPoller();
poller.add(socket);
for (let i = 0; i < 8; i++) {
  socket.out.begin(to, 9999);
  socket.out.bytes(new Uint8Array(1400));
  socket.out.end();
}
const fullAtFirst = !socket.flush();
for (let waits = 0; socket.out.length > 0 && waits < 12; waits++) {
  poller.wait(5_000);
  for (let i = 0; i < poller.readyCount; i++) {
    socket.receive(); // takes the error that tells of the neighbour
    socket.flush();
  }
}
console.log(JSON.stringify({ fullAtFirst, failures, left: socket.out.length }));
