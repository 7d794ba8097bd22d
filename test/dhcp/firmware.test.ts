import { describe, expect, test } from 'vitest';
import { archCode } from '../../src/boot/arch-table.ts';
import type { BootSettings } from '../../src/boot/settings.ts';
import {
  type DhcpPacket,
  decode,
  encodeReport,
  MessageType,
  readOption,
} from '../../src/dhcp-packet/index.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import { golden } from '../golden/load.ts';
import {
  bareDiscover,
  createWorld,
  discover,
  type Fields,
  IPXE,
  ip,
  message,
  PXE_UEFI,
  received,
  request,
  SERVER,
  selecting,
  whyIgnored,
} from './world.ts';

const SKIP_DISCOVERY = new Uint8Array([6, 1, 8, 255]);
const UEFI_TREE = ['pxelinux.0', 'syslinux.efi', 'ldlinux.e64'];

/** As Windows 10's DHCP client asks. */
const WINDOWS: Fields = {
  with: {
    'vendor-class-id': 'MSFT 5.0',
    'host-name': 'DESKTOP-1',
    'parameter-request-list': [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252],
  },
};

function boot(fields: Partial<BootSettings> = {}) {
  return { settings: { boot: { bootFile: 'pxelinux.0', archFiles: new Map<number, string>(), ...fields } } };
}

/** What every PXE client must find in an OFFER to boot at once (the answer table of what firmware was seen to do). */
function expectBootsAtOnce(offer: DhcpPacket, file: string): void {
  expect(offer).toMatchObject({ file, siaddr: SERVER, sname: '10.0.0.1' });
  expect(readOption(offer.options, 'bootfile-name')).toBe(file);
  expect(offer.options.get(67)?.at(-1)).toBe(0);
  expect(readOption(offer.options, 'tftp-server-name')).toBe('10.0.0.1');
  expect(readOption(offer.options, 'server-id')).toBe(SERVER);
  expect(readOption(offer.options, 'vendor-class-id')).toBe('PXEClient');
  expect(offer.options.get(43)).toEqual(SKIP_DISCOVERY);
}

describe('the answer table', () => {
  test.each([
    { name: 'BIOS ROM', with: {}, file: 'pxelinux.0', files: ['pxelinux.0'] },
    { name: 'UEFI x64 (7)', with: PXE_UEFI, file: 'syslinux.efi', files: UEFI_TREE },
    {
      name: 'UEFI x64 of the old number (9)',
      with: { ...PXE_UEFI, 'client-arch': [9] },
      file: 'syslinux.efi',
      files: UEFI_TREE,
    },
    {
      name: 'iPXE with a script in the root',
      with: IPXE,
      file: 'boot.ipxe',
      files: ['pxelinux.0', 'boot.ipxe'],
    },
    { name: 'iPXE without one', with: IPXE, file: 'pxelinux.0', files: ['pxelinux.0'] },
  ])(
    '$name: OFFER and ACK carry file, 67, siaddr, 66, 54, 60 and 43.6 = 8',
    ({ with: options, file, files }) => {
      const world = createWorld({ files });
      const offer = received(world.send(discover({ with: options })));
      expectBootsAtOnce(offer, file);
      expectBootsAtOnce(received(world.send(selecting(offer.yiaddr, { with: options }))), file);
    },
  );

  test('the offer’s event says which rule chose the file', () => {
    const { events } = createWorld({ files: UEFI_TREE }).send(discover({ with: PXE_UEFI }));
    expect(events).toMatchObject([
      { type: 'dhcp.offer', file: 'syslinux.efi', reason: 'x86-64_EFI: first loader found in the root' },
    ]);
  });

  test('iPXE is told not to wait for a proxy, other clients are not sent option 175', () => {
    const ipxe = received(createWorld().send(discover({ with: IPXE })));
    expect(ipxe.options.get(175)).toEqual(new Uint8Array([0xb0, 1, 1, 255]));
    expect(received(createWorld().send(discover())).options.has(175)).toBe(false);
  });

  test('UEFI HTTP clients get 60 = HTTPClient and the URL in 67 and file, nothing of PXE', () => {
    const http = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
    const archFiles = new Map([[16, 'http://${next-server}/shimx64.efi']]);
    const decision = createWorld(boot({ archFiles })).send(discover({ with: http }));
    const offer = received(decision);
    expect(decision.events).toMatchObject([{ type: 'dhcp.offer', file: 'http://10.0.0.1/shimx64.efi' }]);
    expect(readOption(offer.options, 'vendor-class-id')).toBe('HTTPClient');
    expect(readOption(offer.options, 'bootfile-name')).toBe('http://10.0.0.1/shimx64.efi');
    expect(offer.file).toBe('http://10.0.0.1/shimx64.efi');
    expect([43, 66, 175].filter((code) => offer.options.has(code))).toEqual([]);
  });

  test('an HTTP client is not given a path, nor a PXE client an HTTP client’s answer', () => {
    const http = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };
    const path = createWorld(boot({ archFiles: new Map([[16, 'shimx64.efi']]) }));
    expect(whyIgnored(path.send(discover({ with: http })))).toBe('no-boot-file');
  });

  test('golden 15 (OVMF’s HTTP boot) is answered as golden 16: 60, URL, name server, no PXE', () => {
    const discovered = decode(golden('15').bytes);
    const want = decode(golden('16').bytes);
    if (!discovered.ok || !want.ok) throw new Error('unreadable');
    const world = createWorld({
      ...boot({ httpUrl: 'http://10.0.0.1/boot/' }),
      network: { dns: [SERVER] },
      files: ['efi/shimx64.efi', 'efi/grubx64.efi'],
    });
    const { packet } = discovered.value;
    const offer = received(world.send(packet));
    const { options } = want.value.packet;
    for (const key of ['vendor-class-id', 'bootfile-name', 'dns-servers', 'server-id'] as const) {
      expect(readOption(offer.options, key)).toEqual(readOption(options, key));
    }
    expect(offer.file).toBe('http://10.0.0.1/boot/efi/shimx64.efi');
    expect([43, 66, 175].filter((code) => offer.options.has(code))).toEqual([]);
    const asHttp = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003001', 'client-arch': [16] };
    const ack = received(world.send(selecting(offer.yiaddr, { with: asHttp })));
    for (const code of [60, 67, 6, 54]) expect(ack.options.get(code)).toEqual(offer.options.get(code));
  });

  test('a URL too long for the header is in option 67 alone, whole; one too long for that is left out and told', () => {
    const http = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };
    const urlOf = (length: number) => `http://10.0.0.1/${'x'.repeat(length - 20)}.efi`;
    const answerTo = (length: number) => {
      const world = createWorld(boot({ archFiles: new Map([[16, urlOf(length)]]) }));
      return world.send(discover({ with: { ...http, 'max-message-size': 1472 } })).reply!;
    };
    const long = encodeReport(answerTo(254).packet, answerTo(254).limits);
    expect(long.dropped).toEqual([]);
    expect(answerTo(254).packet.file).toBe('');
    expect(readOption(answerTo(254).packet.options, 'bootfile-name')).toBe(urlOf(254));
    const longer = encodeReport(answerTo(255).packet, answerTo(255).limits);
    expect(longer.dropped).toEqual([{ code: 67, reason: 'too-long' }]);
  });

  test.each([
    { name: 'bootmgfw’s firmware stage, UEFI', fields: { with: PXE_UEFI }, want: 'answered' },
    { name: 'Windows PE and Windows', fields: WINDOWS, want: 'not-netboot' },
  ])('Windows: $name: $want', ({ fields, want }) => {
    const world = createWorld({ files: UEFI_TREE });
    expect(whyIgnored(world.send(bareDiscover({ mac: '52:54:00:77:00:01', ...fields })))).toBe(want);
  });

  test('Windows: the system of a machine that booted here keeps its address and is told no boot file', () => {
    const world = createWorld({ files: UEFI_TREE });
    const { yiaddr } = received(world.send(discover({ with: PXE_UEFI })));
    received(world.send(selecting(yiaddr, { with: PXE_UEFI })));
    const offer = received(world.send(bareDiscover(WINDOWS)));
    expect(offer).toMatchObject({ yiaddr, file: '' });
    expect([43, 60, 66, 67].filter((code) => offer.options.has(code))).toEqual([]);
  });

  test('Windows: what WDS’s loaders ask on port 4011 (private option 250) is answered like any boot server request', () => {
    const world = createWorld({ files: UEFI_TREE });
    const wds = request({
      ciaddr: ip('10.0.0.77'),
      with: { ...PXE_UEFI },
      raw: { 250: '0c010101020200030e01010d' },
    });
    const ack = received(world.send(wds, { port: 4011, source: { ip: ip('10.0.0.77'), port: 4011 } }));
    expect(ack).toMatchObject({ ciaddr: ip('10.0.0.77'), file: 'syslinux.efi' });
    expect(ack.options.has(250)).toBe(false);
  });

  test('firmware without a boot file gets no answer at all: OVMF ignores it, iPXE gives up', () => {
    expect(whyIgnored(createWorld().send(discover({ with: PXE_UEFI })))).toBe('no-boot-file');
  });

  test('a Raspberry Pi is told "Raspberry Pi Boot", in the octets its ROM knows', () => {
    const decoded = decode(golden('38').bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const offer = received(createWorld().send(decoded.value.packet));
    expect(offer.options.get(43)).toEqual(
      fromHex('060103 0a0400505845 0914000011 5261737062657272792050692042 6f6f74 ff'),
    );
    expect(readOption(offer.options, 'vendor-class-id')).toBe('PXEClient');
    expect(offer.options.get(97)).toEqual(decoded.value.packet.options.get(97));
  });

  test('a Raspberry Pi 4 leaves option 60 out of its REQUEST (rpi-eeprom#82): the ACK is as the OFFER all the same', () => {
    const decoded = decode(golden('38').bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const { chaddr, options } = decoded.value.packet;
    const world = createWorld();
    const offer = received(world.send(decoded.value.packet));
    const take = request({ with: { 'server-id': SERVER, 'requested-ip': offer.yiaddr } });
    take.chaddr.set(chaddr);
    for (const code of [55, 93, 97]) take.options.set(code, options.get(code)!);
    const ack = received(world.send(take));
    for (const code of [43, 54, 60, 66, 67, 97])
      expect(ack.options.get(code)).toEqual(offer.options.get(code));
    expect(ack).toMatchObject({ yiaddr: offer.yiaddr, siaddr: SERVER, file: offer.file });
  });
});

describe('single clients', () => {
  test('OVMF: 57 = 65280 in REQUEST does not make the ACK larger than the link', () => {
    const world = createWorld({ files: UEFI_TREE });
    const { yiaddr } = received(world.send(discover({ with: PXE_UEFI, flags: 0x8000 })));
    const { reply } = world.send(selecting(yiaddr, { with: { ...PXE_UEFI, 'max-message-size': 65_280 } }));
    expect(reply?.limits.maxSize).toBe(1472);
    expect(reply?.limits.mayOverload).toBe(false);
  });

  test('OVMF’s second, plain exchange for syslinux.efi (xid+3, 53, 57, 55 = 1,3,6): same address', () => {
    const world = createWorld({ files: UEFI_TREE });
    const { yiaddr } = received(world.send(discover({ with: PXE_UEFI, xid: 100 })));
    world.send(selecting(yiaddr, { with: PXE_UEFI, xid: 100 }));
    const plain = {
      'message-type': MessageType.DISCOVER,
      'max-message-size': 1472,
      'parameter-request-list': [1, 3, 6],
    };
    const offer = received(world.send(message({ xid: 103, with: plain })));
    expect(offer.yiaddr).toBe(yiaddr);
    const take = { 'server-id': SERVER, 'requested-ip': yiaddr, 'parameter-request-list': [1, 3, 6] };
    expect(received(world.send(request({ xid: 103, with: take }))).yiaddr).toBe(yiaddr);
  });

  test('GRUB: option 53 alone, secs 59655, after its machine booted here', () => {
    const world = createWorld();
    const { yiaddr } = received(world.send(discover()));
    world.send(selecting(yiaddr));
    const offer = received(world.send(bareDiscover({ secs: 59_655 })));
    expect(offer.yiaddr).toBe(yiaddr);
    expect(offer.siaddr).toBe(SERVER);
    expect([1, 3, 54].every((code) => offer.options.has(code))).toBe(true);
  });

  test('U-Boot: file filled in, a new xid per retry, REQUEST with the first', () => {
    const world = createWorld({ files: ['pxelinux.0', 'bzImage'] });
    const uboot: Fields = {
      file: 'bzImage',
      with: { 'vendor-class-id': 'U-Boot', 'message-type': MessageType.DISCOVER },
    };
    const offers = [1, 2, 3].map((xid) => received(world.send(message({ ...uboot, xid }))));
    expect(new Set(offers.map(({ yiaddr }) => yiaddr)).size).toBe(1);
    expect(offers[0]?.file).toBe('bzImage');
    const take = { 'server-id': SERVER, 'requested-ip': offers[0]!.yiaddr, 'vendor-class-id': 'U-Boot' };
    expect(received(world.send(request({ xid: 1, with: take }))).xid).toBe(1);
    expect(received(createWorld().send(message(uboot))).file).toBe('pxelinux.0');
  });

  test('nmap’s DISCOVER asks for 64 options', () => {
    const world = createWorld({ settings: { answerAll: true } });
    const list = Array.from({ length: 64 }, (_, i) => (i === 63 ? 252 : i + 1));
    const offer = received(world.send(bareDiscover({ with: { 'parameter-request-list': list } })));
    expect(readOption(offer.options, 'broadcast')).toBe(ip('10.0.0.255'));
  });

  test('55 with 0, 255 and duplicates is taken as it is meant', () => {
    const list = [0, 1, 1, 255, 28, 28];
    const offer = received(createWorld().send(discover({ with: { 'parameter-request-list': list } })));
    expect([...offer.options.keys()].filter((code) => code === 28)).toEqual([28]);
  });

  test('an iPXE built without HTTP is sent to a script it can load', () => {
    const world = createWorld({
      ...boot({ ipxeFile: 'http://10.0.0.1/boot.ipxe' }),
      files: ['pxelinux.0', 'boot.ipxe'],
    });
    const tftpOnly = { with: IPXE, raw: { 175: '150101 170101' } };
    const withHttp = { with: IPXE, raw: { 175: '150101 130101' } };
    expect(received(world.send(discover(tftpOnly))).file).toBe('boot.ipxe');
    expect(received(world.send(discover(withHttp))).file).toBe('http://10.0.0.1/boot.ipxe');
  });
});

describe('golden requests', () => {
  function sent(name: string): DhcpPacket {
    const decoded = decode(golden(name).bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    return decoded.value.packet;
  }
  const hourly = {
    leaseSeconds: 3600,
    dns: [ip('10.0.0.1'), ip('10.0.0.2')],
    ranges: [{ first: ip('10.0.0.130'), last: ip('10.0.0.130') }],
  };

  test('01 and 03 get what 02 and 04 say', () => {
    const world = createWorld({ network: hourly });
    for (const [asked, told] of [
      ['01', '02'],
      ['03', '04'],
    ] as const) {
      const reply = received(world.send(sent(asked)));
      const expected = sent(told);
      expect(reply).toMatchObject({
        op: expected.op,
        xid: expected.xid,
        yiaddr: expected.yiaddr,
        ciaddr: expected.ciaddr,
        giaddr: expected.giaddr,
      });
      for (const [code, body] of expected.options) {
        expect([code, reply.options.get(code)]).toEqual([code, body]);
      }
    }
    const offer = received(world.send(sent('01')));
    expect(offer).toMatchObject({ siaddr: SERVER, file: 'pxelinux.0' });
  });

  test('06 renews, 09 gives back, 08 declines', () => {
    const world = createWorld({ network: hourly });
    world.send(sent('01'));
    world.send(sent('03'));
    expect(received(world.send(sent('06'), { destination: SERVER })).yiaddr).toBe(ip('10.0.0.130'));
    world.send(sent('08'));
    expect(world.leases.byIp(ip('10.0.0.130'))?.state).toBe('abandoned');
    const other = createWorld({ network: hourly });
    other.send(sent('01'));
    other.send(sent('03'));
    other.send(sent('09'), { destination: SERVER });
    expect(other.leases.byIp(ip('10.0.0.130'))?.state).toBe('released');
  });

  test('07, INIT-REBOOT in a wrong network: NAK to a known machine, silence to an unknown one', () => {
    const world = createWorld({ network: hourly });
    expect(createWorld({ network: hourly }).send(sent('07')).reply).toBeUndefined();
    world.send(sent('01'));
    world.send(sent('03'));
    expect(readOption(received(world.send(sent('07'))).options, 'message-type')).toBe(6);
  });

  test('10, INFORM, gets 11’s shape: no address, no lease', () => {
    const world = createWorld({ settings: { answerAll: true } });
    const ack = received(world.send(sent('10'), { source: { ip: ip('10.0.0.50'), port: 68 } }));
    const expected = sent('11');
    expect(ack).toMatchObject({ yiaddr: expected.yiaddr, ciaddr: expected.ciaddr });
    expect(ack.options.has(51)).toBe(false);
  });

  test('13 on port 4011 gets 14’s boot item', () => {
    const ack = received(
      createWorld({ files: ['pxelinux.0', 'syslinux.efi', 'ldlinux.e64'] }).send(sent('13'), {
        port: 4011,
        source: { ip: ip('10.0.0.130'), port: 4011 },
        destination: SERVER,
      }),
    );
    const expected = sent('14');
    expect(ack.yiaddr).toBe(expected.yiaddr);
    expect(ack.options.get(43)).toEqual(expected.options.get(43));
    expect(readOption(ack.options, 'message-type')).toBe(5);
  });

  test('15, UEFI HTTP, gets 16’s URL', () => {
    const archFiles = new Map([[archCode('x86-64_HTTP')!, 'http://10.0.0.1/boot/efi/shimx64.efi']]);
    const offer = received(createWorld(boot({ archFiles })).send(sent('15')));
    const expected = sent('16');
    // Ours ends in a NUL, as every 67: there are clients that read past an open end.
    for (const key of ['vendor-class-id', 'bootfile-name'] as const) {
      expect(readOption(offer.options, key)).toBe(readOption(expected.options, key));
    }
  });

  test('17, iPXE behind a relay, gets 18: 82 back and last, 54 overridden, a script, no proxy wait', () => {
    const network = {
      subnet: { network: ip('10.9.0.0'), length: 24 },
      ranges: [{ first: ip('10.9.0.77'), last: ip('10.9.0.77') }],
    };
    const ipxe = boot({ ipxeFile: 'http://10.0.0.1/boot.ipxe' });
    const decision = createWorld({ ...ipxe, network }).send(sent('17'), {
      source: { ip: ip('10.9.0.1'), port: 67 },
      destination: SERVER,
    });
    const offer = received(decision);
    const expected = sent('18');
    expect(offer.yiaddr).toBe(expected.yiaddr);
    expect(readOption(offer.options, 'bootfile-name')).toBe(readOption(expected.options, 'bootfile-name'));
    // Closed by its own end mark, which iPXE was seen to take.
    expect(offer.options.get(175)).toEqual(fromHex('b00101ff'));
    for (const code of [54, 82])
      expect([code, offer.options.get(code)]).toEqual([code, expected.options.get(code)]);
    expect([...offer.options.keys()].at(-1)).toBe(82);
  });
});
