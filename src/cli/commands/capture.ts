import type { Command } from 'commander';
import { type CaptureQuestion, reportCapture } from '../../app/capture-report.ts';
import { type ControlOptions, controlCommand, EXIT_CODES, withControl } from './control-command.ts';

type Given = ControlOptions & Omit<CaptureQuestion, 'machine' | 'signal'>;

/** `pxectl capture [machine]`: hands its exit code to `end`. */
export function captureCommand(end: (code: number) => void): Command {
  return controlCommand('capture')
    .summary('the last packets of a machine')
    .description(
      'show the last packets of a machine, or write them to a file for Wireshark; without a machine, say of which there are some',
    )
    .argument('[machine]', 'MAC or IPv4 address')
    .option('-w, --write <file>', 'write a pcap file; - is the standard output')
    .option('-f, --follow', 'go on with what comes, until Ctrl-C')
    .option('--failed', 'of its last boot that failed')
    .addHelpText(
      'after',
      `${EXIT_CODES}\n\nExample:   pxectl capture 52:54:00:12:34:56 --follow -w - | wireshark -k -i -\n`,
    )
    .action(async (machine: string | undefined, options: Given) => {
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.once('SIGTERM', () => stop.abort());
      const question = { ...options, ...(machine !== undefined && { machine }), signal: stop.signal };
      const { stdout } = process;
      end(await withControl(options, (client, io) => reportCapture(client, question, { ...io, stdout })));
    });
}
