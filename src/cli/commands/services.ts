import { Argument, type Command } from 'commander';
import { reportChange, reportReload, reportStatus } from '../../app/status-report.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

const SERVICES = ['dhcp', 'tftp', 'http'];

/** `pxectl status`, `start`, `stop`, `restart`, `reload`: each hands its exit code to `end`. */
export function serviceCommands(end: (code: number) => void): Command[] {
  const change = (verb: 'start' | 'stop' | 'restart', summary: string, description: string) =>
    controlCommand(verb)
      .summary(summary)
      .description(description)
      .addArgument(new Argument('<service>', 'which one').choices(SERVICES))
      .addHelpText('after', EXIT_CODES)
      .action(async (service: string, options: ControlOptions) => {
        end(
          await withControl(options, (client, io) => reportChange(client, { ...options, service, verb }, io)),
        );
      });
  return [
    controlCommand('status')
      .summary('what a pxed does and has done')
      .description('show what a pxed that runs does: services, interfaces, transfers, counters')
      .addHelpText('after', EXIT_CODES)
      .action(async (options: ControlOptions) => {
        end(await withControl(options, (client, io) => reportStatus(client, options, io)));
      }),
    change('start', 'start a service', 'start a service that is halted; when it runs already, say so'),
    change(
      'stop',
      'stop a service',
      'stop a service: it is halted until it is started or pxed is; its transfers may finish for five seconds, the other services go on',
    ),
    change('restart', 'stop and start a service', 'stop a service and start it again; the others go on'),
    controlCommand('reload')
      .summary('read the configuration again')
      .description('read the configuration again; it is put in force if it has no mistake')
      .addHelpText('after', EXIT_CODES)
      .action(async (options: ControlOptions) => {
        end(await withControl(options, (client, io) => reportReload(client, options, io)));
      }),
  ];
}
