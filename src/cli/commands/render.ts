import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { type RenderQuestion, reportRendering } from '../../app/render-report.ts';
import { archArgument, ipv4Argument, macArgument, uuidArgument } from '../arguments.ts';

/** `pxectl render`: hands its exit code to `end`. */
export function renderCommand(end: (code: number) => void): Command {
  return new Command('render')
    .summary('print what a loader is given')
    .description('print the configuration that a machine’s loader would be given; no pxed has to run')
    .requiredOption('-c, --config <file>', 'configuration of pxed, with its profiles')
    .requiredOption('--mac <address>', 'the machine', macArgument)
    .requiredOption(
      '--name <path>',
      'what its loader asks for: pxelinux.cfg/default, grub/grub.cfg, boot.ipxe',
    )
    .option('--ip <address>', 'its address (default: that of its entry in hosts)', ipv4Argument)
    .option('--uuid <uuid>', 'as dmidecode prints it', uuidArgument)
    .option('--arch <name>', 'its firmware, name or number of option 93', archArgument)
    .option('--hostname <name>', 'what it calls itself')
    .option('--via <address>', 'its relay', ipv4Argument)
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 = printed, 1 = nothing is made for it, 2 = usage or configuration' +
        '\n\nExample:   pxectl render -c pxed.yaml --mac 52:54:00:12:34:56 --name pxelinux.cfg/default\n',
    )
    .action(async (question: RenderQuestion) => {
      const { stdout: out, stderr: err } = process;
      end(await reportRendering(question, { out, err, readText: (file) => readFileSync(file, 'utf8') }));
    });
}
