import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { latin1Encode } from '../../../src/lib/bytes.ts';
import type { RenderedFile } from '../../../src/server/boot/rendered-files.ts';
import { createRenderElsewhere, type Render, type RenderAsk } from '../../../src/server/tftp/render.ts';
import { ack, CLIENT, createRig, error, type Rig, type RigOptions, rrq, wrq } from './rig.ts';

const NAME = 'pxelinux.cfg/01-52-54-00-12-34-56';
const TEXT = 'DEFAULT install\nLABEL install\n';
const FILE: RenderedFile = { bytes: latin1Encode(TEXT), profile: 'install', reason: 'hosts[0]' };

let rig: Rig;
afterEach(() => rig.close());

type Asked = RenderAsk & { answer: (file?: RenderedFile) => void };

/** An engine whose questions are answered by hand. */
function createAsking(options: RigOptions = {}) {
  const asked: Asked[] = [];
  const render: Render = (ask, done) => {
    asked.push({ ...ask, answer: (file) => done(file) });
    return true;
  };
  rig = createRig({ rendering: true, render, ...options });
  return asked;
}

describe('createTftpEngine() and a configuration that the tree does not have', () => {
  test('asks for it, and sends the answer as any other file', () => {
    const asked = createAsking();
    rig.request(rrq(NAME, [['tsize', '0']]));
    expect(rig.sent()).toEqual([]);
    expect(asked).toMatchObject([{ path: NAME, peer: '192.168.77.50' }]);
    asked[0]!.answer(FILE);
    expect(rig.sent()).toEqual([`OACK tsize=${TEXT.length}`]);
    rig.answer(ack(0));
    expect(Buffer.from(rig.raw()[0]!.bytes.subarray(4)).toString()).toBe(TEXT);
    rig.answer(ack(1));
    expect(rig.events).toMatchObject([
      { type: 'tftp.started', file: NAME, sizeBytes: TEXT.length, rendered: 'install' },
      { type: 'tftp.config', winner: NAME, rendered: 'install', reason: 'hosts[0]', tried: [NAME] },
      { type: 'tftp.done', file: NAME, bytes: TEXT.length, rendered: 'install' },
    ]);
  });

  test('sends the blocks of a longer one, and those that were lost again', () => {
    const asked = createAsking();
    const bytes = Uint8Array.from({ length: 1300 }, (_, i) => i % 251);
    rig.request(
      rrq(NAME, [
        ['blksize', '512'],
        ['windowsize', '2'],
      ]),
    );
    asked[0]!.answer({ ...FILE, bytes });
    rig.sent();
    rig.answer(ack(0));
    const first = rig.raw();
    rig.answer(ack(1));
    const again = rig.raw();
    rig.answer(ack(3));
    const parts = [first[0]!, ...again].map(({ bytes: datagram }) => datagram.subarray(4));
    expect(Buffer.concat(parts)).toEqual(Buffer.from(bytes));
    expect(rig.types().at(-1)).toBe('tftp.done');
  });

  test('converts it to netascii for who asks so', () => {
    const asked = createAsking();
    rig.request({ opcode: 'rrq', filename: NAME, mode: 'netascii', options: [] });
    asked[0]!.answer(FILE);
    expect(Buffer.from(rig.raw()[0]!.bytes.subarray(4)).toString()).toBe(TEXT.replaceAll('\n', '\r\n'));
  });

  test('takes the same request again for no second one', () => {
    const asked = createAsking();
    for (let i = 0; i < 3; i++) rig.request(rrq(NAME));
    expect(asked).toHaveLength(1);
    asked[0]!.answer(FILE);
    expect(rig.sent()).toEqual([`DATA 1 (${TEXT.length})`]);
    rig.request(rrq(NAME));
    expect(asked).toHaveLength(1);
  });

  test('forgets what a client waited for when it asks for something else', () => {
    const asked = createAsking();
    rig.write('vmlinuz', 'kernel');
    rig.request(rrq(NAME));
    rig.request(rrq('vmlinuz'));
    expect(rig.sent()).toEqual(['DATA 1 (6)']);
    asked[0]!.answer(FILE);
    expect(rig.sent()).toEqual([]);
    expect(rig.engine.active).toBe(1);
  });

  test('goes on serving others meanwhile', () => {
    createAsking();
    rig.write('vmlinuz', 'kernel');
    rig.request(rrq(NAME));
    rig.request(rrq('vmlinuz'), { peer: CLIENT + 1 });
    expect(rig.sent()).toEqual(['DATA 1 (6)']);
  });

  test('refuses what nothing stands for, and tells of the search as ever', () => {
    const asked = createAsking();
    rig.request(rrq(NAME));
    asked[0]!.answer();
    expect(rig.sent()).toEqual(['ERROR 1 File not found']);
    rig.request(rrq('pxelinux.cfg/default'));
    asked[1]!.answer();
    expect(rig.events).toMatchObject([
      { type: 'tftp.refused', file: NAME, failure: 'not-found', search: true },
      { type: 'tftp.refused' },
      { type: 'tftp.config', tried: [NAME, 'pxelinux.cfg/default'] },
    ]);
  });

  test('refuses it when no answer comes, and warns; the answer is too late then', () => {
    const asked = createAsking();
    rig.request(rrq(NAME));
    rig.pass(1999);
    expect(rig.sent()).toEqual([]);
    rig.pass(1);
    expect(rig.sent()).toEqual(['ERROR 1 File not found']);
    asked[0]!.answer(FILE);
    expect(rig.sent()).toEqual([]);
    expect(rig.events).toMatchObject([
      { type: 'service.warning', problem: 'render-late' },
      { type: 'tftp.refused', failure: 'not-found', detail: 'it was not made in time' },
    ]);
    expect(rig.engine.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('lets a file of the tree win', () => {
    const asked = createAsking();
    mkdirSync(join(rig.root, 'pxelinux.cfg'));
    rig.write('pxelinux.cfg/default', 'real');
    rig.request(rrq('pxelinux.cfg/default'));
    expect(rig.sent()).toEqual(['DATA 1 (4)']);
    expect(asked).toEqual([]);
    expect(rig.events.find(({ type }) => type === 'tftp.config')).not.toHaveProperty('rendered');
  });

  test.each([
    { name: 'any other name', packet: rrq('vmlinuz') },
    { name: 'a name outside the root', packet: rrq('../pxelinux.cfg/default') },
    { name: 'an upload', packet: wrq(NAME) },
  ])('does not ask for $name', ({ packet }) => {
    const asked = createAsking();
    rig.request(packet);
    expect(asked).toEqual([]);
    expect(rig.sent()[0]).toMatch(/^ERROR/);
  });

  test('does not ask without profiles, and does from the moment there are some', () => {
    const asked = createAsking({ rendering: false });
    rig.request(rrq(NAME));
    expect(rig.sent()).toEqual(['ERROR 1 File not found']);
    rig.engine.configure({ ...rig.settings, rendering: true }, rig.tree);
    rig.request(rrq(NAME));
    expect(asked).toHaveLength(1);
  });

  test('does not hear whom there is no room for: an ERROR would send its loader to the next name', () => {
    const asked = createAsking();
    for (let i = 0; i < 70; i++) rig.request(rrq(NAME), { peerPort: 3000 + i });
    expect(asked).toHaveLength(64);
    for (let i = 0; i < 300; i++) rig.request(rrq(NAME), { peer: CLIENT + 1 + i });
    expect(asked).toHaveLength(256);
    expect(rig.sent()).toEqual([]);
    asked[0]!.answer(FILE);
    rig.request(rrq(NAME), { peerPort: 3069 });
    expect(asked).toHaveLength(257);
  });

  test('does not hear whom nobody can be asked for', () => {
    createAsking({ render: () => false });
    rig.request(rrq(NAME));
    expect(rig.sent()).toEqual([]);
    expect(rig.engine.active).toBe(0);
    rig.pass(5000);
    expect(rig.sent()).toEqual([]);
  });

  test('leaves those that wait to whoever serves next, when it ends', () => {
    const asked = createAsking();
    rig.request(rrq(NAME));
    expect(rig.engine.active).toBe(1);
    rig.engine.abandonWaiting();
    expect(rig.engine.active).toBe(0);
    asked[0]!.answer(FILE);
    expect(rig.sent()).toEqual([]);
  });

  test('counts it among the transfers of its client', () => {
    const asked = createAsking({ maxTransfersPerClient: 1 });
    rig.request(rrq(NAME), { peerPort: 3000 });
    rig.request(rrq(NAME), { peerPort: 3001 });
    asked[0]!.answer(FILE);
    asked[1]!.answer(FILE);
    expect(rig.sent()).toEqual([`DATA 1 (${TEXT.length})`, 'ERROR 0 Too many transfers of this client']);
  });

  test('is cancelled by its client as any other transfer', () => {
    const asked = createAsking();
    rig.request(rrq(NAME, [['tsize', '0']]));
    asked[0]!.answer(FILE);
    rig.sent();
    rig.answer(error(8, 'only asking'));
    expect(rig.types()).toContain('tftp.probed');
    expect(rig.engine.active).toBe(0);
  });
});

test('createRenderElsewhere() gives each answer to who asked, and asks no more than 256 at once', () => {
  rig = createRig();
  const posted: number[] = [];
  const elsewhere = createRenderElsewhere((id) => posted.push(id));
  const got: unknown[] = [];
  const ask = { path: NAME, peer: '10.0.0.1' };
  for (let i = 0; i < 256; i++) expect(elsewhere.render(ask, (file) => got.push([i, file]))).toBe(true);
  expect(elsewhere.render(ask, () => got.push('never'))).toBe(false);
  elsewhere.rendered(posted[2]!, FILE);
  elsewhere.rendered(posted[2]!, FILE);
  elsewhere.rendered(posted[1]!, undefined);
  expect(got).toEqual([
    [2, FILE],
    [1, undefined],
  ]);
  expect(elsewhere.render(ask, () => {})).toBe(true);
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    client: fc.nat(3),
    port: fc.nat(2),
    name: fc.constantFrom(NAME, 'pxelinux.cfg/default', 'boot.ipxe', 'vmlinuz'),
  }),
  fc.record({ kind: fc.constant('answer' as const), which: fc.nat(20), file: fc.boolean() }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(2500) }),
);

test('createTftpEngine() answers each request that waits once, whatever comes between', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const asked = createAsking();
      const answered = new Set<number>();
      /** By client and port: what it asked for last and has no answer to. */
      const open = new Map<string, string>();
      rig.write('vmlinuz', 'kernel');
      for (const one of steps) {
        if (one.kind === 'ask') {
          const from = { peer: CLIENT + one.client, peerPort: 3000 + one.port };
          rig.request(rrq(one.name), from);
          open.set(`${from.peer}:${from.peerPort}`, one.name);
        } else if (one.kind === 'pass') rig.pass(one.ms);
        else if (one.which < asked.length && !answered.has(one.which)) {
          answered.add(one.which);
          asked[one.which]!.answer(one.file ? FILE : undefined);
        }
        for (const { to, port, bytes } of rig.raw()) {
          const client = `${to}:${port}`;
          // Blocks of a transfer go on; a refusal ends what was asked for, and comes once.
          if (bytes[1] !== 5) continue;
          expect(open.has(client)).toBe(true);
          open.delete(client);
        }
      }
      rig.pass(2_000);
      const active = rig.engine.active;
      for (const [i, { answer }] of asked.entries()) if (!answered.has(i)) answer(FILE);
      expect(rig.engine.active).toBe(active); // all of them came too late
      rig.engine.abortAll();
      expect(rig.engine.active).toBe(0);
      rig.close();
    }),
    { numRuns: 100 },
  );
  rig = createRig();
});
