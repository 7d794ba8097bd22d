import { describe, expect, test } from 'vitest';
import type { BootMenu, BootSettings } from '../../src/boot/settings.ts';
import type { Link } from '../../src/dhcp/settings.ts';
import { type DhcpPacket, decode, readOption, readPxe, writePxe } from '../../src/dhcp-packet/index.ts';
import { golden } from '../golden/load.ts';
import {
  createWorld,
  discover,
  ETH0,
  IPXE,
  ip,
  MAC,
  PXE_UEFI,
  received,
  request,
  SERVER,
  selecting,
  whyIgnored,
} from './world.ts';

const CLIENT = ip('10.0.0.130');
const WDS = ip('10.0.0.7');

/** That of golden vector 12, and two lines more. */
const MENU: BootMenu = {
  prompt: 'Press F8',
  timeoutSeconds: 10,
  entries: [
    { text: 'Linux boot', type: 0x8000 },
    { text: 'Local disk', type: 0 },
    { text: 'Rescue', type: 0x8001, file: 'rescue/pxelinux.0' },
    { text: 'Windows', type: 0x8002, servers: [WDS] },
    { text: 'Arm', type: 0x8003, file: 'arm.efi', archs: [11] },
  ],
};
const SHORT: BootMenu = { ...MENU, entries: MENU.entries.slice(0, 2) };

function world(
  menu: BootMenu,
  { role = 'proxy', files = ['pxelinux.0'], ...boot }: Partial<BootSettings> & Options = {},
) {
  const settings = { boot: { bootFile: 'pxelinux.0', archFiles: new Map<number, string>(), menu, ...boot } };
  return createWorld({ links: [{ ...ETH0, role }], settings, files });
}

type Options = { readonly role?: NonNullable<Link['role']>; readonly files?: readonly string[] };

function sent(name: string): DhcpPacket {
  const decoded = decode(golden(name).bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

/** A boot server request for a type, as vector 13. */
function choosing(type: number, with_: object = {}): DhcpPacket {
  const packet = request({
    ciaddr: CLIENT,
    with: { 'vendor-class-id': 'PXEClient', 'client-arch': [0], ...with_ },
  });
  writePxe(packet.options, { values: { bootItem: { type, layer: 0 } } });
  return packet;
}

const from4011 = { port: 4011 as const, source: { ip: CLIENT, port: 4011 }, destination: SERVER };

describe('the menu', () => {
  test('is that of golden vector 12, octet for octet, to a client of ours there', () => {
    const expected = sent('12');
    const uuid = expected.options.get(97)!;
    const ask = discover({ xid: expected.xid, raw: { 97: Buffer.from(uuid).toString('hex') } });
    const offer = received(world(SHORT).send(ask));
    expect(offer).toMatchObject({
      flags: expected.flags,
      siaddr: expected.siaddr,
      yiaddr: 0,
      file: '',
      sname: '',
    });
    expect([...offer.options].sort(([a], [b]) => a - b)).toEqual(
      [...expected.options].sort(([a], [b]) => a - b),
    );
  });

  test('shows each client the lines for its architecture', () => {
    const offer = received(world(MENU).send(discover()));
    const { values } = readPxe(offer.options)!;
    expect(values.bootMenu?.map(({ text }) => text)).toEqual([
      'Linux boot',
      'Local disk',
      'Rescue',
      'Windows',
    ]);
    expect(values.bootServers).toEqual([
      { type: 0x8000, servers: [SERVER] },
      { type: 0x8001, servers: [SERVER] },
      { type: 0x8002, servers: [WDS] },
    ]);
  });

  test.each(['server', 'proxy'] as const)('takes the place of the file, for a %s', (role) => {
    const offer = received(world(SHORT, { role }).send(discover()));
    expect(offer).toMatchObject({ file: '', siaddr: SERVER });
    expect(offer.options.has(67)).toBe(false);
    expect(readPxe(offer.options)?.values.menuPrompt).toEqual({ timeout: 10, text: 'Press F8' });
  });

  test('is in the ACK too, where we give the address', () => {
    const lab = world(SHORT, { role: 'server' });
    const { yiaddr } = received(lab.send(discover()));
    const ack = received(lab.send(selecting(yiaddr)));
    expect(readPxe(ack.options)?.values.bootMenu).toHaveLength(2);
    expect(ack.file).toBe('');
  });

  test('is not shown to iPXE that has a script, to machines with a file of their own, nor to HTTP clients', () => {
    const scripted = world(SHORT, { files: ['pxelinux.0', 'boot.ipxe'] });
    expect(received(scripted.send(discover({ with: IPXE }))).file).toBe('boot.ipxe');
    expect(
      readPxe(received(world(SHORT).send(discover({ with: IPXE }))).options)?.values.bootMenu,
    ).toBeDefined();
    const own = createWorld({
      links: [{ ...ETH0, role: 'proxy' }],
      settings: {
        boot: { bootFile: 'pxelinux.0', archFiles: new Map(), menu: SHORT },
        reservations: [{ mac: MAC, file: 'mine.0' }],
      },
    });
    expect(received(own.send(discover())).file).toBe('mine.0');
    const http = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };
    const archFiles = new Map([[16, 'http://10.0.0.1/x.efi']]);
    expect(received(world(SHORT, { archFiles }).send(discover({ with: http }))).options.has(43)).toBe(false);
  });

  test('of lines for others alone is none: the file goes out', () => {
    const arm = { ...MENU, entries: MENU.entries.slice(4) };
    expect(received(world(arm).send(discover())).file).toBe('pxelinux.0');
  });

  test('is shown although there is no file but those of its lines', () => {
    const rescue = { ...MENU, entries: MENU.entries.slice(2, 3) };
    for (const role of ['server', 'proxy'] as const) {
      const offer = received(world(rescue, { role, bootFile: '' }).send(discover()));
      expect(readPxe(offer.options)?.values.bootMenu).toHaveLength(1);
    }
  });
});

describe('port 4011', () => {
  test.each([
    { name: 'a line without a file gets the usual one', type: 0x8000, file: 'pxelinux.0' },
    { name: 'a line with one gets that', type: 0x8001, file: 'rescue/pxelinux.0' },
  ])('$name; the item is echoed, the address moves to yiaddr', ({ type, file }) => {
    const ack = received(world(MENU).send(choosing(type), from4011));
    expect(ack).toMatchObject({ file, siaddr: SERVER, yiaddr: CLIENT, ciaddr: 0 });
    expect(readOption(ack.options, 'bootfile-name')).toBe(file);
    expect(readPxe(ack.options)?.values).toEqual({ bootItem: { type, layer: 0 } });
    expect(readOption(ack.options, 'vendor-class-id')).toBe('PXEClient');
  });

  test.each([
    { name: 'a line of another server', type: 0x8002, why: 'other-server' },
    { name: 'a type that is no line', type: 0x1234, why: 'boot-item' },
    { name: 'a line for other machines', type: 0x8003, why: 'boot-item' },
  ])('silence for $name', ({ type, why }) => {
    expect(whyIgnored(world(MENU).send(choosing(type), from4011))).toBe(why);
  });

  test('iPXE is never sent to iPXE again by a line, but to what it gets without a menu', () => {
    const entries = [{ text: 'iPXE', type: 0x8000, file: 'ipxe/undionly.kpxe' }];
    const lab = world({ ...SHORT, entries });
    expect(received(lab.send(choosing(0x8000), from4011)).file).toBe('ipxe/undionly.kpxe');
    const again = choosing(0x8000, { 'user-class': ['iPXE'] });
    expect(received(lab.send(again, from4011)).file).toBe('pxelinux.0');
  });

  test('a request by broadcast to port 67 counts as well (PXE 2.1 §2.4.4)', () => {
    const ack = received(world(MENU).send(choosing(0x8001)));
    expect(ack.file).toBe('rescue/pxelinux.0');
  });

  test('a request without an item is told the menu', () => {
    const plain = request({ ciaddr: CLIENT, with: PXE_UEFI });
    const ack = received(world(SHORT, { files: ['pxelinux.0', 'bootx64.efi'] }).send(plain, from4011));
    expect(ack).toMatchObject({ file: '', ciaddr: CLIENT, yiaddr: 0 });
    expect(readPxe(ack.options)?.values.bootMenu).toHaveLength(2);
  });
});
