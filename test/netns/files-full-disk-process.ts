/** Puts too much into a folder on a disk of 2 MB, and prints what came of it. */
import { readdirSync } from 'node:fs';
import { createFileStore, TftpError } from '../../src/library/index.ts';

const root = process.argv[2]!;
const files = createFileStore({ root });
const megabyte = new Uint8Array(1024 * 1024).fill(1);

async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    return error instanceof TftpError ? error.reason : String(error);
  }
}

await files.put('half', megabyte);
const put = await reasonOf(() => files.put('big', [megabyte, megabyte]));
const writer = await reasonOf(async () => {
  await using big = await files.create('big');
  await big.write(megabyte);
  await big.write(megabyte);
});
await files.put('quarter', megabyte.subarray(0, 512 * 1024));
const copy = await reasonOf(() => files.copy('half', 'copy'));
await files.remove('quarter');
const left = readdirSync(root);
const again = (await files.put('small', megabyte.subarray(0, 512 * 1024))).state;
process.stdout.write(JSON.stringify({ put, writer, copy, left, again }));
