import { expect, test } from 'vitest';
import { createLineBatch } from '../../src/events/line-batch.ts';

test('createLineBatch() writes the lines of one turn at once, in order', async () => {
  const written: string[] = [];
  const batch = createLineBatch({ write: (text) => void written.push(text), writableLength: 7 });
  batch.write('one\n');
  batch.write('two\n');
  expect(written).toEqual([]);
  expect(batch.writableLength).toBe(15);
  await Promise.resolve();
  batch.write('three\n');
  await Promise.resolve();
  expect(written).toEqual(['one\ntwo\n', 'three\n']);
});
