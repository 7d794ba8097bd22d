import fc from 'fast-check';
import { expect, test } from 'vitest';
import { otherServer, searchMessage, selectedServer } from '../../src/dhcp/other-server.ts';
import {
  createPacket,
  type DhcpPacket,
  decode,
  encode,
  MessageType,
  messageType,
  Op,
  type OptionKey,
  type OptionValue,
  readOption,
  wantsBroadcast,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { golden } from '../golden/load.ts';
import { createWorld, ETH0, ip, MAC, message, request, selecting } from './world.ts';

const THEM = { ip: ip('10.0.0.9'), mac: '02:00:00:00:00:09' };
const NOBODY = { macs: new Set<string>(), addresses: new Set<number>() };
const OWN = { macs: new Set([ETH0.mac]), addresses: new Set([ip('10.0.0.1')]) };

type Written = { [K in OptionKey]?: OptionValue<K> };

function reply(type: number, fields: Partial<DhcpPacket>, options: Written = {}): DhcpPacket {
  const packet = createPacket({ op: Op.REPLY, xid: 5, ...fields });
  writeOption(packet.options, 'message-type', type);
  for (const [key, value] of Object.entries(options)) writeOption(packet.options, key as OptionKey, value);
  return packet;
}

const { OFFER, ACK, NAK, DISCOVER } = MessageType;
const GIVEN = { yiaddr: ip('10.0.0.50') };

test.each<[string, DhcpPacket, object | undefined]>([
  ['an offer', reply(OFFER, GIVEN), { kind: 'address', ...THEM, offered: GIVEN.yiaddr, xid: 5 }],
  ['an ACK', reply(ACK, GIVEN), { kind: 'address', ...THEM }],
  [
    'an offer through a relay: its server is option 54',
    reply(OFFER, GIVEN, { 'server-id': ip('10.9.0.1') }),
    { ip: ip('10.9.0.1'), mac: THEM.mac },
  ],
  ['a boot file in the header', reply(OFFER, { ...GIVEN, file: 'theirs.0' }), { file: 'theirs.0' }],
  ['one in option 67', reply(OFFER, GIVEN, { 'bootfile-name': 'theirs.0' }), { file: 'theirs.0' }],
  [
    'a proxy’s offer',
    reply(OFFER, { file: 'p.0' }, { 'vendor-class-id': 'PXEClient' }),
    { kind: 'boot', ...THEM, file: 'p.0' },
  ],
  ['an offer of nothing', reply(OFFER, {}), undefined],
  ['the ACK of an INFORM', reply(ACK, {}, { 'vendor-class-id': 'PXEClient' }), undefined],
  ['a NAK', reply(NAK, {}), undefined],
  ['a client’s message', { ...reply(DISCOVER, GIVEN), op: Op.REQUEST }, undefined],
  [
    'our own offer, heard on another interface',
    reply(OFFER, GIVEN, { 'server-id': ip('10.0.0.1') }),
    undefined,
  ],
])('otherServer() for %s', (_, packet, expected) => {
  const found = otherServer(packet, THEM, OWN);
  if (expected) expect(found).toMatchObject(expected);
  else expect(found).toBeUndefined();
});

test('otherServer() does not take our own interface for somebody else', () => {
  expect(otherServer(reply(OFFER, GIVEN), { ...THEM, mac: ETH0.mac }, OWN)).toBeUndefined();
  expect(otherServer(reply(OFFER, GIVEN), { ...THEM, ip: ip('10.0.0.1') }, OWN)).toBeUndefined();
});

test('otherServer() knows the golden replies of other servers', () => {
  const read = (name: string) => {
    const decoded = decode(golden(name).bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    return otherServer(decoded.value.packet, THEM, NOBODY)?.kind;
  };
  expect(read('02-offer-pxe-bios')).toBe('address');
  expect(read('12-proxydhcp-offer-menu')).toBe('boot');
  expect(read('01-discover-pxe-bios')).toBeUndefined();
});

test('otherServer() does not throw, whatever is in the packet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 243, maxLength: 600 }), (bytes) => {
      bytes.set([2], 0);
      bytes.set([99, 130, 83, 99, 53, 1, 2], 236);
      const decoded = decode(bytes);
      if (decoded.ok) otherServer(decoded.value.packet, THEM, OWN);
    }),
  );
});

test.each<[string, DhcpPacket, number | undefined]>([
  ['another server', selecting(ip('10.0.0.50'), { with: { 'server-id': THEM.ip } }), THEM.ip],
  ['us', selecting(ip('10.0.0.50'), { with: { 'server-id': ip('10.0.0.1') } }), undefined],
  ['nobody', request({ ciaddr: ip('10.0.0.50') }), undefined],
  [
    'another server behind a relay',
    selecting(ip('10.0.0.50'), { giaddr: ip('10.9.0.1'), with: { 'server-id': THEM.ip } }),
    undefined,
  ],
  ['another server, in a DECLINE', message({ with: { 'message-type': 4, 'server-id': THEM.ip } }), undefined],
])('selectedServer() for a client that takes the offer of %s', (_, packet, expected) => {
  const found = selectedServer(packet, OWN);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toEqual({ kind: 'address', ip: expected, offered: ip('10.0.0.50'), xid: packet.xid });
});

test('searchMessage() is a DISCOVER that every server answers, by broadcast, and none has to pad', () => {
  const bytes = searchMessage(MAC, 0xdeadbeef);
  expect(bytes.length).toBeGreaterThanOrEqual(300);
  const decoded = decode(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  const { packet, warnings } = decoded.value;
  expect(warnings).toEqual([]);
  expect([messageType(packet), packet.xid, wantsBroadcast(packet)]).toEqual([DISCOVER, 0xdeadbeef, true]);
  expect(readOption(packet.options, 'vendor-class-id')).toBe('PXEClient:Arch:00000:UNDI:002001');
  // pxed itself, which answers boot clients alone, is one of those who do.
  const { reply: offer } = createWorld().send(packet);
  expect(otherServer(offer!.packet, THEM, NOBODY)).toMatchObject({
    kind: 'address',
    xid: 0xdeadbeef,
    file: 'pxelinux.0',
  });
  expect(encode(packet).length).toBeGreaterThan(0);
});
