import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createRig, data, error, type Rig, type RigOptions, rrq, wrq } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

function start(options?: RigOptions): Rig {
  rig = createRig(options);
  return rig;
}

const stored = (name: string) => readFileSync(join(rig.root, name), 'latin1');
const files = () => readdirSync(rig.root);

describe('createTftpEngine() writes', () => {
  test('nothing unless allowed', () => {
    start().request(wrq('new'));
    expect(rig.sent()).toEqual(['ERROR 2 Access violation']);
    expect(rig.events).toMatchObject([{ type: 'tftp.refused', write: true, failure: 'writes-off' }]);
    expect(files()).toEqual([]);
  });

  test('a new file, visible once it is complete', () => {
    start({ writes: 'create' }).request(wrq('new'));
    expect(rig.sent()).toEqual(['ACK 0']);
    rig.answer(data(1, 'a'.repeat(512)));
    expect(rig.sent()).toEqual(['ACK 1']);
    expect(existsSync(join(rig.root, 'new'))).toBe(false);
    rig.answer(data(2, 'end'));
    expect(rig.sent()).toEqual(['ACK 2']);
    expect(stored('new')).toBe(`${'a'.repeat(512)}end`);
    expect(files()).toEqual(['new']);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.done', write: true, bytes: 515 });
  });

  test('leaves an existing file as it is (pTFTPd defect 1)', () => {
    start({ writes: 'create' }).write('taken', 'precious');
    rig.request(wrq('taken'));
    expect(rig.sent()).toEqual(['ERROR 6 File already exists']);
    rig.pass(60_000);
    expect(stored('taken')).toBe('precious');
  });

  test('replaces an existing file when allowed', () => {
    start({ writes: 'overwrite' }).write('taken', 'old');
    rig.request(wrq('taken'));
    rig.raw();
    rig.answer(data(1, 'new'));
    expect(stored('taken')).toBe('new');
  });

  test('repeats the first answer for a repeated request (pTFTPd defect 10)', () => {
    start({ writes: 'create' }).request(wrq('new', [['tsize', '3']]));
    rig.raw();
    rig.clock.now += 100;
    rig.request(wrq('new', [['tsize', '3']]));
    expect(rig.sent()).toEqual(['OACK tsize=3']);
    expect(rig.types()).toEqual(['tftp.started']);
  });

  test('refuses more than the quota, announced or not', () => {
    start({ writes: 'create', uploadMaxBytes: 600 }).request(wrq('new', [['tsize', '601']]));
    expect(rig.sent()[0]).toMatch(/^ERROR 3 /);
    rig.request(wrq('sly'), { peerPort: 2071 });
    rig.raw();
    rig.answer(data(1, 'a'.repeat(512)), { peerPort: 2071 });
    rig.raw();
    rig.answer(data(2, 'a'.repeat(512)), { peerPort: 2071 });
    expect(rig.sent()[0]).toMatch(/^ERROR 3 /);
    expect(files()).toEqual([]);
  });

  test('grants no block that its receive slots cannot hold', () => {
    start({ writes: 'create', blksizeMax: 65_464 }).request(wrq('new', [['blksize', '8192']]));
    expect(rig.sent()).toEqual(['OACK blksize=2044']);
  });

  test.each([
    ['gives up', () => rig.answer(error(0, 'stopped'))],
    ['goes away', () => rig.pass(120_000)],
  ])('nothing is left of the upload of a client that %s', (_, happens) => {
    start({ writes: 'create' }).request(wrq('new'));
    rig.raw();
    rig.answer(data(1, 'a'.repeat(512)));
    happens();
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.failed', write: true });
    expect(files()).toEqual([]);
    expect(rig.engine.active).toBe(0);
  });

  test('the last ACK again for a last block that comes again', () => {
    start({ writes: 'create' }).request(wrq('new'));
    rig.raw();
    rig.answer(data(1, 'all'));
    expect(rig.sent()).toEqual(['ACK 1']);
    rig.clock.now += 100;
    rig.answer(data(1, 'all'));
    expect(rig.sent()).toEqual(['ACK 1']);
    expect(rig.types().filter((type) => type === 'tftp.done')).toHaveLength(1);
  });

  test('nothing under the names that uploads have on their way', () => {
    start({ writes: 'overwrite' }).request(wrq('.pxed-00ff.part'));
    expect(rig.sent()).toEqual(['ERROR 2 Access violation']);
    expect(files()).toEqual([]);
  });

  test('outside the root nothing at all', () => {
    start({ writes: 'overwrite' }).request(wrq('../escaped'));
    expect(rig.sent()).toEqual(['ERROR 1 File not found']);
    rig.request(wrq('missing/folder/file'), { peerPort: 2071 });
    expect(rig.sent()).toEqual(['ERROR 1 No such folder']);
  });
});

describe('createTftpEngine() while a disk takes its time', () => {
  /** A disk that is done when it is told to be. */
  function createSlowDisk() {
    const waiting: ((errno: string | undefined) => void)[] = [];
    return {
      sync: (_fd: number, done: (errno: string | undefined) => void) => void waiting.push(done),
      finish: (errno?: string) => waiting.shift()?.(errno),
      waiting,
    };
  }

  test('serves others, and acknowledges the last block once file and folder are durable', () => {
    const disk = createSlowDisk();
    start({ writes: 'create', sync: disk.sync }).write('boot', 'x');
    rig.request(wrq('new'));
    rig.answer(data(1, 'all of it'), {}, rig.raw()[0]!.tid);
    expect(rig.sent()).toEqual([]);
    expect(existsSync(join(rig.root, 'new'))).toBe(false);
    rig.request(rrq('boot'), { peerPort: 3000 });
    expect(rig.sent()).toEqual(['DATA 1 (1)']);
    disk.finish();
    expect(stored('new')).toBe('all of it');
    expect(rig.sent()).toEqual([]);
    disk.finish();
    expect(rig.sent()).toEqual(['ACK 1']);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.done', write: true, bytes: 9 });
  });

  test.each([
    ['ENOSPC', 'ERROR 3 Disk full or allocation exceeded', 'disk-full'],
    ['EIO', 'ERROR 0 Cannot store the file', 'write-error'],
  ])('tells of %s that shows in the end, and leaves nothing behind', (errno, answer, failure) => {
    const disk = createSlowDisk();
    start({ writes: 'create', sync: disk.sync }).request(wrq('new'));
    rig.answer(data(1, 'all of it'), {}, rig.raw()[0]!.tid);
    disk.finish(errno);
    expect(rig.sent()).toEqual([answer]);
    expect(files()).toEqual([]);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.failed', failure });
  });

  test('forgets an upload whose client gave up meanwhile', () => {
    const disk = createSlowDisk();
    start({ writes: 'create', sync: disk.sync }).request(wrq('new'));
    rig.answer(data(1, 'all of it'), {}, rig.raw()[0]!.tid);
    rig.answer(error(0, 'enough'), {}, rig.transfer[0]!.bound.port);
    rig.answer(error(0, 'enough'), {}, rig.transfer[1]!.bound.port);
    disk.finish();
    expect(files()).toEqual([]);
    expect(rig.sent()).toEqual([]);
    expect(rig.events.at(-1)).toMatchObject({ type: 'tftp.failed', failure: 'peer-error' });
    expect(rig.engine.active).toBe(0);
  });
});
