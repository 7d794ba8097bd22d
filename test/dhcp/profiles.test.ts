import { expect, test } from 'vitest';
import { createWorld, discover, IPXE, MAC, PXE_UEFI, received } from './world.ts';

const SETTINGS = { reservations: [{ mac: MAC, profile: 'debian' }] };

test('handle() sends iPXE of a machine with a profile to the script that is rendered', () => {
  const world = createWorld({ files: [], settings: SETTINGS });
  expect(received(world.send(discover({ with: IPXE }))).file).toBe('boot.ipxe');
  const other = discover({ mac: '52:54:00:00:00:01', with: IPXE });
  expect(world.send(other).boot?.file).not.toBe('boot.ipxe');
});

test('handle() a network’s and the default profile count likewise', () => {
  for (const options of [{ network: { profile: 'debian' } }, { settings: { profile: 'debian' } }]) {
    const world = createWorld({ files: ['ipxe.efi'], ...options });
    expect(received(world.send(discover({ with: IPXE }))).file).toBe('boot.ipxe');
    expect(received(world.send(discover({ with: PXE_UEFI }))).file).toBe('ipxe.efi');
  }
});

test('handle() what an operator chose for a machine goes before all of these', () => {
  const asked: string[] = [];
  const chosen = (mac: string) => {
    asked.push(mac);
    return mac === MAC ? { name: 'live', from: 'pxectl boot' } : undefined;
  };
  const world = createWorld({ files: [], chosen });
  const sent = world.send(discover({ with: IPXE }));
  expect(received(sent).file).toBe('boot.ipxe');
  expect(sent.boot?.reason).toContain('profile live');
  expect(world.send(discover({ mac: '52:54:00:00:00:01', with: IPXE })).boot?.file).not.toBe('boot.ipxe');
  expect(asked).toContain(MAC);
});
