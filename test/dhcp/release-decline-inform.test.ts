import { describe, expect, test } from 'vitest';
import { MessageType, readOption } from '../../src/dhcp-packet/index.ts';
import {
  bind,
  createWorld,
  discover,
  type Fields,
  ip,
  MAC,
  message,
  PXE_BIOS,
  received,
  SERVER,
  selecting,
  whyIgnored,
} from './world.ts';

const OTHER_MAC = '52:54:00:00:00:02';

function release(ciaddr: number, fields: Fields = {}) {
  return message({
    ciaddr,
    ...fields,
    with: { 'message-type': MessageType.RELEASE, 'server-id': SERVER, ...fields.with },
  });
}

function decline(address: number, fields: Fields = {}) {
  const options = { 'message-type': MessageType.DECLINE, 'server-id': SERVER, 'requested-ip': address };
  return message({ ...fields, with: { ...options, ...fields.with } });
}

function inform(fields: Fields = {}) {
  return message({ ...fields, with: { 'message-type': MessageType.INFORM, ...PXE_BIOS, ...fields.with } });
}

describe('handleRelease()', () => {
  test('handleRelease() frees the address without an answer, and the client finds it again', () => {
    const world = createWorld();
    const address = bind(world);
    const decision = world.send(release(address));
    expect(decision.reply).toBeUndefined();
    expect(decision.events).toMatchObject([{ type: 'dhcp.release', ip: address, mac: MAC }]);
    expect(decision.mutations).toMatchObject([{ kind: 'put', volatile: false }]);
    expect(world.leases.byIp(address)?.state).toBe('released');
    expect(bind(world)).toBe(address);
  });

  test('handleRelease() others get a released address when they ask for it', () => {
    const world = createWorld();
    const address = bind(world);
    world.send(release(address));
    expect(bind(world, { mac: OTHER_MAC, with: { 'requested-ip': address } })).toBe(address);
  });

  test.each([
    { name: 'from another client', fields: { mac: OTHER_MAC }, why: 'release-not-owner' },
    { name: 'to another server', fields: { with: { 'server-id': ip('10.0.0.99') } }, why: 'other-server' },
    { name: 'of another address', fields: { ciaddr: ip('10.0.0.77') }, why: 'release-not-owner' },
    { name: 'of a foreign address', fields: { ciaddr: ip('172.16.0.1') }, why: 'release-not-owner' },
    { name: 'without an address', fields: { ciaddr: 0 }, why: 'release-without-address' },
  ])('handleRelease() $name changes nothing', ({ fields, why }) => {
    const world = createWorld();
    const address = bind(world);
    const before = world.leases.byIp(address);
    expect(whyIgnored(world.send(release(address, fields)))).toBe(why);
    expect(world.leases.byIp(address)).toEqual(before);
  });

  test('handleRelease() with matchClientId takes the client id, not the MAC, for the owner', () => {
    const world = createWorld({ network: { matchClientId: true } });
    const address = bind(world, { raw: { 61: '01525400ec3381' } });
    expect(whyIgnored(world.send(release(address)))).toBe('release-not-owner');
    expect(world.send(release(address, { raw: { 61: '01525400ec3381' } })).events[0]?.type).toBe(
      'dhcp.release',
    );
  });
});

describe('handleDecline()', () => {
  test('handleDecline() sets the address aside for a day, tells, and the client gets another', () => {
    const world = createWorld();
    const address = bind(world);
    const decision = world.send(decline(address));
    expect(decision.reply).toBeUndefined();
    expect(decision.events.map(({ type }) => type)).toEqual(['dhcp.decline', 'dhcp.conflict']);
    expect(bind(world)).not.toBe(address);
    expect(bind(world, { mac: OTHER_MAC, with: { 'requested-ip': address } })).not.toBe(address);
    world.later(86_401);
    const third = received(
      world.send(discover({ mac: '52:54:00:00:00:03', with: { 'requested-ip': address } })),
    );
    expect(third.yiaddr).toBe(address);
  });

  test('handleDecline() an address set aside is tried again when no other is left, ten minutes later at the soonest', () => {
    const only = ip('10.0.0.50');
    const world = createWorld({ network: { ranges: [{ first: only, last: only }] } });
    bind(world);
    world.send(decline(only));
    world.later(599);
    expect(world.send(discover()).events).toMatchObject([{ type: 'dhcp.pool-exhausted' }]);
    world.later(1);
    expect(bind(world)).toBe(only);
  });

  test('handleDecline() one machine that declines all it gets does not lock the others out for a day', () => {
    const world = createWorld({ network: { ranges: [{ first: ip('10.0.0.50'), last: ip('10.0.0.53') }] } });
    const declined = [1, 2, 3, 4].map(() => {
      const address = bind(world);
      world.send(decline(address));
      world.later(1);
      return address;
    });
    expect(new Set(declined).size).toBe(4);
    expect(world.send(discover({ mac: OTHER_MAC })).reply).toBeUndefined();
    world.later(600);
    expect(bind(world, { mac: OTHER_MAC })).toBe(declined[0]);
    expect(bind(world, { mac: '52:54:00:00:00:03' })).toBe(declined[1]);
  });

  test('handleDecline() the machine stays one that booted here', () => {
    const world = createWorld();
    world.send(decline(bind(world)));
    expect(world.send(message({ with: { 'message-type': MessageType.DISCOVER } })).reply).toBeDefined();
  });

  test('handleDecline() an address given back cannot be declined any more', () => {
    const world = createWorld();
    const address = bind(world);
    world.send(release(address));
    expect(whyIgnored(world.send(decline(address)))).toBe('decline-not-owner');
  });

  test.each([
    { name: 'from another client', fields: { mac: OTHER_MAC }, why: 'decline-not-owner' },
    { name: 'to another server', fields: { with: { 'server-id': ip('10.0.0.99') } }, why: 'other-server' },
    {
      name: 'of another address',
      fields: { with: { 'requested-ip': ip('10.0.0.77') } },
      why: 'decline-not-owner',
    },
  ])('handleDecline() $name changes nothing', ({ fields, why }) => {
    const world = createWorld();
    const address = bind(world);
    expect(whyIgnored(world.send(decline(address, fields)))).toBe(why);
    expect(world.leases.byIp(address)?.state).toBe('bound');
    expect(world.leases.byIp(ip('10.0.0.77'))).toBeUndefined();
  });
});

describe('handleInform()', () => {
  test('handleInform() tells everything but a lease, to ciaddr, and keeps no record', () => {
    const world = createWorld();
    const decision = world.send(inform({ ciaddr: ip('10.0.0.50') }));
    const ack = received(decision);
    expect(ack).toMatchObject({ ciaddr: ip('10.0.0.50'), yiaddr: 0, file: 'pxelinux.0' });
    expect([51, 58, 59].filter((code) => ack.options.has(code))).toEqual([]);
    expect(readOption(ack.options, 'subnet-mask')).toBe(0xffff_ff00);
    expect(readOption(ack.options, 'message-type')).toBe(5);
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: ip('10.0.0.50'), port: 68 });
    expect(decision.mutations).toEqual([]);
    expect([...world.leases.all()]).toEqual([]);
  });

  test('handleInform() answers to the port it came from when the sender is ciaddr', () => {
    const source = { ip: ip('10.0.0.50'), port: 1068 };
    const { reply } = createWorld().send(inform({ ciaddr: source.ip }), { source });
    expect(reply?.destination).toMatchObject({ kind: 'unicast', ...source });
  });

  test.each([
    { name: 'without an address', fields: {}, source: 0, why: 'inform-without-address' },
    {
      name: 'for a stranger’s address',
      fields: { ciaddr: ip('8.8.8.8') },
      source: ip('10.0.0.50'),
      why: 'foreign-address',
    },
  ])('handleInform() $name is not answered', ({ fields, source, why }) => {
    const decision = createWorld().send(inform(fields), { source: { ip: source, port: 68 } });
    expect(whyIgnored(decision)).toBe(why);
  });

  test('handleInform() of a system that is none of ours is not answered', () => {
    const packet = message({ ciaddr: ip('10.0.0.50'), with: { 'message-type': MessageType.INFORM } });
    expect(whyIgnored(createWorld().send(packet))).toBe('not-netboot');
    expect(createWorld({ settings: { answerAll: true } }).send(packet).reply).toBeDefined();
  });
});

test('handle() a machine that booted here is answered again by its later stages', () => {
  const world = createWorld();
  const address = bind(world);
  const grub = message({ with: { 'message-type': MessageType.DISCOVER } });
  const nbp = message({
    with: {
      'message-type': MessageType.DISCOVER,
      'max-message-size': 65_280,
      'parameter-request-list': [1, 3, 6],
    },
  });
  const system = message({
    with: { 'message-type': MessageType.DISCOVER, 'host-name': 'node1' },
    raw: { 61: 'ff0011223344' },
  });
  for (const packet of [grub, nbp, system]) expect(received(world.send(packet)).yiaddr).toBe(address);
  world.later(30 * 86_400);
  expect(received(world.send(system)).yiaddr).toBe(address);
  expect(
    received(world.send(selecting(address, { with: { 'vendor-class-id': 'udhcp 1.35.0' } }))).yiaddr,
  ).toBe(address);
});
