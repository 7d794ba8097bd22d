import type { Ipv4 } from '../../lib/ipv4.ts';

/** A packet that a firewall is asked about. */
export type Probe = {
  readonly hook: 'input' | 'output';
  /** The interface that it comes in or goes out by. */
  readonly interface: string;
  readonly protocol: 'udp' | 'tcp';
  readonly from: Ipv4;
  readonly fromPort: number;
  readonly to: Ipv4;
  readonly toPort: number;
  /** As connection tracking has it. */
  readonly state: 'new' | 'established';
};

/** Does a packet have it? undefined: the doctor does not understand the condition. */
export type Condition = (probe: Probe) => boolean | undefined;

export type Action =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'next' }
  | { readonly kind: 'jump' | 'goto'; readonly to: string };

export type FilterRule = { readonly conditions: readonly Condition[]; readonly action: Action };

export type FilterChain = {
  /** For people: `table inet filter, chain input`. */
  readonly title: string;
  /** Other chains of the table, by name. */
  readonly table: string;
  readonly name: string;
  /** Where the kernel asks it; absent: other chains jump here. */
  readonly hook?: string;
  /** Of this interface alone. */
  readonly device?: string;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  readonly rules: readonly FilterRule[];
};

/** Several tools' rules: one that drops is enough. */
export type PacketFilter = readonly FilterChain[];

/** `maybe`: a condition that is not understood decides. `by`: the chain that says so, and whether it is its policy. */
export type Judgement = {
  readonly verdict: 'accept' | 'drop' | 'maybe';
  readonly by?: FilterChain;
  readonly policy?: true;
};

/** Hooks in the order in which a packet meets them (netfilter). */
const HOOKS = { input: ['ingress', 'prerouting', 'input'], output: ['output', 'postrouting'] } as const;

/**
 * What becomes of a packet. Base chains are asked in the order of hooks and priorities: what one accepts the next may still
 * drop.
 */
export function judge(filter: PacketFilter, probe: Probe): Judgement {
  let doubt: Judgement | undefined;
  for (const hook of HOOKS[probe.hook]) {
    const isAsked = (chain: FilterChain) =>
      chain.hook === hook && (chain.device === undefined || chain.device === probe.interface);
    const chains = filter.filter(isAsked).sort((a, b) => a.priority - b.priority);
    for (const chain of chains) {
      const { verdict: decided, could, by = chain } = walk(chain, { filter, probe, depth: 0 });
      const verdict = decided === 'end' ? chain.policy : decided;
      const isDoubtful = verdict === 'drop' ? could.accept : could.drop;
      if (verdict === 'drop' && !isDoubtful) {
        return { verdict, by, ...(decided === 'end' && { policy: true as const }) };
      }
      if (isDoubtful) doubt ??= { verdict: 'maybe', by };
    }
  }
  return doubt ?? { verdict: 'accept' };
}

type Walked = {
  /** `end`: no rule decided. */
  readonly verdict: 'accept' | 'drop' | 'end';
  /** What a rule before might have done, whose conditions are not understood. */
  readonly could: Could;
  readonly by?: FilterChain;
};

type Could = { readonly accept: boolean; readonly drop: boolean };

const CERTAIN: Could = { accept: false, drop: false };
const DOUBTFUL: Could = { accept: true, drop: true };

/** As deep as the kernel lets chains jump. */
const MOST_DEPTH = 16;

type Walk = { readonly filter: PacketFilter; readonly probe: Probe; readonly depth: number };

function walk(chain: FilterChain, on: Walk): Walked {
  let could = CERTAIN;
  if (on.depth > MOST_DEPTH) return { verdict: 'end', could: DOUBTFUL };
  for (const { conditions, action } of chain.rules) {
    const holds = allHold(conditions, on.probe);
    if (holds === false || action.kind === 'next') continue;
    const done = act(action, chain, on);
    could = both(could, done.could);
    const ends = done.verdict !== 'end' || action.kind === 'return' || (action.kind === 'goto' && done.by);
    if (!ends) continue;
    if (holds) return { ...done, could };
    const might = done.verdict === 'end' ? DOUBTFUL : { ...CERTAIN, [done.verdict]: true };
    could = both(could, might);
  }
  return { verdict: 'end', could };
}

/** What a rule that matches does. */
function act(action: FilterRule['action'], chain: FilterChain, on: Walk): Walked {
  if (action.kind === 'accept' || action.kind === 'drop') {
    return { verdict: action.kind, could: CERTAIN, by: chain };
  }
  if (action.kind !== 'jump' && action.kind !== 'goto') return { verdict: 'end', could: CERTAIN };
  const target = on.filter.find(({ table, name }) => table === chain.table && name === action.to);
  // A target that is no chain is a module: a mark, a log, or one that we do not know.
  if (!target) return { verdict: 'end', could: CERTAIN };
  const walked = walk(target, { ...on, depth: on.depth + 1 });
  return walked.verdict === 'end' ? { ...walked, by: target } : walked;
}

function both(a: Could, b: Could): Could {
  return { accept: a.accept || b.accept, drop: a.drop || b.drop };
}

function allHold(conditions: readonly Condition[], probe: Probe): boolean | undefined {
  let all: boolean | undefined = true;
  for (const condition of conditions) {
    const holds = condition(probe);
    if (holds === false) return false;
    if (holds === undefined) all = undefined;
  }
  return all;
}

/** `eth0`, or with a wildcard at its end. */
export function isInterface(pattern: string, name: string, wildcard: '*' | '+'): boolean {
  return pattern.endsWith(wildcard) ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
