/** What Tab offers. */
import { CommandProblem, type Completion, type ShellCommand } from './command.ts';
import { COMMANDS, findCommand } from './commands.ts';
import { type LastWord, lastWord, quoteWord } from './words.ts';

export type Offered = {
  /** Names of a folder here, folders with a / behind; none where there is no folder. */
  listFolder(path: string): readonly string[];
  /** Names of files on servers that were used. */
  readonly known: Iterable<string>;
};

/**
 * Completes the last word of `line`, which ends at the cursor, in the form that node:readline wants: what may stand there, and the part of the
 * line in whose place it comes. A single one that is complete has a blank behind.
 *
 *     complete('get -f pxe', { listFolder, known: ['pxelinux.0'] }) // [['pxelinux.0 '], 'pxe']
 */
export function complete(line: string, offered: Offered): [string[], string] {
  const word = lastWord(line);
  const hits = [...new Set(candidates(word, offered))].filter((each) => each.startsWith(word.text));
  const typed = line.slice(word.start);
  const alone = hits.length === 1 && !hits[0]!.endsWith('/');
  return [hits.sort().map((each) => quoted(each, word, alone)), typed];
}

function candidates(word: LastWord, offered: Offered): readonly string[] {
  const { before } = word;
  if (before.length === 0) return COMMANDS.map(({ name }) => name);
  const command = commandOf(before[0]!);
  const position = before.slice(1).filter((each) => each !== '-f' && each !== '--force').length;
  const completion = command?.complete?.(position);
  return completion === undefined ? [] : namesOf(completion, word, offered);
}

function commandOf(word: string): ShellCommand | undefined {
  try {
    return findCommand(word);
  } catch (error) {
    if (error instanceof CommandProblem) return undefined;
    throw error;
  }
}

function namesOf(completion: Completion, word: LastWord, offered: Offered): readonly string[] {
  if (completion === 'local') return localNames(word.text, offered);
  if (completion === 'remote') return [...offered.known];
  if (completion === 'commands') return COMMANDS.map(({ name }) => name);
  return completion;
}

/** What a line cannot hold, and what steers terminals. */
const CONTROL = /\p{Cc}/u;

/** Hidden ones when a dot was typed. */
function localNames(text: string, { listFolder }: Offered): readonly string[] {
  const folder = text.slice(0, text.lastIndexOf('/') + 1);
  const hidden = text.slice(folder.length).startsWith('.');
  return listFolder(folder === '' ? '.' : folder)
    .filter((name) => (hidden || !name.startsWith('.')) && !CONTROL.test(name))
    .map((name) => `${folder}${name}`);
}

/** A quote stays open behind a folder: more is to come. */
function quoted(text: string, { quote }: LastWord, alone: boolean): string {
  const whole = quoteWord(text, quote);
  if (alone) return `${whole} `;
  return quote !== '' && whole.startsWith(quote) ? whole.slice(0, -1) : whole;
}
