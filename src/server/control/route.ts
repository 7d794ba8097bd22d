import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ControlError } from './control-error.ts';

/**
 * One operation of the control API: its shapes are zod's, so that requests are checked, types are inferred and the OpenAPI document is
 * written from the same lines. Nothing here knows the HTTP framework.
 *
 *     route({
 *       method: 'GET', path: '/api/v1/leases/:ip', tag: 'leases', summary: 'One lease',
 *       params: z.strictObject({ ip: z.ipv4() }), response: leaseShape,
 *       handle: ({ params }) => operations.lease(params.ip),
 *     })
 */
export type Route = {
  readonly method: Method;
  /** With `:name` for each of `params`; `*` as its last step stands for the rest, a parameter of that name. */
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  /** Anybody may ask: the door itself. */
  readonly open?: boolean;
  /** What a good answer is told with; 200 when left out. */
  readonly status?: 200 | 201 | 202 | 204;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType | 'octets';
  readonly response: z.ZodType | 'octets' | 'events';
  /** Checks the request, and does it. Throws {@link ControlError}. */
  readonly call: (raw: RawAsk) => Promise<unknown>;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a request brings, unchecked. */
export type RawAsk = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly signal: AbortSignal;
  readonly user: string;
  readonly exchange: Exchange;
};

/** For the few that care about headers. */
export type Exchange = {
  readonly request: IncomingMessage;
  /** Sets a header of the answer. */
  header(name: string, value: string): void;
};

export type Ask<P, Q, B> = {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Aborted when whoever asked is gone. */
  readonly signal: AbortSignal;
  /** Who asks, for people: a name that pxectl gave, `console`, `token`. */
  readonly user: string;
  readonly exchange: Exchange;
};

/** A body as it arrives; whoever takes it reads it to its end or destroys it. */
export type OctetSource = AsyncIterable<Uint8Array>;

/** An answer of octets. */
export type Octets = {
  readonly octets: AsyncIterable<Uint8Array> | Uint8Array;
  readonly sizeBytes?: number;
  /** `application/octet-stream` when left out. */
  readonly type?: string;
  /** What a browser is to save it as. */
  readonly fileName?: string;
};

/** One server-sent event; `data` goes as JSON. */
export type SentEvent = { readonly event: string; readonly data: unknown; readonly id?: string };

type Checked<T> = T extends z.ZodType ? z.output<T> : T extends 'octets' ? OctetSource : undefined;
type Answered<T> = T extends z.ZodType
  ? z.input<T>
  : T extends 'octets'
    ? Octets
    : T extends 'events'
      ? AsyncIterable<SentEvent>
      : never;

export type RouteDefinition<P, Q, B, R> = {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly tag: string;
  readonly open?: boolean;
  readonly status?: 200 | 201 | 202 | 204;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response: R;
  handle(ask: Ask<Checked<P>, Checked<Q>, Checked<B>>): Promise<Answered<R>> | Answered<R>;
};

/** What a route of no content answers with. */
export const nothing = z.undefined();

/** Infers what `handle` gets and gives from the shapes. */
export function route<
  R extends z.ZodType | 'octets' | 'events',
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | 'octets' | undefined = undefined,
>({ handle, ...rest }: RouteDefinition<P, Q, B, R>): Route {
  const { params, query, body, ...plain } = rest;
  return {
    ...plain,
    ...(params && { params }),
    ...(query && { query }),
    ...(body && { body }),
    call: async (raw) =>
      handle({
        params: check('params', params, raw.params) as Checked<P>,
        query: check('query', query, raw.query) as Checked<Q>,
        body: (body === 'octets' ? raw.body : check('body', body, raw.body)) as Checked<B>,
        signal: raw.signal,
        user: raw.user,
        exchange: raw.exchange,
      }),
  };
}

/** Where a part of a request is wrong, for programs; `path` as in `networks.0.range`. */
export type RequestProblem = { readonly in: string; readonly path: string; readonly message: string };

function check(part: string, shape: z.ZodType | 'octets' | undefined, value: unknown): unknown {
  if (shape === undefined || shape === 'octets') return undefined;
  const result = shape.safeParse(value ?? (part === 'body' ? undefined : {}));
  if (result.success) return result.data;
  const problems: RequestProblem[] = result.error.issues.map(({ path, message }) => ({
    in: part,
    path: path.join('.'),
    message,
  }));
  const [first] = problems;
  const where = first?.path ? `${part}.${first.path}` : part;
  throw new ControlError(400, 'bad-request', `${where}: ${first?.message ?? 'not understood'}`, problems);
}
