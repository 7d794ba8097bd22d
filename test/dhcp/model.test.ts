import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Decision } from '../../src/dhcp/conversation.ts';
import { type DhcpPacket, MessageType, readOption } from '../../src/dhcp-packet/index.ts';
import { formatIpv4, type Ipv4 } from '../../src/lib/ipv4.ts';
import {
  type Allowed,
  type Answer,
  type Client,
  createReferenceModel,
  type ReferenceModel,
} from './reference-model.ts';
import { bareDiscover, createWorld, type How, ip, message, request, SERVER, type World } from './world.ts';

/** The server beside a model of RFC 2131 that knows nothing of it: same messages, and what it answers must be allowed. */

/** Runs; `PXED_FUZZ_RUNS=10000` for a long campaign. */
const RUNS = Number(process.env.PXED_FUZZ_RUNS ?? 500);

const CLIENTS = 5;
const POOL = [50, 51, 52, 53].map((last) => ip(`10.0.0.${last}`));
const RESERVED = ip('10.0.0.9');
const LEASE = { leaseSeconds: 3600, minLeaseSeconds: 300, maxLeaseSeconds: 7200 };

type Command = fc.Command<ReferenceModel, World>;

function macOf(client: Client): string {
  return `52:54:00:00:00:0${client}`;
}

function answerOf({ reply }: Decision): Answer {
  if (!reply) return { type: 'none', address: 0 };
  const { options, yiaddr } = reply.packet;
  const type = readOption(options, 'message-type');
  if (type === undefined) return { type: 'BOOTREPLY', address: yiaddr };
  if (type === MessageType.NAK) return { type: 'NAK', address: 0 };
  const seconds = readOption(options, 'lease-time');
  return {
    type: type === MessageType.OFFER ? 'OFFER' : 'ACK',
    address: yiaddr,
    ...(seconds !== undefined && { seconds }),
  };
}

/** Sends it, holds the answer against what the model allows, and lets the model learn it. */
function exchange(
  { model, world }: { model: ReferenceModel; world: World },
  client: Client,
  { packet, how = {}, allowed }: { packet: DhcpPacket; how?: How; allowed: Allowed },
): void {
  const answer = answerOf(world.send(packet, how));
  const { types, addresses, seconds } = allowed;
  expect(types, `answered ${answer.type} ${formatIpv4(answer.address)}`).toContain(answer.type);
  if (['OFFER', 'ACK', 'BOOTREPLY'].includes(answer.type)) {
    expect(addresses?.map(formatIpv4)).toContain(formatIpv4(answer.address));
  }
  if (answer.type === 'ACK' && seconds !== undefined) expect(answer.seconds).toBe(seconds);
  model.learn(client, answer);
}

/** What a command says it did, for the report of a failure. */
function command(name: string, run: (model: ReferenceModel, world: World) => void): Command {
  return { check: () => true, run, toString: () => name };
}

type Wanted = 'offer' | 'lease' | Ipv4;

/** An address that the client was told, or one of its own choice. */
function addressOf(model: ReferenceModel, client: Client, wanted: Wanted): Ipv4 | undefined {
  if (typeof wanted === 'number') return wanted;
  return wanted === 'offer' ? model.offerOf(client) : model.leaseOf(client);
}

const client = fc.nat({ max: CLIENTS - 1 });
const anyAddress = fc.constantFrom(...POOL, RESERVED, ip('10.0.0.54'), ip('10.0.0.0'), ip('10.9.9.9'));
const leaseWish = fc.constantFrom(undefined, undefined, 0, 60, 600, 100_000);
const wish = (first: 'offer' | 'lease') =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: anyAddress });

const discover = fc.tuple(client, fc.option(anyAddress, { nil: undefined })).map(([who, asked]) =>
  command(`${who} DISCOVER ${asked === undefined ? '' : formatIpv4(asked)}`, (model, world) => {
    const named = asked === undefined ? {} : { 'requested-ip': asked };
    const packet = bareDiscover({ mac: macOf(who), with: named });
    exchange({ model, world }, who, { packet, allowed: model.discover(who, asked) });
  }),
);

const REQUESTS = ['select', 'reboot', 'renew', 'rebind'] as const;

const requests = REQUESTS.map((state) =>
  fc.tuple(client, wish(state === 'select' ? 'offer' : 'lease'), leaseWish).map(([who, wanted, seconds]) =>
    command(`${who} REQUEST ${state} ${wanted} ${seconds ?? ''}`, (model, world) => {
      const address = addressOf(model, who, wanted);
      if (address === undefined) return;
      const inOption = state === 'select' || state === 'reboot';
      const packet = request({
        mac: macOf(who),
        ...(!inOption && { ciaddr: address }),
        with: {
          ...(inOption && { 'requested-ip': address }),
          ...(state === 'select' && { 'server-id': SERVER }),
          ...(seconds !== undefined && { 'lease-time': seconds }),
        },
      });
      const how = state === 'renew' ? { destination: SERVER } : {};
      exchange({ model, world }, who, { packet, how, allowed: model[state](who, address, seconds) });
    }),
  ),
);

const tookOther = client.map((who) =>
  command(`${who} takes another server’s offer`, (model, world) => {
    const named = { 'server-id': ip('10.0.0.99'), 'requested-ip': ip('10.0.0.77') };
    exchange({ model, world }, who, {
      packet: request({ mac: macOf(who), with: named }),
      allowed: { types: ['none'] },
    });
    model.tookOther(who);
  }),
);

const endings = (['release', 'decline'] as const).map((kind) =>
  fc
    .tuple(client, wish('lease'), fc.constantFrom(SERVER, SERVER, SERVER, ip('10.0.0.99')))
    .map(([who, wanted, server]) =>
      command(`${who} ${kind} ${wanted} to ${formatIpv4(server)}`, (model, world) => {
        const address = addressOf(model, who, wanted);
        if (address === undefined) return;
        const type = kind === 'release' ? MessageType.RELEASE : MessageType.DECLINE;
        const packet = message({
          mac: macOf(who),
          ...(kind === 'release' && { ciaddr: address }),
          with: {
            'message-type': type,
            'server-id': server,
            ...(kind === 'decline' && { 'requested-ip': address }),
          },
        });
        exchange({ model, world }, who, { packet, allowed: { types: ['none'] } });
        if (server === SERVER) model[kind](who, address);
      }),
    ),
);

const inform = client.map((who) =>
  command(`${who} INFORM`, (model, world) => {
    const packet = message({
      mac: macOf(who),
      ciaddr: ip('10.0.0.200'),
      with: { 'message-type': MessageType.INFORM },
    });
    exchange({ model, world }, who, { packet, allowed: model.inform() });
  }),
);

const bootp = client.map((who) =>
  command(`${who} BOOTREQUEST`, (model, world) => {
    exchange({ model, world }, who, {
      packet: message({ mac: macOf(who), vend: 'none' }),
      allowed: model.bootp(who),
    });
  }),
);

const wait = fc.constantFrom(1, 30, 61, 301, 601, 3601, 7201, 86_401).map((seconds) =>
  command(`${seconds} s pass`, (model, world) => {
    model.wait(seconds);
    world.later(seconds);
  }),
);

function setup(authoritative: boolean): { model: ReferenceModel; real: World } {
  const first = POOL[0]!;
  const offerSeconds = 60;
  const world = createWorld({
    network: { ranges: [{ first, last: first + POOL.length - 1 }], ...LEASE },
    settings: {
      ...{ answerAll: true, authoritative, offerSeconds, abandonSeconds: 86_400 },
      reservations: [{ mac: macOf(0), ip: RESERVED }],
      bootp: { enabled: true, ranges: 'network', serverName: '' },
    },
  });
  const model = createReferenceModel({
    ...{ pool: POOL, authoritative, offerSeconds, abandonSeconds: 86_400, backOffSeconds: 600, ...LEASE },
    reserved: new Map([[0, RESERVED]]),
    inSubnet: (address) => address >>> 8 === SERVER >>> 8,
  });
  return { model, real: world };
}

test.each([true, false])('handle() answers as RFC 2131 allows, authoritative %s', (authoritative) => {
  const commands = fc.commands(
    [discover, discover, ...requests, tookOther, ...endings, inform, bootp, wait],
    {
      maxCommands: 80,
      size: 'max',
    },
  );
  fc.assert(
    fc.property(commands, (list) => {
      fc.modelRun(() => setup(authoritative), list);
    }),
    { numRuns: RUNS },
  );
});
