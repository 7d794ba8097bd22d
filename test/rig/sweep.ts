/** `node test/rig/sweep.ts`: removes what test processes that crashed have left behind. */
import { sweepAbandoned } from './namespace.ts';

for (const name of sweepAbandoned()) console.log(`removed namespace ${name}`);
