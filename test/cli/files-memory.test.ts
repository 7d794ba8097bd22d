import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createControlClient } from '../../src/app/control-client.ts';
import { createFileClient } from '../../src/app/file-client.ts';
import { createFilesRig } from './files-rig.ts';

const MEGABYTE = 1024 * 1024;
const SIZE = 300 * MEGABYTE;

async function* octets(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < SIZE / MEGABYTE; i++) yield new Uint8Array(MEGABYTE).fill(i);
}

/** The most memory that a process has had at once, in MB (proc(5)). */
function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

test.runIf(process.platform === 'linux')('an upload of 300 MB takes no 300 MB of memory', async () => {
  const rig = await createFilesRig();
  onTestFinished(rig.close);
  const files = createFileClient(createControlClient({ socket: rig.socket }));
  await files.list('', false); // what a first request loads is not the upload's
  const before = peakMegabytes(rig.server.pid);
  const stored = await files.put('big', octets());
  expect(stored).toMatchObject({ state: 'created', bytes: SIZE });
  expect(peakMegabytes(rig.server.pid) - before).toBeLessThan(100);
  expect(readFileSync(join(rig.root, 'big')).subarray(-1)[0]).toBe((SIZE / MEGABYTE - 1) % 256);
});
