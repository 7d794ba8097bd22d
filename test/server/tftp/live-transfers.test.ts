import { afterEach, expect, test } from 'vitest';
import { ack, createRig, data, type Rig, rrq, wrq } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

test('transfers() tells what is under way, and what of it was acknowledged', () => {
  rig = createRig();
  rig.write('kernel', 'x'.repeat(1200));
  expect(rig.engine.transfers()).toEqual([]);
  rig.request(rrq('kernel'));
  expect(rig.sent()).toEqual(['DATA 1 (512)']);
  const kernel = { protocol: 'tftp', peer: '192.168.77.50', file: 'kernel', write: false, totalBytes: 1200 };
  expect(rig.engine.transfers()).toEqual([{ ...kernel, bytes: 0, startedMsAgo: 0 }]);
  rig.answer(ack(1));
  expect(rig.engine.transfers()).toMatchObject([{ ...kernel, bytes: 512 }]);
  rig.answer(ack(2));
  rig.answer(ack(3));
  expect(rig.engine.transfers()).toEqual([]);
});

test('transfers() knows no total of what shows its length on the way', () => {
  rig = createRig({ writes: 'create' });
  rig.request(wrq('upload'));
  expect(rig.sent()).toEqual(['ACK 0']);
  rig.answer(data(1, 'x'.repeat(512)));
  const [upload] = rig.engine.transfers();
  expect(upload).toMatchObject({ file: 'upload', write: true, bytes: 512 });
  expect(upload).not.toHaveProperty('totalBytes');
});
