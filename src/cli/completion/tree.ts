import type { Command, Option } from 'commander';

/** A command as a shell sees it. */
export type CompletionNode = {
  /** From the program on: `pxectl config set`. */
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly CompletionOption[];
  /** What the arguments may be, where that is known. */
  readonly choices: readonly string[];
  /** One of the arguments is a file or a folder. */
  readonly files: boolean;
};

export type Word = { readonly word: string; readonly description: string };

export type CompletionOption = {
  readonly flags: readonly string[];
  readonly description: string;
  /** What follows it, where something does: one of these, `files`, or what nobody can guess (an empty list). */
  readonly values?: readonly string[] | 'files';
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
    files: command.registeredArguments.some((argument) => isFile(argument.name())),
  };
  return [node, ...children.flatMap((one) => completionTree(one, path))];
}

function optionOf({ short, long, flags: shown, ...option }: Option): CompletionOption {
  const { description, required, optional, argChoices } = option;
  const flags = [long, short].filter((flag): flag is string => flag !== undefined && flag !== null);
  if (!required && !optional) return { flags, description };
  return { flags, description, values: argChoices ?? (isFile(shown) ? 'files' : []) };
}

/** By its placeholder: `<file>`, `[root]`. */
function isFile(placeholder: string): boolean {
  return /file|folder|path|root|local|pcap/.test(placeholder.replace(/^.*(?=[<[])/, ''));
}

/** Options after which comes a value, by their flags. */
export function withValues({ options }: CompletionNode): readonly CompletionOption[] {
  return options.filter(({ values }) => values !== undefined);
}
