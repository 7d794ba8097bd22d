import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RomIdentity } from '../../src/client/rom-identity.ts';
import { drive, ROM, type Web } from './drive.ts';
import { createFakeServer } from './fake-server.ts';
import { efiProgram, linuxKernel } from './images.ts';

const UEFI: RomIdentity = { ...ROM, firmware: 'uefi', arch: 7 };
const GRUB = efiProgram(0x8664, 'x source $prefix/grub.cfg y');
const LINUX = 'linux /vmlinuz quiet\ninitrd /initrd.img\n';

/** What becomes of a machine whose GRUB reads this; it has Debian's built-in configuration. */
function runGrub(config: string, more: Readonly<Record<string, string | Uint8Array>> = {}, web: Web = {}) {
  const server = createFakeServer({
    files: {
      'grubnetx64.efi': GRUB,
      '/grub/grub.cfg': config,
      '/vmlinuz': linuxKernel(),
      '/initrd.img': 'initrd',
      ...more,
    },
    reply(packet) {
      packet.options.delete(60);
      return { ...packet, file: 'grubnetx64.efi' };
    },
  });
  const { verdict } = drive(server.answer, UEFI, { web });
  return { verdict, last: verdict.steps.at(-1), asked: server.asked.slice(2) };
}

describe('createGrub()', () => {
  test('reads grub.cfg alone where it is built in, and boots a script without a menu', () => {
    const { verdict, asked } = runGrub(`${LINUX}boot\n`);
    expect(asked).toEqual(['/vmlinuz', '/initrd.img']);
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel', config: '/grub/grub.cfg' });
  });

  const menu = (before: string) => `${before}
    menuentry "first" { linux /first }
    menuentry 'second one' --class x $menuentry_id_option 'second-id' { ${LINUX.replace('\n', ';')} }
    submenu "more" { menuentry deep { linux /deep } }`;
  test.each([
    ['', '/first'],
    ['set default=1', '/vmlinuz'],
    ['set default="second one"', '/vmlinuz'],
    ['default=second-id', '/vmlinuz'],
    ['set default="more>deep"', '/deep'],
    ['set default=unknown', '/first'],
  ])('takes the default entry: %s', (before, kernel) => {
    const { asked } = runGrub(menu(before), { '/first': 'k', '/deep': 'k' });
    expect(asked[0]).toBe(kernel);
  });

  test('tells that a menu without a timeout waits', () => {
    const noted = (config: string) =>
      runGrub(config, { '/first': 'k' }).verdict.steps.find(({ step }) => step === 'menu');
    expect(noted(menu(''))?.notes).toHaveLength(1);
    expect(noted(menu('set timeout=5'))?.notes).toBeUndefined();
  });

  test('decides conditions by variables and by files that are there', () => {
    const { asked } = runGrub(`
      if [ "$grub_platform" = "efi" -a -n "$net_default_mac" ]; then
        if [ -f /gone ]; then linux /wrong; elif [ -s /initrd.img ]; then linux /vmlinuz; fi
      else linux /wrong
      fi
      if ! [ a = b ]; then initrd /initrd.img; fi
      boot`);
    expect(asked).toEqual(['/gone', '/initrd.img', '/vmlinuz', '/initrd.img']);
  });

  test('goes on with other configurations, and with functions', () => {
    const { asked, verdict } = runGrub('function go { configfile /grub/hosts/$net_default_mac.cfg }\ngo', {
      '/grub/hosts/52:54:00:77:00:01.cfg': `menuentry x { ${LINUX} }`,
    });
    expect(asked).toEqual(['/grub/hosts/52:54:00:77:00:01.cfg', '/vmlinuz', '/initrd.img']);
    expect(verdict.ok).toBe(true);
  });

  test('loads from other servers, by TFTP and HTTP', () => {
    const web = { 'http://10.0.0.9:8080/k': linuxKernel() };
    const { verdict } = runGrub(
      'linux (http,10.0.0.9:8080)/k\ninitrd (tftp,192.168.77.1)/initrd.img\nboot',
      {},
      web,
    );
    expect(verdict).toMatchObject({ ok: true, ended: 'kernel' });
  });

  test.each([
    ['kernel', 'not-found', 'linux /gone\nboot', {}],
    ['initrd', 'not-found', 'linux /vmlinuz\ninitrd /gone\nboot', {}],
    ['kernel', 'truncated', LINUX, { '/vmlinuz': linuxKernel().subarray(0, 4000) }],
    ['config', 'no-entry', 'set timeout=5\n', {}],
    ['config', 'no-entry', LINUX, {}],
    ['config', 'no-entry', 'menuentry x { set a=b }', {}],
  ])('names %s as the station that failed: %s', (step, why, config, more) => {
    expect(runGrub(config, more).last).toMatchObject({ step, ok: false, why });
  });

  test.each([
    ['exit', 'exit'],
    ['another root', 'search --no-floppy --file /x --set=root\nlinux /vmlinuz'],
    ['the disk', 'menuentry disk { set root=(hd0,1); chainloader +1 }'],
  ])('lets the machine go on to its own disk: %s', (_, config) => {
    expect(runGrub(config).verdict).toMatchObject({ ok: true, ended: 'local-boot' });
  });

  test('is not caught by configurations that read one another', () => {
    expect(runGrub('configfile /grub/grub.cfg').verdict.ok).toBe(false);
  });

  test('ends with a verdict, whatever the configuration', () => {
    const word = fc.constantFrom('if', 'then', 'fi', '{', '}', ';', '\n', 'menuentry', 'submenu', 'x', '[', ']', 'linux', '/vmlinuz', 'source', '/grub/grub.cfg', 'set', 'default=1', 'function', 'boot', 'root=', '$root', 'normal'); // biome-ignore format: a list
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const { verdict } = runGrub(words.join(' '));
        expect(verdict.ok).toBe(verdict.steps.every(({ ok }) => ok));
      }),
      { numRuns: 60 },
    );
  });
});
