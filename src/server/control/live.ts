import { describe } from '../../events/describe.ts';
import type { BootEvent } from '../../events/event.ts';
import { fieldsOf } from '../../events/fields.ts';
import { levelOf } from '../../events/level.ts';
import type { Numbered, RecentEvents } from '../../events/recent.ts';
import type { LiveTransfer } from '../live-transfer.ts';
import { createEventQueue } from './event-queue.ts';
import type { SentEvent } from './route.ts';

/** Counters since the start. */
export type Throughput = { readonly tftpBytes: number; readonly httpBytes: number; readonly events: number };

/** What can be watched; nothing of it costs anything while nobody does. */
export type LiveSources = {
  readonly recent: RecentEvents;
  /** Tells runs of pxed apart, so that an id of another run is not taken for one of this. */
  readonly run: string;
  /** The MAC of whoever has this address, where it is known. */
  readonly macOf: (peer: string) => string | undefined;
  readonly transfers: () => Promise<readonly LiveTransfer[]>;
  readonly throughput: (transfers: readonly LiveTransfer[]) => Throughput;
  /** Machines as they move through their boot. */
  readonly machines?: { subscribe(listener: (summary: unknown) => void): () => void };
};

export type Stream = 'boot' | 'machine' | 'transfers' | 'throughput';

export type LiveQuestion = {
  readonly streams: ReadonlySet<Stream>;
  /** A MAC or an address. */
  readonly machine?: string | undefined;
  /** `tftp`, `dhcp.ack`; all when left out. */
  readonly types?: readonly string[] | undefined;
  /** The `id` that was seen last; what is still kept of what followed it is told first. `0`: all that is kept. */
  readonly after?: string | undefined;
  /** So many of those that were before, where `after` does not say. */
  readonly last?: number | undefined;
  readonly signal: AbortSignal;
};

/** What waits for a slow reader, at most. */
const WAITING_MOST = 2000;
const LOOK_EVERY_MS = 1000;

/** Server-sent events until `signal` aborts: `boot`, `machine`, `transfers`, `throughput`, and `lost` where a reader is too slow. */
export async function* watchLive(sources: LiveSources, question: LiveQuestion): AsyncGenerator<SentEvent> {
  const { recent, run } = sources;
  const { streams, signal } = question;
  const queue = createEventQueue<SentEvent>(WAITING_MOST);
  const tell = (numbered: Numbered) => {
    if (isWanted(numbered.stamped.event, question, sources.macOf)) queue.push(sentOf(numbered, run));
  };
  const ends: (() => void)[] = [];
  if (streams.has('boot')) {
    const { after, last = 0 } = question;
    const before =
      after === undefined
        ? recentOf(sources, question).slice(last === 0 ? recent.last : -last)
        : missed(recent, { run, after });
    for (const numbered of before) tell(numbered);
    ends.push(recent.subscribe(tell));
  }
  if (streams.has('machine') && sources.machines) {
    ends.push(sources.machines.subscribe((data) => queue.push({ event: 'machine', data })));
  }
  if (streams.has('transfers') || streams.has('throughput'))
    ends.push(lookAgain(sources, { streams, queue }));
  try {
    for await (const event of queue.items(signal)) {
      const lost = queue.takeLost();
      if (lost > 0) yield { event: 'lost', data: { events: lost } };
      yield event;
    }
  } finally {
    for (const end of ends) end();
  }
}

/** Each second, one look at a time. */
function lookAgain(
  sources: LiveSources,
  {
    streams,
    queue,
  }: { readonly streams: ReadonlySet<Stream>; readonly queue: { push(event: SentEvent): void } },
): () => void {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    try {
      const transfers = await sources.transfers().catch(() => []);
      if (over) return;
      if (streams.has('transfers')) queue.push({ event: 'transfers', data: transfers });
      if (streams.has('throughput')) {
        const at = new Date().toISOString();
        queue.push({ event: 'throughput', data: { at, ...sources.throughput(transfers) } });
      }
    } catch {
      // Nobody waits for this promise; there is another look in a second.
    }
    if (!over) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  };
  void look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

function missed(recent: RecentEvents, { run, after }: { run: string; after: string }): Numbered[] {
  const [ofRun, number] = after === '0' ? [run, '0'] : after.split(':');
  const known = ofRun === run && number !== undefined && /^\d{1,15}$/.test(number);
  // An id of an earlier run: everything since is new.
  return recent.after(known ? Number(number) : 0);
}

/** Those that are kept and wanted, oldest first. */
export function recentOf(sources: LiveSources, question: LiveQuestion): Numbered[] {
  return sources.recent.after(0).filter(({ stamped }) => isWanted(stamped.event, question, sources.macOf));
}

function isWanted(event: BootEvent, { machine, types }: LiveQuestion, macOf: LiveSources['macOf']): boolean {
  if (types && !types.some((type) => event.type === type || event.type.startsWith(`${type}.`))) return false;
  if (machine === undefined) return true;
  if ('mac' in event && event.mac === machine) return true;
  const fields = fieldsOf(event);
  if (fields.ip === machine || fields.peer === machine) return true;
  return typeof fields.peer === 'string' && macOf(fields.peer) === machine;
}

function sentOf({ number, stamped }: Numbered, run: string): SentEvent {
  return { event: 'boot', id: `${run}:${number}`, data: eventJson(stamped) };
}

/** An event as the API tells it: its own fields, and what people read. */
export function eventJson({ at, event }: Numbered['stamped']): Record<string, unknown> {
  return {
    at: new Date(at).toISOString(),
    level: levelOf(event),
    text: describe(event),
    ...fieldsOf(event),
  };
}
