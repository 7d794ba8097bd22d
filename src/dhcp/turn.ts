import { overrideArch } from '../boot/arch-override.ts';
import { archCode, archOf } from '../boot/arch-table.ts';
import { type BootClient, describeClient } from '../boot/client.ts';
import { messageTypeName, secondsElapsed } from '../dhcp-packet/index.ts';
import type { ClientFacts } from '../events/event.ts';
import { UNSPECIFIED } from '../lib/ipv4.ts';
import type { Decision, DhcpContext, DhcpRequest } from './conversation.ts';
import { type Identity, identityOf } from './identity.ts';
import { relayPointOf, withoutDirectInfo } from './relay.ts';
import type { Reservation } from './settings.ts';

/** One request with what is known about who sent it: what every handler works on. */
export type Turn = {
  readonly request: DhcpRequest;
  readonly context: DhcpContext;
  readonly identity: Identity;
  readonly client: BootClient;
  /** We gave this machine an address while it booted, in some network, at some time. */
  readonly bootedHere: boolean;
  /** Its entries in hosts, whatever network they are about, the strongest first. */
  readonly hosts: readonly Reservation[];
  readonly facts: ClientFacts;
};

/** Reads who asks. Later boot stages do not say their architecture: it is remembered with the machine's lease. */
export function openTurn(arrived: DhcpRequest, context: DhcpContext): Turn {
  const { boot, relays } = context.plan.settings;
  const request = withoutDirectInfo(arrived, { trusted: relays.trustDirectInfo });
  const { packet } = request;
  const identity = identityOf(packet);
  const machine = context.leases.machine(identity.mac);
  const told = describeClient(packet);
  const silent = told.archs.length === 0 && told.kind !== 'bootp';
  const code = silent && machine?.arch !== undefined ? archCode(machine.arch) : undefined;
  const known = code === undefined ? told : { ...told, archs: [archOf(code)] };
  const client = boot.archOverrides ? overrideArch(known, identity.mac, boot.archOverrides) : known;
  const arch = client.archs[0]?.name;
  return {
    request,
    context,
    identity,
    client,
    bootedHere: machine !== undefined,
    hosts: context.plan.hosts.find({
      identity,
      client,
      packet,
      relayPoint: () => relayPointOf(request, identity, context),
    }),
    facts: {
      mac: identity.mac,
      xid: packet.xid,
      ...(client.uuid && { uuid: client.uuid.smbios }),
      ...(arch !== undefined && { arch }),
      stage: client.stage,
      ...kindOf(client),
      ...(packet.giaddr !== UNSPECIFIED && { via: packet.giaddr }),
      ...(packet.secs > 0 && { secs: secondsElapsed(packet) }),
    },
  };
}

/** Named only where the stage does not say it. */
function kindOf({ kind }: BootClient): Pick<ClientFacts, 'kind'> {
  return kind === 'http' || kind === 'raspberry-pi' || kind === 'u-boot' ? { kind } : NOTHING;
}

const NOTHING = {};

/** No answer, and why: `why` is a stable code, `detail` for people. */
export function ignore({ request, facts }: Turn, why: string, detail?: string): Decision {
  const messageType = messageTypeName(request.packet);
  const more = detail === undefined ? {} : { detail };
  if (messageType === 'BOOTP') {
    return { mutations: [], events: [{ type: 'bootp.ignored', why, ...more, ...facts }] };
  }
  return { mutations: [], events: [{ type: 'dhcp.ignored', messageType, why, ...more, ...facts }] };
}
