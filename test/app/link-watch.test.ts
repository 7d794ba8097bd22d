import { expect, test } from 'vitest';
import { createLinkLook } from '../../src/app/link-watch.ts';
import type { BootEvent } from '../../src/events/event.ts';
import type { InterfaceFacts } from '../../src/net/datagram.ts';

const address = (last: number) => ({ address: 0xc0a84d00 + last, prefixLength: 24 });
const ETH0: InterfaceFacts = {
  ...{ name: 'eth0', index: 2, mac: '02:00:00:00:00:01', mtu: 1500 },
  ...{ up: true, running: true, loopback: false, addresses: [address(1)] },
};
const ETH1: InterfaceFacts = { ...ETH0, name: 'eth1', index: 3, addresses: [address(129)] };

/** Interfaces that can be changed by hand, and what a look at them came to. */
function createBox(fails?: string) {
  let now: InterfaceFacts[] = [ETH0, ETH1, { ...ETH0, name: 'other', index: 4 }];
  const events: BootEvent[] = [];
  const changed: (readonly InterfaceFacts[])[] = [];
  const look = createLinkLook({
    network: { interfaces: () => now },
    links: [ETH0, ETH1],
    emit: (event) => events.push(event),
    changed(links) {
      changed.push(links);
      if (fails) throw new Error(fails);
    },
  });
  return {
    events,
    changed,
    look(...facts: InterfaceFacts[]) {
      if (facts.length > 0) now = facts;
      events.length = 0;
      changed.length = 0;
      look();
    },
  };
}

test('watchLinks() is silent while nothing changes, and about interfaces that are not served', () => {
  const box = createBox();
  box.look();
  box.look(ETH0, ETH1);
  expect([box.events, box.changed]).toEqual([[], []]);
});

test.each<[string, Partial<InterfaceFacts>, string]>([
  ['another address', { addresses: [address(2)] }, '192.168.77.2/24 is new, 192.168.77.1/24 is gone'],
  ['a second address', { addresses: [address(1), address(2)] }, '192.168.77.2/24 is new'],
  [
    'another prefix',
    { addresses: [{ ...address(1), prefixLength: 25 }] },
    '192.168.77.1/25 is new, 192.168.77.1/24 is gone',
  ],
  ['an MTU', { mtu: 9000 }, 'MTU 9000'],
  ['a MAC', { mac: '02:00:00:00:00:07' }, 'MAC 02:00:00:00:00:07'],
  ['no carrier', { running: false }, 'it has no carrier'],
  ['another interface of that name', { index: 9 }, 'it was removed and made anew'],
])('watchLinks() tells of %s once, and hands all interfaces on', (_, change, detail) => {
  const box = createBox();
  const next = { ...ETH0, ...change };
  box.look(next, ETH1);
  expect(box.events).toEqual([{ type: 'service.interface', interface: 'eth0', detail }]);
  expect(box.changed).toEqual([[next, ETH1]]);
  box.look();
  expect([box.events, box.changed]).toEqual([[], []]);
});

test('watchLinks() tells when another address is the first', () => {
  const box = createBox();
  box.look({ ...ETH0, addresses: [address(1), address(2)] }, ETH1);
  box.look({ ...ETH0, addresses: [address(2), address(1)] }, ETH1);
  expect(box.events).toMatchObject([{ detail: '192.168.77.2/24 is the first address' }]);
});

test('watchLinks() keeps the address of an interface that lost it or is gone, and warns once', () => {
  const box = createBox();
  box.look({ ...ETH0, addresses: [] }, ETH1);
  expect(box.events).toMatchObject([{ problem: 'interface-lost', detail: expect.stringContaining('eth0') }]);
  expect(box.changed).toEqual([]);
  box.look();
  expect(box.events).toEqual([]);
  box.look(ETH0); // it is back, and now the other one is gone: pulled out
  expect(box.events).toMatchObject([
    { problem: 'interface-lost', detail: 'eth1 is gone' },
    { type: 'service.interface', interface: 'eth1', detail: 'it has no carrier' },
  ]);
  expect(box.changed).toEqual([[ETH0, { ...ETH1, running: false }]]);
  box.look(ETH0, ETH1);
  expect(box.changed).toEqual([[ETH0, ETH1]]);
});

test('watchLinks() warns when a change cannot be taken up', () => {
  const box = createBox('Cannot serve on eth0: it needs a restart');
  box.look({ ...ETH0, index: 9 }, ETH1);
  expect(box.events.at(-1)).toMatchObject({
    type: 'service.warning',
    detail: 'Cannot serve on eth0: it needs a restart',
  });
});
