import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandsOf, expandSettings, optionOf, resolveUri } from '../../src/client/ipxe-words.ts';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import { latin1Decode } from '../../src/lib/bytes.ts';
import { drive, ROM, type Web } from './drive.ts';
import { createFakeServer } from './fake-server.ts';
import { linuxKernel } from './images.ts';

const IPXE: RomIdentity = { ...ROM, firmware: 'ipxe' };
const FILES = {
  vmlinuz: linuxKernel(),
  'initrd.img': 'initrd',
  'other.ipxe': '#!ipxe\nkernel vmlinuz\nboot\n',
};

/** What becomes of a machine with this script. */
function runScript(
  lines: readonly string[],
  more: Readonly<Record<string, string | Uint8Array>> = {},
  web: Web = {},
) {
  const script = ['#!ipxe', ...lines].join('\n');
  const server = createFakeServer({
    files: { ...FILES, ...more, 'boot.ipxe': script },
    reply: (packet) => ({ ...packet, file: 'boot.ipxe' }),
  });
  const { verdict } = drive(server.answer, IPXE, { web });
  return { verdict, last: verdict.steps.at(-1), asked: server.asked.slice(1) };
}

describe('runIpxe()', () => {
  test('loads what a plain script names, and boots', () => {
    const { verdict, asked } = runScript([
      '# a comment',
      'kernel vmlinuz quiet',
      'initrd initrd.img',
      'boot',
    ]);
    expect(asked).toEqual(['vmlinuz', 'initrd.img']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test('puts settings into names, in the form that is asked for', () => {
    const { asked } = runScript([
      'set base tftp://192.168.77.1/dir',

      `kernel \${base}/\${net0/mac:hexhyp}-\${platform}-\${ip} || boot`,
    ]);
    expect(asked).toEqual(['dir/52-54-00-77-00-01-pcbios-192.168.77.57']);
  });

  test('goes on after a file that is missing where the script says so', () => {
    const { verdict, asked } = runScript(['kernel gone || kernel vmlinuz', 'initrd initrd.img', 'boot']);
    expect(asked).toEqual(['gone', 'vmlinuz', 'initrd.img']);
    expect(verdict.ok).toBe(true);
    expect(verdict.steps.find(({ notes }) => notes)).toMatchObject({ ok: true, step: 'kernel' });
  });

  test('boots an image by the name that it was given', () => {
    const { asked, verdict } = runScript(['imgfetch --name linux vmlinuz', 'boot linux quiet']);
    expect(asked).toEqual(['vmlinuz']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test('forgives what fails before a bare ||', () => {
    expect(runScript(['iseq a b ||', 'goto nowhere ||', 'kernel vmlinuz', 'boot']).verdict.ok).toBe(true);
  });

  test('takes the item that is marked as the default', () => {
    const lines = [
      'menu',
      'item a A',
      'item --default b B',
      'choose --timeout 100 which',
      `kernel \${which}`,
    ];
    expect(runScript(lines).asked).toEqual(['b']);
  });

  test('ends at a file that is missing where it does not', () => {
    expect(runScript(['kernel gone', 'boot']).last).toMatchObject({
      step: 'kernel',
      ok: false,
      why: 'not-found',
    });
  });

  test.each([
    [
      'kernel silent',
      { step: 'kernel', ok: false, why: 'timeout', asked: expect.stringContaining('TFTP silent') },
    ],
    [
      'chain silent',
      { step: 'config', ok: false, why: 'timeout', asked: expect.stringContaining('TFTP silent') },
    ],
    ['kernel silent || shell', { step: 'kernel', ok: true, asked: expect.stringContaining('TFTP silent') }],
  ])('says how long %s took, and what was asked', (line, want) => {
    const server = createFakeServer({
      files: { 'boot.ipxe': `#!ipxe\n${line}\n` },
      reply: (packet) => ({ ...packet, file: 'boot.ipxe' }),
    });
    const silent = (bytes: Uint8Array) => latin1Decode(bytes).includes('silent');
    const { verdict } = drive((transmit) => (silent(transmit.bytes) ? [] : server.answer(transmit)), IPXE);
    const told = verdict.steps.find(({ step }) => step === want.step);
    expect(told).toMatchObject(want);
    expect(told?.tookMs).toBeGreaterThan(5000);
  });

  test.each([
    ['config', 'late.ipxe'],
    ['kernel', 'late'],
  ])('says how long it took until the %s came by chain', (step, name) => {
    const server = createFakeServer({
      files: { 'boot.ipxe': `#!ipxe\nchain ${name}\n`, late: linuxKernel(), 'late.ipxe': '#!ipxe\n' },
      reply: (packet) => ({ ...packet, file: 'boot.ipxe' }),
    });
    let lost = false;
    const { verdict } = drive((transmit) => {
      if (lost || !latin1Decode(transmit.bytes).includes('late')) return server.answer(transmit);
      lost = true;
      return [];
    }, IPXE);
    expect(verdict.steps.find((each) => each.step === step)).toMatchObject({ ok: true, tookMs: 260 });
  });

  test('follows labels, conditions and other scripts', () => {
    const { asked, verdict } = runScript([
      `isset \${missing} && goto wrong ||`,
      'iseq a a && goto right ||',
      ':wrong',
      'shell',
      ':right',
      'chain other.ipxe',
    ]);
    expect(asked).toEqual(['other.ipxe', 'vmlinuz']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test('takes the default of a menu that has a timeout', () => {
    const lines = [
      'menu Boot',
      'item --gap x',
      'item a A',
      'item b B',
      'choose --default b --timeout 100 which',
    ];
    const { asked } = runScript([
      ...lines,
      `goto \${which}`,
      ':a',
      'kernel gone',
      ':b',
      'kernel vmlinuz',
      'boot',
    ]);
    expect(asked).toEqual(['vmlinuz']);
  });

  test.each([
    ['waits', ['menu x', 'item a A', 'choose which']],
    ['waits', ['prompt Press a key']],
    ['waits', ['shell']],
    ['no-kernel', ['boot']],
    ['no-label', ['goto nowhere']],
    ['endless', [':again', 'goto again']],
    ['command-failed', ['iseq a b', 'boot']],
  ])('says %s', (why, lines) => {
    expect(runScript(lines).last).toMatchObject({ step: 'config', ok: false, why });
  });

  test('is not caught by scripts that chain one another', () => {
    expect(runScript(['chain boot.ipxe']).last).toMatchObject({ ok: false, why: 'endless' });
  });

  test('goes on to the next device at exit, and at the end of the script', () => {
    expect(runScript(['exit']).verdict).toMatchObject({ ok: true, ended: 'local-boot' });
    expect(runScript(['sanboot --drive 0x80']).verdict).toMatchObject({ ok: true, ended: 'local-boot' });
  });

  test('names a boot file that is no script', () => {
    const server = createFakeServer({
      files: { 'boot.ipxe': 'kernel vmlinuz' },
      reply: (packet) => ({ ...packet, file: 'boot.ipxe' }),
    });
    expect(drive(server.answer, IPXE).verdict).toMatchObject({ ended: 'foreign-loader' });
  });

  test('names a web server that answers 500', () => {
    const { last } = runScript(['kernel http://10.0.0.1/k', 'boot'], {}, { 'http://10.0.0.1/k': 500 });
    expect(last).toMatchObject({ step: 'kernel', ok: false, why: 'http-error' });
  });

  test('ends with a verdict, whatever the script', () => {
    const word = fc.constantFrom('set', 'kernel', 'vmlinuz', 'boot', '||', '&&', 'goto', ':a', 'a', '\n', `\${`, 'a}', 'chain', 'boot.ipxe', 'choose', 'exit', '"', 'isset', 'item', 'inc'); // biome-ignore format: a list
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const { verdict } = runScript([words.join(' ')]);
        expect(verdict.ok).toBe(verdict.steps.every(({ ok }) => ok));
      }),
      { numRuns: 50 },
    );
  });
});

test.each([
  ['a.img', 'tftp://10.0.0.1/dir/a.img'],
  ['/a.img', 'tftp://10.0.0.1/a.img'],
  ['http://h/a', 'http://h/a'],
])('resolveUri() of %s beside a script', (name, want) => {
  expect(resolveUri(name, { server: 0x0a00_0001, path: 'dir/boot.ipxe' })).toBe(want);
});

test('resolveUri() beside a script with a query', () => {
  const script = { url: 'http://10.0.0.1:8080/a/boot.php?mac=1/2' };
  expect(resolveUri('k', script)).toBe('http://10.0.0.1:8080/a/k');
  expect(resolveUri('k', { url: 'http://10.0.0.1' })).toBe('http://10.0.0.1/k');
});

test('commandsOf() splits at && and ||, and knows quotes', () => {
  expect(commandsOf(`echo "a b" 'c || d' && x \\y || z`, (text) => text)).toEqual([
    { when: 'first', words: ['echo', 'a b', 'c || d'] },
    { when: '&&', words: ['x', 'y'] },
    { when: '||', words: ['z'] },
  ]);
});

test('expandSettings() fills names within names, and ends', () => {
  const settings: Record<string, string> = { which: 'mac', mac: '52:54:00:00:00:01', loop: `\${loop}` };
  expect(expandSettings(`\${\${which}:hexraw}-\${none}-`, (name) => settings[name])).toBe('525400000001--');
  expect(expandSettings(`\${loop}`, (name) => settings[name]).length).toBeLessThan(20);
});

test('optionOf() reads both spellings', () => {
  expect(optionOf(['--default', 'x', 'y'], '--default', '-d')).toBe('x');
  expect(optionOf(['--default=x', 'y'], '--default', '-d')).toBe('x');
  expect(optionOf(['y'], '--default', '-d')).toBeUndefined();
});
