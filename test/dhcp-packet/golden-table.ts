import { fromHex, latin1Encode, toHex } from '../../src/lib/bytes.ts';
import type { Ipv4 } from '../../src/lib/ipv4.ts';
import { parseIpv4 } from '../../src/lib/ipv4.ts';

/**
 * What each golden vector says, written down from its comments and not from the codec's output. `packet` lists the
 * header fields that differ from {@link HEADER}; `options` is the whole set, unknown codes as `option-N`.
 */
export type GoldenRow = {
  readonly packet?: Readonly<Record<string, unknown>>;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly warnings?: readonly { readonly reason: string; readonly code?: number }[];
  readonly overload?: number;
};

export const ip = (text: string): Ipv4 => parseIpv4(text)!;
const SERVER = ip('10.0.0.1');
const CLIENT = ip('10.0.0.130');
const RELAY = ip('10.9.0.1');
export const CHADDR = fromHex('525400ec3381 00000000000000000000');
const CLIENT_ID = fromHex('01 525400ec3381');

export const HEADER = {
  op: 1,
  htype: 1,
  hlen: 6,
  hops: 0,
  xid: 0x3903f326,
  secs: 0,
  flags: 0,
  ciaddr: 0,
  yiaddr: 0,
  siaddr: 0,
  giaddr: 0,
  chaddr: CHADDR,
  sname: '',
  file: '',
  vend: 'options',
};

const UUID = {
  type: 0,
  bytes: fromHex('78a62677c07f5348a4f6c85ac36a120a'),
  smbios: '7726a678-7fc0-4853-a4f6-c85ac36a120a',
  wire: '78a62677-c07f-5348-a4f6-c85ac36a120a',
};
const PRL_PXE = [1, 3, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135];
const ROM = {
  'client-uuid': UUID,
  'client-arch': [0],
  'client-ndi': { type: 1, major: 2, minor: 1 },
  'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
};
const LEASE = { 'lease-time': 3600, 'renewal-time': 1800, 'rebinding-time': 3150 };
const MASK = { 'subnet-mask': ip('255.255.255.0') };
const MINUTE = { 'message-type': 5, 'server-id': SERVER, 'lease-time': 60 };
const RELAY_INFO = {
  raw: fromHex('01 08 67652d302f302f31 02 06 001122334455 05 04 0a090000 0a 01 00 0b 04 0a090001'),
  values: {
    circuitId: fromHex('67652d302f302f31'),
    remoteId: fromHex('001122334455'),
    linkSelection: ip('10.9.0.0'),
    flags: { unicast: false },
    serverIdOverride: RELAY,
  },
  others: [],
  problems: [],
};
const CIRCUIT_7 = {
  raw: fromHex('01020007'),
  values: { circuitId: fromHex('0007') },
  others: [],
  problems: [],
};
const fqdn = { s: true, o: false, e: true, n: false, rcode1: 255, rcode2: 255, partial: false };

/** The 296 octets of 21 before they were cut at 255. */
function joinedMenu(): Uint8Array {
  const entries = Array.from({ length: 10 }, (_, i) => {
    const text = latin1Encode(`Menu entry number 0${i}`.padEnd(20));
    return `80 0${i} 14 ${toHex(text)}`;
  });
  const servers = Array.from({ length: 7 }, (_, i) => `80 0${i} 01 0a000001`);
  return fromHex(`09 e6 ${entries.join(' ')} 06 01 03 0a 07 00 53656c656374 08 31 ${servers.join(' ')} ff`);
}

export const GOLDEN: Readonly<Record<string, GoldenRow>> = {
  '01': {
    packet: { secs: 4, flags: 0x8000 },
    options: { 'message-type': 1, 'parameter-request-list': PRL_PXE, 'max-message-size': 1260, ...ROM },
  },
  '02': {
    packet: { op: 2, flags: 0x8000, yiaddr: CLIENT, siaddr: SERVER, sname: 'boot1', file: 'pxelinux.0' },
    options: {
      'message-type': 2,
      'server-id': SERVER,
      ...LEASE,
      ...MASK,
      routers: [SERVER],
      'dns-servers': [SERVER, ip('10.0.0.2')],
      'vendor-class-id': 'PXEClient',
      'client-uuid': UUID,
      'vendor-specific': fromHex('06 01 08 ff'),
      'tftp-server-name': '10.0.0.1',
      'bootfile-name': 'pxelinux.0',
    },
  },
  '03': {
    packet: { secs: 4, flags: 0x8000 },
    options: {
      'message-type': 3,
      'requested-ip': CLIENT,
      'server-id': SERVER,
      'parameter-request-list': PRL_PXE,
      'max-message-size': 1260,
      ...ROM,
    },
  },
  '04': {
    packet: { op: 2, flags: 0x8000, yiaddr: CLIENT, siaddr: SERVER, file: 'pxelinux.0' },
    options: {
      'message-type': 5,
      'server-id': SERVER,
      ...LEASE,
      ...MASK,
      routers: [SERVER],
      'vendor-class-id': 'PXEClient',
      'client-uuid': UUID,
      'vendor-specific': fromHex('06 01 08 ff'),
    },
  },
  '05': {
    packet: { op: 2, flags: 0x8000, giaddr: RELAY },
    options: {
      'message-type': 6,
      'server-id': SERVER,
      message: 'wrong network',
      'client-id': CLIENT_ID,
      'relay-agent-info': CIRCUIT_7,
    },
  },
  '06': {
    packet: { xid: 0x11112222, ciaddr: CLIENT },
    options: {
      'message-type': 3,
      'client-id': CLIENT_ID,
      'parameter-request-list': [1, 3, 6, 15, 28, 51, 58, 59],
    },
  },
  '07': {
    packet: { xid: 0x11112223 },
    options: { 'message-type': 3, 'requested-ip': ip('192.168.77.5'), 'client-id': CLIENT_ID },
  },
  '08': {
    packet: { xid: 0x11112224 },
    options: {
      'message-type': 4,
      'requested-ip': CLIENT,
      'server-id': SERVER,
      'client-id': CLIENT_ID,
      message: 'ARP conflict',
    },
  },
  '09': {
    packet: { xid: 0x11112225, ciaddr: CLIENT },
    options: { 'message-type': 7, 'server-id': SERVER, 'client-id': CLIENT_ID },
  },
  '10': {
    packet: { xid: 0x11112226, ciaddr: ip('10.0.0.50') },
    options: { 'message-type': 8, 'parameter-request-list': [6, 15, 42, 119, 121] },
  },
  '11': {
    packet: { op: 2, xid: 0x11112226, ciaddr: ip('10.0.0.50') },
    options: {
      'message-type': 5,
      'server-id': SERVER,
      'dns-servers': [SERVER],
      'domain-name': 'lab.example',
      'ntp-servers': [SERVER],
    },
  },
  '12': {
    packet: { op: 2, flags: 0x8000, siaddr: SERVER },
    options: {
      'message-type': 2,
      'server-id': SERVER,
      'vendor-class-id': 'PXEClient',
      'client-uuid': UUID,
      'vendor-specific': fromHex(
        `06 01 03  08 07 8000 01 0a000001
         09 1a 8000 0a 4c696e757820626f6f74 0000 0a 4c6f63616c206469736b
         0a 09 0a 5072657373204638  ff`,
      ),
    },
  },
  '13': {
    packet: { xid: 0x4f4f0001, secs: 1, ciaddr: CLIENT },
    options: {
      'message-type': 3,
      'parameter-request-list': PRL_PXE,
      'client-uuid': UUID,
      'client-arch': [7],
      'client-ndi': { type: 1, major: 3, minor: 16 },
      'vendor-class-id': 'PXEClient:Arch:00007:UNDI:003016',
      'vendor-specific': fromHex('47 04 80000000 ff'),
    },
  },
  '14': {
    packet: { op: 2, xid: 0x4f4f0001, yiaddr: CLIENT, siaddr: SERVER, file: 'efi/shimx64.efi' },
    options: {
      'message-type': 5,
      'server-id': SERVER,
      'vendor-class-id': 'PXEClient',
      'client-uuid': UUID,
      'vendor-specific': fromHex('47 04 80000000 ff'),
    },
  },
  '15': {
    packet: { xid: 0x48545450, flags: 0x8000 },
    options: {
      'message-type': 1,
      'max-message-size': 1472,
      'parameter-request-list': [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28].concat(
        [40, 41, 42, 43, 50, 51, 54, 58, 59, 60],
        [0, 67, 97],
      ),
      'client-uuid': UUID,
      'client-ndi': { type: 1, major: 3, minor: 1 },
      'client-arch': [16],
      'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003001',
    },
  },
  '16': {
    packet: { op: 2, xid: 0x48545450, flags: 0x8000, yiaddr: ip('10.0.0.131') },
    options: {
      'message-type': 2,
      'server-id': SERVER,
      'lease-time': 3600,
      ...MASK,
      routers: [SERVER],
      'dns-servers': [SERVER],
      'vendor-class-id': 'HTTPClient',
      'bootfile-name': 'http://10.0.0.1/boot/efi/shimx64.efi',
    },
  },
  '17': {
    packet: { xid: 0x69505845, hops: 1, secs: 4, giaddr: RELAY },
    options: {
      'message-type': 1,
      'max-message-size': 1472,
      'client-arch': [7],
      'client-ndi': { type: 1, major: 3, minor: 10 },
      'vendor-class-id': 'PXEClient:Arch:00007:UNDI:003010',
      'user-class': ['iPXE'],
      'parameter-request-list': [1, 3, 6, 7, 12, 15, 17, 26, 42, 43, 60, 66, 67, 119, 121].concat([
        128, 129, 130, 131, 132, 133, 134, 135, 175, 203,
      ]),
      'ipxe-encap': {
        values: {
          busId: { type: 1, vendor: 0x8086, device: 0x100e },
          version: { major: 1, minor: 21, patch: 1 },
          http: 1,
          tftp: 1,
          efi: 1,
        },
        others: [],
        problems: [],
      },
      'client-id': CLIENT_ID,
      'client-uuid': UUID,
      'relay-agent-info': RELAY_INFO,
    },
  },
  '18': {
    packet: { op: 2, xid: 0x69505845, giaddr: RELAY, yiaddr: ip('10.9.0.77'), siaddr: SERVER },
    options: {
      'message-type': 2,
      'server-id': RELAY,
      'lease-time': 3600,
      ...MASK,
      routers: [RELAY],
      'bootfile-name': 'http://10.0.0.1/boot.ipxe',
      'client-id': CLIENT_ID,
      'ipxe-encap': { values: { noPxeDhcp: 1 }, others: [], problems: [] },
      'relay-agent-info': RELAY_INFO,
    },
  },
  '19': {
    packet: { op: 2, yiaddr: CLIENT, siaddr: SERVER },
    overload: 3,
    options: {
      'message-type': 2,
      'server-id': SERVER,
      'lease-time': 3600,
      ...MASK,
      'bootfile-name': '/tftp/pxe.0',
      routers: [SERVER],
      'tftp-server-name': '10.0.0.1',
      'dns-servers': [ip('10.0.0.53')],
    },
  },
  '20': {
    packet: { op: 2, yiaddr: CLIENT },
    options: { ...MINUTE, 'domain-search': ['eng.apple.com', 'marketing.apple.com'] },
  },
  '21': {
    packet: { op: 2, flags: 0x8000, siaddr: SERVER },
    options: {
      'message-type': 2,
      'server-id': SERVER,
      'vendor-class-id': 'PXEClient',
      'vendor-specific': joinedMenu(),
    },
  },
  '22': {
    packet: { op: 2, yiaddr: CLIENT },
    options: {
      ...MINUTE,
      'classless-routes': [
        { network: 0, length: 0, router: SERVER },
        { network: ip('10.0.0.0'), length: 8, router: ip('10.0.0.2') },
        { network: ip('10.229.0.128'), length: 25, router: ip('10.0.0.3') },
        { network: ip('10.198.122.47'), length: 32, router: ip('10.0.0.4') },
        { network: ip('192.168.0.0'), length: 24, router: 0 },
      ],
    },
  },
  '23': {
    options: { 'message-type': 1, 'rapid-commit': true, 'parameter-request-list': [1, 3, 6] },
    warnings: [{ reason: 'text-empty', code: 12 }],
  },
  '24': {
    options: { 'message-type': 1, 'client-id': CLIENT_ID, 'parameter-request-list': [1, 3, 6] },
    warnings: [{ reason: 'short-packet' }, { reason: 'missing-end' }],
  },
  '25': {
    options: { 'message-type': 1, 'requested-ip': ip('10.0.0.9') },
    warnings: [{ reason: 'short-packet' }],
  },
  '26': {
    options: {
      'message-type': 1,
      'client-id': fromHex('ff 00ec3381 00010001 2a2b2c2d 525400ec3381'),
      'parameter-request-list': [1, 3, 6],
    },
  },
  '27': {
    packet: { op: 2, yiaddr: CLIENT, siaddr: SERVER },
    options: {
      'message-type': 5,
      'server-id': SERVER,
      'lease-time': 0xffff_ffff,
      'host-name': 'node-130',
      'domain-name': 'lab.example',
      'root-path': '10.0.0.1:/srv/root',
      broadcast: ip('10.0.0.255'),
      'ntp-servers': [SERVER],
      'netbios-node-type': 8,
      'client-fqdn': { ...fqdn, name: 'node-130.lab.example' },
      'ipv6-only-preferred': 1800,
      'captive-portal': 'https://portal.example/api',
      'auto-configure': 1,
      'name-service-search': [6, 0],
      'subnet-selection': ip('10.0.0.0'),
      'domain-search': ['lab.example'],
      'vi-vendor-class': [{ enterprise: 343, classes: [fromHex('616263')] }],
      'vi-vendor-opts': [{ enterprise: 343, options: [{ code: 1, body: fromHex('6869') }] }],
      'tftp-server-address': [SERVER, ip('10.0.0.2')],
      'pxelinux-magic': fromHex('f100747e'),
      'config-file': 'pxelinux.cfg/node-130',
      'path-prefix': '/tftp/',
      'reboot-time': 300,
    },
  },
  '28': {
    packet: { giaddr: RELAY },
    options: { 'message-type': 10, 'parameter-request-list': [51, 82, 60, 61, 91, 92] },
  },
  '35': {
    packet: { op: 2, yiaddr: CLIENT, file: 'pxelinux.0' },
    options: { 'message-type': 2, 'server-id': SERVER, 'lease-time': 60 },
    warnings: [{ reason: 'bad-overload-value', code: 52 }],
  },
  '36': {
    packet: { xid: 0x36363636, hops: 1, giaddr: RELAY },
    options: {
      'message-type': 1,
      'relay-agent-info': {
        raw: fromHex('01020007 0209abcd'),
        values: { circuitId: fromHex('0007') },
        others: [],
        problems: [{ code: 2, reason: 'suboption-overrun' }],
      },
    },
    warnings: [{ reason: 'suboption-overrun', code: 82 }],
  },
  '37': {
    packet: { op: 2, flags: 0x8000, siaddr: SERVER, file: 'undionly.kpxe' },
    options: {
      'message-type': 2,
      'server-id': SERVER,
      'vendor-class-id': 'PXEClient',
      'vendor-specific': fromHex('06 01 0b 00'),
    },
  },
  '38': {
    packet: { xid: 0x26f30339, chaddr: fromHex('dca632010203 00000000000000000000') },
    options: {
      'message-type': 1,
      'parameter-request-list': PRL_PXE,
      'client-arch': [0],
      'client-ndi': { type: 1, major: 2, minor: 1 },
      'client-uuid': {
        type: 0,
        bytes: fromHex('52506934 1431c000 32010203 5f4e3d2c'),
        smbios: '34695052-3114-00c0-3201-02035f4e3d2c',
        wire: '52506934-1431-c000-3201-02035f4e3d2c',
      },
      'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
    },
  },
  '39': {
    packet: { xid: 0x69505846, flags: 0x8000 },
    options: {
      'message-type': 1,
      'client-arch': [0],
      'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
      'user-class': ['iPXE', 'lab'],
      'ipxe-encap': {
        values: {
          busId: { type: 1, vendor: 0x10ec, device: 0x8139 },
          version: { major: 1, minor: 0, patch: 0 },
          pxe: 1,
        },
        others: [],
        problems: [],
      },
    },
  },
  '40': { packet: { xid: 0xb007, secs: 4, file: 'unix', vend: 'none' }, options: {} },
  '41': { packet: { xid: 0xb008, sname: 'boot1' }, options: {} },
  '43': {
    packet: {
      xid: 0xb009,
      vend: 'unknown',
      vendBytes: fromHex(`434d5500${'00'.repeat(60)}`),
    },
    options: {},
  },
  '44': {
    packet: { xid: 0xb00a },
    options: {},
    warnings: [{ reason: 'short-packet' }, { reason: 'missing-end' }],
  },
  '42': {
    packet: {
      op: 2,
      xid: 0xb007,
      yiaddr: ip('10.0.0.201'),
      siaddr: SERVER,
      sname: 'boot1',
      file: '/tftpboot/unix.sun1',
    },
    options: {
      ...MASK,
      routers: [SERVER],
      'dns-servers': [SERVER],
      'host-name': 'sun1',
      'boot-file-size': 96,
      'root-path': '/export/r',
    },
  },
};

/** 43.9 of 21 has ten entries of 20 characters. */
function menuItem(i: number) {
  return { type: 0x8000 + i, text: `Menu entry number 0${i}`.padEnd(20) };
}

/** Option 43 of the vectors that have it, in PXE's layout. */
export const GOLDEN_PXE: Readonly<Record<string, unknown>> = {
  '02': { values: { discoveryControl: 8 }, others: [], problems: [] },
  '12': {
    values: {
      discoveryControl: 3,
      bootServers: [{ type: 0x8000, servers: [SERVER] }],
      bootMenu: [
        { type: 0x8000, text: 'Linux boot' },
        { type: 0, text: 'Local disk' },
      ],
      menuPrompt: { timeout: 10, text: 'Press F8' },
    },
    others: [],
    problems: [],
  },
  '13': { values: { bootItem: { type: 0x8000, layer: 0 } }, others: [], problems: [] },
  '14': { values: { bootItem: { type: 0x8000, layer: 0 } }, others: [], problems: [] },
  '21': {
    values: {
      bootMenu: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(menuItem),
      discoveryControl: 3,
      menuPrompt: { timeout: 0, text: 'Select' },
      bootServers: [0, 1, 2, 3, 4, 5, 6].map((i) => ({ type: 0x8000 + i, servers: [SERVER] })),
    },
    others: [],
    problems: [],
  },
  '37': { values: { discoveryControl: 0x0b }, others: [], problems: [] },
};

/** `client-id` of 26 taken apart. */
export const IAID_DUID = { kind: 'duid', iaid: 0x00ec3381, duid: fromHex('00010001 2a2b2c2d 525400ec3381') };
