import { sameArchs } from '../boot/arch-table.ts';
import { readOption } from '../dhcp-packet/index.ts';
import { contains } from '../lib/ipv4.ts';
import { agentOf, hostnamesOf } from './hosts.ts';
import type { PlannedNetwork } from './plan.ts';
import { relayPointOf } from './relay.ts';
import type { Match, Rule, Saying } from './rule.ts';
import type { Turn } from './turn.ts';

/**
 * Rules of the configuration: looked at in order, for a client in one network; the first that matches holds and ends the
 * search, unless it says to go on.
 *
 * They are compiled once, each key of `match` to a function; a client costs one call for each rule that fails at its first
 * key. The trace is numbers; {@link explainRules} makes words of them for whoever asks.
 */
export type CompiledRule = { readonly says: Saying; readonly conditions: readonly Condition[] };

type Condition = { readonly key: keyof Match; readonly holds: (subject: Subject) => boolean };

type Subject = { readonly turn: Turn; readonly network: PlannedNetwork; readonly tags: readonly string[] };

/** One number for each rule that was looked at, in their order: {@link MATCHED}, or which of its keys did not hold. */
export type RuleTrace = readonly number[];

export const MATCHED = -1;

/** What the rules say of a client. */
export type Outcome = {
  /** Of the rules that matched, the strongest first. */
  readonly matched: readonly { readonly index: number; readonly says: Saying }[];
  /** The client's tags: those it came with, and those of the rules. */
  readonly tags: readonly string[];
  readonly trace: RuleTrace;
};

/** Makes rules ready. Keys with an empty list never hold. */
export function compileRules(rules: readonly Rule[]): readonly CompiledRule[] {
  return rules.map(({ match, says }) => ({ says, conditions: conditionsOf(match) }));
}

/** Looks for the client's rule; `tags` are those it has before any rule. */
export function applyRules(
  rules: readonly CompiledRule[],
  { turn, network }: { readonly turn: Turn; readonly network: PlannedNetwork },
  tags: readonly string[],
): Outcome {
  let all = tags;
  const trace: number[] = [];
  const matched: { index: number; says: Saying }[] = [];
  let subject: Subject = { turn, network, tags: all };
  for (let index = 0; index < rules.length; index++) {
    const { says, conditions } = rules[index]!;
    const failed = firstFailing(conditions, subject);
    trace.push(failed);
    if (failed !== MATCHED) continue;
    matched.push({ index, says });
    if (says.tags) {
      all = [...all, ...says.tags];
      subject = { turn, network, tags: all };
    }
    if (!says.goOn) break;
  }
  return { matched, tags: all, trace };
}

/** A loop, for it runs for every rule and request. */
function firstFailing(conditions: readonly Condition[], subject: Subject): number {
  for (let i = 0; i < conditions.length; i++) if (!conditions[i]!.holds(subject)) return i;
  return MATCHED;
}

/** The trace in words, a line for each rule that was looked at: `rules[0]: arch does not fit`. */
export function explainRules(rules: readonly CompiledRule[], trace: RuleTrace): string[] {
  return trace.map((failed, index) => {
    const key = rules[index]?.conditions[failed]?.key;
    return key === undefined ? `rules[${index}]: matches` : `rules[${index}]: ${WORDS[key]} does not fit`;
  });
}

const WORDS: Readonly<Record<keyof Match, string>> = {
  arch: 'arch',
  vendorClass: 'vendor-class',
  userClass: 'user-class',
  mac: 'mac',
  clientId: 'client-id',
  uuid: 'uuid',
  hostname: 'hostname',
  subnet: 'subnet',
  interface: 'interface',
  relay: 'relay',
  circuitId: 'circuit-id',
  remoteId: 'remote-id',
  stage: 'stage',
  tag: 'tag',
};

/** The cheap ones first: what needs an option taken apart is asked of the few that are left. */
function conditionsOf(match: Match): readonly Condition[] {
  const list: Condition[] = [];
  const add = <K extends keyof Match>(
    key: K,
    holds: (subject: Subject, wanted: NonNullable<Match[K]>) => boolean,
  ) => {
    const wanted = match[key];
    if (wanted !== undefined) list.push({ key, holds: (subject) => holds(subject, wanted) });
  };
  add('stage', ({ turn }, wanted) => wanted.includes(turn.client.stage));
  add('arch', ({ turn }, wanted) =>
    turn.client.archs.some(({ code }) => sameArchs(code).some((same) => wanted.includes(same))),
  );
  add('interface', ({ turn }, wanted) => wanted.includes(turn.request.link.name));
  add('subnet', ({ network: { subnet } }, wanted) =>
    wanted.some((wide) => wide.length <= subnet.length && contains(wide, subnet.network)),
  );
  add('tag', ({ tags }, wanted) => wanted.some((tag) => tags.includes(tag)));
  add('mac', ({ turn }, wanted) => wanted.some((head) => turn.identity.mac.startsWith(head)));
  add('vendorClass', ({ turn }, wanted) => {
    const { vendorClass } = turn.client;
    return vendorClass !== undefined && wanted.some((head) => vendorClass.startsWith(head));
  });
  add('uuid', ({ turn: { client } }, wanted) => {
    const { uuid } = client;
    return uuid !== undefined && (wanted.includes(uuid.smbios) || wanted.includes(uuid.wire));
  });
  add('clientId', ({ turn }, wanted) => includes(wanted, turn.identity.clientId));
  add('userClass', ({ turn }, wanted) => {
    const classes = readOption(turn.request.packet.options, 'user-class') ?? [];
    return classes.some((name) => wanted.includes(name));
  });
  add('hostname', ({ turn }, wanted) => {
    const names = hostnamesOf(turn.request.packet);
    return wanted.some((name) => names.includes(name.toLowerCase()));
  });
  add('relay', ({ turn }, wanted) => includes(wanted, agent(turn).via));
  add('circuitId', ({ turn }, wanted) => includes(wanted, agent(turn).circuitId));
  add('remoteId', ({ turn }, wanted) => includes(wanted, agent(turn).remoteId));
  return list;
}

function agent({ request, identity, context }: Turn): ReturnType<typeof agentOf> {
  return agentOf(relayPointOf(request, identity, context));
}

function includes<T>(wanted: readonly T[], value: T | undefined): boolean {
  return value !== undefined && wanted.includes(value);
}
