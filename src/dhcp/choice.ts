import { readOption } from '../dhcp-packet/index.ts';
import { contains, type Ipv4 } from '../lib/ipv4.ts';
import { chooseAddress } from './allocate.ts';
import { ownRecord } from './claims.ts';
import { clientKey } from './identity.ts';
import { isLive } from './lease.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { foundInUse } from './probe.ts';
import type { Reservation } from './settings.ts';
import { mayHave, poolFor } from './terms.ts';
import type { Turn } from './turn.ts';

/** An address in one of the client's networks. */
export type Choice = {
  readonly network: PlannedNetwork;
  readonly client: string;
  readonly ip: Ipv4;
  readonly reservation: Reservation | undefined;
};

/** The first network, of those that share the link, with an address for the client; what speaks for one puts it first. */
export function choose(
  turn: Turn,
  networks: readonly PlannedNetwork[],
  pool: 'pool' | 'bootpPool' = 'pool',
): Choice | undefined {
  const { request, context } = turn;
  const avoid = foundInUse(turn);
  const asked = readOption(request.packet.options, 'requested-ip');
  for (const network of networks.length === 1 ? networks : preferred(turn, networks, asked)) {
    const client = clientKey(network, turn.identity);
    const reservation = reservationOf(turn, network);
    const ip = chooseAddress(
      {
        client,
        reserved: reservation?.ip,
        asked,
        avoid,
        // Pools hold no reserved address, so one that became somebody's reservation is not kept.
        mayKeep: (ip) => mayHave(turn, network, ip),
      },
      poolFor(turn, network, pool),
      context,
    );
    if (ip !== undefined) return { network, client, ip, reservation };
  }
  return undefined;
}

/**
 * Networks that share a link in the order of RFC 2131 §4.3.1: where an address is reserved for the client, where it has or
 * had one, of which it asks for one; then as they come.
 */
function preferred(
  turn: Turn,
  networks: readonly PlannedNetwork[],
  asked: Ipv4 | undefined,
): ReadonlySet<PlannedNetwork> {
  const reserved = networks.filter((network) => reservationOf(turn, network)?.ip !== undefined);
  const held = networks.filter((network) => {
    const record = ownRecord(turn, network);
    return record !== undefined && isLive(record, turn.context.now);
  });
  const had = networks.filter((network) => ownRecord(turn, network) !== undefined);
  const wanted = networks.filter((network) => asked !== undefined && contains(network.subnet, asked));
  return new Set([...reserved, ...held, ...had, ...wanted, ...networks]);
}
