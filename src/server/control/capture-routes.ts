import { z } from 'zod';
import { type Octets, type Route, route } from './route.ts';

const PCAP = 'application/vnd.tcpdump.pcap';

export const capturesShape = z.strictObject({
  state: z
    .enum(['recording', 'busy', 'off'])
    .describe('busy: too many packets cross the interfaces to look at them; off: by the configuration.'),
  machines: z.array(
    z.strictObject({
      machine: z.string().describe('MAC, or address where that is all that is known.'),
      packets: z.int(),
      sizeBytes: z.int(),
      firstAt: z.iso.datetime(),
      lastAt: z.iso.datetime(),
    }),
  ),
  kept: z.array(
    z.strictObject({
      name: z.string(),
      machine: z.string(),
      at: z.iso.datetime(),
      sizeBytes: z.int(),
    }),
  ),
});

export type Captures = z.infer<typeof capturesShape>;

const yesNo = z.enum(['true', 'false']).default('false');

/** What is recorded, and what was kept of boots that failed. Throws ControlError. */
export type CaptureOperations = {
  captures(): Captures;
  /** The last packets of a machine; with `failed`, those of its last boot that failed. */
  captureOf(machine: string, options: { readonly failed: boolean }): CaptureFile;
  keptCapture(name: string): CaptureFile;
  /** What is kept of it, and then each packet as it comes, until `signal` aborts. */
  follow(machine: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
};

export type CaptureFile = { readonly name: string; readonly bytes: Uint8Array };

export function captureRoutes(operations: CaptureOperations): Route[] {
  return [
    route({
      ...{ method: 'GET', path: '/api/v1/captures', tag: 'captures' },
      summary: 'Machines whose last packets are kept, and captures of boots that failed',
      response: capturesShape,
      handle: () => operations.captures(),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/captures/:name', tag: 'captures' },
      summary: 'The packets of a boot that failed, as a pcap file',
      params: z.strictObject({ name: z.string() }),
      response: 'octets',
      handle: ({ params }) => octetsOf(operations.keptCapture(params.name)),
    }),
    route({
      ...{ method: 'GET', path: '/api/v1/machines/:id/capture', tag: 'captures' },
      summary: 'The last packets of a machine, as a pcap file',
      params: z.strictObject({ id: z.string() }),
      query: z.strictObject({
        follow: yesNo.describe('true: does not end, and brings each packet as it comes.'),
        failed: yesNo.describe('true: of its last boot that failed.'),
      }),
      response: 'octets',
      handle: ({ params: { id }, query: { follow, failed }, signal }) =>
        follow === 'true'
          ? { octets: operations.follow(id, signal), type: PCAP }
          : octetsOf(operations.captureOf(id, { failed: failed === 'true' })),
    }),
  ];
}

function octetsOf({ name, bytes }: CaptureFile): Octets {
  return { octets: bytes, sizeBytes: bytes.length, type: PCAP, fileName: name };
}
