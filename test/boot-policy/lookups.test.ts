import { expect, test } from 'vitest';
import { grubLookups, pxelinuxLookups, uBootLookups } from '../../src/boot/lookups.ts';

/** The example client of the protocol notes: 192.168.2.91, boot file efi/x/loader. */
const CLIENT = {
  mac: '88:99:aa:bb:cc:dd',
  ip: 0xc0a8025b,
  uuid: 'b8945908-d6a6-41a9-611d-74a6ab80b83d',
  bootFile: 'efi/x/loader',
};
const BY_IP = ['C0A8025B', 'C0A8025', 'C0A802', 'C0A80', 'C0A8', 'C0A', 'C0', 'C'];
const { uuid: _, ...NAMELESS } = CLIENT;

test('pxelinuxLookups() uuid, MAC, address, default, under the folder of the boot file', () => {
  const names = [CLIENT.uuid, '01-88-99-aa-bb-cc-dd', ...BY_IP, 'default'];
  expect(pxelinuxLookups(CLIENT)).toEqual(names.map((name) => `efi/x/pxelinux.cfg/${name}`));
  expect(pxelinuxLookups({ ...NAMELESS, bootFile: 'pxelinux.0' })[0]).toBe(
    'pxelinux.cfg/01-88-99-aa-bb-cc-dd',
  );
});

test('pxelinuxLookups() options 209 and 210', () => {
  const [first, second] = pxelinuxLookups(CLIENT, { prefix: '/tftp/', configFile: 'node.cfg' });
  expect([first, second]).toEqual(['/tftp/node.cfg', `/tftp/pxelinux.cfg/${CLIENT.uuid}`]);
});

test('grubLookups() uuid, MAC, address, grub.cfg', () => {
  const suffixes = [`-${CLIENT.uuid}`, '-01-88-99-aa-bb-cc-dd', ...BY_IP.map((name) => `-${name}`), ''];
  expect(grubLookups(CLIENT)).toEqual(suffixes.map((suffix) => `efi/x/grub.cfg${suffix}`));
  expect(grubLookups(NAMELESS, { prefix: '/grub' })[0]).toBe('/grub/grub.cfg-01-88-99-aa-bb-cc-dd');
});

test('uBootLookups() uuid, MAC, address, defaults from the board outwards', () => {
  const names = uBootLookups(
    { ...CLIENT, bootFile: 'boot.scr' },
    { board: { arch: 'arm', soc: 'sunxi', board: 'a20' } },
  );
  expect(names.slice(0, 2)).toEqual([`pxelinux.cfg/${CLIENT.uuid}`, 'pxelinux.cfg/01-88-99-aa-bb-cc-dd']);
  expect(names.slice(-4)).toEqual(
    ['default-arm-sunxi-a20', 'default-arm-sunxi', 'default-arm', 'default'].map(
      (name) => `pxelinux.cfg/${name}`,
    ),
  );
  expect(uBootLookups(NAMELESS).slice(-2)).toEqual(['efi/x/pxelinux.cfg/C', 'efi/x/pxelinux.cfg/default']);
  expect(uBootLookups(CLIENT, { configFile: 'my.cfg' })).toEqual(['my.cfg']);
});
