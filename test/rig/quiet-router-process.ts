/**
 * The process of an IPv6 router that routes nothing, on a TAP device: it answers solicitations and so spares iPXE
 * the 16 s that it waits for one on a network without IPv6, between its DHCP lease and its first file.
 *
 *     node quiet-router-process.ts <tap>
 */
import { advertiseNothing, isSolicitation } from '../../src/demo/quiet-router.ts';
import { openTap } from '../../src/net/linux/tap.ts';

const tap = openTap(process.argv[2] ?? '');
const answer = advertiseNothing('52:54:00:00:00:fe');
console.log('the router is up');
for (;;) {
  await tap.readable(60_000);
  for (let frame = tap.read(); frame !== undefined; frame = tap.read()) {
    if (isSolicitation(frame)) tap.write(answer);
  }
}
