import { MessageType, readOption, secondsElapsed } from '../dhcp-packet/index.ts';
import { offerIpv6Only, offerNoAutoConfigure, prefersIpv6 } from './addressless.ts';
import { bootless, bootOf, isAdmitted } from './admit.ts';
import { boundAck } from './bind.ts';
import { menuFor } from './boot-menu.ts';
import { type Choice, choose } from './choice.ts';
import { holdKey } from './claims.ts';
import type { Decision } from './conversation.ts';
import { isLive, type LeaseMutation } from './lease.ts';
import { grantSeconds } from './lease-time.ts';
import type { PlannedNetwork } from './plan.ts';
import { conflict, probeFirst } from './probe.ts';
import { isVisible, planAnswer } from './quirks.ts';
import { put, recordOf } from './records.ts';
import { grantReply } from './reply.ts';
import { networksOf } from './select-network.ts';
import { isDenied, isOutOfRanges, likeliest, termsFor } from './terms.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPDISCOVER (RFC 2131 §4.3.1): choose an address, make sure nobody uses it, hold it, offer it. The same client gets
 * the same offer again, whatever its xid: U-Boot changes it with every retry and REQUESTs with the first.
 */
export function handleDiscover(turn: Turn): Decision {
  const { request, context } = turn;
  const networks = networksOf(request, context.plan);
  const first = likeliest(turn, networks);
  if (!first) return ignore(turn, 'no-network');
  if (secondsElapsed(request.packet) < context.plan.settings.minSecs) return ignore(turn, 'min-secs');
  if (!isAdmitted(turn)) return ignore(turn, 'not-netboot');
  if (isDenied(turn, networks)) return ignore(turn, 'unknown-denied');
  const terms = termsFor(turn, first);
  const boot = bootOf(turn, terms);
  if (bootless(turn, boot) && !menuFor(turn, terms))
    return {
      ...ignore(turn, 'no-boot-file', boot?.reason),
      ...(boot && { boot }),
      ...(terms.rules && { rules: terms.rules }),
    };
  if (prefersIpv6(turn, first)) return offerIpv6Only(turn, first);
  const before = conflict(turn);
  const choice = choose(turn, networks);
  if (choice && mustWait(turn, choice)) return ignore(turn, 'pool-guarded');
  const after = choice ? (probeFirst(turn, choice) ?? answer(turn, choice)) : nothingLeft(turn, networks);
  return {
    ...after,
    mutations: [...before.mutations, ...after.mutations],
    events: [...before.events, ...after.events],
  };
}

/** RFC 4039 §3.1: a client that is ready for it has its lease at once, where the operator allows it. */
function answer(turn: Turn, choice: Choice): Decision {
  const rapid = turn.context.plan.settings.rapidCommit && turn.request.packet.options.has(80);
  return rapid ? boundAck(turn, { ...choice, rapidCommit: true }) : offer(turn, choice);
}

function nothingLeft(turn: Turn, networks: readonly PlannedNetwork[]): Decision {
  const network = networks[0]!;
  if (isOutOfRanges(turn, networks)) return ignore(turn, 'no-range');
  const told = offerNoAutoConfigure(turn, network);
  const exhausted = { type: 'dhcp.pool-exhausted' as const, pool: network.name, ...turn.facts };
  return { mutations: [], ...told, events: [exhausted, ...(told?.events ?? [])] };
}

function offer(turn: Turn, choice: Choice): Decision {
  const terms = termsFor(turn, choice.network);
  const { network, reservation } = terms;
  const { ip } = choice;
  const boot = bootOf(turn, terms);
  const menu = menuFor(turn, terms);
  const visible = isVisible(turn, { network, menu, file: boot?.file });
  const plan = planAnswer(turn, network, { visible, ip });
  const asked = readOption(turn.request.packet.options, 'lease-time');
  const seconds = grantSeconds(asked, network, turn.client.stage);
  const file = menu ? undefined : boot?.file;
  return {
    mutations: hold(turn, choice),
    events: [
      ...plan.events,
      {
        type: 'dhcp.offer',
        ip,
        leaseSeconds: seconds,
        ...(boot && file !== undefined && { file, reason: boot.reason }),
        ...((menu || plan.shape.file === 'later') && { later: true as const }),
        ...turn.facts,
      },
    ],
    reply: grantReply(turn, {
      type: MessageType.OFFER,
      network,
      ip,
      seconds,
      reservation,
      ...(boot && { boot }),
      ...(menu && { menu }),
      shape: plan.shape,
    }),
    ...(plan.step && { trial: plan.step }),
    ...(boot && { boot }),
    ...(terms.rules && { rules: terms.rules }),
  };
}

/** A stranger, while strangers hold most of the pool by offers that they did not take: see server/dhcp/offer-guard.ts. */
function mustWait({ context, bootedHere }: Turn, { network, ip, client, reservation }: Choice): boolean {
  if (context.mayHold === undefined || bootedHere || reservation !== undefined || !network.pool.has(ip))
    return false;
  const record = context.leases.byClient(client);
  if (record?.state === 'bound' || record?.state === 'released') return false;
  return !isLive(record, context.now) && !context.mayHold(network);
}

/** Keeps the address from others while the client makes up its mind; a binding it has already lasts as long at least. */
function hold(turn: Turn, { ip, client }: Choice): LeaseMutation[] {
  const { context } = turn;
  const record = context.leases.byIp(ip);
  const expiresAt = context.now + context.plan.settings.offerSeconds * 1000;
  if (isLive(record, context.now) && record.state === 'bound') {
    // A lease about to end is kept as long as any offer.
    return record.expiresAt >= expiresAt ? [] : [put({ ...record, expiresAt }, true)];
  }
  const key = holdKey(turn, client, ip);
  return [put(recordOf(turn, { ip, client: key, state: 'offered', expiresAt, kind: 'dhcp' }), true)];
}
