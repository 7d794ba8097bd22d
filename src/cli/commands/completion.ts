import { Argument, Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { completionTree } from '../completion/tree.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** `pxectl completion <shell>`: what `program`, with all its commands, is completed by. Hands its exit code to `end`. */
export function completionCommand(program: Command, end: (code: number) => void): Command {
  return new Command('completion')
    .summary('what a shell completes pxectl by')
    .description('print what bash, zsh or fish completes the words of pxectl by')
    .addArgument(new Argument('<shell>', 'for which').choices(Object.keys(SHELLS)))
    .allowExcessArguments(false)
    .addHelpText('after', '\nExample:   source <(pxectl completion bash)\n')
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](completionTree(program)), () => end(0));
    });
}
