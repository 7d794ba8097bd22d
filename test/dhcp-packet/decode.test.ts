import { expect, test } from 'vitest';
import {
  createPacket,
  decode,
  encode,
  hardwareAddress,
  MessageType,
  messageType,
  messageTypeName,
  Op,
  readOption,
  readPxe,
  secondsElapsed,
  wantsBroadcast,
} from '../../src/dhcp-packet/index.ts';
import { concatBytes, fromHex, toHex } from '../../src/lib/bytes.ts';
import { describeOptions, mustDecode } from './describe.ts';

/** A request whose option field is `hex`, with octets of `file` and `sname` when they are given. */
function message(hex: string, fields: { file?: string; sname?: string } = {}): Uint8Array {
  const header = encode(createPacket({ op: Op.REQUEST, vend: 'none' })).subarray(0, 236);
  header.set(fromHex(fields.sname ?? ''), 44);
  header.set(fromHex(fields.file ?? ''), 108);
  const body = concatBytes([header, fromHex('63825363'), fromHex(hex)]);
  return body.length < 300 ? concatBytes([body, new Uint8Array(300 - body.length)]) : body;
}

/** One option as hex, its length filled in. */
function tlv(code: number, body: string): string {
  return toHex(Uint8Array.of(code, fromHex(body).length)) + toHex(fromHex(body));
}

test.each([
  ['an empty datagram', new Uint8Array(), 'short-header'],
  ['235 octets', new Uint8Array(235), 'short-header'],
  ['op 0', new Uint8Array(300), 'bad-op'],
  ['an option 53 without octets', message('3500ff'), 'bad-message-type'],
  ['message type 0', message('350100ff'), 'bad-message-type'],
  ['two different message types', message('350101350103ff'), 'bad-message-type'],
  ['option 50 of 3 octets', message('35010332030a0000ff'), 'bad-requested-ip'],
  ['option 54 of 5 octets', message('35010336050a00000100ff'), 'bad-server-id'],
  ['two different server identifiers', message('36040a00000136040a000002ff'), 'bad-server-id'],
  [
    'an option beyond the file field',
    message('350103340101ff', { file: `0c7f${'61'.repeat(126)}` }),
    'option-overrun',
  ],
])('decode() rejects %s', (_, bytes, reason) => {
  expect(decode(bytes)).toEqual({ ok: false, reason });
});

test('decode() rejects an overrun before the message type even when lenient', () => {
  expect(decode(message('3cff'), { tolerance: 'lenient' })).toEqual({ ok: false, reason: 'option-overrun' });
  expect(decode(message('3501013cff'), { tolerance: 'lenient' })).toMatchObject({ ok: true });
});

test('decode() accepts the 236 octets of klibc: BOOTP without a vendor area', () => {
  const { packet, warnings } = mustDecode(message('').subarray(0, 236));
  expect(packet).toMatchObject({ op: 1, vend: 'none' });
  expect(messageType(packet)).toBeUndefined();
  expect(messageTypeName(packet)).toBe('BOOTP');
  expect(warnings).toEqual([{ reason: 'short-packet' }]);
});

test('decode() takes a cookie that is cut off for an unknown vendor area', () => {
  const { packet } = mustDecode(message('').subarray(0, 239));
  expect([packet.vend, toHex(packet.vendBytes!)]).toEqual(['unknown', '638253']);
});

test('decode() drops a malformed option, says so, and keeps the others', () => {
  const { packet, warnings } = mustDecode(
    message(`350101${tlv(1, 'ffff')}${tlv(93, '000700')}${tlv(12, '6e')}ff`),
  );
  expect(describeOptions(packet.options)).toEqual({ 'message-type': 1, 'host-name': 'n' });
  expect(warnings).toEqual([
    { reason: 'address-length', code: 1 },
    { reason: 'u16-list-length', code: 93 },
  ]);
});

test('decode() keeps options that no table knows as octets', () => {
  const { packet } = mustDecode(message(`350101${tlv(252, 'aabb')}${tlv(128, '')}ff`));
  expect(describeOptions(packet.options)).toEqual({
    'message-type': 1,
    'option-252': 'aabb',
    'option-128': '',
  });
});

test.each([
  ['a number twice', '350101350101', { 'message-type': 1 }, []],
  ['an address twice', `${tlv(54, '0a000001')}${tlv(54, '0a000001')}`, { 'server-id': 0x0a000001 }, []],
  [
    'different numbers',
    `${tlv(51, '0000003c')}${tlv(51, '0000003d')}`,
    {},
    [{ reason: 'u32-length', code: 51 }],
  ],
  ['lists', `${tlv(6, '0a000001')}${tlv(6, '0a000001')}`, { 'dns-servers': [0x0a000001, 0x0a000001] }, []],
  ['parts of a number', `${tlv(51, '0000')}${tlv(51, '003c')}`, { 'lease-time': 60 }, []],
  [
    'parts of text',
    `${tlv(67, '61')}${tlv(12, '68')}${tlv(67, '6200')}`,
    { 'host-name': 'h', 'bootfile-name': 'ab' },
    [],
  ],
])('decode() joins repeated options (RFC 3396 §7): %s', (_, hex, options, warnings) => {
  const decoded = mustDecode(message(`${hex}ff`));
  expect(describeOptions(decoded.packet.options)).toEqual(options);
  expect(decoded.warnings).toEqual(warnings);
});

test('decode() joins parts over options, file and sname in that order (RFC 3396 §5)', () => {
  const bytes = message(`350102340103${tlv(67, '61')}ff`, {
    sname: `${tlv(67, '6300')}ff`,
    file: `${tlv(67, '62')}${tlv(52, '01')}ff`,
  });
  const { packet, warnings, overload } = mustDecode(bytes);
  expect(describeOptions(packet.options)).toEqual({ 'message-type': 2, 'bootfile-name': 'abc' });
  expect([packet.file, packet.sname, overload, warnings]).toEqual(['', '', 3, []]);
});

test.each([
  ['01', { file: '', sname: 'C', options: { 'host-name': 'f' }, overload: 1 }],
  ['02', { file: '\f\x01f\xff', sname: '', options: { 'host-name': 's' }, overload: 2 }],
  ['03', { file: '', sname: '', options: { 'host-name': 'fs' }, overload: 3 }],
])('decode() reads the fields that option 52 = %s names', (value, want) => {
  const sname = value === '01' ? '43' : `${tlv(12, '73')}ff`;
  const { packet, overload } = mustDecode(message(`3401${value}ff`, { file: `${tlv(12, '66')}ff`, sname }));
  expect({
    file: packet.file,
    sname: packet.sname,
    options: describeOptions(packet.options),
    overload,
  }).toEqual(want);
});

test.each(['340100', '340104', '3400', '34020101', '340101340102'])(
  'decode() ignores option 52 in %s',
  (hex) => {
    const { packet, warnings, overload } = mustDecode(message(`${hex}ff`, { file: '6100' }));
    expect([packet.file, overload, packet.options.size]).toEqual(['a', 0, 0]);
    expect(warnings).toEqual([{ reason: 'bad-overload-value', code: 52 }]);
  },
);

test('decode() warns of an overloaded field without an end mark', () => {
  const { warnings } = mustDecode(message('340102ff', { sname: `${tlv(12, '6e')}` }));
  expect(warnings).toEqual([{ reason: 'missing-end' }]);
});

test('decode() reads file and sname without a NUL up to their last octet', () => {
  const { packet } = mustDecode(message('ff', { file: '61'.repeat(128), sname: 'ff'.repeat(64) }));
  expect([packet.file, packet.sname]).toEqual(['a'.repeat(128), '\xff'.repeat(64)]);
});

test('decode() skips the end mark of an option 43 that another follows (PXE 2.1 Table 2-1)', () => {
  const { packet } = mustDecode(message(`${tlv(43, '060108ff')}${tlv(43, '470480000000ff')}ff`));
  expect(readPxe(packet.options)?.values).toEqual({
    discoveryControl: 8,
    bootItem: { type: 0x8000, layer: 0 },
  });
  expect(toHex(packet.options.get(43)!)).toBe('060108470480000000ff'); // the last one stays
});

test('decode() keeps a 255 at the end of a part of option 43 that is data', () => {
  const { packet } = mustDecode(message(`${tlv(43, '0a04ff5051ff')}${tlv(43, '470480000000')}ff`));
  expect(toHex(packet.options.get(43)!)).toBe('0a04ff5051ff470480000000');
});

test('decode() copies, so that the packet outlives its receive buffer; it does not when told to borrow', () => {
  const bytes = message(`350101${tlv(61, '01525400ec3381')}ff`);
  const copied = mustDecode(bytes).packet;
  const borrowed = decode(bytes, { borrow: true });
  bytes.fill(0xee, 28);
  expect(toHex(readOption(copied.options, 'client-id')!)).toBe('01525400ec3381');
  expect(borrowed.ok && toHex(borrowed.value.packet.options.get(61)!)).toBe('ee'.repeat(7));
});

test.each([
  [0, 0],
  [4, 4],
  [255, 255],
  [256, 1],
  [512, 2],
  [257, 257],
  [59_655, 59_655],
  [0xff00, 255],
])('secondsElapsed() of secs %i is %i', (secs, seconds) => {
  expect(secondsElapsed(createPacket({ op: 1, secs }))).toBe(seconds);
});

test('hardwareAddress() is hlen octets of chaddr', () => {
  const chaddr = fromHex('52:54:00:ec:33:81:99');
  expect(hardwareAddress(createPacket({ op: 1, chaddr }))).toBe('52:54:00:ec:33:81');
  expect(hardwareAddress(createPacket({ op: 1, chaddr, hlen: 0, htype: 32 }))).toBe('');
});

test('wantsBroadcast() reads the first bit alone', () => {
  expect(wantsBroadcast(createPacket({ op: 1, flags: 0x8000 }))).toBe(true);
  expect(wantsBroadcast(createPacket({ op: 1, flags: 0x7fff }))).toBe(false);
});

test.each(Object.entries(MessageType))('messageTypeName() %s', (name, type) => {
  const packet = createPacket({ op: 1, options: new Map([[53, Uint8Array.of(type)]]) });
  expect([messageTypeName(packet), messageType(packet)]).toEqual([name, type]);
});

test('messageTypeName() of a type without a name', () => {
  expect(messageTypeName(createPacket({ op: 1, options: new Map([[53, Uint8Array.of(77)]]) }))).toBe(
    'TYPE-77',
  );
});
