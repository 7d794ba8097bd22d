import { expect, test } from 'vitest';
import { checkInterface, checkInterfaces } from '../../src/app/check-interface.ts';
import type { InterfaceFacts } from '../../src/net/datagram.ts';

const ETH0: InterfaceFacts = {
  ...{ name: 'eth0', index: 2, mac: '02:00:00:00:00:01', mtu: 1500 },
  ...{ up: true, running: true, loopback: false, addresses: [] },
};
const on = (facts: InterfaceFacts) => ({ interfaces: () => [facts] });

test.each([
  { name: 'files over IPv6 alone', facts: { ipv6: true }, ipv4: false, fine: true },
  { name: 'addresses over IPv6 alone', facts: { ipv6: true }, ipv4: true, fine: false },
  { name: 'files with a link-local address alone', facts: {}, ipv4: false, fine: false },
  {
    name: 'everything over IPv4',
    facts: { addresses: [{ address: 0x0a00_0001, prefixLength: 24 }] },
    ...{ ipv4: true, fine: true },
  },
])('checkInterface() for $name', ({ facts, ipv4, fine }) => {
  const check = () => checkInterface(on({ ...ETH0, ...facts }), 'eth0', { ipv4 });
  if (fine) expect(check()).toMatchObject(facts);
  else expect(check).toThrow('it has no IPv4 address');
});

test('checkInterfaces() refuses several where a socket hears them all', () => {
  const eth1 = { ...ETH0, name: 'eth1', addresses: [{ address: 0x0a00_0001, prefixLength: 24 }] };
  const network = { interfaces: () => [{ ...eth1, name: 'eth0' }, eth1], bindsToInterface: false };
  expect(() => checkInterfaces(network, ['eth0', 'eth1'], { ipv4: true })).toThrow('eth0, eth1');
  expect(checkInterfaces(network, ['eth1'], { ipv4: true })).toEqual([eth1]);
  const both = checkInterfaces({ ...network, bindsToInterface: true }, ['eth0', 'eth1'], { ipv4: true });
  expect(both.map(({ name }) => name)).toEqual(['eth0', 'eth1']);
});
