import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision } from '../../src/dhcp/conversation.ts';
import { MessageType, readOption } from '../../src/dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../../src/lib/ipv4.ts';
import {
  createWorld,
  discover,
  type Fields,
  ip,
  message,
  request,
  SERVER,
  selecting,
  type World,
  wireBytes,
} from './world.ts';

/**
 * Five machines, a pool of four addresses, and any sequence of messages: what a client may have been told is tracked beside
 * the server, and never contradicts itself.
 */
type Step =
  | {
      readonly kind: 'discover' | 'take' | 'takeOther' | 'release' | 'decline' | 'bootp' | 'renew' | 'rebind';
      readonly who: number;
    }
  | { readonly kind: 'reboot'; readonly who: number; readonly address: number }
  | { readonly kind: 'discoverFor'; readonly who: number; readonly address: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'probed'; readonly inUse: boolean };

const MACHINES = 5;
const FIRST = ip('10.0.0.50');
const who = fc.integer({ min: 0, max: MACHINES - 1 });
const address = fc.integer({ min: FIRST - 1, max: FIRST + 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('discover', 'take', 'takeOther', 'release', 'decline', 'bootp', 'renew', 'rebind'),
    who,
  }),
  fc.record({ kind: fc.constantFrom('reboot', 'discoverFor'), who, address }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 59, 61, 1800, 3601, 90_000) }),
  fc.record({ kind: fc.constant('probed' as const), inUse: fc.boolean() }),
);

type Told = { readonly address: Ipv4; readonly until: number };

/** Plays the steps; `holders` is who was told what by an ACK or BOOTREPLY, as the machines themselves know it. */
function play(
  world: World,
  steps: readonly Step[],
  check: (decision: Decision, told: Map<number, Told>) => void,
): void {
  const told = new Map<number, Told>();
  const offers = new Map<number, Ipv4>();
  let probe: Ipv4 | undefined;
  let asked = 0;
  for (const one of steps) {
    if (one.kind === 'wait') {
      world.later(one.seconds);
      continue;
    }
    let decision: Decision;
    if (one.kind === 'probed') {
      if (probe === undefined) continue;
      decision = world.answerProbe({ ip: probe, inUse: one.inUse });
    } else {
      const sent = send(world, one, { offer: offers.get(one.who), held: told.get(one.who) });
      if (!sent) continue;
      asked = one.who;
      decision = sent;
      if (one.kind === 'release' || one.kind === 'decline') told.delete(asked);
    }
    probe = decision.probe?.ip;
    note(decision, asked, { world, told, offers });
    check(decision, told);
  }
}

function note(
  decision: Decision,
  machine: number,
  { world, told, offers }: { world: World; told: Map<number, Told>; offers: Map<number, Ipv4> },
): void {
  const reply = decision.reply?.packet;
  if (!reply) return;
  wireBytes(decision);
  const type = readOption(reply.options, 'message-type');
  if (type === MessageType.OFFER) offers.set(machine, reply.yiaddr);
  if (type === MessageType.NAK) told.delete(machine);
  if (type === MessageType.ACK) {
    told.set(machine, {
      address: reply.yiaddr,
      until: world.now() + readOption(reply.options, 'lease-time')! * 1000,
    });
  }
  if (type === undefined && reply.yiaddr !== 0)
    told.set(machine, { address: reply.yiaddr, until: Number.POSITIVE_INFINITY });
}

function send(
  world: World,
  one: Exclude<Step, { kind: 'wait' | 'probed' }>,
  { offer, held }: { offer: Ipv4 | undefined; held: Told | undefined },
): Decision | undefined {
  const mac = `52:54:00:00:00:0${one.who}`;
  const fields: Fields = { mac };
  switch (one.kind) {
    case 'discover':
      return world.send(discover(fields));
    case 'discoverFor':
      return world.send(discover({ mac, with: { 'requested-ip': one.address } }));
    case 'take':
      return offer === undefined ? undefined : world.send(selecting(offer, fields));
    case 'takeOther':
      return world.send(
        request({ mac, with: { 'server-id': ip('10.0.0.99'), 'requested-ip': ip('10.0.0.77') } }),
      );
    case 'reboot':
      return world.send(request({ mac, with: { 'requested-ip': one.address } }));
    case 'bootp':
      return world.send(message({ mac, vend: 'none' }));
    default: {
      if (!held) return undefined;
      if (one.kind === 'renew')
        return world.send(request({ mac, ciaddr: held.address }), { destination: SERVER });
      if (one.kind === 'rebind') return world.send(request({ mac, ciaddr: held.address }));
      const type = one.kind === 'release' ? MessageType.RELEASE : MessageType.DECLINE;
      const release = { ciaddr: held.address, with: { 'message-type': type, 'server-id': SERVER } };
      const decline = { with: { 'message-type': type, 'server-id': SERVER, 'requested-ip': held.address } };
      return world.send(message({ mac, ...(one.kind === 'release' ? release : decline) }));
    }
  }
}

function crowded(options: {
  probing: boolean;
  authoritative: boolean;
  answerAll: boolean;
  matchClientId: boolean;
}): World {
  return createWorld({
    network: {
      ranges: [{ first: FIRST, last: FIRST + 3 }],
      leaseSeconds: 3600,
      matchClientId: options.matchClientId,
    },
    settings: {
      probe: { enabled: options.probing, timeoutMs: 400 },
      authoritative: options.authoritative,
      answerAll: options.answerAll,
      bootp: { enabled: true, ranges: 'network', serverName: '' },
    },
  });
}

const crowd = fc.record({
  probing: fc.boolean(),
  authoritative: fc.boolean(),
  answerAll: fc.boolean(),
  matchClientId: fc.boolean(),
});

test('handle() no sequence of messages gives one address to two machines at a time', () => {
  fc.assert(
    fc.property(crowd, fc.array(step, { maxLength: 60 }), (options, steps) => {
      const world = crowded(options);
      play(world, steps, (_, told) => {
        const holding = [...told.values()]
          .filter(({ until }) => until > world.now())
          .map(({ address: held }) => formatIpv4(held));
        expect(holding.toSorted()).toEqual([...new Set(holding)].toSorted());
      });
    }),
    { numRuns: 2000 },
  );
});

test('handle() never gives an address outside the pool, nor one that is set aside', () => {
  fc.assert(
    fc.property(crowd, fc.array(step, { maxLength: 60 }), (options, steps) => {
      const world = crowded(options);
      play(world, steps, ({ reply }) => {
        const given = reply?.packet.yiaddr;
        if (given === undefined || given === 0) return;
        expect(given).toBeGreaterThanOrEqual(FIRST);
        expect(given).toBeLessThanOrEqual(FIRST + 3);
        expect(world.leases.byIp(given)?.state).toMatch(/offered|bound/);
      });
    }),
    { numRuns: 1000 },
  );
});

test('handle() an acknowledged lease is on record until it is over, given back or declined', () => {
  fc.assert(
    fc.property(crowd, fc.array(step, { maxLength: 60 }), (options, steps) => {
      const world = crowded(options);
      play(world, steps, (_, told) => {
        for (const [machine, { address: held, until }] of told) {
          if (until <= world.now()) continue;
          expect(world.leases.byIp(held)).toMatchObject({
            state: 'bound',
            mac: `52:54:00:00:00:0${machine}`,
          });
        }
      });
    }),
    { numRuns: 1000 },
  );
});
