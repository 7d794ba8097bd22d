import { MessageType, readOption } from '../dhcp-packet/index.ts';
import { bootless, bootOf, isAdmitted } from './admit.ts';
import { type Choice, choose } from './choice.ts';
import type { Decision } from './conversation.ts';
import { isLive, type LeaseMutation } from './lease.ts';
import { grantSeconds } from './lease-time.ts';
import { reservationOf } from './plan.ts';
import { conflict, probeFirst } from './probe.ts';
import { put, recordOf } from './records.ts';
import { grantReply } from './reply.ts';
import { networksOf } from './select-network.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * DHCPDISCOVER (RFC 2131 §4.3.1): choose an address, make sure nobody uses it, hold it, offer it. The same client gets
 * the same offer again, whatever its xid: U-Boot changes it with every retry and REQUESTs with the first.
 */
export function handleDiscover(turn: Turn): Decision {
  const { request, context, facts } = turn;
  const networks = networksOf(request, context.plan);
  const [first] = networks;
  if (!first) return ignore(turn, 'no-network');
  const reservation = reservationOf(context.plan, first, turn.identity);
  if (!isAdmitted(turn, reservation)) return ignore(turn, 'not-netboot');
  const boot = bootOf(turn, reservation);
  if (bootless(turn, boot)) return { ...ignore(turn, 'no-boot-file', boot?.reason), ...(boot && { boot }) };
  const before = conflict(turn);
  const choice = choose(turn, networks);
  if (choice && mustWait(turn, choice)) return ignore(turn, 'pool-guarded');
  const after = choice
    ? (probeFirst(turn, choice) ?? offer(turn, choice))
    : { mutations: [], events: [{ type: 'dhcp.pool-exhausted' as const, pool: first.name, ...facts }] };
  return {
    ...after,
    mutations: [...before.mutations, ...after.mutations],
    events: [...before.events, ...after.events],
  };
}

function offer(turn: Turn, choice: Choice): Decision {
  const { network, ip, reservation } = choice;
  const boot = bootOf(turn, reservation);
  const asked = readOption(turn.request.packet.options, 'lease-time');
  const seconds = grantSeconds(asked, network, turn.client.stage);
  const file = boot?.file;
  return {
    mutations: hold(turn, choice),
    events: [
      {
        type: 'dhcp.offer',
        ip,
        leaseSeconds: seconds,
        ...(boot && file !== undefined && { file, reason: boot.reason }),
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
    }),
    ...(boot && { boot }),
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

/** Keeps the address from others while the client makes up its mind; a binding it has already is left alone. */
function hold(turn: Turn, { ip, client }: Choice): LeaseMutation[] {
  const { context } = turn;
  const record = context.leases.byIp(ip);
  if (isLive(record, context.now) && record.state === 'bound') return [];
  const expiresAt = context.now + context.plan.settings.offerSeconds * 1000;
  return [put(recordOf(turn, { ip, client, state: 'offered', expiresAt, kind: 'dhcp' }), true)];
}
