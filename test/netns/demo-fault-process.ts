/**
 * A process of its own, because a network namespace belongs to one: serves the demo's boot files by pxed, spoils one of
 * them, boots the built-in machine and prints the verdict as JSON.
 *
 *     demo-fault-process.ts <empty folder> <default | linked> [file to remove]
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runWalk } from '../../src/client/run-walk.ts';
import { layBootFiles, linkClient } from '../../src/demo/boot-files.ts';
import { startServer } from '../../src/demo/server.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';
import { setLinkAddress, setLinkUp } from '../../src/net/linux/link-config.ts';
import { enterNewNetwork } from '../../src/net/linux/namespace.ts';
import { openTap } from '../../src/net/linux/tap.ts';

const [root = '', kind = '', missing] = process.argv.slice(2);
const rom = { mac: '52:54:00:77:00:02', uuid: new Uint8Array(16), broadcast: true, xid: 0x0102_0304 };

const refused = enterNewNetwork();
if (refused !== undefined) throw new Error(refused);
const tap = openTap('eth0');
setLinkAddress('eth0', parseIpv4('192.168.77.1') ?? 0, 24);
setLinkUp('eth0');
layBootFiles(root, undefined);
const lines: string[] = [];
const server = startServer({
  interface: 'eth0',
  root,
  bootFile: 'pxelinux.0',
  stayRoot: true,
  onLine: (line) => lines.push(line),
});
server.running.ended.then((code) => {
  if (code !== 0) throw new Error(`pxed ended with ${code}: ${lines.join('\n')}`);
});
await server.ready;
const options = { now: () => performance.now() };
const first = await runWalk(tap, rom, options);
if (kind === 'linked' && first.lease) linkClient(root, first.lease.ip);
if (missing !== undefined) rmSync(join(root, missing));
const verdict = await runWalk(tap, rom, options);
await server.running.stop(5000);
tap.close();
process.stdout.write(JSON.stringify(verdict));
