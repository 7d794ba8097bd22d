import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/app/config-file.ts';
import { liveConfigPlace } from '../../src/app/config-live.ts';
import { type ControlClient, ControlProblem } from '../../src/app/control-client.ts';
import { whyLeadable } from '../../src/app/root-path.ts';

const NOBODY = 65_534;
const TEXT = 'version: 1\nmode: dhcp\n';
const isRoot = process.geteuid?.() === 0;
let folder = '';
let file = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pxed-live-')));
  file = join(folder, 'etc/pxed.yaml');
  mkdirSync(join(folder, 'etc'));
  writeFileSync(file, TEXT);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A pxed that says its configuration is `named`; `asked`: what it was told to do. */
function pxedWith(named: string, { writes = true } = {}) {
  const asked: string[] = [];
  const { etag } = readConfigFile(named);
  const client = {
    get: async () => ({ file: named, text: TEXT, etag }),
    async send(method: string, path: string) {
      asked.push(`${method} ${path.replace('/api/v1/', '')}`);
      if (path.endsWith('/edit')) return { id: '1' };
      if (path.endsWith('/check')) return { problems: [] };
      if (method === 'PUT' && !writes) throw new ControlProblem('not-writable', 'no', { status: 403 });
      return { applied: true, needsRestart: [], problems: [] };
    },
  } as unknown as ControlClient;
  return { place: liveConfigPlace(client), asked };
}

const CHANGE = { set: { mode: 'proxy' } };

describe.skipIf(!isRoot)('root', () => {
  test('liveConfigPlace() writes a file that root alone leads to', async () => {
    const { place, asked } = pxedWith(file);
    await place.save(CHANGE);
    expect(readFileSync(file, 'utf8')).toBe('version: 1\nmode: proxy\n');
    expect(asked).toContain('POST config/apply');
    expect(asked).not.toContain('PUT config');
  });

  test('liveConfigPlace() writes what a link leads to, wherever the link is', async () => {
    const theirs = join(folder, 'theirs');
    mkdirSync(theirs);
    symlinkSync(file, join(theirs, 'link.yaml'));
    chownSync(theirs, NOBODY, NOBODY);
    const { place } = pxedWith(join(theirs, 'link.yaml'));
    await place.save(CHANGE);
    expect(readFileSync(file, 'utf8')).toContain('proxy');
  });

  test.each([
    { name: 'of somebody else', change: (path: string) => chownSync(path, NOBODY, NOBODY) },
    { name: 'that a group may write to', change: (path: string) => chmodSync(path, 0o775) },
    { name: 'that everybody may write to', change: (path: string) => chmodSync(path, 0o777) },
  ])('liveConfigPlace() leaves a file in a folder $name to pxed', async ({ change }) => {
    change(join(folder, 'etc'));
    const { place, asked } = pxedWith(file);
    await place.save(CHANGE);
    expect(asked).toEqual(['PUT config']);
    expect(readFileSync(file, 'utf8')).toBe(TEXT);
    const refused = pxedWith(file, { writes: false }).place.save(CHANGE);
    await expect(refused).rejects.toMatchObject({
      code: 'not-writable',
      message: expect.stringMatching(new RegExp(`root.*${folder}/etc.*-c, then pxectl reload`)),
    });
  });

  test('whyLeadable() looks at every folder of a path, and trusts the sticky bit for what is root’s', () => {
    expect(whyLeadable(file)).toBeUndefined();
    chmodSync(join(folder, 'etc'), 0o1777);
    expect(whyLeadable(file)).toBeUndefined();
    chownSync(file, NOBODY, NOBODY);
    expect(whyLeadable(file)).toContain(`${file} belongs to`);
    chmodSync(join(folder, 'etc'), 0o755);
    expect(whyLeadable(file)).toBeUndefined();
    chownSync(folder, NOBODY, NOBODY);
    expect(whyLeadable(file)).toBe(`${folder} belongs to somebody else than root`);
  });
});
