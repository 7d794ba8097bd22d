import type { Decision, DhcpContext, DhcpRequest, ProbeOutcome } from '../../src/dhcp/conversation.ts';
import { handle } from '../../src/dhcp/handle.ts';
import type { Lease } from '../../src/dhcp/lease.ts';
import { planDhcp } from '../../src/dhcp/plan.ts';
import type { QuirkMemory } from '../../src/dhcp/quirk-memory.ts';
import {
  DEFAULT_SETTINGS,
  type DhcpSettings,
  type Link,
  type NetworkOverrides,
  networkOfLink,
} from '../../src/dhcp/settings.ts';
import {
  createPacket,
  type DhcpPacket,
  decode,
  encodeReport,
  MessageType,
  Op,
  type OptionKey,
  type OptionValue,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import { type Ipv4, LIMITED_BROADCAST, parseIpv4 } from '../../src/lib/ipv4.ts';
import { macBytes } from '../../src/lib/mac.ts';
import { createMemoryLeases } from '../../src/store/lease-memory.ts';

/** An address that is written correctly. */
export function ip(text: string): Ipv4 {
  const address = parseIpv4(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
}

export const SERVER = ip('10.0.0.1');
export const MAC = '52:54:00:ec:33:81';
export const NOON = Date.UTC(2026, 0, 1, 12);

export const ETH0: Link = {
  name: 'eth0',
  index: 2,
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  addresses: [{ ip: SERVER, length: 24 }],
};

export type WorldOptions = {
  readonly settings?: Partial<DhcpSettings>;
  readonly network?: NetworkOverrides;
  readonly files?: readonly string[];
  readonly sizeOf?: (path: string) => number | undefined;
  readonly links?: readonly Link[];
  /** Clients that go on asking are answered in another way. */
  readonly quirks?: QuirkMemory;
  /** What an operator chose. */
  readonly chosen?: DhcpContext['chosen'];
};

export type How = {
  readonly source?: { readonly ip: Ipv4; readonly port: number };
  readonly destination?: Ipv4;
  readonly port?: 67 | 4011;
  readonly link?: Link;
  readonly sizeBytes?: number;
};

export type World = ReturnType<typeof createWorld>;

/**
 * A server without a network: `send` decides about a packet and commits. Probes are off unless `settings.probe` says
 * otherwise; then `answerProbe` goes on with the last request.
 */
export function createWorld(options: WorldOptions = {}) {
  const links = options.links ?? [ETH0];
  const files = new Set(options.files ?? ['pxelinux.0']);
  const { sizeOf } = options;
  const exists = Object.assign((path: string) => files.has(path), sizeOf && { sizeOf });
  const leases = createMemoryLeases();
  let plan = planDhcp(settingsOf(options, links[0]!), links);
  let now = NOON;
  let last: DhcpRequest | undefined;

  function decide(request: DhcpRequest, probe?: ProbeOutcome): Decision {
    last = request;
    const { quirks, chosen } = options;
    const context = { now, plan, leases, exists, ...(probe && { probe }), ...(chosen && { chosen }) };
    const decision = handle(request, { ...context, ...(quirks && { quirks }) });
    if (decision.trial) quirks?.apply(decision.trial);
    leases.stage(decision.mutations);
    leases.commit();
    return decision;
  }

  return {
    leases,
    files,
    now: () => now,
    later(seconds: number): void {
      now += seconds * 1000;
    },
    reconfigure(change: WorldOptions): void {
      plan = planDhcp(settingsOf(change, links[0]!), links);
    },
    send(packet: DhcpPacket, how: How = {}): Decision {
      return decide({
        packet,
        warnings: [],
        sizeBytes: how.sizeBytes ?? 300,
        source: how.source ?? { ip: packet.ciaddr, port: 68 },
        destination: how.destination ?? LIMITED_BROADCAST,
        port: how.port ?? 67,
        link: how.link ?? links[0]!,
      });
    },
    answerProbe(outcome: ProbeOutcome): Decision {
      if (!last) throw new Error('nothing was asked');
      return decide(last, outcome);
    },
    lease(text: string): Lease | undefined {
      return leases.byIp(ip(text));
    },
  };
}

function settingsOf(options: WorldOptions, link: Link): DhcpSettings {
  return {
    ...DEFAULT_SETTINGS,
    probe: { enabled: false, timeoutMs: 400 },
    networks: [networkOfLink(link, options.network)],
    ...options.settings,
  };
}

export type Fields = Partial<DhcpPacket> & {
  readonly mac?: string;
  readonly with?: { readonly [K in OptionKey]?: OptionValue<K> };
  /** Bodies by code, hex. */
  readonly raw?: Readonly<Record<number, string>>;
};

/** A BOOTREQUEST with options: `message({ with: { 'message-type': 1 } })`. */
export function message(fields: Fields = {}): DhcpPacket {
  const { mac = MAC, with: named = {}, raw = {}, ...header } = fields;
  const packet = createPacket({
    op: Op.REQUEST,
    xid: 0x1234_5678,
    chaddr: macBytes(mac),
    ...header,
    options: new Map(),
  });
  for (const [key, value] of Object.entries(named)) {
    writeOption(packet.options, key as OptionKey, value as OptionValue<OptionKey>);
  }
  for (const [code, hex] of Object.entries(raw)) packet.options.set(Number(code), fromHex(hex));
  return packet;
}

/** What a BIOS ROM adds to its messages. */
export const PXE_BIOS = {
  'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
  'client-arch': [0],
  'max-message-size': 1472,
  'parameter-request-list': [1, 3, 6, 12, 15, 43, 60, 66, 67],
} as const;

export const PXE_UEFI = {
  'vendor-class-id': 'PXEClient:Arch:00007:UNDI:003000',
  'client-arch': [7],
  'max-message-size': 1472,
  'parameter-request-list': [1, 2, 3, 6, 43, 54, 60, 66, 67, 97],
} as const;

export const IPXE = {
  'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
  'client-arch': [0],
  'max-message-size': 1472,
  'user-class': ['iPXE'],
} as const;

export function discover(fields: Fields = {}): DhcpPacket {
  return message({ ...fields, with: { 'message-type': MessageType.DISCOVER, ...PXE_BIOS, ...fields.with } });
}

/** A DISCOVER with option 53 and no other, as GRUB's. */
export function bareDiscover(fields: Fields = {}): DhcpPacket {
  return message({ ...fields, with: { 'message-type': MessageType.DISCOVER, ...fields.with } });
}

/** A REQUEST; PXE options only when given. */
export function request(fields: Fields = {}): DhcpPacket {
  return message({ ...fields, with: { 'message-type': MessageType.REQUEST, ...fields.with } });
}

/** The REQUEST that takes an offer of ours. */
export function selecting(address: Ipv4, fields: Fields = {}): DhcpPacket {
  return request({
    ...fields,
    with: { 'server-id': SERVER, 'requested-ip': address, ...PXE_BIOS, ...fields.with },
  });
}

/** The reply as its receiver reads it. Throws when there is none. */
export function received(decision: Decision): DhcpPacket {
  if (!decision.reply) throw new Error(`no reply: ${JSON.stringify(decision.events)}`);
  const report = encodeReport(decision.reply.packet, decision.reply.limits);
  const decoded = decode(report.bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

/** Octets of the reply on the wire. */
export function wireBytes(decision: Decision): Uint8Array {
  if (!decision.reply) throw new Error('no reply');
  return encodeReport(decision.reply.packet, decision.reply.limits).bytes;
}

/** DISCOVER and REQUEST; returns the bound address. */
export function bind(world: World, fields: Fields = {}): Ipv4 {
  const offer = received(world.send(discover(fields)));
  const ack = received(world.send(selecting(offer.yiaddr, fields)));
  return ack.yiaddr;
}

/** The stable code of the one event that says why nothing was answered. */
export function whyIgnored(decision: Decision): string | undefined {
  if (decision.reply) return 'answered';
  const found = decision.events.find(({ type }) => type === 'dhcp.ignored' || type === 'bootp.ignored');
  return found && 'why' in found ? found.why : undefined;
}
