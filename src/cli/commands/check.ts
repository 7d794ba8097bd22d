import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { reportTree, type TreeQuestion } from '../../app/tree-report.ts';

/** `pxectl check [root]`: hands its exit code to `end`. */
export function checkCommand(end: (code: number) => void): Command {
  return new Command('check')
    .summary('say what is wrong with a boot root')
    .description('say what is wrong with a boot root, before a machine finds out; no pxed has to run')
    .argument('[root]', 'folder that is served (default: tftp.root of the configuration)')
    .option('-c, --config <file>', 'configuration of pxed: its files, profiles and user count, too')
    .option('--user <name>', 'who pxed will run as (default: as pxed chooses)')
    .option('--json', 'print the findings as JSON')
    .allowExcessArguments(false)
    .addHelpText(
      'after',
      '\nExit code: 0 = nothing is wrong, 1 = some machine will stop, 2 = usage or configuration',
    )
    .action(async (root: string | undefined, options: Omit<TreeQuestion, 'root'>) => {
      const { stdout: out, stderr: err } = process;
      const io = {
        out,
        err,
        now: () => performance.now(),
        readText: (file: string) => readFileSync(file, 'utf8'),
      };
      end(await reportTree({ ...options, ...(root !== undefined && { root }) }, io));
    });
}
