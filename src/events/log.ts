import { pino } from 'pino';
import pretty from 'pino-pretty';
import { harmlessLines } from '../lib/harmless.ts';
import type { Stamped } from './bus.ts';
import { describe } from './describe.ts';
import type { BootEvent } from './event.ts';
import { fieldsOf } from './fields.ts';
import { type Level, levelOf } from './level.ts';
import { createRepeats } from './once.ts';

/**
 * `json`: one pino line an event, for machines. `text`: readable lines, coloured on a terminal. `journal`: for journald, which keeps
 * the time itself: lines without one, each with its priority in front (sd-daemon(3)).
 */
export type LogOptions = {
  readonly level: Level | 'trace';
  readonly format: 'json' | 'text' | 'journal';
  readonly colour?: boolean;
  /** Where the lines go. `writableLength`: how much waits to be read there; a node stream tells. */
  readonly out: LogOut;
};

export type LogOut = { write(line: string): void; readonly writableLength?: number };

/** A pipe that nobody reads keeps in memory what is written to it: lines past this are counted, and their number is told later. */
const MOST_WAITING = 4 * 1024 * 1024;

/** A bus listener that writes the log. */
export function createLog(options: LogOptions): (stamped: Stamped) => void {
  const destination = {
    json: () => options.out,
    text: () => readable(options),
    journal: () => prioritised(options),
  }[options.format]();
  const log = pino({ level: options.level, base: null, timestamp: false }, destination);
  const write = options.format === 'json' ? writeJson : writeWords;
  const isRepeat = createRepeats();
  let lost = 0;

  /** A line as pino's, in one call of the engine's: pino puts it together bit by bit, at a tenth of what a lease costs. */
  function writeJson(level: Level, { at, event }: Stamped): void {
    const line = { level: LEVELS[level], time: at, ...fieldsOf(event), msg: describe(event) };
    options.out.write(`${JSON.stringify(line)}\n`);
  }

  /** JSON has its own way to say what would steer a terminal. */
  function writeWords(level: Level, { at, event }: Stamped): void {
    log[level]({ time: at, ...fieldsOf(event) }, harmlessLines(describe(event)));
  }

  return (stamped) => {
    const { at, event } = stamped;
    const level = isRepeat(event, at) ? 'debug' : levelOf(event);
    if (!log.isLevelEnabled(level)) return;
    if ((options.out.writableLength ?? 0) > MOST_WAITING) {
      lost++;
      return;
    }
    if (lost > 0) write('warn', { at, event: lostLines(lost) });
    lost = 0;
    write(level, stamped);
  };
}

const LEVELS = pino.levels.values as Readonly<Record<Level, number>>;

function lostLines(count: number): BootEvent {
  const detail = `${count} lines are missing here: nobody read the log`;
  return { type: 'service.warning', service: 'log', problem: 'lines-lost', detail };
}

/** Priorities of syslog(3), by pino's levels. */
const PRIORITIES: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

function prioritised({ out }: LogOptions): LogOut {
  return {
    write(line) {
      const { level, msg } = JSON.parse(line) as { readonly level: number; readonly msg: string };
      const mark = `<${PRIORITIES[level] ?? 6}>`;
      out.write(
        msg
          .split('\n')
          .map((each) => `${mark}${each}\n`)
          .join(''),
      );
    },
  };
}

function readable(options: LogOptions): LogOut {
  const colour = options.colour ?? false;
  const render = pretty.prettyFactory({
    colorize: colour,
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    customPrettifiers: {},
  });
  return { write: (line) => options.out.write(render(line)) };
}
