import { z } from 'zod';
import { unknownType } from '../../events/type-table.ts';
import { parseIpv4 } from '../../lib/ipv4.ts';
import { parseMac } from '../../lib/mac.ts';
import { eventJson, type LiveSources, recentOf, type Stream, watchLive } from './live.ts';
import { type Route, route } from './route.ts';

const STREAMS = ['boot', 'machine', 'transfers', 'throughput'] as const;

/** Comma-separated words. */
const words = z
  .string()
  .max(512)
  .transform((text) => text.split(',').map((one) => one.trim()));

const machine = z
  .string()
  .transform((text) => parseMac(text) ?? (parseIpv4(text) === undefined ? '' : text))
  .refine((text) => text !== '', 'expected a MAC or an IPv4 address')
  .describe('Only what is about this MAC or address.');

const types = words
  .superRefine((all, context) => {
    const message = all.flatMap((one) => unknownType(one) ?? [])[0];
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .describe('Only these, like tftp,dhcp.ack.');

const eventShape = z.looseObject({
  at: z.iso.datetime(),
  type: z.string(),
  level: z.enum(['error', 'warn', 'info', 'debug']),
  text: z.string(),
});

/** What happens, as it happens. */
export function eventRoutes(sources: LiveSources): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/events',
      summary:
        'What happens, as server-sent events: boot, machine, transfers, throughput; lost when read too slowly',
      tag: 'events',
      query: z.strictObject({
        machine: machine.optional(),
        type: types.optional(),
        stream: words
          .pipe(z.array(z.enum(STREAMS)))
          .optional()
          .describe('Of boot, machine, transfers, throughput; all when left out.'),
        last: z.coerce
          .number()
          .int()
          .min(0)
          .max(512)
          .optional()
          .describe('So many of those before are told first.'),
        after: z
          .string()
          .max(64)
          .optional()
          .describe(
            'As Last-Event-ID: what followed this event and is kept is told first; 0 = all that is kept.',
          ),
      }),
      response: 'events',
      handle({ query, signal, exchange }) {
        const header = exchange.request.headers['last-event-id'];
        return watchLive(sources, {
          streams: new Set<Stream>(query.stream ?? STREAMS),
          machine: query.machine,
          types: query.type,
          last: query.last,
          after: typeof header === 'string' ? header : query.after,
          signal,
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/events/recent',
      summary: 'The last events, oldest first',
      tag: 'events',
      query: z.strictObject({
        machine: machine.optional(),
        type: types.optional(),
        limit: z.coerce.number().int().min(1).max(512).default(100),
      }),
      response: z.array(eventShape),
      handle({ query }) {
        const signal = AbortSignal.abort();
        const question = { streams: new Set<Stream>(), machine: query.machine, types: query.type, signal };
        return recentOf(sources, question)
          .slice(-query.limit)
          .map(({ stamped }) => eventJson(stamped) as z.infer<typeof eventShape>);
      },
    }),
    route({
      method: 'GET',
      path: '/api/v1/transfers',
      summary: 'Files under way',
      tag: 'events',
      response: z.array(
        z.strictObject({
          protocol: z.enum(['tftp', 'http']),
          peer: z.string(),
          file: z.string(),
          write: z.boolean(),
          bytes: z.int().describe('Acknowledged by TFTP clients, taken by the system for HTTP clients.'),
          totalBytes: z.int().optional(),
          startedMsAgo: z.number(),
        }),
      ),
      handle: async () => [...(await sources.transfers())],
    }),
  ];
}
