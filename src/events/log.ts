import { pino } from 'pino';
import pretty from 'pino-pretty';
import { formatIpv4 } from '../lib/ipv4.ts';
import type { Stamped } from './bus.ts';
import { describe } from './describe.ts';
import type { BootEvent } from './event.ts';
import { type Level, levelOf } from './level.ts';
import { createRepeats } from './once.ts';

/** `json`: one pino line an event, for journald and machines. `text`: readable lines, coloured on a terminal. */
export type LogOptions = {
  readonly level: Level | 'trace';
  readonly format: 'json' | 'text';
  readonly colour?: boolean;
  /** Where the lines go. */
  readonly out: { write(line: string): void };
};

/** A bus listener that writes the log. */
export function createLog(options: LogOptions): (stamped: Stamped) => void {
  const destination = options.format === 'json' ? options.out : readable(options);
  const log = pino({ level: options.level, base: null, timestamp: false }, destination);
  const isRepeat = createRepeats();
  return ({ at, event }) => {
    const level = isRepeat(event, at) ? 'debug' : levelOf(event);
    if (log.isLevelEnabled(level)) log[level]({ time: at, ...fields(event) }, describe(event));
  };
}

/** The event's own fields, with addresses as people and other tools write them. */
function fields(event: BootEvent): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...event };
  if ('ip' in event) shown.ip = formatIpv4(event.ip);
  if ('via' in event && event.via !== undefined) shown.via = formatIpv4(event.via);
  if (typeof shown.peer === 'number') shown.peer = formatIpv4(shown.peer);
  if ('xid' in event && event.xid !== undefined) shown.xid = event.xid.toString(16).padStart(8, '0');
  return shown;
}

function readable(options: LogOptions): { write(line: string): void } {
  const colour = options.colour ?? false;
  const render = pretty.prettyFactory({
    colorize: colour,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    customPrettifiers: {},
  });
  return { write: (line) => options.out.write(render(line)) };
}
