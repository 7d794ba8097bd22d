import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MessageType, messageType, readOption } from '../../src/dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../../src/lib/ipv4.ts';
import { createClaims, type Moment } from './fuzz-claims.ts';
import type { Answered } from './fuzz-server.ts';
import { createPlayground, type Flags, flags, isReservedFor, MACHINES, settingsOf } from './fuzz-settings.ts';
import { type Ask, datagramOf, type Sent, type Step, step, type Told } from './fuzz-steps.ts';
import { checkReply } from './reply-rules.ts';

/**
 * Eight machines, four or five networks of next to no addresses, two interfaces and three relays, and any sequence of what
 * machines say (in every state, rightly or not), what the cable does to it (doubled, late, damaged), what the operator does
 * (restart, reload) and what time does. What clients may believe is kept beside the server, from its replies alone.
 */

/** Conversations; a long campaign sets it: `PXED_FUZZ_RUNS=10000 npx vitest run --project unit test/dhcp/conversations`. */
const RUNS = Number(process.env.PXED_FUZZ_RUNS ?? 400);

type Played = {
  readonly faults: readonly string[];
  readonly steps: number;
  readonly answers: ReadonlyMap<string, number>;
};

function play(on: Flags, steps: readonly Step[]): Played {
  const server = createPlayground(on);
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
  const leasedIn = new Map<string, number>();

  function look(answered: Answered, who: number | undefined): void {
    const { request, decision } = answered;
    const { packet } = request;
    claims.sent(packet, moment());
    for (const event of decision.events) {
      answers.set(event.type, (answers.get(event.type) ?? 0) + 1);
      if (event.type === 'dhcp.decline' || event.type === 'dhcp.conflict') {
        if ('ip' in event && event.ip !== undefined) claims.setAside(event.ip, server.now());
      }
    }
    const mustAck = isOwnLease(answered);
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
      if (messageType(checked.packet) === MessageType.ACK) {
        leasedIn.set(`${claims.clientOf(packet)} ${checked.packet.yiaddr}`, epoch);
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
      .reservations.some(
        (one) => one.ip !== undefined && isReservedFor(machineOf(packet), one.ip, server.settings()),
      );
    return isHere && since === epoch && !moves && !packet.options.has(82) && !packet.options.has(118)
      ? address
      : undefined;
  }

  /** Addresses with a name on them, given to others. */
  function foreign(address: Ipv4, { request }: Answered): string[] {
    if (address === 0) return [];
    const { packet } = request;
    return isReservedFor(machineOf(packet), address, server.settings()) === false
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
    if (answered) look(answered, who);
  }

  function act(one: Step): void {
    switch (one.kind) {
      case 'wait':
        server.later(one.seconds);
        break;
      case 'restart':
        claims.restarted();
        server.restart();
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
    act(one);
    played++;
    if (faults.length > 0) break;
  }
  return { faults, steps: played, answers };
}

function machineOf({
  chaddr,
  hlen,
  options,
}: {
  chaddr: Uint8Array;
  hlen: number;
  options: Map<number, Uint8Array>;
}) {
  const id = options.get(61);
  return {
    mac: Array.from(chaddr.subarray(0, hlen), (octet) => octet.toString(16).padStart(2, '0')).join(':'),
    ...(id && { clientId: Buffer.from(id).toString('hex') }),
  };
}

/** PXE's boot item: such a REQUEST is not about leases. */
function readPxeItem(body: Uint8Array | undefined): boolean {
  return body !== undefined;
}

const conversation = fc.array(step, { minLength: 1, maxLength: 100, size: 'max' });

test('handle() no conversation gives an address to two, loses a lease, throws, or breaks Table 3 of RFC 2131', () => {
  fc.assert(
    fc.property(flags, conversation, (on, steps) => {
      expect(play(on, steps).faults).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test('the conversations of this test reach every kind of answer', () => {
  const seen = new Map<string, number>();
  let steps = 0;
  for (const [on, conversation_] of fc.sample(fc.tuple(flags, conversation), { numRuns: 200, seed: 1 })) {
    const played = play(on, conversation_);
    steps += played.steps;
    for (const [type, count] of played.answers) seen.set(type, (seen.get(type) ?? 0) + count);
  }
  expect(steps).toBeGreaterThan(5000);
  const kinds = [
    'dhcp.offer',
    'dhcp.ack',
    'dhcp.nak',
    'dhcp.release',
    'dhcp.decline',
    'dhcp.inform',
    'dhcp.conflict',
  ];
  for (const kind of [...kinds, 'bootp.reply', 'dhcp.ignored', 'bootp.ignored', 'dhcp.pool-exhausted']) {
    expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(20);
  }
});
