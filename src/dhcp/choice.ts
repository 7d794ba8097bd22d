import { readOption } from '../dhcp-packet/index.ts';
import type { Ipv4 } from '../lib/ipv4.ts';
import { chooseAddress } from './allocate.ts';
import { clientKey } from './identity.ts';
import { type PlannedNetwork, reservationOf } from './plan.ts';
import { foundInUse } from './probe.ts';
import type { Reservation } from './settings.ts';
import type { Turn } from './turn.ts';

/** An address in one of the client's networks. */
export type Choice = {
  readonly network: PlannedNetwork;
  readonly client: string;
  readonly ip: Ipv4;
  readonly reservation: Reservation | undefined;
};

/** The first network, of those that share the link, with an address for the client; its reservation goes before. */
export function choose(
  turn: Turn,
  networks: readonly PlannedNetwork[],
  pool: 'pool' | 'bootpPool' = 'pool',
): Choice | undefined {
  const { request, context } = turn;
  const { plan } = context;
  const avoid = foundInUse(turn);
  const reserved = networks.find((network) => reservationOf(plan, network, turn.identity)?.ip !== undefined);
  for (const network of reserved ? [reserved, ...networks] : networks) {
    const client = clientKey(network, turn.identity);
    const reservation = reservationOf(plan, network, turn.identity);
    const ip = chooseAddress(
      {
        client,
        reserved: reservation?.ip,
        asked: readOption(request.packet.options, 'requested-ip'),
        avoid,
        // Pools hold no reserved address, so one that became somebody's reservation is not kept.
        mayKeep: (ip) => network.pool.has(ip) || network.bootpPool.has(ip),
      },
      network[pool],
      context,
    );
    if (ip !== undefined) return { network, client, ip, reservation };
  }
  return undefined;
}
