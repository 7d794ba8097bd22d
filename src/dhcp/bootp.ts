import type { BootDecision } from '../boot/settings.ts';
import { secondsElapsed } from '../dhcp-packet/index.ts';
import { formatIpv4, type Ipv4, UNSPECIFIED } from '../lib/ipv4.ts';
import { bootpFile } from './bootp-file.ts';
import { bootpReply } from './bootp-reply.ts';
import { type Choice, choose } from './choice.ts';
import type { Decision } from './conversation.ts';
import { clientKey } from './identity.ts';
import type { PlannedNetwork } from './plan.ts';
import { conflict, probeFirst } from './probe.ts';
import { booted, put, recordOf } from './records.ts';
import { networkOf, networksOf, ownAddressFor } from './select-network.ts';
import { type ClientTerms, isDenied, likeliest, termsFor } from './terms.ts';
import { ignore, type Turn } from './turn.ts';

/**
 * BOOTREQUEST: a request without option 53 (RFC 951, RFC 1497, RFC 1542; RFC 1534 for a DHCP server).
 *
 * One answer, no second step: the address is the client's from then on and for ever, for a BOOTP client never renews.
 * It comes from a reservation, from the machine's own record when it booted here by DHCP before, or from the BOOTP
 * ranges where the operator opened them (RFC 1534 §2: off by default).
 */
export function handleBootp(turn: Turn): Decision {
  const { request, context } = turn;
  const { plan } = context;
  const networks = networksOf(request, plan);
  const first = likeliest(turn, networks);
  if (!plan.settings.bootp.enabled) return ignore(turn, 'bootp-off');
  if (!first) return ignore(turn, 'no-network');
  if (isForAnother(turn, first)) return ignore(turn, 'other-server', printable(request.packet.sname));
  if (request.packet.ciaddr !== UNSPECIFIED) return knowsItsAddress(turn, request.packet.ciaddr);
  if (isDenied(turn, networks)) return ignore(turn, 'unknown-denied');
  const terms = termsFor(turn, first);
  const { reservation } = terms;
  if (isEarly(turn, terms)) return ignore(turn, 'min-secs');
  const isKnown = reservation?.ip !== undefined || turn.bootedHere;
  if (!isKnown && networks.every(({ bootpPool }) => bootpPool.size === 0))
    return ignore(turn, 'unknown-client');
  const boot = bootpFile(turn, terms);
  if (!boot) return ignore(turn, 'file-not-found', printable(request.packet.file));
  const before = conflict(turn);
  const choice = choose(turn, networks, 'bootpPool');
  const after = choice ? (probeFirst(turn, choice) ?? assign(turn, choice, boot)) : exhausted(turn, first);
  return {
    ...after,
    mutations: [...before.mutations, ...after.mutations],
    events: [...before.events, ...after.events],
  };
}

function assign(turn: Turn, { network, client, ip }: Choice, boot: BootDecision): Decision {
  const lease = recordOf(turn, {
    ip,
    client,
    state: 'bound',
    expiresAt: Number.POSITIVE_INFINITY,
    kind: 'bootp',
  });
  return {
    mutations: [put(lease), ...booted(turn)],
    ...answer(turn, { terms: termsFor(turn, network), ip, yiaddr: ip, boot }),
  };
}

/** RFC 951 §7.3, RFC 1542 §5.3: the address in ciaddr must be known as this client's; yiaddr stays empty. */
function knowsItsAddress(turn: Turn, ciaddr: Ipv4): Decision {
  const { context, identity } = turn;
  const network = networkOf(turn.request, context.plan, ciaddr);
  const terms = network && termsFor(turn, network);
  const record = network && context.leases.byIp(ciaddr);
  const isOwn =
    terms?.reservation?.ip === ciaddr || (network && record?.client === clientKey(network, identity));
  if (!terms || !isOwn) return ignore(turn, 'unknown-address', formatIpv4(ciaddr));
  if (isEarly(turn, terms)) return ignore(turn, 'min-secs');
  const boot = bootpFile(turn, terms);
  if (!boot) return ignore(turn, 'file-not-found', printable(turn.request.packet.file));
  return { mutations: [], ...answer(turn, { terms, ip: ciaddr, yiaddr: UNSPECIFIED, boot }) };
}

type BootpGrant = {
  readonly terms: ClientTerms;
  readonly ip: Ipv4;
  readonly yiaddr: Ipv4;
  readonly boot: BootDecision;
};

function answer(turn: Turn, grant: BootpGrant): Pick<Decision, 'events' | 'reply' | 'boot' | 'rules'> {
  const { terms, boot, yiaddr } = grant;
  const { file } = boot;
  return {
    events: [{ type: 'bootp.reply', ip: grant.ip, ...(file !== undefined && { file }), ...turn.facts }],
    reply: bootpReply(turn, { network: terms.network, reservation: terms.reservation, yiaddr, boot }),
    boot,
    ...(terms.rules && { rules: terms.rules }),
  };
}

function exhausted(turn: Turn, network: PlannedNetwork): Decision {
  return { mutations: [], events: [{ type: 'dhcp.pool-exhausted', pool: network.name, ...turn.facts }] };
}

/** A request that names a server in `sname` is for that one alone (RFC 951 §7.3): our name, its host part, our address. */
function isForAnother({ request, context }: Turn, network: PlannedNetwork): boolean {
  const asked = request.packet.sname.toLowerCase();
  const own = formatIpv4(ownAddressFor(request, context.plan, network));
  const name = context.plan.settings.bootp.serverName.toLowerCase();
  return asked !== '' && asked !== name && asked !== name.replace(/\..*/, '') && asked !== own;
}

/** Another server is to have the first word (RFC 1542 §3.2). */
function isEarly({ request, context }: Turn, { reservation }: ClientTerms): boolean {
  const least = reservation?.bootp?.minSeconds ?? context.plan.settings.minSecs;
  return secondsElapsed(request.packet) < least;
}

/** Foreign text fit for a log line: no control characters, which a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
