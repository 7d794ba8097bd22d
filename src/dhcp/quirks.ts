import { isUrl } from '../boot/policy.ts';
import type { BootEvent } from '../events/event.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import type { Mac } from '../lib/mac.ts';
import type { LeaseMutation, Machine } from './lease.ts';
import type { PlannedNetwork } from './plan.ts';
import { type AnswerShape, isQuirkName, ladderOf, PLAIN, type QuirkName, shapeOf } from './quirks-table.ts';
import { machineOf } from './records.ts';
import { ownAddressFor } from './select-network.ts';
import type { Network } from './settings.ts';
import type { Turn } from './turn.ts';

/**
 * What to do about firmware that does not take our answers.
 *
 * Theory of operation. Every boot answer (an OFFER, or an ACK on port 4011) to one client is counted in its *trial*. A
 * client that booted ends the trial; one that only asks again and again gets, after {@link PATIENCE} answers and
 * {@link PATIENCE_MS}, the next rung of its ladder (quirks-table.ts):
 *
 * | state | event | next |
 * |---|---|---|
 * | no trial | answer | trial at the remembered quirk, else `default`; 1 answer |
 * | trial | answer within patience | 1 more answer |
 * | trial | answer past patience | the next quirk of the ladder, 1 answer; told |
 * | trial | nothing for {@link WINDOW_MS} ({@link PI_WINDOW_MS}) | as no trial |
 * | trial | it was offered, or accepted, an address | known by that address, too |
 * | trial | it accepted an address, and its download is not ours to see | over |
 * | trial | it fetched a file | over; a quirk other than the remembered one is remembered, and told |
 *
 * Remembered is: for the machine, with what is known of it in the lease store; for all of its make (option 60 and the
 * first three octets of the MAC), once it worked for two machines.
 */

/** Answers of one kind that a client gets before another is tried. iPXE asks at 0, 1, 3 and 7 s, EDK2 at 0, 4, 12, 28 s. */
const PATIENCE = 3;
/** And the least time: iPXE asks three times within 3 s while an address server is slow. */
const PATIENCE_MS = 4_000;
/** A client that comes back after this begins anew: its last boot was ended by somebody. */
const WINDOW_MS = 300_000;
/**
 * A Raspberry Pi downloads without a REQUEST, from an address that a proxy never hears of. It asks every 5 s while it is not
 * answered as it likes, and not for longer than this while it boots.
 */
const PI_WINDOW_MS = 20_000;

/** Answers to one client that led nowhere yet. */
export type Trial = {
  /** The machine and what it is just now: its ROM and its iPXE are two clients. */
  readonly key: string;
  readonly mac: Mac;
  readonly make: string;
  readonly quirk: QuirkName;
  /** Answers with this quirk, the time of the first and of the last, ms since 1970. */
  readonly answers: number;
  readonly since: number;
  readonly last: number;
  /** It downloads from us, so that we shall see whether it does. */
  readonly visible: boolean;
  /** The address it has by now, as far as we know. */
  readonly ip?: Ipv4;
};

/** What the brain reads of trials; see quirk-memory.ts. */
export type QuirkView = {
  trial(key: string): Trial | undefined;
  /** The quirk that worked for machines of this make. */
  worked(make: string): QuirkName | undefined;
};

const NOTHING = { mutations: [], events: [] } as const;

/** A change of the trials, to be applied when the reply leaves: a new state, or undefined when it is over. */
export type TrialStep = { readonly key: string; readonly trial: Trial | undefined };

/** How to answer, and what it does to the client's trial. */
export type AnswerPlan = {
  readonly shape: AnswerShape;
  /** Not `default`: for the event. */
  readonly quirk?: QuirkName;
  readonly step?: TrialStep;
  readonly events: readonly BootEvent[];
};

const USUAL: AnswerPlan = { shape: PLAIN, events: [] };

/**
 * Plans an answer that counts: an OFFER, or the ACK on port 4011. `network` as the client sees it (terms.ts); `visible`: see
 * {@link isVisible}.
 */
export function planAnswer(
  turn: Turn,
  network: Network,
  { visible, ip }: { readonly visible: boolean; readonly ip?: Ipv4 },
): AnswerPlan {
  const fixed = fixedQuirks(turn, network);
  if (fixed) return fixed.length === 0 ? USUAL : { shape: shapeOf(fixed), events: [] };
  const { now } = turn.context;
  const before = trialOf(turn);
  const tired = before && before.answers >= PATIENCE && now - before.since >= PATIENCE_MS;
  const quirk = tired ? nextQuirk(turn, before.quirk) : (before?.quirk ?? rememberedQuirk(turn));
  const same = before && !tired;
  const address = ip ?? before?.ip;
  const trial: Trial = {
    ...namesOf(turn),
    quirk,
    answers: same ? before.answers + 1 : 1,
    since: same ? before.since : now,
    last: now,
    visible,
    ...(address !== undefined && { ip: address }),
  };
  return {
    shape: shapeOf([quirk]),
    ...(quirk !== 'default' && { quirk }),
    step: { key: trial.key, trial },
    events: tired ? [{ type: 'dhcp.quirk', why: 'no-boot', quirk, before: before.quirk, ...turn.facts }] : [],
  };
}

/** The shape of an answer that belongs to one planned before: the ACK after its OFFER. */
export function shapeInForce(turn: Turn, network: Network): AnswerShape {
  const fixed = fixedQuirks(turn, network);
  if (fixed) return shapeOf(fixed);
  const quirk = trialOf(turn)?.quirk ?? rememberedQuirk(turn);
  return quirk === 'default' ? PLAIN : shapeOf([quirk]);
}

/** What it means for the trial that the client accepts an address, ours or another server's. */
export function accepted(
  turn: Turn,
  ip: Ipv4,
): {
  readonly step?: TrialStep;
  readonly mutations: readonly LeaseMutation[];
  readonly events: readonly BootEvent[];
} {
  const trial = turn.client.netboot ? trialOf(turn) : undefined;
  if (!trial) return NOTHING;
  if (trial.visible) return { step: { key: trial.key, trial: { ...trial, ip } }, mutations: [], events: [] };
  const { now } = turn.context;
  return { step: { key: trial.key, trial: undefined }, ...success(trial, machineOf(turn), now) };
}

/** The client of this trial boots: what is worth remembering, and telling. */
export function success(
  trial: Trial,
  machine: Machine | undefined,
  now: number,
): { readonly mutations: readonly LeaseMutation[]; readonly events: readonly BootEvent[] } {
  const before = knownQuirk(machine) ?? 'default';
  const { quirk, mac } = trial;
  if (quirk === before) return { mutations: [], events: [] };
  const remembered: Machine = { ...machine, mac, bootedAt: now, quirk };
  return {
    mutations: [{ kind: 'machine', machine: remembered }],
    events: [{ type: 'dhcp.quirk', why: 'worked', quirk, before, mac }],
  };
}

/** Shall we see whether the client boots: it downloads this file, at once, from our root, by TFTP. */
export function isVisible(
  { context, request }: Turn,
  how: { readonly network: PlannedNetwork; readonly menu?: unknown; readonly file: string | undefined },
): boolean {
  if (how.menu !== undefined || how.file === undefined || isUrl(how.file)) return false;
  const { nextServer } = how.network;
  const own = nextServer === 'auto' || nextServer === ownAddressFor(request, context.plan, how.network);
  return own && context.exists !== undefined;
}

/** The operator's word: quirks of the client's terms, else of everybody; undefined = find out. */
function fixedQuirks(turn: Turn, network: Network): readonly QuirkName[] | undefined {
  const { netboot, kind } = turn.client;
  const configured = network.quirks ?? turn.context.plan.settings.quirks;
  if (configured === 'off' || !netboot || kind === 'u-boot') return NONE;
  if (configured !== 'auto') return configured;
  return turn.context.quirks && turn.identity.mac !== '' ? undefined : NONE;
}

const NONE: readonly QuirkName[] = [];

/** The trial that is still on. */
function trialOf(turn: Turn): Trial | undefined {
  const trial = turn.context.quirks?.trial(keyOf(turn));
  const window = turn.client.kind === 'raspberry-pi' ? PI_WINDOW_MS : WINDOW_MS;
  return trial && turn.context.now - trial.last <= window ? trial : undefined;
}

function rememberedQuirk(turn: Turn): QuirkName {
  const ladder = ladderOf(turn.client.kind, turn.request.link.role);
  const { leases, quirks } = turn.context;
  const own = knownQuirk(leases.machine(turn.identity.mac));
  const found = own ?? quirks?.worked(makeOf(turn));
  return found !== undefined && ladder.includes(found) ? found : 'default';
}

/** The store may be of another version, with quirks of its own. */
function knownQuirk(machine: Machine | undefined): QuirkName | undefined {
  return machine?.quirk !== undefined && isQuirkName(machine.quirk) ? machine.quirk : undefined;
}

function nextQuirk(turn: Turn, quirk: QuirkName): QuirkName {
  const ladder = ladderOf(turn.client.kind, turn.request.link.role);
  return ladder[(ladder.indexOf(quirk) + 1) % ladder.length]!;
}

function namesOf(turn: Turn): Pick<Trial, 'key' | 'mac' | 'make'> {
  return { key: keyOf(turn), mac: turn.identity.mac, make: makeOf(turn) };
}

function keyOf({ identity, client }: Turn): string {
  return `${identity.mac} ${client.kind}`;
}

/** Option 60 names architecture and UNDI version, the MAC's first octets the maker of the card. */
function makeOf({ identity, client, request }: Turn): string {
  const role = request.link.role ?? 'server';
  return `${role} ${client.kind} ${identity.mac.slice(0, 8)} ${(client.vendorClass ?? '').slice(0, 64)}`;
}
