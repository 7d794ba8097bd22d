import { expect, test } from 'vitest';
import { createConfigSearch, isConfigName } from '../../src/tftp/config-search.ts';

const CLIENT = { peer: '10.0.0.130', port: 49_152 };

test('createConfigSearch() tells a search with its winner, ports changing as they do', () => {
  const search = createConfigSearch();
  const names = ['01-52-54-00-12-34-56', 'C0A84D82', 'C0A84D8', 'C0A84D'].map(
    (name) => `pxelinux.cfg/${name}`,
  );
  names.forEach((name, i) => {
    expect(search.lookup({ ...CLIENT, port: CLIENT.port + i }, name, false)).toBeUndefined();
  });
  expect(search.lookup({ peer: '10.0.0.131', port: 1 }, 'pxelinux.cfg/A', false)).toBeUndefined();
  expect(search.lookup(CLIENT, 'vmlinuz', true)).toBeUndefined();
  expect(search.lookup(CLIENT, 'pxelinux.cfg/default', true)).toEqual({
    type: 'tftp.config',
    ...CLIENT,
    winner: 'pxelinux.cfg/default',
    tried: [...names, 'pxelinux.cfg/default'],
  });
  expect(search.lookup(CLIENT, 'pxelinux.cfg/default', true)?.tried).toEqual(['pxelinux.cfg/default']);
});

test('createConfigSearch() begins anew when a client begins anew', () => {
  const search = createConfigSearch();
  for (const name of ['A', 'A', 'B', 'A']) search.lookup(CLIENT, `pxelinux.cfg/${name}`, false);
  expect(search.lookup(CLIENT, 'pxelinux.cfg/C', true)?.tried).toEqual(['pxelinux.cfg/A', 'pxelinux.cfg/C']);
});

test('createConfigSearch() forgets the oldest of very many clients, and the names past 64', () => {
  const search = createConfigSearch();
  search.lookup({ peer: 'first', port: 1 }, 'pxelinux.cfg/A', false);
  for (let i = 0; i < 4096; i++) search.lookup({ peer: `p${i}`, port: 1 }, 'pxelinux.cfg/A', false);
  expect(search.lookup({ peer: 'first', port: 1 }, 'pxelinux.cfg/B', true)?.tried).toEqual([
    'pxelinux.cfg/B',
  ]);
  for (let i = 0; i < 100; i++) search.lookup(CLIENT, `pxelinux.cfg/${i}`, false);
  expect(search.lookup(CLIENT, 'pxelinux.cfg/end', true)?.tried).toHaveLength(64);
});

test.each([
  { path: 'pxelinux.cfg/b8945908-d6a6-41a9-611d-74a6ab80b83d', is: true },
  { path: 'efi64/pxelinux.cfg/default', is: true },
  { path: 'grub/grub.cfg-01-52-54-00-12-34-56', is: true },
  { path: 'grub/grub.cfg-C0A84D82', is: true },
  { path: 'grub/grub.cfg', is: true },
  { path: 'pxelinux.0', is: false },
  { path: 'grub/x86_64-efi/grub.cfg.mod', is: false },
  { path: 'pxelinux.cfg', is: false },
])('isConfigName() of $path is $is', ({ path, is }) => {
  expect(isConfigName(path)).toBe(is);
});

test('createConfigSearch() tells a search that found nothing, and begins anew after it', () => {
  const search = createConfigSearch();
  search.lookup(CLIENT, 'pxelinux.cfg/C', false);
  expect(search.lookup(CLIENT, 'pxelinux.cfg/default', false)).toEqual({
    type: 'tftp.config',
    ...CLIENT,
    tried: ['pxelinux.cfg/C', 'pxelinux.cfg/default'],
  });
  expect(search.lookup(CLIENT, 'pxelinux.cfg/default', true)?.tried).toEqual(['pxelinux.cfg/default']);
});

test('createConfigSearch() tells which profile won, and why, whatever the name', () => {
  const search = createConfigSearch();
  const made = { rendered: 'install', reason: 'hosts: profile install' };
  search.lookup(CLIENT, 'pxelinux.cfg/A', false);
  expect(search.lookup(CLIENT, 'pxelinux.cfg/B', made)).toEqual({
    ...{ type: 'tftp.config', ...CLIENT, winner: 'pxelinux.cfg/B', ...made },
    tried: ['pxelinux.cfg/A', 'pxelinux.cfg/B'],
  });
  expect(search.lookup(CLIENT, 'boot.ipxe', made)).toMatchObject({
    winner: 'boot.ipxe',
    tried: ['boot.ipxe'],
  });
  expect(search.lookup(CLIENT, 'boot.ipxe', true)).toBeUndefined();
});
