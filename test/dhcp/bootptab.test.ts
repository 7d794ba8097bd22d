import { describe, expect, test } from 'vitest';
import { bootptabReservation } from '../../src/app/bootptab-reservation.ts';
import { readBootptab } from '../../src/config/bootptab.ts';
import type { Reservation } from '../../src/dhcp/settings.ts';
import { decode, readOption } from '../../src/dhcp-packet/index.ts';
import { latin1Encode, toHex } from '../../src/lib/bytes.ts';
import { golden } from '../golden/load.ts';
import {
  bind,
  createWorld,
  discover,
  type Fields,
  type How,
  ip,
  message,
  received,
  SERVER,
  selecting,
  type World,
  type WorldOptions,
  whyIgnored,
  wireBytes,
} from './world.ts';

/** Machines of a bootptab, as the brain knows them. `node1` is 52:54:00:00:00:01. */
function machines(text: string, root?: string): Reservation[] {
  const names = { address: () => undefined, hardware: () => undefined };
  const read = readBootptab(text, { file: 'bootptab', names, zoneSeconds: 3600 });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.map((host) => bootptabReservation(host, root));
}

function world(fields: string, options: WorldOptions & { root?: string } = {}): World {
  const text = `node1:ha=525400000001:ip=10.0.0.9:${fields}:`;
  return createWorld({
    ...options,
    settings: { ...options.settings, reservations: machines(text, options.root) },
  });
}

function ask(fields: Fields = {}) {
  return message({ mac: '52:54:00:00:00:01', vend: 'options', ...fields });
}

const CMU = { vend: 'unknown', vendBytes: cookie('CMU\0') } as const;

function cookie(text: string): Uint8Array {
  const area = new Uint8Array(64);
  area.set(latin1Encode(text));
  return area;
}

describe('which file', () => {
  const files = ['boot/vmunix', 'boot/vmunix.node1', 'boot/other', 'boot/own.node1', 'pxelinux.0'];

  test.each([
    { fields: 'hd=/boot:bf=other', file: '', want: '/boot/other' },
    { fields: 'hd=/boot:bf=other', file: 'vmunix', want: '/boot/other' },
    { fields: 'hd=/boot:bf=vmunix', file: '', want: '/boot/vmunix.node1' },
    { fields: 'hd=/boot:bf=/elsewhere', file: '', want: '/elsewhere' },
    { fields: 'hd=/boot', file: '', want: 'pxelinux.0' },
    { fields: 'hd=/boot', file: 'other', want: '/boot/other' },
    { fields: 'hd=/boot', file: 'vmunix', want: '/boot/vmunix.node1' },
    { fields: 'hd=/boot', file: 'own', want: '/boot/own.node1' },
    { fields: 'hd=/boot', file: 'missing', want: 'file-not-found' },
    { fields: 'hd=/boot', file: '../pxelinux.0', want: 'file-not-found' },
    { fields: 'hd=/boot', file: '/boot/other', want: 'boot/other' },
    { fields: 'hd=/boot', file: '/missing', want: 'file-not-found' },
    { fields: 'hn', file: '', want: 'pxelinux.0' },
    { fields: 'hn', file: 'missing', want: 'file-not-found' },
    { fields: 'hn', file: 'boot/vmunix', want: 'boot/vmunix.node1' },
  ])('handleBootp() $fields, asked for "$file": $want', ({ fields, file, want }) => {
    const decision = world(fields, { files }).send(ask({ file }));
    expect(decision.reply ? received(decision).file : whyIgnored(decision)).toBe(want);
  });

  test('handleBootp() names what lies in the folder that is served as clients see it', () => {
    const options = { files: ['boot/other'], root: '/srv/tftp/' };
    expect(received(world('hd=/srv/tftp/boot:bf=other', options).send(ask())).file).toBe('/boot/other');
    expect(received(world('hd=/srv/tftp:bf=other', options).send(ask())).file).toBe('/other');
    expect(received(world('hd=/srv/tftp2:bf=other', options).send(ask())).file).toBe('/srv/tftp2/other');
    const elsewhere = world('hd=/srv/tftp/boot:bf=other:sa=10.0.0.7', options).send(ask());
    expect(received(elsewhere)).toMatchObject({ file: '/srv/tftp/boot/other', siaddr: ip('10.0.0.7') });
  });
});

describe('the vendor area', () => {
  test('handleBootp() tags of the table are told, over those of the network', () => {
    const tags = 'sm=255.255.0.0:gw=10.0.0.254:ds=10.0.0.53 10.0.0.54:dn=lab:hn:to=auto:T200=01ff';
    const { options } = received(world(tags).send(ask(), { sizeBytes: 548 }));
    expect(toHex(options.get(1)!)).toBe('ffff0000');
    expect(readOption(options, 'routers')).toEqual([ip('10.0.0.254')]);
    expect(readOption(options, 'dns-servers')).toEqual([ip('10.0.0.53'), ip('10.0.0.54')]);
    expect(readOption(options, 'domain-name')).toBe('lab');
    expect(readOption(options, 'host-name')).toBe('node1');
    expect(readOption(options, 'time-offset')).toBe(3600);
    expect(toHex(options.get(200)!)).toBe('01ff');
  });

  test.each<{ name: string; fields: string; asked: Fields; cookie: string }>([
    { name: 'tags for tags', fields: 'hn', asked: {}, cookie: '63825363' },
    { name: 'nothing for nothing', fields: 'hn', asked: { vend: 'none' }, cookie: '00000000' },
    {
      name: 'nothing for the unknown',
      fields: 'hn',
      asked: { vend: 'unknown', vendBytes: cookie('XYZ') },
      cookie: '00000000',
    },
    { name: 'CMU for CMU', fields: 'hn', asked: CMU, cookie: '434d5500' },
    { name: 'tags where the table says so', fields: 'vm=rfc1048', asked: CMU, cookie: '63825363' },
    { name: 'tags to a silent client', fields: 'vm=rfc1084', asked: { vend: 'none' }, cookie: '63825363' },
    { name: 'CMU where the table says so', fields: 'vm=cmu', asked: {}, cookie: '434d5500' },
    { name: 'what is asked, with auto', fields: 'vm=auto', asked: CMU, cookie: '434d5500' },
  ])('handleBootp() $name', ({ fields, asked, cookie: want }) => {
    const bytes = wireBytes(world(fields).send(ask(asked)));
    expect(toHex(bytes.subarray(236, 240))).toBe(want);
    expect(bytes).toHaveLength(300);
  });

  test('handleBootp() CMU: mask, router, two of each kind of server', () => {
    const tags =
      'sm=255.255.255.0:gw=10.0.0.254:ds=10.0.0.1 10.0.0.2 10.0.0.3:ns=10.0.0.4:ts=10.0.0.5 10.0.0.6';
    const bytes = wireBytes(world(tags).send(ask(CMU)));
    expect(toHex(bytes.subarray(236))).toBe(
      [
        ...['434d5500', '00000001', 'ffffff00', '0a0000fe', '0a000001', '0a000002'],
        ...['0a000004', '00000000', '0a000005', '0a000006', '00'.repeat(24)],
      ].join(''),
    );
  });

  test('handleBootp() answers vector 43, which speaks CMU', () => {
    const decoded = decode(golden('43').bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const open = createWorld({ settings: { bootp: { enabled: true, ranges: 'network', serverName: '' } } });
    const bytes = wireBytes(open.send(decoded.value.packet));
    expect(toHex(bytes.subarray(236, 252))).toBe('434d550000000001ffffff000a000001');
  });

  test('handleBootp() keeps the tags most needed where there is no room for all', () => {
    const long = `rp=/${'r'.repeat(30)}:dn=${'d'.repeat(20)}.example:nt=10.0.0.1 10.0.0.2 10.0.0.3`;
    const { options } = received(world(`gw=10.0.0.254:ds=10.0.0.53:${long}:T43=0102:T67=0102`).send(ask()));
    expect([...options.keys()].toSorted((a, b) => a - b)).toEqual([1, 3, 6, 15, 43, 67]);
  });

  test.each([
    { name: 'in full', host: 'n.lab.example', want: 'n.lab.example' },
    { name: 'without its domain where that alone fits', host: `n.${'d'.repeat(60)}`, want: 'n' },
    { name: 'not at all where nothing fits', host: `${'n'.repeat(60)}.${'d'.repeat(60)}`, want: undefined },
    { name: 'not cut where it has no domain', host: 'n'.repeat(60), want: undefined },
  ])('handleBootp() tells the host name $name', ({ host, want }) => {
    const reservations = machines(`${host}:ha=525400000001:ip=10.0.0.9:hn:`);
    const reply = received(createWorld({ settings: { reservations } }).send(ask()));
    expect(readOption(reply.options, 'host-name')).toBe(want);
    expect(readOption(reply.options, 'routers')).toEqual([SERVER]);
  });

  test.each([
    { fields: 'hd=/boot:bf=kernel:bs=auto', size: 513, want: 2 },
    { fields: 'hd=/boot:bf=kernel:bs', size: 0, want: 0 },
    { fields: 'hd=/boot:bf=kernel:bs=auto', size: undefined, want: undefined },
    { fields: 'hd=/boot:bf=kernel:bs=auto', size: 512 * 65_536, want: undefined },
    { fields: 'hd=/boot:bf=kernel:bs=7', size: 513, want: 7 },
  ])('handleBootp() $fields of $size octets: $want blocks', ({ fields, size, want }) => {
    const sizeOf = (path: string) => (path === 'boot/kernel' ? size : undefined);
    const decision = world(fields, { sizeOf }).send(ask());
    expect(readOption(received(decision).options, 'boot-file-size')).toBe(want);
  });
});

describe('the rest', () => {
  test.each<{ name: string; fields: string; asked?: Fields; how?: How; size: number }>([
    { name: 'its own size', fields: 'ms=1024', size: 1024 },
    { name: 'its own size, whatever the request’s', fields: 'ms=400', how: { sizeBytes: 600 }, size: 400 },
    { name: 'the request’s', fields: 'hn', how: { sizeBytes: 600 }, size: 600 },
  ])('handleBootp() $name', ({ fields, asked, how, size }) => {
    expect(wireBytes(world(fields).send(ask(asked), how))).toHaveLength(size);
  });

  test.each<{ name: string; fields: string; asked?: Fields; want: object }>([
    {
      name: 'a broadcast address',
      fields: 'ra=10.0.0.255',
      want: { kind: 'unicast', ip: ip('10.0.0.255'), port: 68 },
    },
    { name: 'everybody', fields: 'ra=255.255.255.255', want: { kind: 'broadcast', port: 68 } },
    {
      name: 'the relay all the same',
      fields: 'ra=10.0.0.255',
      asked: { giaddr: ip('10.0.0.2') },
      want: { kind: 'unicast', ip: ip('10.0.0.2'), port: 67 },
    },
    {
      name: 'the address it has all the same',
      fields: 'ra=10.0.0.255',
      asked: { ciaddr: ip('10.0.0.9') },
      want: { kind: 'unicast', ip: ip('10.0.0.9'), port: 68 },
    },
  ])('handleBootp() replies to $name', ({ fields, asked, want }) => {
    expect(world(fields).send(ask(asked)).reply?.destination).toMatchObject(want);
  });

  test.each([
    { fields: 'mw=4', secs: 0, want: 'min-secs' },
    { fields: 'mw=4', secs: 3, want: 'min-secs' },
    { fields: 'mw=4', secs: 4, want: 'answered' },
    { fields: 'mw=4', secs: 0x0400, want: 'answered' }, // octets swapped
    { fields: 'hn', secs: 0, want: 'answered' },
  ])('handleBootp() $fields after $secs s: $want', ({ fields, secs, want }) => {
    expect(whyIgnored(world(fields).send(ask({ secs })))).toBe(want);
    expect(whyIgnored(world(fields).send(ask({ secs, ciaddr: ip('10.0.0.9') })))).toBe(want);
  });

  test('handleBootp() a machine in two networks has the address of the one it is in', () => {
    const text =
      'a:ha=525400000001:sm=255.255.255.0:ip=10.0.0.9:\nb:ha=525400000001:sm=255.255.255.0:ip=10.0.1.9:';
    const reservations = machines(text);
    const network = createWorld({ settings: { reservations } });
    expect(received(network.send(ask())).yiaddr).toBe(ip('10.0.0.9'));
    expect(whyIgnored(network.send(ask({ giaddr: ip('10.0.1.1') })))).toBe('no-network');
  });

  test('handleBootp() Token Ring addresses match in either order of bits (RFC 1542 §2.3)', () => {
    const reservations = machines('ring:ht=ieee802:ha=7FF8100000AF:ip=10.0.0.9:');
    const send = (mac: string, htype: number) =>
      createWorld({ settings: { reservations } }).send(message({ mac, htype, vend: 'none' }));
    expect(received(send('7f:f8:10:00:00:af', 6)).yiaddr).toBe(ip('10.0.0.9'));
    expect(received(send('fe:1f:08:00:00:f5', 6)).yiaddr).toBe(ip('10.0.0.9'));
    expect(whyIgnored(send('fe:1f:08:00:00:f5', 1))).toBe('unknown-client');
  });

  test('handle() DHCP clients of the table get the same: address, lease, file, server', () => {
    const at = world('bf=/kernel:dl=900:sa=10.0.0.7:ds=10.0.0.53:hn');
    const mac = '52:54:00:00:00:01';
    expect(bind(at, { mac })).toBe(ip('10.0.0.9'));
    const offer = received(at.send(discover({ mac, with: { 'lease-time': 90_000 } })));
    expect(offer).toMatchObject({ yiaddr: ip('10.0.0.9'), siaddr: ip('10.0.0.7'), file: '/kernel' });
    expect(readOption(offer.options, 'lease-time')).toBe(900);
    expect(readOption(offer.options, 'host-name')).toBe('node1');
    expect(received(at.send(selecting(offer.yiaddr, { mac }))).yiaddr).toBe(ip('10.0.0.9'));
  });
});
