import { lengthOfMask, parseIpv4, subnetOf } from '../../lib/ipv4.ts';
import {
  type Action,
  type Condition,
  type FilterChain,
  type FilterRule,
  isInterface,
  type PacketFilter,
  type Probe,
} from './packet-filter.ts';

/** Base chains of iptables, and where the kernel asks them. */
const HOOKS: Readonly<Record<string, string>> = {
  INPUT: 'input',
  OUTPUT: 'output',
  PREROUTING: 'prerouting',
  POSTROUTING: 'postrouting',
};
/** In this order (linux/netfilter_ipv4.h). */
const PRIORITIES: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  nat: -100,
  filter: 0,
  security: 50,
};

/**
 * Reads `iptables-save`. What is not understood of a rule is a condition that nobody knows the answer of; lines that are no rule are
 * passed over. Tables for addresses (nat) drop nothing, and are left out.
 */
export function readIptablesRules(text: string): PacketFilter {
  const chains = new Map<string, FilterChain & { rules: FilterRule[] }>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    else if (table === 'nat') continue;
    else if (line.startsWith(':')) {
      const [name = '', policy = ''] = line.slice(1).split(/\s+/);
      chains.set(`${table} ${name}`, chainOf(table, name, policy));
    } else if (line.startsWith('-A ')) {
      const [, name = '', ...words] = wordsOf(line);
      const rule = ruleOf(words);
      if (rule) chains.get(`${table} ${name}`)?.rules.push(rule);
    }
  }
  return [...chains.values()];
}

/** The tables that a save has. */
export function iptablesTables(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('*') ? [line.slice(1).trim()] : []));
}

function chainOf(table: string, name: string, policy: string): FilterChain & { rules: FilterRule[] } {
  const hook = HOOKS[name];
  return {
    title: `iptables: table ${table}, chain ${name}`,
    table: `iptables ${table}`,
    name,
    ...(hook !== undefined && { hook }),
    priority: PRIORITIES[table] ?? 0,
    policy: policy === 'DROP' ? 'drop' : 'accept',
    rules: [],
  };
}

/** Words of a line, those in quotes whole. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

const ACTIONS: Readonly<Record<string, Action>> = {
  ACCEPT: { kind: 'accept' },
  DROP: { kind: 'drop' },
  REJECT: { kind: 'drop' },
  RETURN: { kind: 'return' },
};

function ruleOf(words: readonly string[]): FilterRule | undefined {
  const conditions: Condition[] = [];
  let action: Action | undefined;
  for (let at = 0; at < words.length; ) {
    const negated = words[at] === '!';
    const option = words[negated ? at + 1 : at] ?? '';
    const from = at + (negated ? 2 : 1);
    let end = from;
    while (end < words.length && !isOption(words[end]!)) end++;
    const values = words.slice(from, end);
    const [value = ''] = values;
    at = end;
    if (option === '-j') action = ACTIONS[value] ?? { kind: 'jump', to: value };
    else if (option === '-g') action = { kind: 'goto', to: value };
    // What an action is told belongs to it.
    else if (action === undefined) {
      const condition = conditionOf(option, value);
      if (condition) conditions.push(negated ? not(condition) : condition);
    }
  }
  return action && { conditions, action };
}

function isOption(word: string): boolean {
  return word === '!' || /^--?[a-z]/i.test(word);
}

function not(condition: Condition): Condition {
  return (probe) => {
    const holds = condition(probe);
    return holds === undefined ? undefined : !holds;
  };
}

/** undefined: it decides nothing. */
function conditionOf(option: string, value: string): Condition | undefined {
  switch (option) {
    case '-i':
      return ({ hook, interface: name }) => hook === 'input' && isInterface(value, name, '+');
    case '-o':
      return ({ hook, interface: name }) => hook === 'output' && isInterface(value, name, '+');
    case '-p':
      return value === 'all'
        ? () => true
        : ({ protocol }) => protocol === value || NUMBERS[protocol] === value;
    case '-s':
      return addressed(value, ({ from }) => from);
    case '-d':
      return addressed(value, ({ to }) => to);
    case '--dport':
    case '--dports':
      return ported(value, ({ toPort }) => toPort);
    case '--sport':
    case '--sports':
      return ported(value, ({ fromPort }) => fromPort);
    case '--ports':
      return (probe) =>
        ported(value, ({ toPort }) => toPort)(probe) || ported(value, ({ fromPort }) => fromPort)(probe);
    case '--ctstate':
    case '--state':
      return ({ state }) => value.toLowerCase().split(',').includes(state);
    case '--pkt-type':
      return ({ to }) => value === (to === 0xffff_ffff ? 'broadcast' : 'unicast');
    case '--dst-type':
      return ({ to }) => (to === 0xffff_ffff ? value === 'BROADCAST' : value === 'LOCAL' ? true : undefined);
    case '--syn':
      return ({ protocol, state }) => protocol === 'tcp' && state === 'new';
    // Names of matches, whose own options decide, and words for people.
    case '-m':
      return DECIDING.has(value) ? () => undefined : undefined;
    case '--comment':
      return undefined;
    default:
      return () => undefined;
  }
}

const NUMBERS = { udp: '17', tcp: '6' } as const;

/** Matches that decide by themselves, without an option. */
const DECIDING: ReadonlySet<string> = new Set(['socket', 'rpfilter', 'limit']);

function addressed(text: string, address: (probe: Probe) => number): Condition {
  const [head = '', tail = '32'] = text.split('/');
  const ip = parseIpv4(head);
  const mask = parseIpv4(tail);
  const length = mask === undefined ? Number(tail) : lengthOfMask(mask);
  if (ip === undefined || length === undefined || !(length >= 0 && length <= 32)) return () => undefined;
  return (probe) => subnetOf(address(probe), length).network === subnetOf(ip, length).network;
}

/** `67`, `67:68`, `67,68,4000:4020`. */
function ported(text: string, port: (probe: Probe) => number): Condition {
  const ranges = text.split(',').map((part) => part.split(':').map(Number));
  return (probe) =>
    ranges.some(([first = 0, last = first]) => port(probe) >= first && port(probe) <= (last || 65_535));
}
