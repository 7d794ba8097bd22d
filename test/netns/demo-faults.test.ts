import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Verdict } from '../../src/client/step.ts';
import { must } from '../rig/process.ts';
import { namespaces, ring, tun } from '../rig/requirement.ts';

ring('the built-in machine against pxed', [namespaces, tun], () => {
  let root = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pxed-fault-'));
    await chmod(root, 0o755);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  async function boot(kind: 'default' | 'linked', missing?: string): Promise<Verdict> {
    const program = join(import.meta.dirname, 'demo-fault-process.ts');
    const args = [root, kind, ...(missing === undefined ? [] : [missing])];
    return JSON.parse(await must([process.execPath, program, ...args], { timeoutMs: 60_000 }));
  }

  test('boots when nothing is wrong, a second time with the same address', async () => {
    expect(await boot('linked')).toMatchObject({
      ok: true,
      ended: 'kernel',
      config: expect.stringMatching(/^pxelinux\.cfg\/C0A84D[0-9A-F]{2}$/),
    });
  });

  test.each([
    { step: 'boot-file', kind: 'default', missing: 'pxelinux.0' },
    { step: 'loader-module', kind: 'default', missing: 'ldlinux.c32' },
    { step: 'config', kind: 'default', missing: 'pxelinux.cfg/default' },
    { step: 'kernel', kind: 'linked', missing: 'vmlinuz' },
    { step: 'initrd', kind: 'linked', missing: 'initrd.img' },
  ] as const)('names $step when $missing is missing', async ({ step, kind, missing }) => {
    const verdict = await boot(kind, missing);
    expect(verdict.steps.at(-1)).toMatchObject({ step, ok: false, why: 'not-found' });
    expect(verdict.steps.at(-1)?.detail).toContain(missing);
    expect(verdict.steps.slice(0, -1).filter(({ ok }) => !ok)).toEqual([]);
  });
});
