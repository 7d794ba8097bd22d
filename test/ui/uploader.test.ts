import { expect, test } from 'vitest';
import type { Api, UploadOptions } from '../../src/ui/api/api.ts';
import { createUploader } from '../../src/ui/uploader.ts';

type Sent = {
  path: string;
  options: UploadOptions;
  end: (state: string) => void;
  fail: (error: Error) => void;
};

function fakeApi(): { api: Api; sent: Sent[] } {
  const sent: Sent[] = [];
  const api: Api = {
    get: () => Promise.reject(new Error('not asked for')),
    send: () => Promise.reject(new Error('not asked for')),
    upload(path, _file, options) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      options.signal.addEventListener('abort', () => reject(new Error('stopped')));
      sent.push({ path, options, end: (state) => resolve({ state }), fail: reject });
      return promise;
    },
  };
  return { api, sent };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('createUploader() sends one file after the other, and says how far each is', async () => {
  const { api, sent } = fakeApi();
  const { uploads, arrived, add } = createUploader(api);
  add('a b/vmlinuz', new Blob(['1234']));
  add('initrd', new Blob(['12']));
  expect(sent.map(({ path }) => path)).toEqual(['files/a%20b/vmlinuz']);
  sent[0]!.options.onProgress(3);
  expect(uploads.value.map(({ bytes, state }) => [bytes, state])).toEqual([
    [3, 'sending'],
    [0, 'waiting'],
  ]);
  sent[0]!.end('created');
  await settled();
  expect(arrived.value).toBe(1);
  expect(sent.map(({ path }) => path)).toEqual(['files/a%20b/vmlinuz', 'files/initrd']);
  sent[1]!.end('same');
  await settled();
  expect(uploads.value.map(({ bytes, state }) => [bytes, state])).toEqual([
    [4, 'done'],
    [2, 'same'],
  ]);
});

test('createUploader() goes on after a failure, and can be stopped', async () => {
  const { api, sent } = fakeApi();
  const { uploads, add, stop, clear } = createUploader(api);
  for (const path of ['one', 'two', 'three', 'four']) add(path, new Blob(['x']));
  stop(3);
  sent[0]!.fail(new Error('the disk is full'));
  await settled();
  stop(2);
  await settled();
  expect(sent.map(({ path }) => path)).toEqual(['files/one', 'files/two', 'files/four']);
  expect(uploads.value.map(({ state, problem }) => [state, problem])).toEqual([
    ['failed', 'the disk is full'],
    ['failed', 'stopped'],
    ['failed', 'The upload was stopped'],
    ['sending', undefined],
  ]);
  clear();
  expect(uploads.value.map(({ path }) => path)).toEqual(['four']);
});
