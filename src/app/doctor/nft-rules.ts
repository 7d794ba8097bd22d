import { parseIpv4, subnetOf } from '../../lib/ipv4.ts';
import {
  type Action,
  type Condition,
  type FilterChain,
  type FilterRule,
  isInterface,
  type PacketFilter,
  type Probe,
} from './packet-filter.ts';

/** A member of JSON that foreign programs wrote. */
type Json = { readonly [key: string]: unknown };

/**
 * Reads `nft -j list ruleset` (libnftables-json(5)); undefined when it is no such thing. Tables that `isOthers` names are left out.
 * What is not understood of a rule is a condition that nobody knows the answer of.
 */
export function readNftRules(
  text: string,
  isOthers: (family: string, table: string) => boolean,
): PacketFilter | undefined {
  const objects = parse(text);
  if (!objects) return undefined;
  const sets = new Map<string, unknown>();
  for (const { set, map } of objects.filter(isJson)) {
    const named = isJson(set) ? set : isJson(map) ? map : undefined;
    if (named) sets.set(keyOf(named, String(named.name)), named.elem ?? []);
  }
  const chains = new Map<string, FilterChain & { rules: FilterRule[] }>();
  for (const { chain } of objects) {
    if (!isJson(chain) || !FAMILIES.has(String(chain.family))) continue;
    if (isOthers(String(chain.family), String(chain.table))) continue;
    chains.set(keyOf(chain, String(chain.name)), chainOf(chain));
  }
  for (const { rule } of objects) {
    if (!isJson(rule)) continue;
    const chain = chains.get(keyOf(rule, String(rule.chain)));
    const find = (name: string) => sets.get(keyOf(rule, name));
    if (chain && Array.isArray(rule.expr)) chain.rules.push(...rulesOf(rule.expr.filter(isJson), find));
  }
  return [...chains.values()];
}

/** Those that IPv4 to and from this machine goes through. */
const FAMILIES: ReadonlySet<string> = new Set(['ip', 'inet', 'netdev']);

function parse(text: string): Json[] | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const list = isJson(read) ? read.nftables : undefined;
    return Array.isArray(list) ? list.filter(isJson) : undefined;
  } catch {
    return undefined;
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyOf({ family, table }: Json, name: string): string {
  return `${String(family)} ${String(table)} ${name}`;
}

function chainOf({
  family,
  table,
  name,
  hook,
  prio,
  policy,
  dev,
}: Json): FilterChain & { rules: FilterRule[] } {
  return {
    title: `nftables: table ${String(family)} ${String(table)}, chain ${String(name)}`,
    table: `${String(family)} ${String(table)}`,
    name: String(name),
    ...(typeof hook === 'string' && { hook }),
    ...(typeof dev === 'string' && { device: dev }),
    priority: typeof prio === 'number' ? prio : 0,
    policy: policy === 'drop' ? 'drop' : 'accept',
    rules: [],
  };
}

type FindSet = (name: string) => unknown;

/** One rule, or with a verdict map one for each of its elements. */
function rulesOf(expressions: readonly Json[], find: FindSet): FilterRule[] {
  const conditions: Condition[] = [];
  for (const expression of expressions) {
    if (isJson(expression.match)) conditions.push(conditionOf(expression.match, find));
    else if (isJson(expression.vmap)) return mapped(expression.vmap, conditions, find);
    else if ('limit' in expression || 'xt' in expression) conditions.push(() => undefined);
    else {
      const action = actionOf(expression);
      if (action) return [{ conditions, action }];
    }
  }
  // What a target of iptables does, iptables alone can tell: it may drop.
  const isTarget = ({ xt }: Json) => isJson(xt) && xt.type === 'target';
  return expressions.some(isTarget) ? [{ conditions, action: { kind: 'drop' } }] : [];
}

function actionOf(expression: Json): Action | undefined {
  for (const kind of ['accept', 'drop', 'return'] as const) if (kind in expression) return { kind };
  if ('reject' in expression) return { kind: 'drop' };
  for (const kind of ['jump', 'goto'] as const) {
    const verdict = expression[kind];
    if (isJson(verdict)) return { kind, to: String(verdict.target) };
  }
  return undefined;
}

function mapped({ key, data }: Json, before: readonly Condition[], find: FindSet): FilterRule[] {
  const elements = elementsOf(data, find);
  if (!elements) return [];
  return elements.flatMap((element) => {
    if (!Array.isArray(element) || !isJson(element[1])) return [];
    const action = actionOf(element[1]);
    const condition = conditionOf({ op: '==', left: key, right: element[0] }, find);
    return action ? [{ conditions: [...before, condition], action }] : [];
  });
}

/** The members of a set, anonymous (`{ set: […] }`) or named (`@name`). */
function elementsOf(right: unknown, find: FindSet): readonly unknown[] | undefined {
  const list = isJson(right) && 'set' in right ? right.set : right;
  const named = typeof list === 'string' && list.startsWith('@') ? find(list.slice(1)) : list;
  if (!Array.isArray(named)) return undefined;
  return named.map((one) => (isJson(one) && isJson(one.elem) ? one.elem.val : one));
}

/** What is compared: of the packet, as nft writes such values. */
type Subject = { readonly value: (probe: Probe) => string | number | undefined; readonly pattern?: true };

function conditionOf({ op, left, right }: Json, find: FindSet): Condition {
  const subject = isJson(left) ? subjectOf(left) : undefined;
  if (!subject || (op !== '==' && op !== '!=' && op !== 'in')) return () => undefined;
  // `ct state established,related` comes as a list.
  const values = Array.isArray(right) ? right : (elementsOf(right, find) ?? [right]);
  return (probe) => {
    const value = subject.value(probe);
    if (value === undefined) return false;
    const answers = values.map((one) => isEqual(value, one, subject));
    const some = answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
    return op === '!=' && some !== undefined ? !some : some;
  };
}

function subjectOf(left: Json): Subject | undefined {
  if (isJson(left.meta)) return META[String(left.meta.key)];
  if (isJson(left.payload)) return payloadOf(left.payload);
  return isJson(left.ct) && left.ct.key === 'state' ? { value: ({ state }) => state } : undefined;
}

const META: Readonly<Record<string, Subject>> = {
  iifname: { value: ({ hook, interface: name }) => (hook === 'input' ? name : ''), pattern: true },
  iif: { value: ({ hook, interface: name }) => (hook === 'input' ? name : '') },
  oifname: { value: ({ hook, interface: name }) => (hook === 'output' ? name : ''), pattern: true },
  oif: { value: ({ hook, interface: name }) => (hook === 'output' ? name : '') },
  l4proto: { value: ({ protocol }) => protocol },
  nfproto: { value: () => 'ipv4' },
  protocol: { value: () => 'ip' },
  pkttype: { value: ({ to }) => (to === 0xffff_ffff ? 'broadcast' : 'host') },
};

function payloadOf({ protocol, field }: Json): Subject | undefined {
  const isPort = field === 'dport' || field === 'sport';
  if (isPort && (protocol === 'udp' || protocol === 'tcp' || protocol === 'th')) {
    return {
      value: (probe) => {
        if (protocol !== 'th' && probe.protocol !== protocol) return undefined;
        return field === 'dport' ? probe.toPort : probe.fromPort;
      },
    };
  }
  if (protocol === 'ip6') return { value: () => undefined };
  if (protocol !== 'ip') return undefined;
  if (field === 'protocol') return { value: (probe) => probe.protocol };
  if (field === 'saddr') return { value: ({ from }) => from };
  return field === 'daddr' ? { value: ({ to }) => to } : undefined;
}

function isEqual(value: string | number, other: unknown, { pattern }: Subject): boolean | undefined {
  if (typeof other === 'number') return value === other;
  if (typeof other === 'string') {
    if (typeof value === 'number') {
      const address = parseIpv4(other);
      return address === undefined ? undefined : value === address;
    }
    return pattern ? isInterface(other, value, '*') : value === other;
  }
  if (!isJson(other) || typeof value !== 'number') return undefined;
  if (isJson(other.prefix)) {
    const { addr, len } = other.prefix;
    const address = parseIpv4(String(addr));
    if (address === undefined || typeof len !== 'number' || len > 32) return undefined;
    return subnetOf(value, len).network === subnetOf(address, len).network;
  }
  if (!Array.isArray(other.range)) return undefined;
  const [first, last] = other.range.map((end) => (typeof end === 'number' ? end : parseIpv4(String(end))));
  return first === undefined || last === undefined ? undefined : value >= first && value <= last;
}
