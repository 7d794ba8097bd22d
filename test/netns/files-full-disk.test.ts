import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../rig/process.ts';
import { command, namespaces, ring } from '../rig/requirement.ts';

ring('a full disk', [namespaces, command('unshare', 'util-linux'), command('mount', 'mount')], () => {
  test('a file that does not fit is refused, leaves nothing, and the disk can be used again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pxed-full-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    // In a mount namespace of its own: it goes with its last process.
    const script = `mount -t tmpfs -o size=2m none "$1" && exec "$2" "$3" "$1"`;
    const process_ = join(import.meta.dirname, 'files-full-disk-process.ts');
    const finished = await run(
      ['unshare', '--mount', 'sh', '-c', script, 'sh', folder, process.execPath, process_],
      { timeoutMs: 60_000 },
    );
    expect(finished.stderr).toBe('');
    expect(JSON.parse(finished.stdout)).toEqual({
      put: 'disk-full',
      writer: 'disk-full',
      copy: 'disk-full',
      left: ['half'],
      again: 'created',
    });
  });
});
