import { type CompletionNode, withValues } from './tree.ts';

/**
 * For bash: which command the words so far have come to, then its subcommands, options and arguments.
 * Every word of it is a name of ours, so that nothing needs quoting.
 */
export function bashCompletion(nodes: readonly CompletionNode[]): string {
  const program = nodes[0]!.path[0]!;
  const paths = nodes.slice(1).map(({ path }) => `'${path.join(' ')}'`);
  return `# bash completion of ${program}: source <(${program} completion bash)
_${program}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at=${program} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${paths.join(' | ')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at $prev" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(wordCase).join('\n')}
  esac
}
complete -F _${program} ${program}
`;
}

const FILES = 'compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur")';

function wordCase({ path, commands, options, choices, files }: CompletionNode): string {
  const words = [...commands.map(({ word }) => word), ...choices].join(' ');
  const flags = options.flatMap((option) => option.flags).join(' ');
  return `    '${path.join(' ')}')
      if [[ $cur == -* ]]; then mapfile -t COMPREPLY < <(compgen -W '${flags}' -- "$cur")
      else ${words === '' && files ? FILES : `mapfile -t COMPREPLY < <(compgen -W '${words}' -- "$cur")`}; fi ;;`;
}

function valueCases(node: CompletionNode): string[] {
  return withValues(node).map(({ flags, values = [] }) => {
    const pattern = flags.map((flag) => `'${[...node.path, flag].join(' ')}'`).join(' | ');
    const reply =
      values === 'files' ? FILES : `mapfile -t COMPREPLY < <(compgen -W '${values.join(' ')}' -- "$cur")`;
    return `    ${pattern}) ${reply}; return ;;`;
  });
}
