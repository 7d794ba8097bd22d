import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { type CapturedPacket, MOST_SNAPLEN, readPcap } from '../frame/pcap.ts';
import { concatBytes } from '../lib/bytes.ts';
import { formatBytes } from '../lib/size.ts';
import type { Captures } from '../server/control/capture-routes.ts';
import type { ControlClient } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { printJson } from './output/json.ts';
import { harmless, printTable } from './output/table.ts';
import { packetWords } from './packet-words.ts';
import { whyUnreadable } from './why-unreadable.ts';

export type CaptureQuestion = {
  /** A MAC or an address; without one, what there is is listed. */
  readonly machine?: string;
  /** Of the last boot that failed. */
  readonly failed?: boolean;
  /** Goes on with what comes. */
  readonly follow?: boolean;
  /** A file for tcpdump and Wireshark; `-` is the standard output. */
  readonly write?: string;
  readonly json?: boolean;
  readonly signal: AbortSignal;
};

/** `pxectl capture`: packets of a machine, for people or as a file, or which machines there are packets of. */
export async function reportCapture(
  client: ControlClient,
  question: CaptureQuestion,
  io: ReportIo & { readonly stdout: Writable },
): Promise<number> {
  const { machine, failed, follow, write, json, signal } = question;
  if (machine === undefined) return await list(client, io, json);
  const query = new URLSearchParams({
    ...(follow && { follow: 'true' }),
    ...(failed && { failed: 'true' }),
  });
  const asked = query.size > 0 ? `?${query}` : '';
  const { octets } = await client.download(`/api/v1/machines/${encodeURIComponent(machine)}/capture${asked}`);
  const chunks = until(octets, signal);
  if (write === undefined) return await show(chunks, io, json);
  try {
    await pour(chunks, write === '-' ? io.stdout : createWriteStream(write, { mode: 0o640 }));
  } catch (error) {
    io.err.write(`pxectl: Cannot write ${write}: ${whyUnreadable(error)}\n`);
    return EXIT.START;
  }
  return EXIT.OK;
}

async function list(client: ControlClient, { out }: ReportIo, json: boolean | undefined): Promise<number> {
  const captures = (await client.get('/api/v1/captures')) as Captures;
  if (json) {
    printJson(out, captures);
    return EXIT.OK;
  }
  const states = {
    recording: 'recording',
    busy: 'not recording at the moment: too many packets cross the interfaces (capture: on changes that)',
    off: 'not recording: capture is off, or the interfaces cannot be recorded',
  };
  out.write(`${states[captures.state]}\n\n`);
  printTable(out, captures.machines, {
    none: 'no packets of any machine',
    columns: [
      { title: 'MACHINE', of: ({ machine }) => machine },
      { title: 'PACKETS', of: ({ packets }) => packets, align: 'right' },
      { title: 'FIRST', of: ({ firstAt }) => timeOf(Date.parse(firstAt)) },
      { title: 'LAST', of: ({ lastAt }) => timeOf(Date.parse(lastAt)) },
    ],
  });
  if (captures.kept.length === 0) return EXIT.OK;
  out.write('\n');
  printTable(out, captures.kept, {
    columns: [
      { title: 'BOOT THAT FAILED', of: ({ machine }) => machine },
      { title: 'AT', of: ({ at }) => at },
      { title: 'SIZE', of: ({ sizeBytes }) => formatBytes(sizeBytes), align: 'right' },
    ],
  });
  return EXIT.OK;
}

async function show(
  chunks: AsyncIterable<Uint8Array>,
  { out }: ReportIo,
  json: boolean | undefined,
): Promise<number> {
  for await (const packet of packetsIn(chunks)) {
    const { at, wireLength } = packet;
    const text = harmless(packetWords(packet));
    if (json) out.write(`${JSON.stringify({ at: new Date(at).toISOString(), wireLength, text })}\n`);
    else out.write(`${timeOf(at)}  ${text}\n`);
  }
  return EXIT.OK;
}

/** `17:02:07.120`, in local time. */
function timeOf(at: number): string {
  const two = (value: number, width = 2) => String(value).padStart(width, '0');
  const time = new Date(at);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${two(time.getMilliseconds(), 3)}`;
}

/** Packets of a capture file of ours, each as soon as it is there whole. */
async function* packetsIn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CapturedPacket> {
  let header: Uint8Array | undefined;
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    rest = concatBytes([rest, chunk]);
    if (!header) {
      if (rest.length < 24) continue;
      header = rest.slice(0, 24);
      rest = rest.slice(24);
    }
    const read = readPcap(concatBytes([header, rest]));
    if (!read.ok || read.value.broken === 'record-length' || rest.length > 2 * MOST_SNAPLEN) return;
    const { packets } = read.value;
    yield* packets;
    rest = rest.slice(packets.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0));
  }
}

/** What comes before `signal` aborts. */
async function* until(octets: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const gone = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const iterator = octets[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([iterator.next(), gone]);
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

async function pour(chunks: AsyncIterable<Uint8Array>, into: Writable): Promise<void> {
  const failed = new Promise<never>((_, reject) => void into.once('error', reject));
  failed.catch(() => {});
  const finish = async () => {
    for await (const chunk of chunks) if (!into.write(chunk)) await once(into, 'drain');
    // The standard output is not ours to end.
    await new Promise<void>(
      (resolve) => void (into === process.stdout ? into.write('', () => resolve()) : into.end(resolve)),
    );
  };
  await Promise.race([finish(), failed]);
}
