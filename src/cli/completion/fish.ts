import type { CompletionNode } from './tree.ts';

/** For fish: a line for each word, on the condition that the words so far have come to its command. */
export function fishCompletion(nodes: readonly CompletionNode[]): string {
  const program = nodes[0]!.path[0]!;
  const paths = nodes.slice(1).map(({ path }) => quoted(path.join(' ')));
  return `# fish completion of ${program}: ${program} completion fish > ~/.config/fish/completions/${program}.fish
function __${program}_at
  set -l at ${program}
  for word in (commandline -opc)[2..-1]
    if contains -- "$at $word" ${paths.join(' ')}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${nodes.flatMap((node) => linesOf(program, node)).join('\n')}
`;
}

function linesOf(program: string, { path, commands, options, choices, files }: CompletionNode): string[] {
  const start = `complete -c ${program} -n ${quoted(`__${program}_at ${quoted(path.join(' '))}`)}`;
  const words = [
    ...commands.map(({ word, description }) => `${start} -f -a ${word} -d ${quoted(description)}`),
    ...(choices.length > 0 ? [`${start} -f -a ${quoted(choices.join(' '))}`] : []),
    ...(files ? [] : [`${start} -f`]),
  ];
  const flags = options.map(({ flags: names, description, values }) => {
    const named = names.map((flag) =>
      flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
    );
    const value =
      values === undefined ? '' : values === 'files' ? ' -r -F' : ` -x -a ${quoted(values.join(' '))}`;
    return `${start} ${named.join(' ')}${value} -d ${quoted(description)}`;
  });
  return [...words, ...flags];
}

/** As fish reads single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
