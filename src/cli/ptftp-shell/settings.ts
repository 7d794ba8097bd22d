/** Commands that show or change how files are transferred. */
import type { TransferOptions } from '../../tftp-client/face.ts';
import { PTFTP_EXIT } from '../ptftp-setup.ts';
import { CommandProblem, type Shell, type ShellCommand } from './command.ts';

type NumberSpec = {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly key: 'blksize' | 'windowsize' | 'retries';
  readonly least: number;
  readonly most: number;
  readonly otherwise: string;
  readonly help: string;
};

const NUMBERS: readonly NumberSpec[] = [
  {
    name: 'blksize',
    aliases: ['b'],
    key: 'blksize',
    least: 8,
    most: 65_464,
    otherwise: '1468, over IPv6 1448',
    help: 'block size to ask for',
  },
  {
    name: 'windowsize',
    aliases: ['w'],
    key: 'windowsize',
    least: 1,
    most: 65_535,
    otherwise: '16',
    help: 'blocks to ask for before an answer',
  },
  {
    name: 'retries',
    aliases: [],
    key: 'retries',
    least: 0,
    most: 1000,
    otherwise: '5',
    help: 'so many longest waits in vain are the end',
  },
];

const MODES = ['octet', 'netascii'] as const;
const MODE_OF: Readonly<Record<string, (typeof MODES)[number]>> = {
  octet: 'octet',
  binary: 'octet',
  image: 'octet',
  netascii: 'netascii',
  ascii: 'netascii',
};

const mode: ShellCommand = {
  name: 'mode',
  aliases: ['m'],
  usage: '[octet|netascii]',
  help: 'how files are transferred: as they are, or as text',
  complete: (position) => (position === 0 ? MODES : undefined),
  run(shell, words) {
    const word = only(words, this.usage);
    const wanted = word === undefined ? (shell.state.transfer.mode ?? 'octet') : modeOf(word);
    return setMode(shell, wanted);
  },
};

const ascii: ShellCommand = {
  name: 'ascii',
  aliases: [],
  usage: '',
  help: 'mode netascii',
  run(shell, words) {
    none(words);
    return setMode(shell, 'netascii');
  },
};

const binary: ShellCommand = {
  name: 'binary',
  aliases: [],
  usage: '',
  help: 'mode octet',
  run(shell, words) {
    none(words);
    return setMode(shell, 'octet');
  },
};

const timeout: ShellCommand = {
  name: 'timeout',
  aliases: ['rexmt'],
  usage: '[SECONDS|default]',
  help: 'longest wait for one answer',
  complete: (position) => (position === 0 ? ['default'] : undefined),
  run(shell, words) {
    const word = only(words, this.usage);
    if (word !== undefined) set(shell, 'timeoutMs', word === 'default' ? undefined : millisecondsOf(word));
    shell.say(`timeout ${timeoutText(shell.state.transfer)}`);
    return PTFTP_EXIT.DONE;
  },
};

/** Switches kept by the transfer's options. */
const tsize = switchCommand('tsize', {
  help: 'ask for the size of a file, or tell it',
  get: ({ state }) => state.transfer.tsize ?? true,
  set: (shell, on) => set(shell, 'tsize', on),
});
const rfc1350 = switchCommand('rfc1350', {
  help: 'ask for no extension at all',
  get: ({ state }) => state.transfer.rfc1350 ?? false,
  set: (shell, on) => set(shell, 'rfc1350', on),
});

const verbose = switchCommand('verbose', {
  help: 'say what was agreed with the server',
  get: ({ state }) => state.verbose,
  set: ({ state }, on) => {
    state.verbose = on;
  },
});
const trace = switchCommand('trace', {
  help: 'show each packet',
  get: ({ state }) => state.trace,
  set: ({ state }, on) => {
    state.trace = on;
  },
});
const literal = switchCommand('literal', {
  help: 'take a colon in a name as it is',
  get: ({ state }) => state.literal,
  set: ({ state }, on) => {
    state.literal = on;
  },
});

/** In the order of help. */
export const SETTINGS: readonly ShellCommand[] = [
  mode,
  ascii,
  binary,
  ...NUMBERS.map(numberCommand),
  timeout,
  tsize,
  rfc1350,
  verbose,
  trace,
  literal,
];

/** What `status` says of them, a line each. */
export function describeSettings({ state }: Shell): readonly string[] {
  const { transfer } = state;
  const numbers = NUMBERS.map((spec) => `${spec.name} ${numberText(spec, transfer)}`);
  const switches = [
    ['tsize', transfer.tsize ?? true],
    ['rfc1350', transfer.rfc1350 ?? false],
    ['verbose', state.verbose],
    ['trace', state.trace],
    ['literal', state.literal],
  ].map(([name, on]) => `${name} ${on ? 'on' : 'off'}`);
  return [
    `mode ${transfer.mode ?? 'octet'}`,
    ...numbers,
    `timeout ${timeoutText(transfer)}`,
    switches.join(', '),
  ];
}

function numberCommand(spec: NumberSpec): ShellCommand {
  const { name, aliases, key, least, most, help } = spec;
  const usage = '[NUMBER|default]';
  return {
    name,
    aliases,
    usage,
    help,
    complete: (position) => (position === 0 ? ['default'] : undefined),
    run(shell, words) {
      const word = only(words, usage);
      if (word !== undefined && word !== 'default') {
        const value = /^\d{1,9}$/.test(word) ? Number(word) : Number.NaN;
        if (!(value >= least && value <= most))
          throw new CommandProblem(`${name} ${word}: expected a whole number from ${least} to ${most}`);
        set(shell, key, value);
      } else if (word !== undefined) set(shell, key, undefined);
      shell.say(`${name} ${numberText(spec, shell.state.transfer)}`);
      return PTFTP_EXIT.DONE;
    },
  };
}

function numberText({ key, otherwise }: NumberSpec, transfer: TransferOptions): string {
  const value = transfer[key];
  return value === undefined ? `${otherwise} (default)` : String(value);
}

function timeoutText({ timeoutMs }: TransferOptions): string {
  return timeoutMs === undefined ? '2 s (default)' : `${timeoutMs / 1000} s`;
}

type SwitchSpec = {
  readonly help: string;
  get(shell: Shell): boolean;
  set(shell: Shell, on: boolean): void;
};

function switchCommand(name: string, spec: SwitchSpec): ShellCommand {
  const usage = '[on|off]';
  return {
    name,
    aliases: [],
    usage,
    help: spec.help,
    complete: (position) => (position === 0 ? ['on', 'off'] : undefined),
    run(shell, words) {
      const word = only(words, usage);
      if (word !== undefined && word !== 'on' && word !== 'off')
        throw new CommandProblem(`${name} ${word}: expected on or off`);
      const on = word === undefined ? !spec.get(shell) : word === 'on';
      spec.set(shell, on);
      shell.say(`${name} ${on ? 'on' : 'off'}`);
      return PTFTP_EXIT.DONE;
    },
  };
}

function setMode(shell: Shell, wanted: (typeof MODES)[number]): number {
  set(shell, 'mode', wanted);
  shell.say(`mode ${wanted}`);
  return PTFTP_EXIT.DONE;
}

function modeOf(word: string): (typeof MODES)[number] {
  const known = Object.hasOwn(MODE_OF, word.toLowerCase()) ? MODE_OF[word.toLowerCase()] : undefined;
  if (known === undefined) throw new CommandProblem(`mode ${word}: expected octet or netascii`);
  return known;
}

function millisecondsOf(word: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(word) ? Number(word) : Number.NaN;
  if (seconds >= 0.1 && seconds <= 255) return Math.round(seconds * 1000);
  throw new CommandProblem(`timeout ${word}: expected seconds from 0.1 to 255`);
}

/** undefined brings the default back. */
function set<K extends keyof TransferOptions>(
  { state }: Shell,
  key: K,
  value: TransferOptions[K] | undefined,
): void {
  const { [key]: _, ...others } = state.transfer;
  state.transfer = value === undefined ? others : { ...others, [key]: value };
}

function only(words: readonly string[], usage: string): string | undefined {
  if (words.length > 1) throw new CommandProblem(`"${words[1]}" is too much: expected ${usage}`);
  return words[0];
}

function none(words: readonly string[]): void {
  if (words.length > 0) throw new CommandProblem(`"${words[0]}" is too much: expected nothing`);
}
