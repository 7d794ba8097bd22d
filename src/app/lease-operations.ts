import type { HostConfig } from '../config/schema.ts';
import { isLive, type Lease, type LeaseMutation } from '../dhcp/lease.ts';
import type { Emit } from '../events/event.ts';
import { contains, formatIpv4, type Ipv4, parseIpv4, parseSubnet } from '../lib/ipv4.ts';
import { type Mac, parseMac } from '../lib/mac.ts';
import type { ConfigOperations } from '../server/control/config-routes.ts';
import { ControlError } from '../server/control/control-error.ts';
import type { LeaseOperations, LeaseQuery } from '../server/control/lease-routes.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { exportLeases } from './lease-export.ts';
import { leaseWords, pastWords, stateOf } from './lease-words.ts';
import { reservationIn } from './reservation.ts';

export type LeaseIo = {
  /** Loaded; undefined where pxed gives no addresses. */
  readonly leases: LeaseStore | undefined;
  readonly emit: Emit;
  /** Ms since 1970. */
  readonly now: () => number;
  readonly hosts: () => readonly HostConfig[];
  /** For reservations; absent where there is no configuration to keep them in. */
  readonly config?: Pick<ConfigOperations, 'view' | 'save'>;
};

/** Past bindings told with a lease. */
const HISTORY_WITH_ONE = 10;

/** Seeing leases, and taking them back: between two turns of the server, which run in this thread, too. */
export function createLeaseOperations(io: LeaseIo): LeaseOperations {
  const { now, emit } = io;

  function store(): LeaseStore {
    if (io.leases) return io.leases;
    throw new ControlError(409, 'no-leases', 'pxed gives no addresses here: DHCP and BOOTP are off');
  }

  function words(lease: Lease) {
    return leaseWords(lease, now(), store().machine(lease.mac));
  }

  function all(): Lease[] {
    return [...store().all()].sort((a, b) => a.ip - b.ip);
  }

  function found(text: string): Lease[] {
    const about = whoIs(text);
    if ('ip' in about) {
      const lease = store().byIp(about.ip);
      return lease ? [lease] : [];
    }
    return all().filter(({ mac }) => mac === about.mac);
  }

  function past(limit: number, text?: string) {
    return store()
      .history(limit, text === undefined ? {} : whoIs(text))
      .map(pastWords);
  }

  function hostsOf(text: string, leases: readonly Lease[]) {
    const about = whoIs(text);
    const [mac, ip] = 'ip' in about ? [leases[0]?.mac, about.ip] : [about.mac, undefined];
    const isMeant = (host: HostConfig) =>
      (mac !== undefined && host.mac === mac) || (ip !== undefined && host.address === ip);
    return io.hosts().filter(isMeant).map(reservationWords);
  }

  return {
    list(query) {
      const fits = filterOf(query, now());
      const fitting = all().filter(fits);
      const { limit = 1000, after } = query;
      const from = after === undefined ? -1 : (parseIpv4(after) ?? -1);
      const rest = fitting.filter(({ ip }) => ip > from);
      const page = rest.slice(0, Number(limit));
      const last = page.at(-1);
      return {
        total: fitting.length,
        ...(last && rest.length > page.length && { next: formatIpv4(last.ip) }),
        leases: page.map(words),
      };
    },
    one(text) {
      const leases = found(text);
      const history = past(HISTORY_WITH_ONE, text);
      const reservations = hostsOf(text, leases);
      if (leases.length + history.length + reservations.length === 0) throw unknown(text);
      return { leases: leases.map(words), reservations, history };
    },
    history: (limit, text) => ({ history: past(limit, text) }),
    release(text, user) {
      const held = found(text).filter((lease) => isLive(lease, now()));
      if (held.length === 0) {
        if (found(text).length === 0) throw unknown(text);
        throw new ControlError(
          409,
          'not-held',
          `${text} is held by nobody: it is released or expired already`,
        );
      }
      const at = now();
      commit(
        store(),
        held.map((lease) => releasing(lease, at)),
      );
      for (const { ip, mac } of held) {
        emit({ type: 'lease.released', ip, ...(mac !== '' && { mac }), by: user });
      }
      return { released: held.map((lease) => ({ ...words(lease), state: 'released' as const })) };
    },
    reserve(mac, wish, user) {
      const { config } = io;
      if (!config)
        throw new ControlError(409, 'no-file', 'There is no configuration to reserve addresses in');
      const { text = '', etag } = config.view();
      return config.save({ set: reservationIn(text, mac, wish), ifMatch: etag }, user);
    },
    export: (format) => exportLeases(all(), format, words),
  };
}

/**
 * Bound: remembered for its client, as after a RELEASE of its own. Offers, and addresses that were set aside, are forgotten: those are
 * anybody's again.
 */
function releasing(lease: Lease, at: number): LeaseMutation {
  if (lease.state !== 'bound') return { kind: 'remove', ip: lease.ip };
  return { kind: 'put', lease: { ...lease, state: 'released', since: at, expiresAt: at }, volatile: false };
}

function commit(store: LeaseStore, mutations: readonly LeaseMutation[]): void {
  store.stage(mutations);
  try {
    store.commit();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ControlError(503, 'not-saved', `Nothing was released, as it cannot be saved: ${why}`);
  }
}

function whoIs(text: string): { readonly ip: Ipv4 } | { readonly mac: Mac } {
  const ip = parseIpv4(text);
  if (ip !== undefined) return { ip };
  const mac = parseMac(text);
  if (mac !== undefined) return { mac };
  throw new ControlError(400, 'bad-name', `${text} is neither an address nor a MAC`);
}

function unknown(text: string): ControlError {
  return new ControlError(404, 'no-such-lease', `Nothing is known of ${text}`);
}

function filterOf({ network, state, mac, hostname }: LeaseQuery, now: number): (lease: Lease) => boolean {
  const subnet = network === undefined ? undefined : parseSubnet(network);
  if (network !== undefined && !subnet) {
    throw new ControlError(400, 'bad-network', `${network} is no subnet like 192.168.77.0/24`);
  }
  const head = mac?.replaceAll('-', ':').toLowerCase();
  const isState = (lease: Lease): boolean => {
    if (state === undefined) return true;
    return state === 'live'
      ? isLive(lease, now) && lease.state !== 'abandoned'
      : stateOf(lease, now) === state;
  };
  return (lease) =>
    isState(lease) &&
    (!subnet || contains(subnet, lease.ip)) &&
    (head === undefined || lease.mac.startsWith(head)) &&
    (hostname === undefined || lease.hostname === hostname);
}

function reservationWords({ mac, address, hostname }: HostConfig) {
  return {
    ...(mac !== undefined && { mac }),
    ...(address !== undefined && { address: formatIpv4(address) }),
    ...(hostname !== undefined && { hostname }),
  };
}
