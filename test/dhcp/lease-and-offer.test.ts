import { describe, expect, test } from 'vitest';
import type { Decision } from '../../src/dhcp/conversation.ts';
import { networkOfLink } from '../../src/dhcp/settings.ts';
import { MessageType } from '../../src/dhcp-packet/index.ts';
import { subnetOf } from '../../src/lib/ipv4.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  ETH0,
  ip,
  MAC,
  message,
  received,
  request,
  SERVER,
  selecting,
  type World,
  whyIgnored,
} from './world.ts';

/** Rows that conversations.fuzz.test.ts found: a lease, and an offer to its own client. */

describe('a client with a lease is offered another address', () => {
  const FIRST = ip('10.0.0.50');
  const RESERVED = ip('10.0.0.9');

  /** Its lease is of the pool; then the operator reserves it an address, and a DISCOVER of it comes late. */
  function offered(probing = false): { world: World; asked: Decision } {
    const world = createWorld();
    const pool = { ranges: [{ first: FIRST, last: FIRST }] };
    world.reconfigure({ network: pool });
    expect(bind(world)).toBe(FIRST);
    const probe = { enabled: probing, timeoutMs: 400 };
    const moved = { ranges: [{ first: FIRST + 1, last: FIRST + 3 }] };
    if (probing) world.reconfigure({ network: moved, settings: { probe } });
    else world.reconfigure({ network: pool, settings: { reservations: [{ mac: MAC, ip: RESERVED }] } });
    return { world, asked: world.send(discover()) };
  }

  test('handle() keeps the lease on record until the other is taken', () => {
    const { world } = offered();
    expect(world.leases.byIp(FIRST)).toMatchObject({ state: 'bound', mac: MAC });
    expect(world.leases.byIp(RESERVED)).toMatchObject({ state: 'offered', mac: MAC });
    const other = world.send(discover({ mac: '52:54:00:00:00:02' }));
    expect(other.reply).toBeUndefined();
    expect(received(world.send(selecting(RESERVED))).yiaddr).toBe(RESERVED);
    expect(world.leases.byIp(FIRST)).toBeUndefined();
    expect(received(world.send(discover({ mac: '52:54:00:00:00:02' }))).yiaddr).toBe(FIRST);
  });

  test('handle() keeps it while the other is probed, and offers the same again', () => {
    const { world, asked } = offered(true);
    expect(world.leases.byIp(FIRST)).toMatchObject({ state: 'bound', mac: MAC });
    const { yiaddr } = received(world.answerProbe({ ip: asked.probe!.ip, inUse: false }));
    expect(received(world.send(discover())).yiaddr).toBe(yiaddr);
    expect(world.leases.byIp(FIRST)).toMatchObject({ state: 'bound', mac: MAC });
  });

  test('handle() lets the client decline the other, or leave it', () => {
    const { world: declined } = offered();
    const named = {
      'message-type': MessageType.DECLINE,
      'server-id': SERVER,
      'requested-ip': RESERVED,
    } as const;
    declined.send(message({ with: named }));
    expect(declined.leases.byIp(RESERVED)?.state).toBe('abandoned');
    expect(declined.leases.byIp(FIRST)).toMatchObject({ state: 'bound', mac: MAC });
    const { world: left } = offered();
    left.send(request({ with: { 'server-id': ip('10.0.0.99'), 'requested-ip': ip('10.0.0.77') } }));
    expect(left.leases.byIp(RESERVED)?.state).toBe('released');
    expect(left.leases.byIp(FIRST)).toMatchObject({ state: 'bound', mac: MAC });
  });
});

test('handle() an offer of the lease that the client has lasts as long as any, though the lease ends before', () => {
  const first = ip('10.0.0.50');
  const world = createWorld({ network: { ranges: [{ first, last: first }], leaseSeconds: 600 } });
  bind(world);
  world.later(599);
  expect(received(world.send(discover())).yiaddr).toBe(first);
  world.later(30);
  expect(world.send(discover({ mac: '52:54:00:00:00:02' })).reply).toBeUndefined();
  expect(received(world.send(selecting(first))).yiaddr).toBe(first);
});

describe('one network within another, each of its own interface', () => {
  const ETH1 = { ...ETH0, name: 'eth1', index: 3, addresses: [{ ip: ip('10.0.0.49'), length: 28 }] };
  const first = ip('10.0.0.50');
  const ranges = [{ first, last: first + 3 }];
  const networks = [
    networkOfLink(ETH0, { interface: 'eth0', ranges }),
    networkOfLink(ETH1, { interface: 'eth1', subnet: subnetOf(first, 28), ranges }),
  ];

  test('handle() knows a client that speaks to us alone by the interface it is behind', () => {
    const world = createWorld({ links: [ETH0, ETH1], settings: { networks } });
    const address = bind(world);
    expect(address).toBeGreaterThanOrEqual(first);
    const renewal = request({ ciaddr: address });
    expect(received(world.send(renewal, { destination: SERVER })).yiaddr).toBe(address);
    const release = message({
      ciaddr: address,
      with: { 'message-type': MessageType.RELEASE, 'server-id': SERVER },
    });
    expect(whyIgnored(world.send(release, { destination: SERVER }))).toBeUndefined();
    expect(world.leases.byIp(address)?.state).toBe('released');
  });

  test('handle() never gives one address in both', () => {
    const world = createWorld({ links: [ETH0, ETH1], settings: { networks, answerAll: true } });
    const given = [0, 1, 2, 3, 4].map((n) => {
      const mac = `52:54:00:00:00:0${n}`;
      const link = n % 2 === 0 ? ETH0 : ETH1;
      return world.send(bareDiscover({ mac }), { link }).reply?.packet.yiaddr;
    });
    expect(given.at(-1)).toBeUndefined();
    expect(new Set(given.slice(0, 4)).size).toBe(4);
  });
});
