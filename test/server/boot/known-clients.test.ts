import { expect, test } from 'vitest';
import { parseIpv4 } from '../../../src/lib/ipv4.ts';
import { createKnownClients } from '../../../src/server/boot/known-clients.ts';

const MAC = '52:54:00:12:34:56';
const IP = parseIpv4('192.168.77.50')!;
const SMBIOS = '00112233-4455-6677-8899-aabbccddeeff';
const WIRE = '33221100-5544-7766-8899-aabbccddeeff';

test('createKnownClients() keeps what the firmware said when later stages say less', () => {
  const known = createKnownClients();
  known.hear({ type: 'dhcp.ack', ip: IP, mac: MAC, uuid: SMBIOS, arch: 'x86PC', stage: 'rom' });
  known.hear({ type: 'dhcp.ack', ip: IP, mac: MAC, stage: 'os' });
  expect(known.macOf(IP)).toBe(MAC);
  expect(known.client(MAC)).toEqual({
    uuid: { smbios: SMBIOS, wire: WIRE },
    arch: 'x86PC',
    kind: 'pxe',
    stage: 'os',
  });
});

test.each([
  { name: 'PXE firmware', facts: { stage: 'rom' as const }, kind: 'pxe' },
  { name: 'HTTP firmware', facts: { stage: 'rom' as const, kind: 'http' as const }, kind: 'http' },
  { name: 'U-Boot', facts: { stage: 'loader' as const, kind: 'u-boot' as const }, kind: 'u-boot' },
  { name: 'iPXE', facts: { stage: 'ipxe' as const }, kind: 'ipxe' },
  { name: 'a loader', facts: { stage: 'loader' as const }, kind: undefined },
])('createKnownClients() knows $name', ({ facts, kind }) => {
  const known = createKnownClients();
  known.hear({ type: 'dhcp.ack', ip: IP, mac: MAC, ...facts });
  expect(known.client(MAC)?.kind).toBe(kind);
});

test('createKnownClients() knows BOOTP clients, and who asked on port 4011', () => {
  const known = createKnownClients();
  known.hear({ type: 'bootp.reply', ip: IP, mac: MAC });
  expect(known.client(MAC)?.kind).toBe('bootp');
  known.hear({ type: 'dhcp.boot-server-ack', ip: IP + 1, mac: '52:54:00:00:00:01' });
  expect(known.macOf(IP + 1)).toBe('52:54:00:00:00:01');
});

test('createKnownClients() learns an address that another server gave from what it overhears', () => {
  const known = createKnownClients();
  known.hear({ type: 'dhcp.proxy-offer', mac: MAC, uuid: SMBIOS, stage: 'rom', via: IP + 9 });
  expect(known.macOf(IP)).toBeUndefined();
  const overheard = {
    type: 'dhcp.ignored',
    messageType: 'REQUEST',
    why: 'address-server',
    mac: MAC,
  } as const;
  known.hear({ ...overheard, ip: 0 });
  expect(known.macOf(0)).toBeUndefined();
  known.hear({ ...overheard, ip: IP });
  expect(known.macOf(IP)).toBe(MAC);
  expect(known.client(MAC)).toMatchObject({ uuid: { smbios: SMBIOS }, via: IP + 9 });
  known.hear({ ...overheard, mac: '52:54:00:00:00:01', ip: IP });
  expect(known.macOf(IP)).toBe('52:54:00:00:00:01');
});

test('createKnownClients() passes over who was not answered', () => {
  const known = createKnownClients();
  known.hear({ type: 'dhcp.offer', ip: IP, mac: MAC });
  known.hear({ type: 'dhcp.nak', ip: IP, why: 'not-offered', mac: MAC });
  known.hear({ type: 'dhcp.ignored', messageType: 'REQUEST', why: 'other-server', mac: MAC, ip: IP });
  expect(known.client(MAC)).toBeUndefined();
  expect(known.macOf(IP)).toBeUndefined();
});

test('createKnownClients() forgets the one longest not heard of', () => {
  const known = createKnownClients(2);
  const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'];
  const hear = (i: number) => known.hear({ type: 'dhcp.ack', ip: IP + i, mac: macs[i]!, stage: 'rom' });
  for (const i of [0, 1, 0, 2]) hear(i);
  expect(macs.map((mac) => known.client(mac) !== undefined)).toEqual([true, false, true]);
  expect(macs.map((_, i) => known.macOf(IP + i))).toEqual([macs[0], undefined, macs[2]]);
});
