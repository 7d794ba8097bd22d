import { type CompletionNode, withValues } from './tree.ts';

/** For zsh, in its own terms: what a word means is shown beside it. */
export function zshCompletion(nodes: readonly CompletionNode[]): string {
  const program = nodes[0]!.path[0]!;
  const paths = nodes.slice(1).map(({ path }) => `'${path.join(' ')}'`);
  return `#compdef ${program}
# zsh completion of ${program}: ${program} completion zsh > "\${fpath[1]}/_${program}"
_${program}() {
  local at=${program} i files=0
  local -a found flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${paths.join('|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${nodes.flatMap(valueCases).join('\n')}
  esac
  case "$at" in
${nodes.map(wordCase).join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then _describe 'option' flags
  elif (( \${#found} )); then _describe 'command' found
  elif (( files )); then _files; fi
}
if [[ "$funcstack[1]" == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

function wordCase({ path, commands, options, choices, files }: CompletionNode): string {
  const found = [...commands.map(({ word, description }) => entry(word, description)), ...choices];
  const flags = options.flatMap((option) => option.flags.map((flag) => entry(flag, option.description)));
  return `    ('${path.join(' ')}') found=(${found.join(' ')}); flags=(${flags.join(' ')})${files ? '; files=1' : ''} ;;`;
}

function valueCases(node: CompletionNode): string[] {
  return withValues(node).map(({ flags, values = [] }) => {
    const pattern = flags.map((flag) => `'${[...node.path, flag].join(' ')}'`).join('|');
    return `    (${pattern}) ${values === 'files' ? '_files' : `compadd -- ${values.join(' ')}`}; return ;;`;
  });
}

/** `'word:what it is'` for _describe. */
function entry(word: string, description: string): string {
  return `'${word}:${description.replaceAll(':', '\\:').replaceAll("'", "'\\''")}'`;
}
