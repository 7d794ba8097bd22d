import { z } from 'zod';
import {
  type FileOperations,
  fileShape,
  filesShape,
  hashShape,
  type StoreWish,
  storedShape,
} from '../server/control/file-routes.ts';
import { type ControlClient, ControlProblem } from './control-client.ts';

/** The files of a pxed that runs, over its control API: all reject with ControlProblem. */
export function createFileClient(client: ControlClient): FileOperations {
  const queryOf = (values: Record<string, string | boolean | undefined>) => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  };
  const info = (route: string, values: Record<string, string | boolean | undefined>) =>
    client.get(`/api/v1/${route}?${queryOf(values)}`);
  const post = (route: string, body: unknown) => client.send('POST', `/api/v1/${route}`, body);
  return {
    list: async (path, recursive) => filesShape.parse(await info('files', { path, recursive })),
    stat: async (path) => fileShape.parse(await info('file-info', { path })),
    hash: async (path, algorithm) => hashShape.parse(await info('file-hash', { path, algorithm })).hash,
    get: (path) => client.download(pathOf(path)),
    async put(path, octets, { sha256, overwrite, signal, sizeBytes }: UploadWish = {}) {
      const query = queryOf({ sha256, overwrite });
      const sending = { ...(signal && { signal }), ...(sizeBytes !== undefined && { sizeBytes }) };
      return storedShape.parse(await client.upload(`${pathOf(path)}?${query}`, octets, sending));
    },
    async fetch(url, path, { sha256, overwrite } = {}) {
      const wish = { ...(sha256 !== undefined && { sha256 }), ...(overwrite !== undefined && { overwrite }) };
      return storedShape.parse(await post('file-fetches', { url, path, ...wish }));
    },
    copy: async (names) => storedShape.parse(await post('file-copies', names)),
    async move(names) {
      await post('file-moves', names);
    },
    makeFolder: async (path) => createdShape.parse(await post('folders', { path })),
    async remove(path, recursive) {
      const query = queryOf({ recursive: recursive || undefined });
      return removedShape.parse(await client.send('DELETE', `${pathOf(path)}?${query}`));
    },
    created: async () => pathsShape.parse(await client.get('/api/v1/created-files')),
  };
}

/** How many octets come is told in the header, so that a bar can be drawn and half a file be told from a whole one. */
export type UploadWish = StoreWish & { readonly sizeBytes?: number };

const createdShape = z.object({ created: z.boolean() });
const removedShape = z.object({ removed: z.int() });
const pathsShape = z.object({ paths: z.array(z.string()) });

function pathOf(name: string): string {
  try {
    return `/api/v1/files/${name.replace(/^\/+/, '').split('/').map(encodeURIComponent).join('/')}`;
  } catch (cause) {
    throw new ControlProblem('bad-name', `${JSON.stringify(name)} is no UTF-8: rename it first`, {
      status: 400,
      cause,
    });
  }
}
