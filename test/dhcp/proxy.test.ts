import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BootSettings } from '../../src/boot/settings.ts';
import type { Link } from '../../src/dhcp/settings.ts';
import { type DhcpPacket, decode, MessageType, readOption } from '../../src/dhcp-packet/index.ts';
import { golden } from '../golden/load.ts';
import {
  bareDiscover,
  createWorld,
  discover,
  ETH0,
  type Fields,
  IPXE,
  ip,
  MAC,
  message,
  PXE_UEFI,
  received,
  request,
  SERVER,
  selecting,
  type WorldOptions,
  whyIgnored,
} from './world.ts';

const PROXY: Link = { ...ETH0, role: 'proxy' };
const OTHER = ip('10.0.0.2');
const CLIENT = ip('10.0.0.130');
const SKIP_DISCOVERY = new Uint8Array([6, 1, 8, 255]);
const UEFI_TREE = ['pxelinux.0', 'syslinux.efi', 'ldlinux.e64'];
const HTTP = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };

function proxy(options: WorldOptions = {}) {
  return createWorld({ links: [PROXY], ...options });
}

function boot(fields: Partial<BootSettings>): Pick<WorldOptions, 'settings'> {
  return { settings: { boot: { bootFile: 'pxelinux.0', archFiles: new Map(), ...fields } } };
}

function sent(name: string): DhcpPacket {
  const decoded = decode(golden(name).bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

describe('the offer', () => {
  test.each([
    { name: 'BIOS ROM', with: {}, file: 'pxelinux.0' },
    { name: 'UEFI x64', with: PXE_UEFI, file: 'syslinux.efi' },
    { name: 'iPXE', with: IPXE, file: 'pxelinux.0' },
  ])(
    '$name: no address, no lease; file, siaddr, 54, 60, 43.6 = 8, 97; broadcast',
    ({ with: options, file }) => {
      const uuid = { type: 0, bytes: new Uint8Array(16).fill(7) };
      const world = proxy({ files: UEFI_TREE });
      const decision = world.send(discover({ with: { ...options, 'client-uuid': uuid } }));
      const offer = received(decision);
      expect(offer).toMatchObject({ yiaddr: 0, ciaddr: 0, siaddr: SERVER, file, flags: 0x8000 });
      expect(readOption(offer.options, 'message-type')).toBe(MessageType.OFFER);
      expect(readOption(offer.options, 'server-id')).toBe(SERVER);
      expect(readOption(offer.options, 'vendor-class-id')).toBe('PXEClient');
      expect(offer.options.get(43)).toEqual(SKIP_DISCOVERY);
      expect(readOption(offer.options, 'client-uuid')).toMatchObject(uuid);
      // What an address server would say, and 175, which would end iPXE's wait for proxies: it has waited.
      expect([1, 3, 6, 51, 58, 59, 175].filter((code) => offer.options.has(code))).toEqual([]);
      expect(decision.reply?.destination).toEqual({ kind: 'broadcast', port: 68, from: SERVER });
      expect(decision.mutations).toEqual([]);
      expect(decision.events).toMatchObject([{ type: 'dhcp.proxy-offer', file, mac: MAC }]);
      expect([...world.leases.all()]).toEqual([]);
    },
  );

  test('UEFI HTTP clients get 60 = HTTPClient and the URL, nothing of PXE', () => {
    const archFiles = new Map([[16, 'http://10.0.0.1/shimx64.efi']]);
    const offer = received(proxy(boot({ archFiles })).send(discover({ with: HTTP })));
    expect(offer).toMatchObject({ yiaddr: 0, file: 'http://10.0.0.1/shimx64.efi' });
    expect(readOption(offer.options, 'vendor-class-id')).toBe('HTTPClient');
    expect(readOption(offer.options, 'bootfile-name')).toBe('http://10.0.0.1/shimx64.efi');
    expect(offer.options.has(43)).toBe(false);
  });

  test('a Raspberry Pi is told "Raspberry Pi Boot", also where nothing is there for a PC to boot', () => {
    const offer = received(proxy(boot({ bootFile: '' })).send(sent('38')));
    expect(offer).toMatchObject({ yiaddr: 0, siaddr: SERVER, file: '' });
    expect(Buffer.from(offer.options.get(43)!).toString('latin1')).toContain('Raspberry Pi Boot');
    expect(readOption(offer.options, 'vendor-class-id')).toBe('PXEClient');
  });

  test('through a relay it goes to the relay, which is to broadcast it, with option 82 last', () => {
    const giaddr = ip('10.9.0.1');
    const decision = proxy().send(discover({ giaddr, raw: { 82: '0102 0007' } }), {
      source: { ip: giaddr, port: 67 },
      destination: SERVER,
    });
    expect(decision.reply?.destination).toEqual({ kind: 'unicast', ip: giaddr, port: 67, from: SERVER });
    const offer = received(decision);
    expect(offer).toMatchObject({ giaddr, flags: 0x8000, yiaddr: 0, siaddr: SERVER });
    expect([...offer.options.keys()].at(-1)).toBe(82);
  });

  test('another TFTP server is told where there is one', () => {
    const offer = received(proxy({ network: { nextServer: OTHER } }).send(discover()));
    expect(offer).toMatchObject({ siaddr: OTHER, sname: '10.0.0.2' });
    expect(readOption(offer.options, 'server-id')).toBe(SERVER);
  });
});

describe('silence', () => {
  test.each([
    { name: 'a system', packet: bareDiscover({ with: { 'host-name': 'laptop' } }), why: 'address-server' },
    {
      name: 'U-Boot, which would take 0.0.0.0 for its lease',
      packet: bareDiscover({ with: { 'vendor-class-id': 'U-Boot' } }),
      why: 'address-server',
    },
    { name: 'BOOTP', packet: message(), why: 'address-server' },
    { name: 'firmware without a file', packet: discover({ with: PXE_UEFI }), why: 'no-boot-file' },
    { name: 'a DISCOVER of our own', packet: discover({ mac: PROXY.mac }), why: 'own-host' },
    {
      name: 'the REQUEST for another server’s offer',
      packet: selecting(CLIENT, { with: { 'server-id': OTHER } }),
      why: 'address-server',
    },
    { name: 'a REQUEST that names us', packet: selecting(CLIENT), why: 'address-server' },
    {
      name: 'a renewal',
      packet: request({ ciaddr: CLIENT }),
      why: 'address-server',
    },
    {
      name: 'INIT-REBOOT in a wrong network',
      packet: request({ with: { 'requested-ip': ip('172.16.0.1') } }),
      why: 'address-server',
    },
    {
      name: 'DECLINE',
      packet: message({ with: { 'message-type': 4, 'requested-ip': CLIENT, 'server-id': SERVER } }),
      why: 'address-server',
    },
    {
      name: 'RELEASE',
      packet: message({ ciaddr: CLIENT, with: { 'message-type': 7, 'server-id': SERVER } }),
      why: 'address-server',
    },
    {
      name: 'INFORM of a system',
      packet: message({ ciaddr: CLIENT, with: { 'message-type': 8 } }),
      why: 'address-server',
    },
  ])('$name', ({ packet, why }) => {
    const authoritative = { settings: { authoritative: true, answerAll: true } };
    for (const world of [proxy(), ...(why === 'no-boot-file' ? [] : [proxy(authoritative)])]) {
      const decision = world.send(packet, packet.ciaddr === 0 ? {} : { destination: SERVER });
      expect(whyIgnored(decision)).toBe(why);
      expect(decision.mutations.filter(({ kind }) => kind !== 'machine')).toEqual([]);
    }
  });

  test('a machine whose REQUEST for the other server’s address was heard is known to boot here', () => {
    const world = proxy();
    world.send(discover());
    world.send(selecting(CLIENT, { with: { 'server-id': OTHER } }));
    expect(world.leases.machine(MAC)).toMatchObject({ mac: MAC, arch: 'x86PC' });
  });

  test('a rule can keep us silent', () => {
    const rules = [{ match: { mac: ['52:54:00'] }, says: { ignore: true } }];
    expect(whyIgnored(proxy({ settings: { rules } }).send(discover()))).toBe('rule-ignores');
  });
});

describe('port 4011', () => {
  const asking: Fields = { ciaddr: CLIENT, with: { ...PXE_UEFI } };
  const from = { port: 4011 as const, source: { ip: CLIENT, port: 4011 }, destination: SERVER };

  test('a proxy request, after an offer without option 43, gets the file at the sender’s own port', () => {
    const world = proxy({ files: UEFI_TREE });
    const decision = world.send(request(asking), from);
    const ack = received(decision);
    expect(ack).toMatchObject({ yiaddr: 0, ciaddr: CLIENT, siaddr: SERVER, file: 'syslinux.efi' });
    expect(readOption(ack.options, 'message-type')).toBe(MessageType.ACK);
    expect(ack.options.get(43)).toEqual(SKIP_DISCOVERY);
    expect(decision.reply?.destination).toEqual({ kind: 'unicast', ip: CLIENT, port: 4011, from: SERVER });
    expect(decision.events).toMatchObject([
      { type: 'dhcp.boot-server-ack', ip: CLIENT, file: 'syslinux.efi' },
    ]);
    expect(world.leases.machine(MAC)).toMatchObject({ arch: 'x86-64_EFI' });
  });

  test('an INFORM of a PXE client is answered, on either port', () => {
    const inform = message({ ...asking, with: { ...PXE_UEFI, 'message-type': MessageType.INFORM } });
    for (const port of [67, 4011] as const) {
      const decision = proxy({ files: UEFI_TREE }).send(inform, { ...from, port });
      expect(received(decision)).toMatchObject({ yiaddr: 0, file: 'syslinux.efi' });
      expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: CLIENT });
      expect(received(decision).options.has(51)).toBe(false);
    }
  });
});

test('handle() as proxy gives no address, refuses nobody and keeps no lease, whatever is asked', () => {
  const kinds = [{}, PXE_UEFI, IPXE, HTTP, { 'vendor-class-id': 'MSFT 5.0' }] as const;
  const address = fc.constantFrom(0, CLIENT, SERVER, ip('172.16.0.9'));
  const packets = fc.record({
    type: fc.integer({ min: 1, max: 13 }),
    kind: fc.constantFrom(...kinds),
    ciaddr: address,
    giaddr: fc.constantFrom(0, ip('10.9.0.1'), ip('10.0.0.9')),
    asked: fc.option(address, { nil: undefined }),
    server: fc.option(fc.constantFrom(SERVER, OTHER), { nil: undefined }),
    port: fc.constantFrom(67 as const, 4011 as const),
  });
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 20 }), (list) => {
      const world = proxy({ files: UEFI_TREE, settings: { authoritative: true, answerAll: true } });
      for (const { type, kind, ciaddr, giaddr, asked, server, port } of list) {
        const options = {
          ...kind,
          'message-type': type,
          ...(asked !== undefined && { 'requested-ip': asked }),
          ...(server !== undefined && { 'server-id': server }),
        };
        const decision = world.send(message({ ciaddr, giaddr, with: options }), { port });
        if (!decision.reply) continue;
        const reply = received(decision);
        expect([MessageType.OFFER, MessageType.ACK]).toContain(readOption(reply.options, 'message-type'));
        expect(reply.yiaddr).toBe(0);
        expect(reply.options.has(51)).toBe(false);
      }
      expect([...world.leases.all()]).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

describe('unknown-clients: deny', () => {
  const network = { denyUnknown: true };
  const asks: { name: string; packet: DhcpPacket; port?: 67 | 4011 }[] = [
    { name: 'a DISCOVER', packet: discover() },
    { name: 'an INFORM', packet: message({ ciaddr: CLIENT, with: { ...PXE_UEFI, 'message-type': 8 } }) },
    { name: 'a REQUEST for another server', packet: request({ with: PXE_UEFI }) },
    {
      name: 'a REQUEST on port 4011',
      packet: request({ ciaddr: CLIENT, with: PXE_UEFI }),
      port: 4011 as const,
    },
  ];

  test.each(asks)('a stranger gets no answer to $name, and is not remembered', ({ packet, port = 67 }) => {
    const world = proxy({ network, files: UEFI_TREE });
    expect(whyIgnored(world.send(packet, { port }))).toBe('unknown-denied');
    expect(world.leases.machine(MAC)).toBeUndefined();
  });

  test('a stranger gets none on port 4011 of the server that gives the addresses, either', () => {
    const world = createWorld({ network, files: UEFI_TREE });
    expect(whyIgnored(world.send(asks[3]!.packet, { port: 4011 }))).toBe('unknown-denied');
  });

  test('a machine with an entry is answered', () => {
    const world = proxy({ network, settings: { reservations: [{ mac: MAC }] } });
    expect(received(world.send(discover())).file).toBe('pxelinux.0');
  });
});
