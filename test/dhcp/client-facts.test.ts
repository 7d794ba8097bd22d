import { expect, test } from 'vitest';
import { clientUuidFromSmbios } from '../../src/dhcp-packet/index.ts';
import { createWorld, discover, ETH0, ip, MAC, SERVER, selecting } from './world.ts';

/** What events tell of the client: whoever makes its loader's configuration later knows it by them. */

const HTTP = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003000', 'client-arch': [16] };
const UUID = '564d8a10-97c2-4f05-9d3a-0123456789ab';

test.each([
  { name: 'PXE firmware', options: { 'client-uuid': clientUuidFromSmbios(UUID) }, facts: { uuid: UUID } },
  { name: 'U-Boot', options: { 'vendor-class-id': 'U-Boot' }, facts: { kind: 'u-boot', stage: 'loader' } },
  { name: 'HTTP firmware', options: HTTP, facts: { kind: 'http', stage: 'rom' } },
])('handle() tells what a client is: $name', ({ options, facts }) => {
  const [event] = createWorld().send(discover({ with: options })).events;
  expect(event).toMatchObject({ mac: MAC, ...facts });
});

test('handle() names the kind of a client only where its stage does not say it', () => {
  const [event] = createWorld().send(discover()).events;
  expect(event).toMatchObject({ type: 'dhcp.offer', stage: 'rom' });
  expect(event).not.toHaveProperty('kind');
  expect(event).not.toHaveProperty('uuid');
});

test('handle() as proxy tells the address that another server gives, as it is overheard', () => {
  const world = createWorld({ links: [{ ...ETH0, role: 'proxy' }] });
  const address = ip('10.0.0.77');
  const heard = world.send(selecting(address, { with: { 'server-id': SERVER + 1 } }));
  expect(heard.events[0]).toMatchObject({
    type: 'dhcp.ignored',
    why: 'address-server',
    ip: address,
    mac: MAC,
  });
});
