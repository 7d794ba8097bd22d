import type { Command } from 'commander';
import { type EventsQuestion, reportEvents } from '../../app/events-report.ts';
import { wholeNumber } from '../arguments.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

/** `pxectl events [--follow]`: hands its exit code to `end`. */
export function eventsCommand(end: (code: number) => void): Command {
  return controlCommand('events')
    .summary('what happened, and what happens')
    .description('show the last events of a pxed that runs, and those to come')
    .option('-f, --follow', 'go on with what happens, until Ctrl-C')
    .option('--machine <address>', 'only of this MAC or IPv4 address')
    .option('--type <types>', 'only these, like tftp or dhcp.ack,dhcp.nak')
    .option(
      '-n, --limit <count>',
      'how many of the last (default: 100; 10 with --follow)',
      wholeNumber(0, 512),
    )
    .addHelpText('after', `${EXIT_CODES}\n\nExample:   pxectl events --follow --machine 52:54:00:12:34:56\n`)
    .action(async (options: ControlOptions & Omit<EventsQuestion, 'signal'>) => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.once('SIGTERM', () => stop.abort());
      const question = { ...options, signal: stop.signal };
      end(await withControl(options, (client, io) => reportEvents(client, question, io)));
    });
}
