import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Received } from '../../src/client/exchange.ts';
import {
  type DhcpPacket,
  decode,
  MessageType,
  readOption,
  writeOption,
} from '../../src/dhcp-packet/index.ts';
import { latin1Encode } from '../../src/lib/bytes.ts';
import { drive, ROM } from './drive.ts';
import { CLIENT, createFakeServer, type FakeServer, SERVER } from './fake-server.ts';

const LINUX = 'DEFAULT linux\nLABEL linux\n KERNEL vmlinuz\n APPEND initrd=initrd.img console=ttyS0\n';
const FILES = {
  'pxelinux.0': 'loader',
  'ldlinux.c32': '\x7fELF',
  'pxelinux.cfg/default': 'DEFAULT local\nLABEL local\n LOCALBOOT 0\n',
  vmlinuz: new Uint8Array(5000).fill(7),
  'initrd.img': 'initrd',
};

function boot(files: FakeServer['files'], reply?: FakeServer['reply']) {
  const server = createFakeServer({ files, ...(reply && { reply }) });
  return { ...drive(server.answer), asked: server.asked };
}

/** 0 to 99, evenly (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % 100;
  };
}

describe('createWalk()', () => {
  test('boots locally when only the default configuration is there, after every name before it', () => {
    const { verdict, steps, asked } = boot(FILES);
    expect(asked).toEqual([
      'pxelinux.0',
      'ldlinux.c32',
      'pxelinux.cfg/b01a07b0-0201-4344-8506-0708090a0b0c',
      'pxelinux.cfg/01-52-54-00-77-00-01',
      ...['C0A84D39', 'C0A84D3', 'C0A84D', 'C0A84', 'C0A8', 'C0A', 'C0', 'C', 'default'].map(
        (name) => `pxelinux.cfg/${name}`,
      ),
    ]);
    expect(verdict).toMatchObject({ ok: true, ended: 'local-boot', config: 'pxelinux.cfg/default' });
    expect(verdict.lease).toMatchObject({ ip: CLIENT, prefixLength: 24, leaseSeconds: 43_200 });
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual([
      ['discover', true],
      ['request', true],
      ['boot-file', true],
      ['loader-module', true],
      ['config', true],
      ['local-boot', true],
    ]);
  });

  test('loads kernel and initrd of its own configuration and stops asking there', () => {
    const { verdict, asked, steps } = boot({ ...FILES, 'pxelinux.cfg/C0A84D39': LINUX });
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: 'pxelinux.cfg/C0A84D39' });
    expect(asked.slice(-3)).toEqual(['pxelinux.cfg/C0A84D39', 'vmlinuz', 'initrd.img']);
    expect(steps.at(-2)).toMatchObject({ step: 'kernel', detail: 'vmlinuz: 5.0 kB' });
  });

  test('does not look for a file named by a UUID without a type', () => {
    const server = createFakeServer({ files: FILES });
    drive(server.answer, { ...ROM, uuid: new Uint8Array(16) });
    expect(server.asked[2]).toBe('pxelinux.cfg/01-52-54-00-77-00-01');
  });

  test('looks beside a boot file in a folder, and puts that folder before every name', () => {
    const files = {
      'bios/pxelinux.0': 'l',
      'bios/ldlinux.c32': '\x7fELF',
      'bios/pxelinux.cfg/C0A8': 'DEFAULT k initrd=/boot/i,::abs',
      'bios/k': 'kernel',
      'bios//boot/i': 'initrd',
      abs: 'initrd',
    };
    const { verdict, asked } = boot(files, (packet) => ({ ...packet, file: 'bios/pxelinux.0' }));
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
    expect(asked.slice(-3)).toEqual(['bios/k', 'bios//boot/i', 'abs']);
  });

  test('obeys options 209 and 210', () => {
    const files = {
      'pxelinux.0': 'l',
      'tree/ldlinux.c32': '\x7fELF',
      'tree/my.cfg': 'DEFAULT k',
      'tree/k': 'kernel',
    };
    const { verdict } = boot(files, (packet) => {
      writeOption(packet.options, 'config-file', 'my.cfg');
      writeOption(packet.options, 'path-prefix', 'tree/');
      return packet;
    });
    expect(verdict).toMatchObject({ ok: true, config: 'tree/my.cfg' });
  });

  test('finds the core module in the folders PXELINUX looks into', () => {
    const { 'ldlinux.c32': core, ...rest } = FILES;
    const { verdict, asked } = boot({ ...rest, '/isolinux/ldlinux.c32': core });
    expect(verdict.ok).toBe(true);
    expect(asked.slice(1, 4)).toEqual(['ldlinux.c32', '/boot/isolinux/ldlinux.c32', '/isolinux/ldlinux.c32']);
  });

  test('follows INCLUDE and loads the menu program before the menu’s entry', () => {
    const files = {
      ...FILES,
      'pxelinux.cfg/default': 'UI menu.c32\nINCLUDE missing.cfg\nINCLUDE common.cfg\n',
      'common.cfg': `LABEL other\n KERNEL other\n${LINUX} MENU DEFAULT\n`,
      'menu.c32': 'menu',
    };
    const { verdict, steps } = boot(files);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
    expect(steps.map(({ step }) => step).slice(-3)).toEqual(['menu', 'kernel', 'initrd']);
  });

  test('is not caught by a configuration that includes itself', () => {
    const { verdict } = boot({
      ...FILES,
      'pxelinux.cfg/default': 'INCLUDE pxelinux.cfg/default\nDEFAULT vmlinuz',
    });
    expect(verdict.ok).toBe(true);
  });

  test('stops after a boot file that is another loader', () => {
    const { verdict } = boot({ 'wdsnbp.com': '\x8c\xc8' }, (packet) => ({ ...packet, file: 'wdsnbp.com' }));
    expect(verdict).toMatchObject({ ok: true, ended: 'foreign-loader' });
  });

  test.each([
    ['boot-file', 'not-found', 'pxelinux.0'],
    ['loader-module', 'not-found', 'ldlinux.c32'],
    ['config', 'not-found', 'pxelinux.cfg/default'],
  ])('names %s as the station that failed (%s) when %s is missing', (step, why, missing) => {
    const files = Object.fromEntries(Object.entries(FILES).filter(([name]) => name !== missing));
    const { verdict } = boot(files);
    expect(verdict).toMatchObject({ ok: false, ended: 'failed' });
    expect(verdict.steps.at(-1)).toMatchObject({ step, ok: false, why });
    expect(verdict.steps.at(-1)?.detail).toContain(missing);
  });

  test.each([
    ['empty', ''],
    ['not-a-program', '<html>not here</html>'],
    ['not-a-program', new Uint8Array(600)],
  ])('refuses a core module that is none: %s', (why, core) => {
    const { verdict, asked } = boot({ ...FILES, 'ldlinux.c32': core });
    expect(asked.at(-1)).toBe('ldlinux.c32');
    expect(verdict.steps.at(-1)).toMatchObject({ step: 'loader-module', ok: false, why });
    expect(verdict.steps.at(-1)?.detail).toMatch(/^ldlinux\.c32: /);
  });

  test.each([
    ['kernel', 'DEFAULT gone'],
    ['initrd', 'DEFAULT vmlinuz initrd=gone'],
    ['menu', 'UI gone'],
  ])('names %s as the station that failed when its file is missing', (step, config) => {
    const { verdict } = boot({ ...FILES, 'pxelinux.cfg/default': config });
    expect(verdict.steps.at(-1)).toMatchObject({ step, ok: false, why: 'not-found' });
    expect(verdict.config).toBe('pxelinux.cfg/default');
  });

  test('fails at a configuration without a default, and at a file that is not on TFTP', () => {
    const prompt = boot({ ...FILES, 'pxelinux.cfg/default': 'LABEL x\n KERNEL vmlinuz\n' });
    expect(prompt.verdict.steps.at(-1)).toMatchObject({ step: 'config', why: 'no-default' });
    const web = boot({ ...FILES, 'pxelinux.cfg/default': 'DEFAULT http://10.0.0.1/vmlinuz' });
    expect(web.verdict.steps.at(-1)).toMatchObject({ step: 'kernel', why: 'not-tftp' });
  });

  test('gives up after 15 s without an offer', () => {
    const { verdict, tookMs } = drive(() => []);
    expect(verdict.steps).toEqual([
      {
        step: 'discover',
        ok: false,
        why: 'no-offer',
        detail: 'no DHCP server offered an address in 15 s',
        asked: 'DISCOVER as BIOS (x86PC), 52:54:00:77:00:01, broadcast',
        tookMs: 15_000,
      },
    ]);
    expect(tookMs).toBe(15_000);
  });

  /** Spoils the replies of one type, or both. */
  const plant =
    (change: (packet: DhcpPacket) => void, only?: number): NonNullable<FakeServer['reply']> =>
    (packet, type) => {
      if (only === undefined || only === type) change(packet);
      return packet;
    };
  const noFile = (packet: DhcpPacket) => Object.assign(packet, { file: '' });
  const plainNoFile = (packet: DhcpPacket) => noFile(packet).options.delete(60);
  const noServer = (packet: DhcpPacket) => Object.assign(packet, { siaddr: 0 });
  const otherAddress = (packet: DhcpPacket) => Object.assign(packet, { yiaddr: CLIENT + 1 });
  const refusal = (packet: DhcpPacket) => writeOption(packet.options, 'message-type', MessageType.NAK);
  const silence = (packet: DhcpPacket, type: number) => (type === MessageType.ACK ? undefined : packet);

  test.each([
    { step: 'discover', why: 'no-boot-file', reply: plant(plainNoFile) },
    { step: 'boot-server', why: 'no-boot-server', reply: plant(noFile) },
    { step: 'discover', why: 'no-boot-file', reply: plant(noServer) },
    { step: 'request', why: 'no-server-id', reply: plant((packet) => packet.options.delete(54)) },
    { step: 'request', why: 'nak', reply: plant(refusal, MessageType.ACK) },
    { step: 'request', why: 'wrong-address', reply: plant(otherAddress, MessageType.ACK) },
    { step: 'request', why: 'no-boot-file', reply: plant(noFile, MessageType.ACK) },
    { step: 'request', why: 'no-ack', reply: silence },
  ])('names $step as the station that failed: $why', ({ step, why, reply }) => {
    const { verdict } = boot(FILES, reply);
    expect(verdict.steps.at(-1)).toMatchObject({ step, ok: false, why });
  });

  test('waits 3 s for a proxy when the offer does not come from a PXE server, as ROMs do', () => {
    const { verdict, steps } = boot(
      FILES,
      plant((packet) => packet.options.delete(60)),
    );
    expect(verdict.ok).toBe(true);
    expect(steps[0]).toMatchObject({ step: 'discover', tookMs: 3000 });
  });

  test('takes the boot file from a proxyDHCP server and the address from the other', () => {
    const address = createFakeServer({
      files: {},
      reply(packet) {
        packet.options.delete(60);
        return { ...packet, file: '' };
      },
    });
    const proxy = createFakeServer({
      files: FILES,
      reply: (packet, type) => (type === MessageType.OFFER ? { ...packet, yiaddr: 0 } : undefined),
    });
    const { verdict, steps } = drive((transmit) =>
      transmit.destinationPort === 67
        ? [...address.answer(transmit), ...proxy.answer(transmit)]
        : proxy.answer(transmit),
    );
    expect(verdict.ok).toBe(true);
    expect(steps[0]?.detail).toContain('boot file from 192.168.77.1');
  });

  test('says what a BIOS PXE ROM says', () => {
    const sent: DhcpPacket[] = [];
    drive((transmit) => {
      const decoded = decode(transmit.bytes);
      if (decoded.ok) sent.push(decoded.value.packet);
      expect(transmit.bytes).toHaveLength(548);
      return [];
    });
    expect(sent.map(({ secs }) => secs)).toEqual([0, 1, 3, 7]);
    expect([...(sent[0]?.options.keys() ?? [])]).toEqual([53, 55, 57, 97, 93, 94, 60]);
    expect(readOption(sent[0]!.options, 'vendor-class-id')).toBe('PXEClient:Arch:00000:UNDI:002001');
  });

  test('boots over a link that loses and doubles packets', () => {
    // Fixed seeds of an even generator: fast-check prefers extremes, and a run of losses rightly ends a boot.
    for (let seed = 1; seed <= 50; seed++) {
      const percent = dice(seed);
      const server = createFakeServer({ files: { ...FILES, 'pxelinux.cfg/C0A84D39': LINUX } });
      const { verdict } = drive((transmit) => {
        if (percent() < 10) return [];
        const answers = server.answer(transmit);
        return percent() < 10 ? [...answers, ...answers] : answers;
      });
      expect(verdict, `seed ${seed}`).toMatchObject({ ok: true, ended: 'kernel' });
    }
  });

  test('ends with a verdict and without an exception, whatever is answered', () => {
    const junk = fc.uint8Array({ maxLength: 700 });
    const text = fc.array(
      fc.constantFrom('DEFAULT', 'LABEL', 'a', 'INCLUDE', 'initrd=,', '\n', 'KERNEL', '::', '\0', 'UI'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), junk), { maxLength: 60 }), text, (noise, words) => {
        const files = { ...FILES, 'pxelinux.cfg/default': latin1Encode(words.join(' ')) };
        const server = createFakeServer({ files });
        const { verdict } = drive((transmit): Received[] => {
          const [choice, bytes] = noise.pop() ?? [0, new Uint8Array()];
          const right = server.answer(transmit);
          if (choice < 4) return right;
          const from = {
            source: SERVER,
            sourcePort: choice < 7 ? 67 : 40_000,
            destinationPort: transmit.sourcePort,
          };
          const spoiled = right.map((datagram) => ({ ...datagram, bytes: spoil(datagram.bytes, bytes) }));
          return [{ ...from, bytes }, ...(choice % 2 ? spoiled : right)];
        });
        expect(verdict.steps.length).toBeGreaterThan(0);
        expect(verdict.ok).toBe(verdict.steps.every(({ ok }) => ok));
      }),
    );
  });
});

/** The bytes with some of them replaced. */
function spoil(bytes: Uint8Array, noise: Uint8Array): Uint8Array {
  const out = bytes.slice();
  for (let i = 0; i + 1 < noise.length; i += 40) out[(noise[i]! * 3) % out.length] = noise[i + 1]!;
  return out;
}
