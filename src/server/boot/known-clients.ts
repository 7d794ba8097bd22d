import type { BootClient, MachineUuid } from '../../boot/client.ts';
import { clientUuidFromSmbios } from '../../dhcp-packet/index.ts';
import type { BootEvent, ClientFacts } from '../../events/event.ts';
import { type Ipv4, UNSPECIFIED } from '../../lib/ipv4.ts';
import type { Mac } from '../../lib/mac.ts';

/** What a machine said of itself over DHCP, the newest word of each kind: loaders and systems say less than firmware. */
export type KnownClient = {
  readonly uuid?: MachineUuid;
  /** Option 93 in words. */
  readonly arch?: string;
  readonly kind?: BootClient['kind'];
  readonly stage?: BootClient['stage'];
  readonly via?: Ipv4;
};

/**
 * Remembers what DHCP's events tell of those who were answered: which machine has which address, also where another
 * server gave it (mode proxy), and what no lease keeps. In memory and bounded: the ones longest not heard of go first.
 */
export type KnownClients = {
  /** Takes every event; those of other kinds are passed over. */
  hear(event: BootEvent): void;
  client(mac: Mac): KnownClient | undefined;
  /** Who said last, by DHCP, that it has this address. */
  macOf(ip: Ipv4): Mac | undefined;
  /** The address that it had last. */
  ipOf(mac: Mac): Ipv4 | undefined;
  /** Whoever has this address says that this is its MAC, in what it asks for; `now` in ms. */
  named(ip: Ipv4, mac: Mac, now: number): void;
  /** The one who said so; undefined where several did. DHCP's word ends it. */
  namedAt(ip: Ipv4): Mac | undefined;
};

const MOST = 20_000;

/**
 * Two names within this time are of two machines behind one address (NAT), or one is a lie: what comes from there is proof of
 * nothing. Afterwards the address may have changed hands.
 */
const NAME_MS = 3_600_000;

type Name = { readonly mac: Mac | undefined; readonly at: number };

export function createKnownClients(most = MOST): KnownClients {
  const clients = new Map<Mac, KnownClient>();
  const byIp = new Map<Ipv4, Mac>();
  const ips = new Map<Mac, Ipv4>();
  const names = new Map<Ipv4, Name>();

  function learn(facts: ClientFacts, ip: Ipv4 | undefined, kind = kindOf(facts)): void {
    const { mac } = facts;
    if (mac === '') return;
    refresh(clients, mac, { ...clients.get(mac), ...wordsOf(facts), ...(kind && { kind }) });
    if (ip === undefined || ip === UNSPECIFIED) return;
    refresh(byIp, ip, mac);
    refresh(ips, mac, ip);
    names.delete(ip);
  }

  function named(ip: Ipv4, mac: Mac, now: number): void {
    const told = byIp.get(ip);
    const before = names.get(ip);
    const isFresh = before !== undefined && now - before.at < NAME_MS;
    const isDisputed = (told !== undefined && told !== mac) || (isFresh && before.mac !== mac);
    byIp.delete(ip);
    refresh(names, ip, { mac: isDisputed ? undefined : mac, at: now });
  }

  /** A Map keeps the order of insertion: the first is the one longest not seen. */
  function refresh<K, V>(map: Map<K, V>, key: K, value: V): void {
    map.delete(key);
    map.set(key, value);
    if (map.size > most) map.delete(map.keys().next().value!);
  }

  return {
    hear(event) {
      switch (event.type) {
        case 'dhcp.ack':
        case 'dhcp.inform':
        case 'dhcp.boot-server-ack':
          learn(event, event.ip);
          return;
        case 'bootp.reply':
          learn(event, event.ip, 'bootp');
          return;
        case 'dhcp.proxy-offer':
          learn(event, undefined);
          return;
        case 'dhcp.ignored':
          // Overheard: it takes the address that another server gives it.
          if (event.why === 'address-server') learn(event, event.ip);
      }
    },
    client: (mac) => clients.get(mac),
    macOf: (ip) => byIp.get(ip),
    ipOf: (mac) => ips.get(mac),
    named,
    namedAt: (ip) => names.get(ip)?.mac,
  };
}

/** What the firmware is, as far as this stage tells. */
function kindOf({ kind, stage }: ClientFacts): BootClient['kind'] | undefined {
  if (kind !== undefined) return kind;
  if (stage === 'ipxe') return 'ipxe';
  return stage === 'rom' ? 'pxe' : undefined;
}

function wordsOf({ uuid, arch, stage, via }: ClientFacts): KnownClient {
  return {
    ...(uuid !== undefined && { uuid: uuidOf(uuid) }),
    ...(arch !== undefined && { arch }),
    ...(stage !== undefined && { stage }),
    ...(via !== undefined && { via }),
  };
}

function uuidOf(text: string): MachineUuid {
  const { smbios = text, wire = text } = clientUuidFromSmbios(text);
  return { smbios, wire };
}
