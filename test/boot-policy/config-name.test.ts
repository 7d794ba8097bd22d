import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConfigName, configNameOf, isNameOf } from '../../src/boot/config-name.ts';
import { grubLookups, pxelinuxLookups, uBootLookups } from '../../src/boot/lookups.ts';
import { MACHINE } from './profiles.ts';

const MAC = '52:54:00:12:34:56';
const UUID = '108a4d56-c297-054f-9d3a-0123456789ab';

test.each<[path: string, name: ConfigName | undefined]>([
  [`pxelinux.cfg/${UUID}`, { loader: 'pxelinux', folder: '', whose: { uuid: UUID } }],
  [`a/b/pxelinux.cfg/${UUID.toUpperCase()}`, { loader: 'pxelinux', folder: 'a/b/', whose: { uuid: UUID } }],
  ['pxelinux.cfg/01-52-54-00-12-34-56', { loader: 'pxelinux', folder: '', whose: { mac: MAC } }],
  ['pxelinux.cfg/06-52-54-00-12-34-56', { loader: 'pxelinux', folder: '', whose: { mac: MAC } }],
  ['efi64/pxelinux.cfg/C0A8025B', { loader: 'pxelinux', folder: 'efi64/', whose: { hexIp: 'C0A8025B' } }],
  ['pxelinux.cfg/C', { loader: 'pxelinux', folder: '', whose: { hexIp: 'C' } }],
  ['pxelinux.cfg/default', { loader: 'pxelinux', folder: '', whose: 'any' }],
  ['pxelinux.cfg/default-arm-sunxi', { loader: 'u-boot', folder: '', whose: 'any' }],
  ['extlinux/extlinux.conf', { loader: 'u-boot', folder: 'extlinux/', whose: 'any' }],
  ['mmc/extlinux/extlinux.conf', { loader: 'u-boot', folder: 'mmc/extlinux/', whose: 'any' }],
  ['grub/grub.cfg', { loader: 'grub', folder: 'grub/', whose: 'any' }],
  ['grub.cfg-01-52-54-00-12-34-56', { loader: 'grub', folder: '', whose: { mac: MAC } }],
  ['grub/grub.cfg-52-54-00-12-34-56', { loader: 'grub', folder: 'grub/', whose: { mac: MAC } }],
  [`grub/grub.cfg-${UUID}`, { loader: 'grub', folder: 'grub/', whose: { uuid: UUID } }],
  ['grub/grub.cfg-C0A8', { loader: 'grub', folder: 'grub/', whose: { hexIp: 'C0A8' } }],
  ['boot.ipxe', { loader: 'ipxe', folder: '', whose: 'any' }],
  ['efi/autoexec.ipxe', { loader: 'ipxe', folder: 'efi/', whose: 'any', early: true }],
  ['pxelinux.cfg/c0a8025b', undefined],
  ['pxelinux.cfg/C0A8025B0', undefined],
  ['pxelinux.cfg/default.netboot', undefined],
  ['pxelinux.cfg/01-52-54-00-12', undefined],
  ['pxelinux.cfg/a/default', undefined],
  ['xpxelinux.cfg', undefined],
  ['grub.cfg-', undefined],
  ['grub.cfg.bak', undefined],
  ['my.ipxe', undefined],
  ['xboot.ipxe', undefined],
  ['vmlinuz', undefined],
  ['', undefined],
])('configNameOf(%j)', (path, name) => {
  expect(configNameOf(path)).toEqual(name);
});

test('configNameOf() knows every name that a loader asks for, and each is its machine’s', () => {
  const { mac, ip, uuid } = MACHINE;
  const client = { mac, ip, uuid: uuid!.wire, bootFile: 'efi/x/loader' };
  const board = { arch: 'arm', soc: 'sunxi', board: 'sunxi' };
  const names = [
    ...pxelinuxLookups(client),
    ...grubLookups(client),
    ...grubLookups(client, { prefix: 'grub' }),
    ...uBootLookups(client, { board }),
  ];
  expect(names.length).toBeGreaterThan(40);
  for (const path of names) {
    const name = configNameOf(path);
    expect(name, path).toBeDefined();
    expect(isNameOf(name!, MACHINE), path).toBe(true);
  }
});

test('isNameOf() another machine’s names are not this one’s, its own are in either spelling', () => {
  const { uuid } = MACHINE;
  const own = (path: string) => isNameOf(configNameOf(path)!, MACHINE);
  expect(own('pxelinux.cfg/01-52-54-00-12-34-57')).toBe(false);
  expect(own('pxelinux.cfg/C0A8025C')).toBe(false);
  expect(own('pxelinux.cfg/D')).toBe(false);
  expect(own(`pxelinux.cfg/${uuid!.smbios}`)).toBe(true);
  expect(own('pxelinux.cfg/00000000-c297-054f-9d3a-0123456789ab')).toBe(false);
  const { uuid: _, ...nameless } = MACHINE;
  expect(isNameOf(configNameOf(`pxelinux.cfg/${uuid!.wire}`)!, nameless)).toBe(false);
});

test('configNameOf() never throws, and what it gives leads back to the path', () => {
  const part = fc.constantFrom('pxelinux.cfg', '/', 'grub.cfg', '-', '01', 'C0', 'default', '.ipxe', 'boot');
  const path = fc.oneof(
    fc.string(),
    fc.array(part).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(path, (text) => {
      const name = configNameOf(text);
      if (!name) return;
      expect(text.startsWith(name.folder)).toBe(true);
      expect(name.folder === '' || name.folder.endsWith('/')).toBe(true);
    }),
  );
});
