/**
 * A machine in software, as a process of its own: a BIOS boot ROM and PXELINUX at the end of a tap device of this
 * namespace. Prints how its boot went, as one line of JSON.
 *
 *     node rom-process.ts <tap> <mac>
 */
import { runWalk } from '../../src/client/run-walk.ts';
import { openTap } from '../../src/net/linux/tap.ts';

const [name = '', mac = ''] = process.argv.slice(2);
const tap = openTap(name);
const xid = (Date.now() ^ (process.pid << 16)) >>> 0;
const rom = { mac, uuid: new Uint8Array(16).fill(0x42), broadcast: true, xid };
const verdict = await runWalk(tap, rom, { now: () => performance.now() });
tap.close();
console.log(JSON.stringify(verdict));
