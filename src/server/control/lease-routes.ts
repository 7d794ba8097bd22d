import { z } from 'zod';
import { savedShape } from './config-routes.ts';
import { type Route, route } from './route.ts';

const address = z.ipv4();
const who = z
  .string()
  .min(7)
  .max(47)
  .describe('An address like 192.168.77.10, or a MAC like 52:54:00:12:34:56.');

export const leaseStates = ['bound', 'expired', 'offered', 'probing', 'released', 'abandoned'] as const;

export const leaseShape = z.strictObject({
  ip: address,
  state: z
    .enum(leaseStates)
    .describe('expired and released bind nobody, but their client finds the address again.'),
  mac: z.string().optional().describe('Absent where the address is set aside.'),
  network: z.string().optional().describe('Its subnet.'),
  hostname: z.string().optional(),
  kind: z.enum(['dhcp', 'bootp']),
  since: z.iso.datetime().describe('Of the state, or the newest renewal.'),
  expiresAt: z.iso.datetime().optional().describe('Absent: never.'),
  relay: address.optional(),
  clientId: z.string().optional().describe('Option 61 in hex, where that is what it is known by.'),
  arch: z.string().optional().describe('What it booted as.'),
});

export const pastShape = z.strictObject({
  ip: address,
  mac: z.string().optional(),
  network: z.string().optional(),
  hostname: z.string().optional(),
  began: z.iso.datetime(),
  ended: z.iso.datetime(),
  why: z
    .enum(['expired', 'released', 'declined', 'moved', 'replaced'])
    .describe('moved: it got another address; replaced: somebody else got this one.'),
});

export const reservationShape = z.strictObject({
  mac: z.string().optional(),
  address: address.optional(),
  hostname: z.string().optional(),
});

const listQuery = z.strictObject({
  network: z.string().max(18).optional().describe('A subnet like 192.168.77.0/24: addresses within.'),
  state: z
    .enum([...leaseStates, 'live'])
    .optional()
    .describe('live: bound, offered or being probed.'),
  mac: z.string().max(47).optional().describe('A MAC, or how it begins.'),
  hostname: z.string().max(255).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  after: address.optional().describe('Go on behind this address.'),
});

export const listShape = z.strictObject({
  total: z.int().describe('That fit, on all pages.'),
  next: address.optional().describe('There are more: ask again with this as after.'),
  leases: z.array(leaseShape),
});

export const oneShape = z.strictObject({
  leases: z.array(leaseShape),
  reservations: z.array(reservationShape).describe('Of hosts in the configuration.'),
  history: z.array(pastShape).describe('The newest ten bindings that are over.'),
});

const historyQuery = z.strictObject({
  who: who.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
});

export const exportFormats = ['csv', 'json', 'hosts'] as const;

export type Lease = z.infer<typeof leaseShape>;
export type PastLease = z.infer<typeof pastShape>;
export type LeaseQuery = z.input<typeof listQuery>;
export type LeaseList = z.infer<typeof listShape>;
export type OneLease = z.infer<typeof oneShape>;
export type ExportFormat = (typeof exportFormats)[number];
export type Reserving = { readonly address: string; readonly hostname?: string };

/** What can be done with leases. All throw ControlError; addresses and MACs are text. */
export type LeaseOperations = {
  list(query: LeaseQuery): LeaseList;
  one(who: string): OneLease;
  history(limit: number, who?: string): { readonly history: PastLease[] };
  release(who: string, user: string): { readonly released: Lease[] };
  reserve(mac: string, wish: Reserving, user: string): z.infer<typeof savedShape>;
  export(format: ExportFormat): AsyncIterable<Uint8Array>;
};

const named = z.strictObject({ who });

export function leaseRoutes(operations: LeaseOperations): Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/v1/leases',
      summary: 'Leases, by address',
      tag: 'leases',
      query: listQuery,
      response: listShape,
      handle: ({ query }) => operations.list(query),
    }),
    route({
      method: 'GET',
      path: '/api/v1/leases/export',
      summary: 'All leases as one file',
      tag: 'leases',
      query: z.strictObject({ format: z.enum(exportFormats).default('csv') }),
      response: 'octets',
      handle: ({ query: { format } }) => ({
        octets: operations.export(format),
        type: EXPORT_TYPES[format],
        fileName: `leases.${format === 'hosts' ? 'hosts.txt' : format}`,
      }),
    }),
    route({
      method: 'GET',
      path: '/api/v1/leases/history',
      summary: 'Bindings that are over, the newest first: of the last 30 days',
      tag: 'leases',
      query: historyQuery,
      response: z.strictObject({ history: z.array(pastShape) }),
      handle: ({ query }) => operations.history(query.limit, query.who),
    }),
    route({
      method: 'GET',
      path: '/api/v1/leases/:who',
      summary: 'All that is known of an address, or of what a machine has',
      tag: 'leases',
      params: named,
      response: oneShape,
      handle: ({ params }) => operations.one(params.who),
    }),
    route({
      method: 'POST',
      path: '/api/v1/leases/:who/release',
      summary: 'Take an address back, or what a machine has; one that was set aside may be given again',
      tag: 'leases',
      params: named,
      response: z.strictObject({ released: z.array(leaseShape) }),
      handle: ({ params, user }) => operations.release(params.who, user),
    }),
    route({
      method: 'PUT',
      path: '/api/v1/leases/:who/reservation',
      summary: 'Always give a machine this address: an entry of hosts in the configuration',
      tag: 'leases',
      params: named,
      body: z.strictObject({ address, hostname: z.string().min(1).max(255).optional() }),
      response: savedShape,
      handle: ({ params, body, user }) => {
        const { hostname } = body;
        const wish = { address: body.address, ...(hostname !== undefined && { hostname }) };
        return operations.reserve(params.who, wish, user);
      },
    }),
  ];
}

const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  json: 'application/json',
  hosts: 'text/plain; charset=utf-8',
};
