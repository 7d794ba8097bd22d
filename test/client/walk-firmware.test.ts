import { describe, expect, test } from 'vitest';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import {
  type DhcpPacket,
  decode,
  MessageType,
  readOption,
  readPxe,
  writeOption,
  writePxe,
} from '../../src/dhcp-packet/index.ts';
import { type DriveOptions, drive, ROM } from './drive.ts';
import { CLIENT, createFakeServer, type FakeServer, SERVER } from './fake-server.ts';
import { efiProgram, linuxKernel } from './images.ts';

const GRUB_CONFIG = 'set timeout=3\nmenuentry Linux {\n  linux /vmlinuz quiet\n  initrd /initrd.img\n}\n';
const FILES = {
  'pxelinux.0': 'loader',
  'ldlinux.c32': '\x7fELF',
  'ldlinux.e64': '\x7fELF',
  'pxelinux.cfg/default': 'DEFAULT linux\nLABEL linux\n KERNEL vmlinuz\n INITRD initrd.img\n',
  '/grub/grub.cfg': GRUB_CONFIG,
  'undionly.kpxe': 'iPXE itself',
  'boot.ipxe': '#!ipxe\nkernel vmlinuz quiet\ninitrd initrd.img\nboot\n',
  vmlinuz: linuxKernel(),
  '/vmlinuz': linuxKernel(),
  'initrd.img': 'initrd',
  '/initrd.img': 'initrd',
  'grubx64.efi': efiProgram(0x8664, 'Welcome to GRUB'),
  'bootx64.efi': efiProgram(0x8664, 'UEFI SHIM'),
  'syslinux.efi': efiProgram(),
  'snponly.efi': efiProgram(0x8664, 'iPXE'),
};

const UEFI: RomIdentity = { ...ROM, firmware: 'uefi', arch: 7 };
const IPXE: RomIdentity = { ...ROM, firmware: 'ipxe' };
const HTTP: RomIdentity = { ...ROM, firmware: 'http', arch: 16 };

const names = (file: string) => (packet: DhcpPacket) => ({ ...packet, file });

function boot(rom: RomIdentity, server: Partial<FakeServer>, options: DriveOptions = {}) {
  const fake = createFakeServer({ files: FILES, ...server });
  const driven = drive(fake.answer, rom, options);
  return { ...driven, asked: fake.asked, released: fake.released, last: driven.verdict.steps.at(-1) };
}

const withPxe10 = (packet: DhcpPacket) => {
  writePxe(packet.options, { values: { discoveryControl: 8 } });
  return packet;
};

describe('createWalk() as UEFI', () => {
  const reply = (file: string) => (packet: DhcpPacket) => withPxe10({ ...packet, file });

  test('loads GRUB, its configuration, kernel and initrd', () => {
    const { verdict, asked } = boot(UEFI, { reply: reply('grubx64.efi') });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: '/grub/grub.cfg' });
    expect(asked.slice(0, 2)).toEqual(['grubx64.efi', '/grub/grub.cfg-01-52-54-00-77-00-01']);
    expect(asked.slice(-3)).toEqual(['/grub/grub.cfg', '/vmlinuz', '/initrd.img']);
  });

  test('finds GRUB beside shim, whatever shim is called', () => {
    const { verdict, asked } = boot(UEFI, { reply: reply('bootx64.efi') });
    expect(asked.slice(0, 2)).toEqual(['bootx64.efi', 'grubx64.efi']);
    expect(verdict.steps.map(({ step }) => step)).toContain('second-stage');
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test('names the second stage that is missing beside shim', () => {
    const { 'grubx64.efi': _, ...files } = FILES;
    const { last } = boot(UEFI, { files, reply: reply('bootx64.efi') });
    expect(last).toMatchObject({ step: 'second-stage', ok: false, why: 'not-found' });
  });

  test('loads syslinux.efi’s own core module', () => {
    const { verdict, asked } = boot(UEFI, { reply: reply('syslinux.efi') });
    expect(asked[1]).toBe('ldlinux.e64');
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: 'pxelinux.cfg/default' });
  });

  test('names a BIOS loader as the wrong one', () => {
    const { last } = boot(UEFI, { reply: reply('pxelinux.0') });
    expect(last).toMatchObject({ step: 'boot-file', ok: false, why: 'wrong-arch' });
  });

  test('names a loader for another processor as the wrong one', () => {
    const { last } = boot({ ...UEFI, arch: 11 }, { reply: reply('grubx64.efi') });
    expect(last).toMatchObject({ why: 'wrong-arch', detail: expect.stringContaining('x64') });
  });

  test('looks for GRUB’s file with the UUID when option 97 came back, and only then', () => {
    const uuid = 'grub.cfg-b01a07b0-0201-4344-8506-0708090a0b0c';
    const plain = boot(UEFI, { reply: reply('grubx64.efi') });
    expect(plain.asked.filter((name) => name.includes(uuid))).toEqual([]);
    const echo = (packet: DhcpPacket) => {
      writeOption(packet.options, 'client-uuid', { type: 0, bytes: UEFI.uuid });
      return reply('grubx64.efi')(packet);
    };
    expect(boot(UEFI, { reply: echo }).asked[1]).toBe(`/grub/${uuid}`);
  });

  test('asks port 4011 from port 4011 when the offer says PXEClient without option 43', () => {
    const ports: number[] = [];
    const { verdict, steps } = boot(UEFI, {
      reply: names('grubx64.efi'),
      bootServer(reply, request) {
        expect(request.ciaddr).toBe(CLIENT);
        expect(request.options.has(50)).toBe(false);
        ports.push(4011);
        return { ...reply, yiaddr: 0, file: 'grubx64.efi' };
      },
    });
    expect(ports).toEqual([4011]);
    expect(steps[2]).toMatchObject({
      step: 'boot-server',
      ok: true,
      detail: expect.stringContaining('grubx64.efi'),
    });
    expect(verdict.ok).toBe(true);
  });

  test('names port 4011 that is silent, and port 4011 that is closed', () => {
    expect(boot(UEFI, { reply: names('grubx64.efi') }).last).toMatchObject({
      step: 'boot-server',
      why: 'no-boot-server',
    });
    const refuses = ({ destinationPort }: { destinationPort: number }) =>
      destinationPort === 4011 ? 3 : undefined;
    const closed = boot(UEFI, { reply: names('grubx64.efi') }, { refuses });
    expect(closed.last).toMatchObject({ step: 'boot-server', why: 'boot-server-closed' });
  });

  test('is iPXE after snponly.efi: looks for autoexec.ipxe, then asks by DHCP once more', () => {
    const stages: (string | undefined)[] = [];
    const { asked, verdict } = boot(UEFI, {
      reply(packet, type) {
        const file = stages.length < 2 ? 'snponly.efi' : 'boot.ipxe';
        stages.push(type === MessageType.OFFER ? 'offer' : 'ack');
        return withPxe10({ ...packet, file });
      },
    });
    expect(asked.slice(0, 3)).toEqual(['snponly.efi', 'autoexec.ipxe', 'boot.ipxe']);
    expect(stages).toEqual(['offer', 'ack', 'offer', 'ack']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });
});

describe('createWalk() as BIOS', () => {
  test('names an EFI loader as the wrong one', () => {
    const { last } = boot(ROM, { reply: names('grubx64.efi') });
    expect(last).toMatchObject({ step: 'boot-file', why: 'wrong-arch' });
  });

  test('asks for the first line of a menu, and names it', () => {
    const { verdict, steps } = boot(ROM, {
      reply(packet) {
        const values = { bootMenu: [{ type: 9, text: 'Linux' }], menuPrompt: { timeout: 3, text: 'p' } };
        writePxe(packet.options, { values });
        return { ...packet, file: '' };
      },
      bootServer(reply, request) {
        expect(readPxe(request.options)?.values.bootItem).toEqual({ type: 9, layer: 0 });
        return { ...reply, file: 'pxelinux.0' };
      },
    });
    expect(steps[2]).toMatchObject({ step: 'boot-server', asked: expect.stringContaining('"Linux"') });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test('names the TFTP port that is closed, and who forbids it', () => {
    const refuse = (code: number): DriveOptions => ({
      refuses: ({ destinationPort }) => (destinationPort === 69 ? code : undefined),
    });
    expect(boot(ROM, {}, refuse(3)).last).toMatchObject({ step: 'boot-file', why: 'tftp-closed' });
    expect(boot(ROM, {}, refuse(13)).last).toMatchObject({ step: 'boot-file', why: 'tftp-forbidden' });
  });

  test('names a kernel that is cut off by what its header says', () => {
    const { last } = boot(ROM, { files: { ...FILES, vmlinuz: linuxKernel().subarray(0, 3000) } });
    expect(last).toMatchObject({ step: 'kernel', ok: false, why: 'truncated' });
  });

  test('names files that are empty', () => {
    expect(boot(ROM, { files: { ...FILES, 'pxelinux.0': '' } }).last).toMatchObject({
      step: 'boot-file',
      why: 'empty',
    });
    expect(boot(ROM, { files: { ...FILES, 'initrd.img': '' } }).last).toMatchObject({
      step: 'initrd',
      why: 'empty',
    });
  });
});

describe('createWalk() as iPXE', () => {
  test('says that it is iPXE and runs the script it is sent to', () => {
    const { verdict, steps } = boot(IPXE, {
      reply(packet) {
        return { ...packet, file: 'boot.ipxe' };
      },
    });
    expect(steps.map(({ step }) => step)).toEqual(['discover', 'request', 'boot-file', 'kernel', 'initrd']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: 'boot.ipxe' });
  });

  test('loads by HTTP what its script has there', () => {
    const web = {
      'http://10.0.0.1/boot.ipxe': '#!ipxe\nkernel k\ninitrd i\nboot\n',
      'http://10.0.0.1/k': linuxKernel(),
      'http://10.0.0.1/i': 'initrd',
    };
    const { verdict } = boot(IPXE, { reply: names('http://10.0.0.1/boot.ipxe') }, { web });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
    expect(verdict.steps.at(-2)).toMatchObject({ step: 'kernel', asked: 'HTTP GET http://10.0.0.1/k' });
  });

  test('is not sent round: iPXE for iPXE is named', () => {
    const { last } = boot(IPXE, { reply: names('undionly.kpxe') });
    expect(last).toMatchObject({ step: 'config', ok: false, why: 'ipxe-loop' });
  });

  test('chains a loader, which then goes its own way', () => {
    const files = { ...FILES, 'boot.ipxe': '#!ipxe\nchain pxelinux.0\n' };
    const { verdict } = boot(IPXE, { files, reply: names('boot.ipxe') });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: 'pxelinux.cfg/default' });
  });
});

describe('createWalk() as UEFI HTTP', () => {
  const URL = 'http://192.168.77.1/grubx64.efi';
  const reply = (packet: DhcpPacket) => {
    writeOption(packet.options, 'vendor-class-id', 'HTTPClient');
    return { ...packet, file: URL };
  };
  const web = {
    [URL]: FILES['grubx64.efi'],
    'http://192.168.77.1/grub/grub.cfg': GRUB_CONFIG,
    'http://192.168.77.1/vmlinuz': FILES.vmlinuz,
    'http://192.168.77.1/initrd.img': 'initrd',
  };

  test('asks how long the loader is, loads it, and everything by HTTP', () => {
    const { verdict } = boot(HTTP, { reply }, { web });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: 'http://192.168.77.1/grub/grub.cfg' });
  });

  test.each([
    [404, 'not-found'],
    [500, 'http-error'],
  ])('names a loader that is answered with %i', (status, why) => {
    expect(boot(HTTP, { reply }, { web: { ...web, [URL]: status } }).last).toMatchObject({
      step: 'boot-file',
      why,
    });
  });

  test('names the kernel that is not on the web server', () => {
    const { 'http://192.168.77.1/vmlinuz': _, ...rest } = web;
    expect(boot(HTTP, { reply }, { web: rest }).last).toMatchObject({ step: 'kernel', why: 'not-found' });
  });

  test('takes no offer that does not say HTTPClient', () => {
    expect(boot(HTTP, { reply: names(URL) }, { web }).last).toMatchObject({
      step: 'discover',
      why: 'no-http-offer',
    });
  });
});

describe('createWalk() as BOOTP', () => {
  const BOOTP: RomIdentity = { ...ROM, firmware: 'bootp' };

  test('gets address and boot file in one answer', () => {
    const { verdict, steps } = boot(BOOTP, {});
    expect(steps[0]).toMatchObject({ step: 'request', asked: expect.stringContaining('BOOTREQUEST') });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', lease: { ip: CLIENT, dhcpServer: SERVER } });
  });

  test('names the silence', () => {
    expect(drive(() => [], BOOTP).verdict.steps).toMatchObject([
      { step: 'request', ok: false, why: 'no-reply' },
    ]);
  });
});

describe('createWalk() that gives back', () => {
  const manners = { release: true };

  test('releases its address at the end, to the server that gave it', () => {
    const { released, last, verdict } = boot(ROM, {}, { manners });
    expect(released).toEqual(['192.168.77.57']);
    expect(last).toMatchObject({ step: 'release', ok: true });
    expect(verdict.ok).toBe(true);
  });

  test('releases it after a failure, too, and keeps the failure', () => {
    const { released, verdict } = boot(ROM, { files: {} }, { manners });
    expect(released).toHaveLength(1);
    expect(verdict).toMatchObject({ ok: false, ended: 'failed' });
  });

  test('releases nothing that it did not get', () => {
    expect(boot(ROM, { reply: () => undefined }, { manners }).released).toEqual([]);
  });

  test('releases both addresses when iPXE got another one', () => {
    let asked = 0;
    const { released } = boot(
      ROM,
      {
        reply(packet) {
          const second = asked++ >= 2;
          return {
            ...packet,
            file: second ? 'boot.ipxe' : 'undionly.kpxe',
            yiaddr: CLIENT + (second ? 1 : 0),
          };
        },
      },
      { manners },
    );
    expect(released).toEqual(['192.168.77.57', '192.168.77.58']);
  });
});

test('createWalk() behind a relay asks by unicast, with the relay’s address, and hears at port 67', () => {
  const via = 0x0a00_0001;
  const rom: RomIdentity = { ...ROM, via, server: SERVER };
  const fake = createFakeServer({ files: FILES });
  const sent: { to: number; from: number; port: number }[] = [];
  const { verdict } = drive((transmit) => {
    if (transmit.destinationPort === 67) {
      sent.push({ to: transmit.destination, from: transmit.sourcePort, port: transmit.bytes[24]! });
    }
    return fake.answer(transmit);
  }, rom);
  expect(verdict.ok).toBe(true);
  // giaddr begins at octet 24.
  expect(sent).toEqual([
    { to: SERVER, from: 67, port: 10 },
    { to: SERVER, from: 67, port: 10 },
  ]);
});

test('createWalk() behind a relay names the closed port of a server that does no DHCP', () => {
  const rom: RomIdentity = { ...ROM, via: 0x0a00_0001, server: SERVER };
  const refuses = ({ destinationPort }: { destinationPort: number }) =>
    destinationPort === 67 ? 3 : undefined;
  for (const firmware of ['bios', 'bootp'] as const) {
    const { verdict } = drive(() => [], { ...rom, firmware }, { refuses });
    expect(verdict.steps).toMatchObject([{ ok: false, why: 'dhcp-closed' }]);
  }
});

test('createWalk() remarks that it had to wait for another offer', () => {
  const noted = (reply: NonNullable<FakeServer['reply']>) => boot(ROM, { reply }).steps[0]?.notes;
  expect(noted((packet) => packet)).toBeUndefined();
  expect(
    noted((packet) => {
      packet.options.delete(60);
      return packet;
    }),
  ).toEqual([expect.stringContaining('waits 3 s')]);
});

test('createWalk() says what each kind of firmware says', () => {
  const said = (rom: RomIdentity) => {
    const words: string[] = [];
    const fake = createFakeServer({
      files: {},
      reply(packet) {
        return packet;
      },
    });
    drive((transmit) => {
      if (transmit.destinationPort === 67) words.push(vendorOf(transmit.bytes));
      return fake.answer(transmit);
    }, rom);
    return words[0];
  };
  expect(said(ROM)).toBe('PXEClient:Arch:00000:UNDI:002001');
  expect(said(UEFI)).toBe('PXEClient:Arch:00007:UNDI:003000');
  expect(said(HTTP)).toBe('HTTPClient:Arch:00016:UNDI:003000');
});

function vendorOf(bytes: Uint8Array): string {
  const decoded = decode(bytes);
  return decoded.ok ? (readOption(decoded.value.packet.options, 'vendor-class-id') ?? '') : '';
}
