import { type ReadonlySignal, signal } from '@preact/signals';
import type { Api } from './api/api.ts';
import type { Stored } from './api/shapes.ts';
import { encodedPath } from './model/paths.ts';
import { changed, isOver, type Upload } from './model/uploads.ts';

/** Uploads, one at a time, whatever view is open meanwhile. */
export type Uploader = {
  readonly uploads: ReadonlySignal<readonly Upload[]>;
  /** A new number each time a file has arrived: who shows files looks again. */
  readonly arrived: ReadonlySignal<number>;
  add(path: string, file: Blob): void;
  stop(number: number): void;
  /** Forgets those that are over. */
  clear(): void;
};

export function createUploader(api: Api): Uploader {
  const uploads = signal<readonly Upload[]>([]);
  const arrived = signal(0);
  const files = new Map<number, Blob>();
  const stops = new Map<number, AbortController>();
  let last = 0;
  let isBusy = false;

  function set(number: number, change: Partial<Upload>): void {
    uploads.value = changed(uploads.value, number, change);
  }

  async function next(): Promise<void> {
    const upload = uploads.value.find(({ state }) => state === 'waiting');
    const file = upload && files.get(upload.number);
    if (isBusy || !upload || !file) return;
    isBusy = true;
    const { number, path } = upload;
    const stop = new AbortController();
    stops.set(number, stop);
    set(number, { state: 'sending' });
    try {
      const options = { signal: stop.signal, onProgress: (bytes: number) => set(number, { bytes }) };
      const { state } = (await api.upload(`files/${encodedPath(path)}`, file, options)) as Stored;
      set(number, { state: state === 'same' ? 'same' : 'done', bytes: file.size });
      arrived.value++;
    } catch (error) {
      set(number, { state: 'failed', problem: error instanceof Error ? error.message : String(error) });
    } finally {
      stops.delete(number);
      files.delete(number);
      isBusy = false;
      void next();
    }
  }

  return {
    ...{ uploads, arrived },
    add(path, file) {
      const number = ++last;
      files.set(number, file);
      uploads.value = [...uploads.value, { number, path, totalBytes: file.size, bytes: 0, state: 'waiting' }];
      void next();
    },
    stop(number) {
      const running = stops.get(number);
      if (running) running.abort();
      else set(number, { state: 'failed', problem: 'The upload was stopped' });
    },
    clear() {
      uploads.value = uploads.value.filter((one) => !isOver(one));
    },
  };
}
