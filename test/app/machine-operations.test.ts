import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBootFiles } from '../../src/app/boot-files.ts';
import type { ControlParts } from '../../src/app/control-parts.ts';
import { PROGRESS_FILE } from '../../src/app/lease-state.ts';
import { createMachineOperations } from '../../src/app/machine-operations.ts';
import { openProgress } from '../../src/app/progress-state.ts';
import type { Timeline } from '../../src/app/timeline.ts';
import { createMemoryProgress, createSqliteProgress } from '../../src/store/boot-progress.ts';

const MAC = '52:54:00:00:00:01';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pxed-choices-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Of a pxed without a profile. */
function operationsOf(boot: ReturnType<typeof createBootFiles>) {
  const composed = { inside: { boot } } as unknown as ControlParts['composed'];
  const timeline = { boot: () => undefined } as unknown as Timeline;
  return createMachineOperations({ composed, timeline });
}

function stored() {
  const store = createSqliteProgress(join(folder, PROGRESS_FILE));
  store.load();
  return store;
}

test('boot() takes back what was chosen when there were profiles, without any now', () => {
  const before = stored();
  before.choose(MAC, { profile: 'install', once: false, since: 1 });
  before.save();
  before.close();
  const boot = createBootFiles({ links: [] }, () => {});
  boot.use({ openProgress: () => openProgress(folder), outlasting: true });
  expect(boot.keeper).toBeUndefined();
  const operations = operationsOf(boot);
  const told = { machine: MAC, profile: null, text: `${MAC} boots what the configuration says` };
  for (let round = 0; round < 2; round++)
    expect(operations.boot(MAC, { profile: null, once: false })).toMatchObject(told);
  expect(() => operations.boot(MAC, { profile: 'install', once: false })).toThrow('There are no profiles');
  boot.close();
  const after = stored();
  expect(after.choiceOf(MAC)).toBeUndefined();
  after.close();
});

test('boot() has nothing to take back where nothing is kept', () => {
  const boot = createBootFiles({ links: [] }, () => {});
  let opened = 0;
  const openMemory = () => {
    opened++;
    return createMemoryProgress();
  };
  boot.use({ openProgress: openMemory, outlasting: false });
  const wish = { profile: null, once: false };
  expect(operationsOf(boot).boot(MAC, wish).text).toBe(`${MAC} boots what the configuration says`);
  expect(opened).toBe(0);
});
