import { describe, expect, test } from 'vitest';
import { describeClient } from '../../src/boot/client.ts';
import { createPacket, decode, Op } from '../../src/dhcp-packet/index.ts';
import { fromHex, latin1Encode } from '../../src/lib/bytes.ts';
import { macBytes } from '../../src/lib/mac.ts';
import { golden } from '../golden/load.ts';

/** Options by code: text, or hex after `hex:`. 53 is there unless `bootp`. */
function client(
  options: Readonly<Record<number, string>>,
  more: { mac?: string; file?: string; bootp?: boolean } = {},
) {
  const packet = createPacket({
    op: Op.REQUEST,
    chaddr: macBytes(more.mac ?? '52:54:00:ec:33:81'),
    file: more.file ?? '',
  });
  if (!more.bootp) packet.options.set(53, new Uint8Array([1]));
  for (const [code, body] of Object.entries(options)) {
    packet.options.set(Number(code), body.startsWith('hex:') ? fromHex(body.slice(4)) : latin1Encode(body));
  }
  return describeClient(packet);
}

const PXE = 'PXEClient:Arch:00000:UNDI:002001';

describe('describeClient() who', () => {
  test.each([
    {
      name: 'BIOS PXE',
      options: { 60: PXE, 93: 'hex:0000' },
      want: { kind: 'pxe', stage: 'rom', netboot: true },
    },
    {
      name: 'PXE without option 93',
      options: { 60: 'PXEClient:Arch:00007:UNDI:003000' },
      want: { kind: 'pxe', archs: [{ code: 7 }] },
    },
    {
      name: 'PXE that names no architecture',
      options: { 60: 'PXEClient' },
      want: { kind: 'pxe', archs: [] },
    },
    {
      name: 'iPXE, bare string',
      options: { 60: PXE, 77: 'iPXE' },
      want: { kind: 'ipxe', stage: 'ipxe', netboot: true },
    },
    {
      name: 'iPXE, RFC 3004 list',
      options: { 60: PXE, 77: 'hex:04 69505845 03 6c6162' },
      want: { kind: 'ipxe' },
    },
    {
      name: 'iPXE with a user class of its own',
      options: { 60: PXE, 77: 'lab', 175: 'hex:130101' },
      want: { kind: 'ipxe', ipxeHttp: true },
    },
    {
      name: 'iPXE without HTTP',
      options: { 60: PXE, 175: 'hex:150101' },
      want: { kind: 'ipxe', ipxeHttp: false },
    },
    {
      name: 'UEFI HTTP',
      options: { 60: 'HTTPClient:Arch:00016:UNDI:003000', 93: 'hex:0010' },
      want: { kind: 'http', stage: 'rom', netboot: true },
    },
    {
      name: 'U-Boot',
      options: { 60: 'U-Boot' },
      want: { kind: 'u-boot', stage: 'loader', netboot: true, archs: [] },
    },
    {
      name: 'U-Boot that says its processor',
      options: { 60: 'U-Boot.armv8' },
      want: { kind: 'u-boot', archs: [{ code: 22 }] },
    },
    { name: 'a PXE boot server', options: { 60: 'PXEServer' }, want: { kind: 'other', netboot: false } },
    { name: 'GRUB', options: {}, want: { kind: 'other', stage: 'loader', netboot: false } },
    {
      name: 'syslinux.efi',
      options: { 57: 'hex:05c0', 55: 'hex:010306' },
      want: { kind: 'other', stage: 'loader' },
    },
    {
      name: 'udhcpc',
      options: { 60: 'udhcp 1.35.0', 55: 'hex:0103060c' },
      want: { kind: 'other', stage: 'os' },
    },
    { name: 'a system with a host name', options: { 12: 'pc', 55: 'hex:0103' }, want: { stage: 'os' } },
    { name: 'Debian’s installer', options: { 60: 'd-i' }, want: { stage: 'installer' } },
    { name: 'Linux ip=dhcp', options: { 55: 'hex:0103060c0f11' }, want: { kind: 'other', stage: 'unknown' } },
  ])('$name', ({ options, want }) => {
    expect(client(options)).toMatchObject(want);
  });

  test('BOOTP: no option 53', () => {
    expect(client({}, { bootp: true, file: 'unix' })).toMatchObject({
      kind: 'bootp',
      netboot: false,
      askedFile: 'unix',
    });
  });

  test.each([
    {
      name: 'by its id in option 97',
      options: { 60: PXE, 93: 'hex:0000', 97: 'hex:0052506934c03114' },
      mac: '02:00:00:00:00:01',
    },
    { name: 'by its MAC', options: { 60: PXE, 93: 'hex:0000' }, mac: 'b8:27:eb:00:00:01' },
  ])('Raspberry Pi, $name', ({ options, mac }) => {
    expect(client(options, { mac })).toMatchObject({ kind: 'raspberry-pi', stage: 'rom', netboot: true });
  });

  test('a Raspberry Pi that runs UEFI or iPXE is what it runs', () => {
    const mac = 'dc:a6:32:00:00:01';
    expect(client({ 60: 'PXEClient:Arch:00011', 93: 'hex:000b' }, { mac }).kind).toBe('pxe');
    expect(client({ 60: PXE, 77: 'iPXE' }, { mac }).kind).toBe('ipxe');
  });
});

test('describeClient() keeps several architectures in the client’s order', () => {
  expect(client({ 60: 'PXEClient', 93: 'hex:000700060000' }).archs.map(({ code }) => code)).toEqual([
    7, 6, 0,
  ]);
});

describe('describeClient() UUID', () => {
  test('both spellings: as dmidecode has it, and in wire order', () => {
    expect(client({ 60: PXE, 97: 'hex:00b0071ab001020304a1a2a3a4a5a6a7a8' }).uuid).toEqual({
      wire: 'b0071ab0-0102-0304-a1a2-a3a4a5a6a7a8',
      smbios: 'b01a07b0-0201-0403-a1a2-a3a4a5a6a7a8',
    });
  });

  test.each([
    ['all ones', `00${'ff'.repeat(16)}`],
    ['all zeros', '00'.repeat(17)],
    ['another type', `01${'12'.repeat(16)}`],
    ['too short', '00112233'],
  ])('%s is none', (_, hex) => {
    expect(client({ 60: PXE, 97: `hex:${hex}` }).uuid).toBeUndefined();
  });
});

test.each([
  {
    name: '01',
    want: { kind: 'pxe', archs: [{ code: 0 }], uuid: { smbios: '7726a678-7fc0-4853-a4f6-c85ac36a120a' } },
  },
  { name: '15', want: { kind: 'http', archs: [{ code: 16 }] } },
  { name: '17', want: { kind: 'ipxe', ipxeHttp: true } },
  { name: '38', want: { kind: 'raspberry-pi' } },
  { name: '39', want: { kind: 'ipxe' } },
  { name: '40', want: { kind: 'bootp', askedFile: 'unix' } },
])('describeClient() recognises golden vector $name', ({ name, want }) => {
  const decoded = decode(golden(name).bytes);
  expect(decoded.ok && describeClient(decoded.value.packet)).toMatchObject(want);
});
