import { z } from 'zod';
import { type OctetSource, type Octets, type Route, route } from './route.ts';

/** Below the root; what may stand in it is the file store's business. */
const place = z.string().max(4096);
const sha256 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hex digits')
  .describe('What the octets must come to; where the file has them already nothing is stored.');
/** Of a query, where everything is text. */
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const overwrite = flag.default(true).describe('Replace a file of that name.');

export const fileShape = z.strictObject({
  path: z.string().describe('From the root; empty: the root itself.'),
  kind: z.enum(['file', 'folder', 'link', 'other']),
  sizeBytes: z.int().min(0).describe('Of the file, or of the file that a link leads to.'),
  modified: z.iso.datetime(),
  target: z.string().optional().describe('What stands in a link.'),
  leadsTo: z
    .enum(['file', 'folder'])
    .optional()
    .describe('Absent where a link dangles or leads out of the root: it is not served.'),
});

export const filesShape = z.strictObject({
  path: z.string(),
  files: z.array(fileShape),
  truncated: z.boolean().describe('There are more, which are left out.'),
});

export const storedShape = z.strictObject({
  path: z.string(),
  state: z.enum(['created', 'replaced', 'same']).describe('same: it had these octets, and was left alone.'),
  bytes: z.int().min(0),
  sha256: z.string(),
});

export const hashShape = z.strictObject({
  path: z.string(),
  algorithm: z.enum(['sha256', 'md5']),
  hash: z.string(),
});

const fromTo = z.strictObject({ from: place, to: place, overwrite: z.boolean().default(true) });

export const fetchBody = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('One that control.fetch allows.'),
  path: place,
  sha256: sha256.optional(),
  overwrite: z.boolean().default(true),
});

export type FileFacts = z.infer<typeof fileShape>;
export type FileList = z.infer<typeof filesShape>;
export type Stored = z.infer<typeof storedShape>;
export type HashName = z.infer<typeof hashShape>['algorithm'];

export type StoreWish = {
  readonly sha256?: string | undefined;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /** For the log. */
  readonly user?: string;
};
export type FromTo = { readonly from: string; readonly to: string; readonly overwrite: boolean };

/** What can be done with the files that are served, here or by a pxed somewhere. All throw ControlError, or ControlProblem there. */
export type FileOperations = {
  list(path: string, recursive: boolean): Promise<FileList>;
  stat(path: string): Promise<FileFacts>;
  hash(path: string, algorithm: HashName, signal?: AbortSignal): Promise<string>;
  get(path: string): Promise<Octets>;
  put(path: string, octets: OctetSource, wish?: StoreWish): Promise<Stored>;
  fetch(url: string, path: string, wish?: StoreWish): Promise<Stored>;
  copy(names: FromTo, user?: string): Promise<Stored>;
  move(names: FromTo, user?: string): Promise<void>;
  makeFolder(path: string, user?: string): Promise<{ readonly created: boolean }>;
  remove(path: string, recursive: boolean, user?: string): Promise<{ readonly removed: number }>;
  created(): Promise<{ readonly paths: readonly string[] }>;
};

const named = z.strictObject({ '*': place });
const tag = 'files';

export function fileRoutes(operations: FileOperations): Route[] {
  return [...wholeFiles(operations), ...factsOf(operations), ...changes(operations)];
}

/** The octets themselves. */
function wholeFiles(operations: FileOperations): Route[] {
  return [
    route({
      ...{ method: 'GET', path: '/api/v1/files/*', tag, params: named },
      summary: 'A file',
      response: 'octets',
      handle: ({ params }) => operations.get(params['*']),
    }),
    route({
      ...{ method: 'PUT', path: '/api/v1/files/*', tag, params: named },
      summary: 'Store a file: whole or not at all, in folders made as needed',
      query: z.strictObject({ sha256: sha256.optional(), overwrite }),
      body: 'octets',
      response: storedShape,
      handle: ({ params, query, body, signal, user }) =>
        operations.put(params['*'], body, { ...query, signal, user }),
    }),
    route({
      ...{ method: 'DELETE', path: '/api/v1/files/*', tag, params: named },
      summary: 'Remove a file, a link, or a folder',
      query: z.strictObject({ recursive: flag.default(false).describe('A folder with all in it.') }),
      response: z.strictObject({ removed: z.int() }),
      handle: ({ params, query, user }) => operations.remove(params['*'], query.recursive, user),
    }),
  ];
}

function factsOf(operations: FileOperations): Route[] {
  return [
    route({
      ...{ method: 'GET', path: '/api/v1/files', tag },
      summary: 'What is in a folder',
      query: z.strictObject({ path: place.default(''), recursive: flag.default(false) }),
      response: filesShape,
      handle: ({ query }) => operations.list(query.path, query.recursive),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/file-info', tag },
      summary: 'What is known of a file, a link or a folder',
      query: z.strictObject({ path: place }),
      response: fileShape,
      handle: ({ query }) => operations.stat(query.path),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/file-hash', tag },
      summary: 'The hash of a file',
      query: z.strictObject({ path: place, algorithm: z.enum(['sha256', 'md5']).default('sha256') }),
      response: hashShape,
      handle: async ({ query: { path, algorithm }, signal }) => ({
        path,
        algorithm,
        hash: await operations.hash(path, algorithm, signal),
      }),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/created-files', tag },
      summary: 'Files and folders that were made through this API since pxed started, and are still there',
      response: z.strictObject({ paths: z.array(z.string()) }),
      handle: async () => ({ paths: [...(await operations.created()).paths] }),
    }),
  ];
}

function changes(operations: FileOperations): Route[] {
  return [
    route({
      ...{ method: 'POST', path: '/api/v1/file-copies', tag, body: fromTo },
      summary: 'Copy a file',
      response: storedShape,
      handle: ({ body, user }) => operations.copy(body, user),
    }),
    route({
      ...{ method: 'POST', path: '/api/v1/file-moves', tag, body: fromTo },
      summary: 'Give a file, a link or a folder another name, in one step',
      response: z.strictObject({ path: z.string() }),
      async handle({ body, user }) {
        await operations.move(body, user);
        return { path: body.to };
      },
    }),
    route({
      ...{ method: 'POST', path: '/api/v1/folders', tag },
      summary: 'Make a folder, and those above it',
      body: z.strictObject({ path: place }),
      response: z.strictObject({ created: z.boolean() }),
      handle: ({ body, user }) => operations.makeFolder(body.path, user),
    }),
    route({
      ...{ method: 'POST', path: '/api/v1/file-fetches', tag, body: fetchBody },
      summary: 'Have pxed store what a URL gives; it is done when this is answered',
      response: storedShape,
      handle: ({ body: { url, path, ...wish }, signal, user }) =>
        operations.fetch(url, path, { ...wish, signal, user }),
    }),
  ];
}
