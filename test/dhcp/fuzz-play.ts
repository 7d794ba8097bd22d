import { MessageType, messageType, readOption } from '../../src/dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../../src/lib/ipv4.ts';
import { createClaims, type Moment } from './fuzz-claims.ts';
import { type Answered, createFuzzServer, createRestartableMemory, type OpenLeases } from './fuzz-server.ts';
import { type Flags, isReservedFor, LINKS, MACHINES, settingsOf } from './fuzz-settings.ts';
import { type Ask, datagramOf, type Sent, type Step, type Told } from './fuzz-steps.ts';
import { checkReply } from './reply-rules.ts';
import { NOON } from './world.ts';

/** `faults`: everything that was wrong; the play ends with the first step that is. */
export type Played = {
  readonly faults: readonly string[];
  readonly steps: number;
  readonly answers: ReadonlyMap<string, number>;
};

/** Has a server live through the steps. */
export async function play(
  on: Flags,
  steps: readonly Step[],
  openLeases: OpenLeases = createRestartableMemory(),
): Promise<Played> {
  const server = await createFuzzServer({
    settings: settingsOf(on, 'first'),
    links: LINKS,
    now: NOON,
    openLeases,
  });
  const claims = createClaims(on);
  const heard = MACHINES.map((): { -readonly [K in keyof Told]: Told[K] } => ({
    offer: undefined,
    lease: undefined,
  }));
  const cable: { sent: Sent; who: number }[] = [];
  const answers = new Map<string, number>();
  const faults: string[] = [];
  const moment = (): Moment => ({ now: server.now(), settings: server.settings() });
  /** Counts reloads: what was right under other settings may be refused. */
  let epoch = 0;
  const leasedIn = new Map<string, string>();

  function look(answered: Answered, who: number | undefined, intact = false): void {
    const { request, decision } = answered;
    const { packet } = request;
    claims.sent(packet, moment());
    for (const event of decision.events) {
      answers.set(event.type, (answers.get(event.type) ?? 0) + 1);
      if (event.type === 'dhcp.decline' || event.type === 'dhcp.conflict') {
        if ('ip' in event && event.ip !== undefined) claims.setAside(event.ip, server.now());
      }
    }
    // What the cable changed may be another's, or nobody's.
    const mustAck = intact && !answered.unsaved ? isOwnLease(answered) : undefined;
    const checked = checkReply(request, decision);
    faults.push(...checked.faults);
    if (mustAck !== undefined && (!checked.packet || messageType(checked.packet) !== MessageType.ACK)) {
      faults.push(`${claims.clientOf(packet)} is refused its lease of ${formatIpv4(mustAck)}`);
    }
    if (checked.packet) {
      faults.push(
        ...claims.told(packet, checked.packet, moment()),
        ...foreign(checked.packet.yiaddr, answered),
      );
      if (who !== undefined) hear(who, answered, checked.packet);
      // A BOOTP reply, which has no type, gives an address for good, too.
      const type = messageType(checked.packet);
      if (type === MessageType.ACK || (type === undefined && checked.packet.yiaddr !== 0)) {
        leasedIn.set(`${claims.clientOf(packet)} ${checked.packet.yiaddr}`, `${epoch} ${request.link.name}`);
      }
    }
    faults.push(...claims.lost(server.leases(), moment()));
  }

  /** The address of a REQUEST that asks for what the client has by right, where that was so under these settings. */
  function isOwnLease({ request: { packet, link } }: Answered): Ipv4 | undefined {
    if (messageType(packet) !== MessageType.REQUEST || packet.giaddr !== 0 || packet.hops > 0)
      return undefined;
    const asked = readOption(packet.options, 'requested-ip');
    if (readOption(packet.options, 'server-id') !== undefined || readPxeItem(packet.options.get(43)))
      return undefined;
    const address = packet.ciaddr === 0 ? asked : packet.ciaddr;
    if (address === undefined || !claims.leaseOf(packet, address, moment())) return undefined;
    const isHere = link.addresses.some(({ ip }) => ip >>> 8 === address >>> 8);
    const since = leasedIn.get(`${claims.clientOf(packet)} ${address}`);
    const moves = server
      .settings()
      .reservations.some((one) => one.ip !== undefined && isReservedFor(packet, one.ip, server.settings()));
    return isHere &&
      since === `${epoch} ${link.name}` &&
      !moves &&
      !packet.options.has(82) &&
      !packet.options.has(118)
      ? address
      : undefined;
  }

  /** Addresses with a name on them, given to others. */
  function foreign(address: Ipv4, { request }: Answered): string[] {
    if (address === 0) return [];
    const { packet } = request;
    return isReservedFor(packet, address, server.settings()) === false
      ? [`${formatIpv4(address)} is reserved, and given to ${claims.clientOf(packet)}`]
      : [];
  }

  function hear(
    who: number,
    { request }: Answered,
    reply: { yiaddr: Ipv4; options: Map<number, Uint8Array> },
  ): void {
    const machine = heard[who]!;
    const type = readOption(reply.options, 'message-type');
    const server = readOption(reply.options, 'server-id');
    if (type === MessageType.OFFER && server !== undefined) machine.offer = { address: reply.yiaddr, server };
    else if (type !== MessageType.NAK && reply.yiaddr !== 0) machine.lease = reply.yiaddr;
    else if (type === MessageType.NAK && messageType(request.packet) !== undefined) machine.lease = undefined;
  }

  function transmit(sent: Sent, who: number | undefined): void {
    const answered = server.receive(sent.bytes, sent.arrival);
    if (answered) look(answered, who, sent.intact);
  }

  async function act(one: Step): Promise<void> {
    switch (one.kind) {
      case 'wait':
        server.later(one.seconds);
        break;
      case 'restart':
        claims.restarted();
        await server.restart();
        break;
      case 'disk':
        server.fillDisk(one.isFull);
        break;
      case 'reload':
        epoch++;
        server.reload(settingsOf(on, one.variant));
        break;
      case 'probed': {
        const answered = server.settle(one.inUse);
        if (answered) look(answered, undefined);
        break;
      }
      case 'again': {
        const before = cable.at(-1 - one.back);
        if (before) transmit(before.sent, undefined);
        break;
      }
      default: {
        const sent = datagramOf(one satisfies Ask, heard[one.who]!);
        if (!sent) break;
        cable.push({ sent, who: one.who });
        transmit(sent, one.who);
      }
    }
  }

  let played = 0;
  for (const one of steps) {
    await act(one);
    played++;
    if (faults.length > 0) break;
  }
  server.leases().close();
  return { faults, steps: played, answers };
}

/** PXE's boot item: such a REQUEST is not about leases. */
function readPxeItem(body: Uint8Array | undefined): boolean {
  return body !== undefined;
}
