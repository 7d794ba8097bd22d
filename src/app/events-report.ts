import type { ControlClient } from './control-client.ts';
import type { ReportIo } from './control-report.ts';
import { EXIT } from './exit-codes.ts';
import { printJsonLine } from './output/json.ts';
import { harmless } from './output/table.ts';

export type EventsQuestion = {
  readonly follow?: boolean;
  readonly machine?: string;
  readonly type?: string;
  /** How many of those that were before. */
  readonly limit?: number;
  readonly json?: boolean;
  readonly signal: AbortSignal;
};

type ToldEvent = { readonly at: string; readonly level: string; readonly text: string };

const BEFORE_FOLLOWING = 10;
const BEFORE = 100;

/** `pxectl events`: the last ones, and those to come with `--follow`, until `signal` aborts. */
export async function reportEvents(
  client: ControlClient,
  question: EventsQuestion,
  { out, err }: ReportIo,
): Promise<number> {
  const { follow, machine, type, json, signal } = question;
  const query = new URLSearchParams();
  if (machine !== undefined) query.set('machine', machine);
  if (type !== undefined) query.set('type', type);
  const tell = (event: ToldEvent) => (json ? printJsonLine(out, event) : out.write(lineOf(event)));
  if (!follow) {
    query.set('limit', String(question.limit ?? BEFORE));
    const events = (await client.get(`/api/v1/events/recent?${query}`)) as ToldEvent[];
    for (const event of events) tell(event);
    return EXIT.OK;
  }
  query.set('stream', 'boot');
  query.set('last', String(question.limit ?? BEFORE_FOLLOWING));
  for await (const { event, data } of client.stream(`/api/v1/events?${query}`, signal)) {
    if (event === 'boot') tell(data as ToldEvent);
    else if (event === 'lost')
      err.write(`pxectl: ${(data as { events: number }).events} events came too fast\n`);
  }
  if (signal.aborted) return EXIT.OK;
  err.write('pxectl: pxed has ended\n');
  return EXIT.START;
}

const MARKS: Readonly<Record<string, string>> = { error: 'ERROR ', warn: 'WARN  ', debug: 'debug ' };

/** `16:52:07.120 WARN  52:54:00:… …`, in local time; further lines of a text are set in. */
function lineOf({ at, level, text }: ToldEvent): string {
  const time = new Date(at);
  const two = (value: number, width = 2) => String(value).padStart(width, '0');
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${two(time.getMilliseconds(), 3)}`;
  const lines = text.split('\n').map(harmless);
  return `${clock} ${MARKS[level] ?? '      '}${lines.join(`\n${' '.repeat(19)}`)}\n`;
}
