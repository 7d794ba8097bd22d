import type { Ipv4 } from '../../src/lib/ipv4.ts';

/**
 * A DHCP server of one subnet as RFC 2131 and RFC 1534 describe it: what it knows, and for each message what it may
 * answer. Written from the RFCs, with nothing of the server's in it; where they leave a choice, every choice is allowed, and
 * the model goes on from the one that was made.
 */

export type Client = number;

export type ModelSettings = {
  readonly pool: readonly Ipv4[];
  readonly reserved: ReadonlyMap<Client, Ipv4>;
  readonly inSubnet: (ip: Ipv4) => boolean;
  readonly authoritative: boolean;
  readonly leaseSeconds: number;
  readonly minLeaseSeconds: number;
  readonly maxLeaseSeconds: number;
  readonly offerSeconds: number;
  /** How long an address that was declined is nobody's; and how long at least, when no other is left. */
  readonly abandonSeconds: number;
  readonly backOffSeconds: number;
};

export type AnswerType = 'OFFER' | 'ACK' | 'NAK' | 'BOOTREPLY' | 'none';

/** `addresses`: what yiaddr may be, of an OFFER, ACK or BOOTREPLY. `seconds`: option 51 of an ACK. */
export type Allowed = {
  readonly types: readonly AnswerType[];
  readonly addresses?: readonly Ipv4[];
  readonly seconds?: number;
};

export type Answer = { readonly type: AnswerType; readonly address: Ipv4; readonly seconds?: number };

type Hold = { readonly client: Client; readonly until: number };

export type ReferenceModel = ReturnType<typeof createReferenceModel>;

export function createReferenceModel(settings: ModelSettings) {
  const bindings = new Map<Ipv4, Hold>();
  const offers = new Map<Ipv4, Hold>();
  const declined = new Map<Ipv4, number>();
  /** Whose an address was last; §4.3.1: "the client's previous address". */
  const lastOf = new Map<Ipv4, Client>();
  /** Seconds. */
  let now = 0;

  function holder(ip: Ipv4): Client | undefined {
    for (const hold of [bindings.get(ip), offers.get(ip)]) if (hold && hold.until > now) return hold.client;
    return undefined;
  }

  function isDeclined(ip: Ipv4): boolean {
    const since = declined.get(ip);
    return since !== undefined && now - since < settings.abandonSeconds;
  }

  function isOthers(ip: Ipv4, client: Client): boolean {
    return [...settings.reserved].some(([owner, address]) => address === ip && owner !== client);
  }

  function isFree(ip: Ipv4, client: Client): boolean {
    const held = holder(ip);
    return (held === undefined || held === client) && !isDeclined(ip) && !isOthers(ip, client);
  }

  function fits(ip: Ipv4, client: Client): boolean {
    return settings.reserved.get(client) === ip || (settings.pool.includes(ip) && !isOthers(ip, client));
  }

  function leaseOf(client: Client): Ipv4 | undefined {
    return [...bindings].find(([, hold]) => hold.client === client && hold.until > now)?.[0];
  }

  /** The reserved address when it can be had, and is not this one. */
  function better(client: Client, ip: Ipv4): boolean {
    const reserved = settings.reserved.get(client);
    return reserved !== undefined && reserved !== ip && isFree(reserved, client);
  }

  /** §4.3.1: administrative reasons, the current address, the previous one, the one asked for, any. */
  function choices(client: Client, asked: Ipv4 | undefined): readonly Ipv4[] {
    const reserved = settings.reserved.get(client);
    if (reserved !== undefined && isFree(reserved, client)) return [reserved];
    const open = [...offers].find(
      ([ip, hold]) => hold.client === client && hold.until > now && fits(ip, client),
    )?.[0];
    const lease = leaseOf(client);
    if (lease !== undefined && fits(lease, client)) return [lease];
    if (open !== undefined) return [open];
    const former = [...lastOf].filter(
      ([ip, owner]) => owner === client && isFree(ip, client) && fits(ip, client),
    );
    if (former.length > 0) return former.map(([ip]) => ip);
    if (asked !== undefined && settings.pool.includes(asked) && isFree(asked, client)) return [asked];
    return settings.pool.filter((ip) => isFree(ip, client));
  }

  function give(client: Client, type: 'OFFER' | 'BOOTREPLY', asked: Ipv4 | undefined): Allowed {
    const addresses = choices(client, asked);
    if (addresses.length > 0) return { types: [type], addresses };
    // Nothing is left: silence (§4.3.1), or an address that was declined long enough ago.
    const old = settings.pool.filter(
      (ip) => isDeclined(ip) && now - declined.get(ip)! >= settings.backOffSeconds && !isOthers(ip, client),
    );
    return { types: [old.length > 0 ? type : 'none'], addresses: old };
  }

  function granted(asked: number | undefined): number {
    if (asked === undefined || asked === 0) return settings.leaseSeconds;
    return Math.min(Math.max(asked, settings.minLeaseSeconds), settings.maxLeaseSeconds);
  }

  /** May an address be acknowledged that this client says is its own, though no running lease says so? */
  function mayAdopt(ip: Ipv4, client: Client): boolean {
    return isFree(ip, client) && fits(ip, client) && !better(client, ip);
  }

  function wasIts(ip: Ipv4, client: Client): boolean {
    return lastOf.get(ip) === client && mayAdopt(ip, client);
  }

  function hold(ip: Ipv4, client: Client, kind: { until: number; bound: boolean }): void {
    for (const [other, record] of offers) if (record.client === client || other === ip) offers.delete(other);
    if (kind.bound) {
      for (const [other, record] of bindings) if (record.client === client) bindings.delete(other);
      for (const [other, owner] of lastOf) if (owner === client) lastOf.delete(other);
      bindings.set(ip, { client, until: kind.until });
    } else {
      const own = bindings.get(ip);
      if (own?.client !== client || own.until <= now) bindings.delete(ip);
      offers.set(ip, { client, until: kind.until });
    }
    lastOf.set(ip, client);
    declined.delete(ip);
  }

  return {
    wait(seconds: number): void {
      now += seconds;
    },
    offerOf: (client: Client): Ipv4 | undefined => [...offers].find(([, one]) => one.client === client)?.[0],
    leaseOf,

    /** What each message may be answered with. */
    discover: (client: Client, asked?: Ipv4): Allowed => give(client, 'OFFER', asked),
    bootp: (client: Client): Allowed => give(client, 'BOOTREPLY', undefined),
    /** §4.3.2, SELECTING: what was offered is acknowledged; else the client is told to start over. */
    select(client: Client, ip: Ipv4, asked?: number): Allowed {
      const seconds = granted(asked);
      const ack = { types: ['ACK'], addresses: [ip], seconds } as const;
      if (!settings.inSubnet(ip)) return { types: ['NAK'] };
      const open = offers.get(ip);
      const running = leaseOf(client) === ip || (open?.client === client && open.until > now);
      if (running && mayAdopt(ip, client)) return ack;
      if (wasIts(ip, client) || settings.reserved.get(client) === ip) {
        return mayAdopt(ip, client) ? { ...ack, types: ['ACK', 'NAK'] } : { types: ['NAK'] };
      }
      return { types: ['NAK'] };
    },
    /** §4.3.2, INIT-REBOOT: NAK on a wrong network or with another address on record, silence without a record. */
    reboot(client: Client, ip: Ipv4, asked?: number): Allowed {
      const ack = { addresses: [ip], seconds: granted(asked) };
      const lease = leaseOf(client);
      const silence = settings.authoritative ? ('NAK' as const) : ('none' as const);
      if (!settings.inSubnet(ip)) return { types: [lease === undefined ? silence : 'NAK'] };
      if (lease === ip && mayAdopt(ip, client)) return { types: ['ACK'], ...ack };
      if (lease !== undefined) {
        const open = offers.get(ip)?.client === client && mayAdopt(ip, client);
        return open ? { types: ['ACK', 'NAK'], ...ack } : { types: ['NAK'] };
      }
      if (wasIts(ip, client)) return { types: ['ACK', 'NAK', 'none'], ...ack };
      if (!mayAdopt(ip, client)) return { types: [silence] };
      const reserved = settings.reserved.get(client) === ip;
      return settings.authoritative || reserved ? { types: ['ACK', silence], ...ack } : { types: ['none'] };
    },
    /** §4.3.2, RENEWING: it came to us alone, so it counts on us. */
    renew(client: Client, ip: Ipv4, asked?: number): Allowed {
      const ack = { addresses: [ip], seconds: granted(asked) };
      if (settings.inSubnet(ip) && leaseOf(client) === ip && mayAdopt(ip, client))
        return { types: ['ACK'], ...ack };
      const open = offers.get(ip)?.client === client;
      const may = settings.inSubnet(ip) && mayAdopt(ip, client) && (leaseOf(client) === undefined || open);
      return may ? { types: ['ACK', 'NAK'], ...ack } : { types: ['NAK'] };
    },
    /** §4.3.2, REBINDING: its server may be another. */
    rebind(client: Client, ip: Ipv4, asked?: number): Allowed {
      const ack = { addresses: [ip], seconds: granted(asked) };
      const lease = leaseOf(client);
      const silence = settings.authoritative ? ('NAK' as const) : ('none' as const);
      if (!settings.inSubnet(ip)) return { types: [silence] };
      if (lease === ip && mayAdopt(ip, client)) return { types: ['ACK'], ...ack };
      const open = offers.get(ip)?.client === client;
      if (lease !== undefined && !(open && mayAdopt(ip, client))) return { types: ['NAK'] };
      if (wasIts(ip, client)) return { types: ['ACK', 'NAK', 'none'], ...ack };
      if (settings.authoritative && mayAdopt(ip, client)) return { types: ['ACK', 'NAK'], ...ack };
      return { types: [silence] };
    },
    inform: (): Allowed => ({ types: ['ACK'], addresses: [0] }),

    /** §3.1 step 4: the offer was not taken. */
    tookOther(client: Client): void {
      for (const [ip, one] of offers) {
        if (one.client === client && bindings.get(ip)?.client !== client) offers.delete(ip);
      }
    },
    /** §4.3.4. */
    release(client: Client, ip: Ipv4): void {
      if (leaseOf(client) !== ip) return;
      bindings.delete(ip);
      offers.delete(ip);
    },
    /** §4.3.3: from its holder alone. */
    decline(client: Client, ip: Ipv4): void {
      if (isDeclined(ip) || lastOf.get(ip) !== client) return;
      const mine = bindings.get(ip)?.client === client || offers.get(ip)?.client === client;
      if (!mine) return;
      bindings.delete(ip);
      offers.delete(ip);
      lastOf.delete(ip);
      declined.set(ip, now);
    },
    /** What was answered holds from now on. */
    learn(client: Client, { type, address, seconds = Number.POSITIVE_INFINITY }: Answer): void {
      if (type === 'OFFER') hold(address, client, { until: now + settings.offerSeconds, bound: false });
      if ((type === 'ACK' || type === 'BOOTREPLY') && address !== 0) {
        hold(address, client, { until: now + seconds, bound: true });
      }
    },
  };
}
