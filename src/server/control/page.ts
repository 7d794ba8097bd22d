import type { IncomingMessage } from 'node:http';

/** A plain answer beside the API. */
export type Page = {
  readonly status?: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
};

/** What is at a request's path; undefined when nothing is. Throws ControlError for whoever may not see it. */
export type Pages = (request: IncomingMessage) => Promise<Page | undefined> | Page | undefined;

/** The path that was asked for, without its query; undefined where GET or HEAD is not what was asked. */
export function pathOf({ method, url = '/' }: IncomingMessage): string | undefined {
  return method === 'GET' || method === 'HEAD' ? url.split('?')[0] : undefined;
}
