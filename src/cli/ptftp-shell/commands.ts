/** Every command of the interactive `ptftp`. */

import { TFTP_PORT } from '../../tftp-client/target.ts';
import { parseServer } from '../ptftp-server.ts';
import { PTFTP_EXIT } from '../ptftp-setup.ts';
import { CommandProblem, type Shell, type ShellCommand } from './command.ts';
import { type Plan, planGet, planPut } from './plan.ts';
import { describeSettings, SETTINGS } from './settings.ts';

const connect: ShellCommand = {
  name: 'connect',
  aliases: [],
  usage: 'HOST[:PORT] [PORT]',
  help: 'the server to talk to',
  async run(shell, words) {
    if (words.length === 0) throw new CommandProblem('connect where? connect HOST [PORT]');
    const { host, port = TFTP_PORT, rest } = parseServer(words);
    if (rest.length > 0) throw new CommandProblem(`"${rest[0]}" is too much: expected ${this.usage}`);
    await shell.connect({ host, port });
    shell.say(connectedTo(shell));
    return PTFTP_EXIT.DONE;
  },
};

const get: ShellCommand = {
  name: 'get',
  aliases: ['g'],
  usage: '[-f] FILE [LOCAL], or three FILEs and more',
  help: 'fetch; -f replaces files here',
  complete: (position) => (position === 1 ? 'local' : 'remote'),
  run: (shell, words) => transferAll(shell, planGet(words, shell.state)),
};

const put: ShellCommand = {
  name: 'put',
  aliases: ['p'],
  usage: 'LOCAL [FILE], or LOCALs and a FOLDER',
  help: 'send',
  complete: () => 'local',
  run: (shell, words) => transferAll(shell, planPut(words, shell.state)),
};

const option: ShellCommand = {
  name: 'option',
  aliases: [],
  usage: '[disable] NAME [VALUE]',
  help: 'an option, as atftp has it',
  complete: (position) => (position === 0 ? ['disable', ...OPTIONS] : position === 1 ? OPTIONS : undefined),
  run(shell, words) {
    const disable = words[0] === 'disable';
    const [name, ...values] = disable ? words.slice(1) : words;
    const setting = OPTIONS.includes(name ?? '') ? findCommand(name!) : undefined;
    if (setting === undefined) throw new CommandProblem(`Which option? One of ${OPTIONS.join(', ')}`);
    if (disable) return setting.run(shell, name === 'tsize' ? ['off'] : ['default']);
    return setting.run(shell, name === 'tsize' && values.length === 0 ? ['on'] : values);
  },
};

const OPTIONS: readonly string[] = ['blksize', 'windowsize', 'timeout', 'tsize'];

const status: ShellCommand = {
  name: 'status',
  aliases: [],
  usage: '',
  help: 'the server, and all settings',
  run(shell) {
    for (const line of [connectedTo(shell), ...describeSettings(shell)]) shell.say(line);
    return PTFTP_EXIT.DONE;
  },
};

const help: ShellCommand = {
  name: 'help',
  aliases: ['?'],
  usage: '[COMMAND]',
  help: 'these lines, or those of one command',
  complete: (position) => (position === 0 ? 'commands' : undefined),
  run(shell, words) {
    const asked = words.map(findCommand);
    for (const line of helpLines(asked.length === 0 ? COMMANDS : asked)) shell.say(line);
    for (const line of asked.length === 0 ? NOTES : []) shell.say(line);
    return PTFTP_EXIT.DONE;
  },
};

const quit: ShellCommand = {
  name: 'quit',
  aliases: ['q', 'exit', 'bye'],
  usage: '',
  help: 'end; so does Ctrl-D',
  run({ state }) {
    state.over = true;
    return PTFTP_EXIT.DONE;
  },
};

/** In the order of help. */
export const COMMANDS: readonly ShellCommand[] = [connect, get, put, ...SETTINGS, option, status, help, quit];

const NOTES = [
  'Commands may be shortened. FILE may be host:file, [IPv6]:file or tftp://host/file.',
  `"my file", 'my file' and my\\ file are one word.`,
] as const;

/** By its name, an alias, or the beginning of a name that no other has. Throws CommandProblem. */
export function findCommand(word: string): ShellCommand {
  const wanted = word.toLowerCase();
  if (wanted.startsWith('!')) throw new CommandProblem('ptftp runs no other programs: there is no !');
  const exact = COMMANDS.find(({ name, aliases }) => name === wanted || aliases.includes(wanted));
  if (exact !== undefined) return exact;
  const begun = COMMANDS.filter((each) => namesOf(each).some((name) => name.startsWith(wanted)));
  if (begun.length === 1) return begun[0]!;
  if (begun.length === 0) throw new CommandProblem(`No command "${word}": ? lists them`);
  throw new CommandProblem(`"${word}" may be ${begun.map(({ name }) => name).join(' or ')}`);
}

/** `Connected to 10.0.0.1:69.` */
export function connectedTo({ state: { host, port } }: Shell): string {
  if (host === undefined) return 'Connected to no server.';
  return `Connected to ${host.includes(':') ? `[${host}]` : host}:${port}.`;
}

function namesOf({ name, aliases }: ShellCommand): readonly string[] {
  return [name, ...aliases];
}

/** Of the first that failed; those behind it are still tried, unless it was interrupted. */
async function transferAll(shell: Shell, { jobs, force }: Plan): Promise<number> {
  let code: number = PTFTP_EXIT.DONE;
  const { host, port } = shell.state;
  for (const job of jobs) {
    if (job.host !== shell.state.host || job.port !== shell.state.port) await shell.connect(job);
    const ended = await shell.transfer(job, { force });
    if (ended === PTFTP_EXIT.INTERRUPTED) return ended;
    if (code === PTFTP_EXIT.DONE) code = ended;
  }
  // As tftp-hpa: a server named with a file is the one from then on.
  if (host !== shell.state.host || port !== shell.state.port) shell.say(connectedTo(shell));
  return code;
}

function helpLines(commands: readonly ShellCommand[]): readonly string[] {
  const rows = commands.map((each) => {
    const { usage, help: text } = each;
    return { names: namesOf(each).join(', '), usage, text };
  });
  const width = Math.max(...rows.map(({ names }) => names.length)) + 2;
  return rows.map(
    ({ names, usage, text }) => `${names.padEnd(width)}${usage === '' ? '' : `${usage}: `}${text}`,
  );
}
