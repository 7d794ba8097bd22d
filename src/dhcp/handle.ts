import { MessageType, messageType, Op } from '../dhcp-packet/index.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import { handleBootServer, isBootServerRequest } from './boot-server.ts';
import { handleBootp } from './bootp.ts';
import type { Decision, DhcpContext, DhcpRequest } from './conversation.ts';
import { handleDecline } from './decline.ts';
import { handleDiscover } from './discover.ts';
import { identityProblem } from './identity.ts';
import { handleInform } from './inform.ts';
import { handleLeaseQuery } from './lease-query.ts';
import { handleProxy } from './proxy.ts';
import { handleRelease } from './release.ts';
import { handleRequest } from './request.ts';
import type { RuleTrace } from './rules.ts';
import { networksOf } from './select-network.ts';
import { termsFor } from './terms.ts';
import { ignore, openTurn, type Turn } from './turn.ts';

/** RFC 1542 §4.1.1: no relay lets more pass. */
const MAX_HOPS = 16;

const HANDLERS: ReadonlyMap<number, (turn: Turn) => Decision> = new Map([
  [MessageType.DISCOVER, handleDiscover],
  [MessageType.REQUEST, handleRequest],
  [MessageType.DECLINE, handleDecline],
  [MessageType.RELEASE, handleRelease],
  [MessageType.INFORM, handleInform],
  [MessageType.LEASEQUERY, handleLeaseQuery],
]);

/** What a client gives back is taken back, whatever the rules say of it now; a LEASEQUERY is no client's. */
const GIVES_BACK: ReadonlySet<number | undefined> = new Set([
  MessageType.RELEASE,
  MessageType.DECLINE,
  MessageType.LEASEQUERY,
]);

/**
 * Decides about one DHCP, BOOTP or PXE boot-server request. Pure: same request and context, same decision; nothing is
 * changed. Never throws for anything a client sends.
 *
 * Commit `mutations` before sending `reply`. A decision with `probe` wants to know whether the address is in use first:
 * ask the network, then call again with the same (or the client's newest) request and `context.probe` set.
 *
 * Sources: RFC 2131, RFC 1534, RFC 951, RFC 1542, PXE 2.1, RFC 3046, RFC 4388; see each handler.
 */
export function handle(request: DhcpRequest, context: DhcpContext): Decision {
  const turn = openTurn(request, context);
  const why = unfit(turn);
  if (why !== undefined) return ignore(turn, why);
  const type = messageType(turn.request.packet);
  const rules = GIVES_BACK.has(type) ? undefined : ignoringRules(turn);
  if (rules) return { ...ignore(turn, 'rule-ignores'), rules };
  const proxy = request.link.role === 'proxy';
  if (type === undefined) {
    if (request.port !== 67) return ignore(turn, 'unexpected-type');
    return proxy ? ignore(turn, 'address-server') : handleBootp(turn);
  }
  if (!context.plan.settings.dhcp) return ignore(turn, 'dhcp-off');
  if (isBootServerRequest(turn)) return handleBootServer(turn);
  if (proxy) return handleProxy(turn);
  const handler = HANDLERS.get(type);
  return handler ? handler(turn) : ignore(turn, 'unexpected-type');
}

/** The trace of the rules that say to ignore this client, if they do. */
function ignoringRules(turn: Turn): RuleTrace | undefined {
  const { plan } = turn.context;
  if (!plan.mayIgnore) return undefined;
  const [network] = networksOf(turn.request, plan);
  const terms = network && termsFor(turn, network);
  return terms?.ignore ? terms.rules : undefined;
}

/** What no client of ours sends: replies, looping or over-relayed packets, senders without an identity. */
function unfit({ request, context, identity }: Turn): string | undefined {
  const { packet } = request;
  if (packet.op !== Op.REQUEST) return 'not-a-request';
  if (packet.hops > MAX_HOPS) return 'too-many-hops';
  if (packet.giaddr !== UNSPECIFIED && context.plan.ownAddresses.has(packet.giaddr)) return 'relay-loop';
  // It asks about others: what stands in chaddr, if anything, is not its own.
  return messageType(packet) === MessageType.LEASEQUERY ? undefined : identityProblem(packet, identity);
}
