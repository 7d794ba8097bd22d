/**
 * Boots the built-in machine over an interface of this network namespace that has no address, and prints the verdict as
 * JSON.
 *
 *     walk-process.ts eth0
 */
import { runWalk } from '../../src/client/run-walk.ts';
import { loadNetwork } from '../../src/net/load.ts';

/** linux/if_ether.h: frames of every type, those that we send too. */
const ETH_P_ALL = 3;

const [name = 'eth0'] = process.argv.slice(2);
const network = await loadNetwork('linux');
const facts = network.interfaces().find((link) => link.name === name);
const bound = network.bindFrames(name, ETH_P_ALL);
if (!facts || !bound.ok) throw new Error(`Cannot use ${name}`);
const frames = network.attachFrames(bound.value);
const poller = network.createPoller();
poller.add(frames);
const verdict = await runWalk(
  {
    read: () => frames.receive()?.slice(),
    write: (frame) => frames.send(frame) === undefined,
    async readable(timeoutMs) {
      await poller.waitAsync(timeoutMs);
      return poller.readyCount > 0;
    },
  },
  { mac: facts.mac, uuid: new Uint8Array(16), broadcast: true, xid: 0x0102_0304 },
  { now: () => performance.now() },
);
process.stdout.write(JSON.stringify(verdict));
process.exit(0);
