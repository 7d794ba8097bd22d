import type { Command, Option } from 'commander';

/** A command as a shell sees it. */
export type CompletionNode = {
  /** From the program on: `pxectl config set`. */
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly CompletionOption[];
  /** What the arguments may be, where that is known; files otherwise. */
  readonly choices: readonly string[];
};

export type Word = { readonly word: string; readonly description: string };

export type CompletionOption = {
  readonly flags: readonly string[];
  readonly description: string;
  /** What follows it: nothing, one of these, or (an empty list) a file. */
  readonly values?: readonly string[];
};

/** A command and all below it, as commander knows them; hidden ones left out. */
export function completionTree(command: Command, above: readonly string[] = []): CompletionNode[] {
  const path = [...above, command.name()];
  const help = command.createHelp();
  const children = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const node: CompletionNode = {
    path,
    commands: children.map((one) => ({ word: one.name(), description: one.summary() || one.description() })),
    options: help.visibleOptions(command).map(optionOf),
    choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [node, ...children.flatMap((one) => completionTree(one, path))];
}

function optionOf({ short, long, description, required, optional, argChoices }: Option): CompletionOption {
  const flags = [long, short].filter((flag): flag is string => flag !== undefined && flag !== null);
  return { flags, description, ...((required || optional) && { values: argChoices ?? [] }) };
}

/** Options after which comes a value, by their flags. */
export function withValues({ options }: CompletionNode): readonly CompletionOption[] {
  return options.filter(({ values }) => values !== undefined);
}
