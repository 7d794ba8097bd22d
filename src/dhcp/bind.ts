import { MessageType, readOption } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { bootOf } from './admit.ts';
import { menuFor } from './boot-menu.ts';
import type { Decision } from './conversation.ts';
import { clientKey } from './identity.ts';
import { expiryOf, grantSeconds } from './lease-time.ts';
import type { PlannedNetwork } from './plan.ts';
import { accepted, shapeInForce } from './quirks.ts';
import { booted, put, recordOf } from './records.ts';
import { grantReply, nakReply } from './reply.ts';
import { termsFor } from './terms.ts';
import type { Turn } from './turn.ts';

export type Binding = {
  readonly network: PlannedNetwork;
  readonly ip: Ipv4;
  /** The client says that it had the address from us before we lost our records. */
  readonly adopted?: boolean;
  /** It answers a DISCOVER (RFC 4039). */
  readonly rapidCommit?: boolean;
};

/** Binds the address and acknowledges: the record must be safe before the ACK leaves (RFC 2131 §3.1 step 4). */
export function boundAck(turn: Turn, binding: Binding): Decision {
  const { ip, adopted = false, rapidCommit = false } = binding;
  const { context, request, client, identity } = turn;
  const terms = termsFor(turn, binding.network);
  const { network, reservation } = terms;
  const asked = readOption(request.packet.options, 'lease-time');
  const seconds = grantSeconds(asked, network, client.stage);
  const boot = bootOf(turn, terms);
  const menu = menuFor(turn, terms);
  const file = menu ? undefined : boot?.file;
  const taken = accepted(turn, ip);
  const lease = recordOf(turn, {
    ip,
    client: clientKey(network, identity),
    state: 'bound',
    expiresAt: expiryOf(seconds, context.now),
    kind: 'dhcp',
  });
  return {
    mutations: [put(lease), ...(client.netboot || adopted ? booted(turn) : []), ...taken.mutations],
    events: [
      ...taken.events,
      { type: 'dhcp.ack', ip, leaseSeconds: seconds, ...(file !== undefined && { file }), ...turn.facts },
    ],
    reply: grantReply(turn, {
      type: MessageType.ACK,
      network,
      ip,
      seconds,
      reservation,
      rapidCommit,
      ...(boot && { boot }),
      ...(menu && { menu }),
      shape: shapeInForce(turn, network),
    }),
    ...(taken.step && { trial: taken.step }),
    ...(boot && { boot }),
    ...(terms.rules && { rules: terms.rules }),
  };
}

const MESSAGES: Readonly<Record<string, string>> = {
  'wrong-network': 'wrong network',
  'not-offered': 'address was not offered to you',
  'address-taken': 'address has been given to another client',
  'other-address': 'you have another address',
  'not-permitted': 'address is not for you',
  'not-available': 'address not available',
  'lease-not-found': 'lease not found',
};

/** NAK: the client starts over. `why` is a stable code. */
export function refuse(turn: Turn, why: string, network?: PlannedNetwork): Decision {
  const { packet } = turn.request;
  const ip = readOption(packet.options, 'requested-ip') ?? packet.ciaddr;
  return {
    mutations: [],
    events: [{ type: 'dhcp.nak', ip, why, ...turn.facts }],
    reply: nakReply(turn, MESSAGES[why] ?? why, network),
  };
}
