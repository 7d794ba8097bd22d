import { mergeOptions, withoutNamed } from './options.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { createPool, joinPools, type Pool } from './pool.ts';
import { applyRules, type Outcome, type RuleTrace } from './rules.ts';
import type { Reservation, Terms } from './settings.ts';
import type { Turn } from './turn.ts';

/** What one client has coming in one network: all circles put together. */
export type ClientTerms = {
  /** The network as this client sees it: rules' and host's terms over the network's own. Key and pools are the network's. */
  readonly network: PlannedNetwork;
  readonly reservation: Reservation | undefined;
  /** The boot file that a rule gives, and which one. */
  readonly ruleFile?: { readonly file: string; readonly rule: number };
  /** The boot profile, and who names it: `hosts`, `rules[2]`, `networks 10.0.0.0/24`, `default`. */
  readonly profile?: NamedProfile;
  /** A rule says to keep silent. */
  readonly ignore: boolean;
  readonly tags: readonly string[];
  /** Absent when there are no rules. */
  readonly rules?: RuleTrace;
};

export type NamedProfile = { readonly name: string; readonly from: string };

/** Puts together what a client is told: host over rule over network over all networks. */
export function termsFor(turn: Turn, network: PlannedNetwork): ClientTerms {
  const { plan } = turn.context;
  const reservation = reservationOf(turn, network);
  if (!plan.hasTags && plan.rules.length === 0) {
    const profile = profileOf(turn, { network, reservation });
    return {
      network: overlay(network, reservation?.terms),
      reservation,
      ...(profile && { profile }),
      ignore: false,
      tags: NO_TAGS,
    };
  }
  const outcome = applyRules(plan.rules, { turn, network }, tagsOf(turn, network));
  const ruleFile = fileOf(outcome);
  const profile = profileOf(turn, { network, reservation, outcome });
  // The first rule is the strongest: it is laid over those that came after it.
  const ruled = outcome.matched.reduceRight((below, { says }) => overlay(below, says.terms), network);
  return {
    network: overlay(ruled, reservation?.terms),
    reservation,
    ...(ruleFile && { ruleFile }),
    ...(profile && { profile }),
    ignore: outcome.matched.some(({ says }) => says.ignore === true),
    tags: outcome.tags,
    ...(plan.rules.length > 0 && { rules: outcome.trace }),
  };
}

const NO_TAGS: readonly string[] = [];

const NO_ADDRESSES: Pool = createPool([], []);

/** The addresses of a network that this client may be given: with a condition on ranges, by its tags. */
export function poolFor(turn: Turn, network: PlannedNetwork, kind: 'pool' | 'bootpPool' = 'pool'): Pool {
  if (network.denyUnknown && turn.hosts.length === 0) return NO_ADDRESSES;
  const parts = network.parts?.[kind];
  if (!parts) return network[kind];
  const { tags } = termsFor(turn, network);
  const open = parts.filter(
    ({ allow, deny }) =>
      (allow === undefined || allow.some((tag) => tags.includes(tag))) &&
      !deny?.some((tag) => tags.includes(tag)),
  );
  return open.length === 1 ? open[0]!.pool : joinPools(open.map(({ pool }) => pool));
}

/** May the client have this address without its being reserved: of DHCP, or of BOOTP, where it may have come from? */
export function mayHave(turn: Turn, network: PlannedNetwork, ip: number): boolean {
  return poolFor(turn, network).has(ip) || poolFor(turn, network, 'bootpPool').has(ip);
}

/** Are there ranges in these networks, and none of them for this client? */
export function isOutOfRanges(turn: Turn, networks: readonly PlannedNetwork[]): boolean {
  return networks.every((network) => network.parts && poolFor(turn, network).size === 0);
}

/** Of networks that share a link the one where an address is reserved for the client; the first when there is none. */
export function likeliest(turn: Turn, networks: readonly PlannedNetwork[]): PlannedNetwork | undefined {
  return networks.find((network) => reservationOf(turn, network)?.ip !== undefined) ?? networks[0];
}

/** Is there no network here where strangers get anything, and is this one? */
export function isDenied(turn: Turn, networks: readonly PlannedNetwork[]): boolean {
  return (
    turn.hosts.length === 0 &&
    networks.length > 0 &&
    networks.every(({ denyUnknown }) => denyUnknown === true)
  );
}

/** Without rules: of the network, of the host, and what is known of everybody. */
export function tagsOf(turn: Turn, network: PlannedNetwork): readonly string[] {
  return [
    turn.hosts.length > 0 ? 'known' : 'unknown',
    ...(turn.client.kind === 'bootp' ? ['bootp'] : NO_TAGS),
    ...(network.tags ?? NO_TAGS),
    ...turn.hosts.flatMap(({ tags }) => tags ?? NO_TAGS),
  ];
}

function fileOf({ matched }: Outcome): ClientTerms['ruleFile'] {
  const found = matched.find(({ says }) => says.file !== undefined);
  return found && { file: found.says.file!, rule: found.index };
}

/** What an operator chose; else host over rule over network over all networks. */
function profileOf(
  { context, identity }: Turn,
  said: {
    readonly network: PlannedNetwork;
    readonly reservation: Reservation | undefined;
    readonly outcome?: Outcome;
  },
): NamedProfile | undefined {
  const chosen = context.chosen?.(identity.mac);
  if (chosen) return chosen;
  const { network, reservation, outcome } = said;
  if (reservation?.profile !== undefined) return { name: reservation.profile, from: 'hosts' };
  const rule = outcome?.matched.find(({ says }) => says.profile !== undefined);
  if (rule) return { name: rule.says.profile!, from: `rules[${rule.index}]` };
  if (network.profile !== undefined) return { name: network.profile, from: `networks ${network.key}` };
  const { profile } = context.plan.settings;
  return profile === undefined ? undefined : { name: profile, from: 'default' };
}

function overlay(network: PlannedNetwork, terms: Terms | undefined): PlannedNetwork {
  if (!terms) return network;
  const wider = withoutNamed(network.options, terms);
  const options = terms.options ? mergeOptions(wider, terms.options) : wider;
  return { ...network, ...terms, options };
}
