/** Run by wait-async.test.ts: prints its port, then nothing but a poller keeps it awake until a datagram comes. */
import { loadNetwork } from '../../src/net/load.ts';

const network = await loadNetwork('linux');
const bound = await network.bind({ address: 0x7f00_0001, port: 0 });
if (!bound.ok) throw new Error(bound.error.errno);
const socket = network.attach(bound.value);
const poller = network.createPoller();
poller.add(socket);
setInterval(() => {}, 3_600_000); // a server has other handles open too
process.stdout.write(`${bound.value.port}\n`);
await poller.waitAsync(Number.POSITIVE_INFINITY);
process.stdout.write(`received ${socket.receive()}\n`);
process.exit(0);
