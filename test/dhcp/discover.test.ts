import { describe, expect, test } from 'vitest';
import { readOption } from '../../src/dhcp-packet/index.ts';
import { subnetOf } from '../../src/lib/ipv4.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  ETH0,
  ip,
  MAC,
  message,
  PXE_UEFI,
  received,
  request,
  SERVER,
  selecting,
  whyIgnored,
  wireBytes,
} from './world.ts';

const NET = 'handleDiscover()';

describe('who is answered', () => {
  test.each([
    { name: 'a PXE ROM', fields: {}, want: 'answered' },
    { name: 'an unknown system', fields: { with: { 'vendor-class-id': 'MSFT 5.0' } }, want: 'not-netboot' },
    {
      name: 'a PXE boot server (60 = PXEServer)',
      fields: { with: { 'vendor-class-id': 'PXEServer' } },
      want: 'not-netboot',
    },
    { name: 'U-Boot', fields: { with: { 'vendor-class-id': 'U-Boot' } }, want: 'answered' },
    { name: 'UEFI without a loader in the root', fields: { with: PXE_UEFI }, want: 'no-boot-file' },
    {
      name: 'UEFI HTTP boot without a URL',
      fields: { with: { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003001', 'client-arch': [16] } },
      want: 'no-boot-file',
    },
  ])(`${NET} $name: $want`, ({ fields, want }) => {
    const bare = 'with' in fields ? bareDiscover(fields) : discover(fields);
    expect(whyIgnored(createWorld().send(bare))).toBe(want);
  });

  test(`${NET} answers everybody with answerAll`, () => {
    const world = createWorld({ settings: { answerAll: true } });
    expect(received(world.send(bareDiscover())).yiaddr).not.toBe(0);
    expect(received(world.send(bareDiscover({ mac: '52:54:00:00:00:02', with: PXE_UEFI }))).file).toBe('');
  });

  test(`${NET} answers a machine with a reservation, whatever it is`, () => {
    const world = createWorld({ settings: { reservations: [{ mac: MAC, ip: ip('10.0.0.200') }] } });
    expect(received(world.send(bareDiscover())).yiaddr).toBe(ip('10.0.0.200'));
  });

  test(`${NET} says why firmware without a boot file is not answered`, () => {
    const { events } = createWorld().send(discover({ with: PXE_UEFI }));
    expect(events).toMatchObject([
      { type: 'dhcp.ignored', why: 'no-boot-file', detail: expect.stringContaining('no UEFI loader') },
    ]);
  });
});

describe('which address', () => {
  test(`${NET} the same client gets the same offer again, also with another xid`, () => {
    const world = createWorld();
    const first = received(world.send(discover({ xid: 1 })));
    const second = received(world.send(discover({ xid: 2 })));
    expect(second.yiaddr).toBe(first.yiaddr);
    expect(second.xid).toBe(2);
    // U-Boot takes the first offer, by its xid.
    expect(received(world.send(selecting(first.yiaddr, { xid: 1 }))).yiaddr).toBe(first.yiaddr);
  });

  test(`${NET} two servers that never met choose the same address for a client`, () => {
    const offer = () => received(createWorld().send(discover())).yiaddr;
    expect(offer()).toBe(offer());
  });

  test(`${NET} prefers the client's former address after its lease is over`, () => {
    const world = createWorld();
    const first = bind(world);
    world.later(3 * 86_400);
    expect(received(world.send(discover())).yiaddr).toBe(first);
  });

  test(`${NET} gives another address when the former one left the pool`, () => {
    const world = createWorld();
    const first = bind(world);
    const network = {
      ranges: [{ first: ip('10.0.0.2'), last: ip('10.0.0.254') }],
      excluded: [{ first, last: first }],
    };
    world.reconfigure({ network });
    expect(received(world.send(discover())).yiaddr).not.toBe(first);
  });

  test(`${NET} spreads neighbouring MACs over the pool`, () => {
    const wide = { ...ETH0, addresses: [{ ip: SERVER, length: 16 }] };
    const addresses = Array.from({ length: 256 }, (_, n) => {
      const mac = `52:54:00:00:00:${n.toString(16).padStart(2, '0')}`;
      return received(createWorld({ links: [wide] }).send(discover({ mac }))).yiaddr;
    });
    expect(new Set(addresses).size).toBeGreaterThan(250);
    expect(new Set(addresses.map((address) => (address >>> 8) & 255)).size).toBeGreaterThan(120);
  });

  test(`${NET} gives option 50 when it is free`, () => {
    const offer = received(createWorld().send(discover({ with: { 'requested-ip': ip('10.0.0.77') } })));
    expect(offer.yiaddr).toBe(ip('10.0.0.77'));
  });

  test.each([
    ['the network', '10.0.0.0'],
    ['the broadcast address', '10.0.0.255'],
    ['our own', '10.0.0.1'],
    ['a router', '10.0.0.254'],
    ['a name server', '10.0.0.253'],
    ['a relay', '10.0.0.252'],
    ['an excluded', '10.0.0.100'],
    ['another network’s', '192.168.1.5'],
    ['no address', '0.0.0.0'],
    ['a reserved', '10.0.0.9'],
  ])(`${NET} does not give option 50 when it is %s`, (_, asked) => {
    const world = createWorld({
      network: {
        routers: [ip('10.0.0.254')],
        dns: [ip('10.0.0.253')],
        relays: [ip('10.0.0.252')],
        excluded: [{ first: ip('10.0.0.90'), last: ip('10.0.0.110') }],
      },
      settings: { reservations: [{ mac: '52:54:00:00:00:09', ip: ip('10.0.0.9') }] },
    });
    const offer = received(world.send(discover({ with: { 'requested-ip': ip(asked) } })));
    expect(offer.yiaddr).not.toBe(ip(asked));
    expect(offer.yiaddr >>> 8).toBe(ip('10.0.0.0') >>> 8);
  });

  test(`${NET} does not give option 50 that another client holds`, () => {
    const world = createWorld();
    const taken = bind(world);
    const offer = received(
      world.send(discover({ mac: '52:54:00:00:00:02', with: { 'requested-ip': taken } })),
    );
    expect(offer.yiaddr).not.toBe(taken);
  });

  test(`${NET} an offer holds its address from others for a minute`, () => {
    const world = createWorld({ network: { ranges: [{ first: ip('10.0.0.50'), last: ip('10.0.0.50') }] } });
    const other = discover({ mac: '52:54:00:00:00:02' });
    world.send(discover());
    world.later(59);
    expect(world.send(other).events).toMatchObject([{ type: 'dhcp.pool-exhausted', pool: 'eth0' }]);
    world.later(2);
    expect(received(world.send(other)).yiaddr).toBe(ip('10.0.0.50'));
  });

  test(`${NET} takes never-used addresses before others' expired ones, then the longest expired`, () => {
    const world = createWorld({ network: { ranges: [{ first: ip('10.0.0.50'), last: ip('10.0.0.52') }] } });
    const first = bind(world, { mac: '52:54:00:00:00:01' });
    world.later(100);
    const second = bind(world, { mac: '52:54:00:00:00:02' });
    world.later(10 * 86_400);
    const third = bind(world, { mac: '52:54:00:00:00:03' });
    expect(new Set([first, second, third]).size).toBe(3);
    expect(bind(world, { mac: '52:54:00:00:00:04' })).toBe(first);
    expect(bind(world, { mac: '52:54:00:00:00:05' })).toBe(second);
  });

  test(`${NET} a /30 has one client, a /31 and a /32 work too`, () => {
    const linkOf = (length: number) => ({ ...ETH0, addresses: [{ ip: SERVER, length }] });
    const offersOf = (length: number) => {
      const world = createWorld({ links: [linkOf(length)] });
      const decisions = [1, 2].map((n) => world.send(discover({ mac: `52:54:00:00:00:0${n}` })));
      return decisions.map(({ reply }) => reply?.packet.yiaddr);
    };
    expect(offersOf(30)).toEqual([ip('10.0.0.2'), undefined]);
    expect(offersOf(31)).toEqual([ip('10.0.0.0'), undefined]);
    expect(offersOf(32)).toEqual([undefined, undefined]);
  });

  test(`${NET} a reserved address waits until its present holder is gone`, () => {
    const world = createWorld();
    const taken = bind(world, { mac: '52:54:00:00:00:02' });
    const settings = { reservations: [{ mac: MAC, ip: taken }] };
    world.reconfigure({ settings });
    expect(received(world.send(discover())).yiaddr).not.toBe(taken);
    world.later(10 * 86_400);
    expect(received(world.send(discover())).yiaddr).toBe(taken);
  });
});

describe('identity', () => {
  const rom = { raw: { 61: '00 78a62677c07f5348a4f6c85ac36a120a' } };
  const ipxe = { raw: { 61: '01 525400ec3381' } };
  const os = { raw: { 61: 'ff 00ec3381 00010001 2a2b2c2d 525400ec3381' } };

  test(`${NET} one machine keeps one address through all its boot stages, whatever option 61 says`, () => {
    const world = createWorld();
    const addresses = [rom, ipxe, os, {}].map((fields) => bind(world, fields));
    expect(new Set(addresses).size).toBe(1);
  });

  test(`${NET} matchClientId tells clients apart by option 61, byte for byte`, () => {
    const world = createWorld({ network: { matchClientId: true } });
    const addresses = [rom, ipxe, os, {}].map((fields) => bind(world, fields));
    expect(new Set(addresses).size).toBe(4);
    expect(bind(world, { ...os, mac: '52:54:00:00:00:99' })).toBe(addresses[2]);
  });

  test(`${NET} an option 61 of one octet identifies nobody`, () => {
    const world = createWorld({ network: { matchClientId: true } });
    expect(bind(world, { raw: { 61: '07' } })).toBe(bind(world, {}));
  });

  test(`${NET} InfiniBand: no chaddr, identified by option 61, answered by broadcast (RFC 4390)`, () => {
    const world = createWorld();
    const packet = discover({
      htype: 32,
      hlen: 0,
      chaddr: new Uint8Array(16),
      raw: { 61: 'ff00000001aabb' },
    });
    const { reply } = world.send(packet);
    expect(reply?.destination.kind).toBe('broadcast');
    expect(reply?.packet.yiaddr).not.toBe(0);
  });
});

describe('conflict probe', () => {
  const probed = { settings: { probe: { enabled: true, timeoutMs: 400 } } };

  test(`${NET} asks before it offers, and holds the address meanwhile`, () => {
    const world = createWorld(probed);
    const asked = world.send(discover());
    expect(asked.reply).toBeUndefined();
    expect(asked.probe).toMatchObject({ mac: MAC, onLink: true });
    const address = asked.probe!.ip;
    const other = world.send(discover({ mac: '52:54:00:00:00:02', with: { 'requested-ip': address } }));
    expect(other.probe?.ip).not.toBe(address);
  });

  test(`${NET} a retry during the probe asks for the same address`, () => {
    const world = createWorld(probed);
    const first = world.send(discover({ xid: 1 }));
    expect(world.send(discover({ xid: 2 })).probe?.ip).toBe(first.probe!.ip);
  });

  test(`${NET} free: offers, and does not probe again while it holds`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    expect(received(world.answerProbe({ ip: address, inUse: false })).yiaddr).toBe(address);
    expect(received(world.send(discover({ xid: 7 }))).yiaddr).toBe(address);
    expect(received(world.send(selecting(address))).yiaddr).toBe(address);
    expect(received(world.send(discover({ xid: 8 }))).yiaddr).toBe(address);
  });

  test(`${NET} in use: sets the address aside for a day, tells, and probes another`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    const next = world.answerProbe({ ip: address, inUse: true, owner: '02:aa:aa:aa:aa:aa' });
    expect(next.events).toContainEqual({ type: 'dhcp.conflict', ip: address, owner: '02:aa:aa:aa:aa:aa' });
    expect(next.probe?.ip).not.toBe(address);
    expect(world.leases.byIp(address)).toMatchObject({
      state: 'abandoned',
      expiresAt: world.now() + 86_400_000,
    });
    const offer = received(world.answerProbe({ ip: next.probe!.ip, inUse: false }));
    expect(offer.yiaddr).toBe(next.probe!.ip);
  });

  test(`${NET} the client's own answer is no conflict`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    expect(received(world.answerProbe({ ip: address, inUse: true, owner: MAC })).yiaddr).toBe(address);
  });

  test(`${NET} probes again before it gives a returning client an address that expired`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    world.answerProbe({ ip: address, inUse: false });
    world.send(selecting(address));
    world.later(2 * 86_400);
    expect(world.send(discover()).probe?.ip).toBe(address);
  });

  test(`${NET} does not probe a reserved address`, () => {
    const reservations = [{ mac: MAC, ip: ip('10.0.0.9') }];
    const world = createWorld({ settings: { ...probed.settings, reservations } });
    expect(received(world.send(discover())).yiaddr).toBe(ip('10.0.0.9'));
  });

  test(`${NET} every address in use: ends, and says that the pool is empty`, () => {
    const ranges = [{ first: ip('10.0.0.50'), last: ip('10.0.0.52') }];
    const world = createWorld({ ...probed, network: { ranges } });
    let decision = world.send(discover());
    for (let i = 0; i < 3; i++) decision = world.answerProbe({ ip: decision.probe!.ip, inUse: true });
    expect(decision.probe).toBeUndefined();
    expect(decision.events.map(({ type }) => type)).toEqual(['dhcp.conflict', 'dhcp.pool-exhausted']);
  });

  test(`${NET} nobody can take an address that was not offered yet`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    expect(readOption(received(world.send(selecting(address))).options, 'message-type')).toBe(6);
  });

  test(`${NET} a late outcome cannot take an address from who has it by then`, () => {
    const world = createWorld(probed);
    const address = world.send(discover()).probe!.ip;
    world.answerProbe({ ip: address, inUse: false });
    world.send(selecting(address));
    world.send(discover());
    world.answerProbe({ ip: address, inUse: true, owner: '02:aa:aa:aa:aa:aa' });
    expect(world.leases.byIp(address)?.state).toBe('bound');
  });
});

describe('the answer', () => {
  test(`${NET} has Table 3 of RFC 2131: OFFER, our id, lease times, mask, router; none of 50, 55, 57`, () => {
    const offer = received(createWorld().send(discover({ flags: 0x8000, secs: 9, hops: 0 })));
    expect(offer).toMatchObject({ op: 2, htype: 1, hlen: 6, hops: 0, secs: 0, flags: 0x8000, ciaddr: 0 });
    expect(readOption(offer.options, 'message-type')).toBe(2);
    expect(readOption(offer.options, 'server-id')).toBe(SERVER);
    expect(readOption(offer.options, 'lease-time')).toBe(43_200);
    expect(readOption(offer.options, 'renewal-time')).toBe(21_600);
    expect(readOption(offer.options, 'rebinding-time')).toBe(37_800);
    expect(readOption(offer.options, 'subnet-mask')).toBe(0xffff_ff00);
    expect(readOption(offer.options, 'routers')).toEqual([SERVER]);
    expect([50, 55, 57].filter((code) => offer.options.has(code))).toEqual([]);
  });

  test(`${NET} sends mask, router, name servers and domain unasked: GRUB asks for nothing`, () => {
    const world = createWorld({ network: { dns: [ip('10.0.0.53')], domain: 'lab.example' } });
    bind(world);
    const offer = received(world.send(bareDiscover({ secs: 59_655 })));
    expect(readOption(offer.options, 'subnet-mask')).toBe(0xffff_ff00);
    expect(readOption(offer.options, 'dns-servers')).toEqual([ip('10.0.0.53')]);
    expect(readOption(offer.options, 'domain-name')).toBe('lab.example');
    expect(offer.siaddr).toBe(SERVER);
  });

  test(`${NET} the mask goes before the router, 82 last, then 255; 300 octets at least`, () => {
    const raw = { 82: '01020007' };
    const world = createWorld();
    const decision = world.send(discover({ giaddr: ip('10.0.0.2'), raw }));
    const bytes = wireBytes(decision);
    expect(bytes.length).toBeGreaterThanOrEqual(300);
    const codes = [...received(decision).options.keys()];
    expect(codes.indexOf(1)).toBeLessThan(codes.indexOf(3));
    const end = bytes.lastIndexOf(255);
    expect([...bytes.subarray(end - 6, end)]).toEqual([82, 4, 1, 2, 0, 7]);
    expect(bytes.subarray(end + 1).every((octet) => octet === 0)).toBe(true);
  });

  test(`${NET} echoes 61 and 97 as they came, and only when they came (RFC 6842)`, () => {
    const raw = { 61: '01525400ec3381', 97: '0078a62677c07f5348a4f6c85ac36a120a' };
    const offer = received(createWorld().send(discover({ raw })));
    expect(offer.options.get(61)).toHaveLength(7);
    expect(offer.options.get(97)).toHaveLength(17);
    expect(received(createWorld().send(discover())).options.has(61)).toBe(false);
  });

  test.each([
    { name: 'nothing: 548 octets', size: undefined, most: 548 },
    { name: '57 = 406, below the minimum: 548', size: 406, most: 548 },
    { name: '57 = 1472', size: 1472, most: 1444 },
    { name: '57 = 65280 (OVMF): what fits the link', size: 65_280, most: 1472 },
  ])(`${NET} stays within what the client takes: $name`, ({ size, most }) => {
    const options = Array.from({ length: 12 }, (_, i) => ({ code: 224 + i, body: new Uint8Array(200) }));
    const world = createWorld({ network: { options } });
    const asked = [1, 3, 67, ...options.map(({ code }) => code)];
    const packet = message({
      with: {
        'message-type': 1,
        'vendor-class-id': 'PXEClient:Arch:00000:UNDI:002001',
        'parameter-request-list': asked,
        ...(size !== undefined && { 'max-message-size': size }),
      },
    });
    const decision = world.send(packet);
    expect(wireBytes(decision).length).toBeLessThanOrEqual(most);
    expect(wireBytes(decision).length).toBeGreaterThan(most - 210);
    // What boots is never what is left out, and the header is never overloaded towards a ROM.
    const offer = received(decision);
    expect(offer.file).toBe('pxelinux.0');
    expect(readOption(offer.options, 'bootfile-name')).toBe('pxelinux.0');
  });

  test(`${NET} configured options: what is asked for, and the ones boot clients use unasked`, () => {
    const option = (code: number, text: string) => ({ code, body: new TextEncoder().encode(text) });
    const options = [
      option(17, '/nfs'),
      option(42, 'abcd'),
      option(209, 'pxelinux.cfg/x'),
      option(53, 'x'),
      option(54, 'abcd'),
    ];
    const world = createWorld({ network: { options } });
    const offer = received(world.send(discover({ with: { 'parameter-request-list': [17] } })));
    expect(offer.options.has(17)).toBe(true);
    expect(offer.options.has(42)).toBe(false);
    expect(readOption(offer.options, 'config-file')).toBe('pxelinux.cfg/x');
    expect(readOption(offer.options, 'server-id')).toBe(SERVER);
    expect(readOption(offer.options, 'message-type')).toBe(2);
  });

  test(`${NET} classless routes take the place of the router (RFC 3442)`, () => {
    const options = [{ code: 121, body: new Uint8Array([0, 10, 0, 0, 1]) }];
    const world = createWorld({ network: { options } });
    const offer = received(world.send(discover({ with: { 'parameter-request-list': [1, 3, 121] } })));
    expect(offer.options.has(3)).toBe(false);
    expect(offer.options.has(121)).toBe(true);
  });

  test(`${NET} next-server and boot file of the network and the machine`, () => {
    const world = createWorld({
      network: { nextServer: ip('10.0.0.40') },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration
      settings: { reservations: [{ mac: MAC, hostname: 'node1', file: 'special/${mac-hyp}.0' }] },
    });
    const offer = received(world.send(discover()));
    expect(offer).toMatchObject({
      siaddr: ip('10.0.0.40'),
      sname: '10.0.0.40',
      file: 'special/52-54-00-ec-33-81.0',
    });
    expect(readOption(offer.options, 'tftp-server-name')).toBe('10.0.0.40');
    expect(readOption(offer.options, 'host-name')).toBe('node1');
  });

  test(`${NET} a boot file beyond the header's 127 octets goes in option 67 alone; other alphabets as UTF-8`, () => {
    const long = `${'d/'.repeat(70)}pxelinux.0`;
    const longOffer = received(
      createWorld({ settings: { boot: { bootFile: long, archFiles: new Map() } } }).send(discover()),
    );
    expect(longOffer.file).toBe('');
    expect(readOption(longOffer.options, 'bootfile-name')).toBe(long);
    const boot = { bootFile: 'größe.0', archFiles: new Map() };
    const offer = received(createWorld({ settings: { boot } }).send(discover()));
    expect(Buffer.from(offer.file, 'latin1').toString('utf8')).toBe('größe.0');
  });
});

test.each([
  { asked: undefined, stage: 'os', want: 43_200 },
  { asked: 0, stage: 'os', want: 43_200 },
  { asked: 1, stage: 'os', want: 120 },
  { asked: 5000, stage: 'os', want: 5000 },
  { asked: 999_999, stage: 'os', want: 86_400 },
  { asked: 0xffff_ffff, stage: 'os', want: 86_400 },
  { asked: undefined, stage: 'rom', want: 300 },
  { asked: 5000, stage: 'rom', want: 300 },
])(`${NET} lease time: $stage asks $asked and gets $want`, ({ asked, stage, want }) => {
  const world = createWorld({ network: { bootLeaseSeconds: 300 }, settings: { answerAll: true } });
  const lease = asked === undefined ? {} : { 'lease-time': asked };
  const packet =
    stage === 'rom' ? discover({ with: lease }) : bareDiscover({ with: { 'host-name': 'pc', ...lease } });
  expect(readOption(received(world.send(packet)).options, 'lease-time')).toBe(want);
});

test(`${NET} an endless lease has no T1 and T2 and never expires`, () => {
  const forever = { leaseSeconds: 0xffff_ffff, maxLeaseSeconds: 0xffff_ffff };
  const world = createWorld({ network: forever });
  const offer = received(world.send(discover()));
  expect(readOption(offer.options, 'lease-time')).toBe(0xffff_ffff);
  expect(offer.options.has(58) || offer.options.has(59)).toBe(false);
  world.send(selecting(offer.yiaddr));
  world.later(1e9);
  expect(
    received(world.send(discover({ mac: '52:54:00:00:00:02', with: { 'requested-ip': offer.yiaddr } })))
      .yiaddr,
  ).not.toBe(offer.yiaddr);
});

test(`${NET} several subnets on one link: goes on to the next when the first is full`, () => {
  const second = ip('10.0.1.1');
  const link = {
    ...ETH0,
    addresses: [
      { ip: SERVER, length: 30 },
      { ip: second, length: 24 },
    ],
  };
  const world = createWorld({ links: [link] });
  const base = { ...createWorldNetwork(second), name: 'second' };
  world.reconfigure({ settings: { networks: [createWorldNetwork(SERVER, 30), base] } });
  const macs = ['52:54:00:00:00:01', '52:54:00:00:00:02'];
  const offers = macs.map((mac) => received(world.send(discover({ mac }))));
  expect(offers.map(({ yiaddr }) => yiaddr >>> 8)).toEqual([ip('10.0.0.0') >>> 8, second >>> 8]);
  expect(readOption(offers[1]!.options, 'server-id')).toBe(second);
  expect(
    received(
      world.send(
        request({ mac: macs[1]!, with: { 'server-id': second, 'requested-ip': offers[1]!.yiaddr } }),
      ),
    ).yiaddr,
  ).toBe(offers[1]!.yiaddr);
});

function createWorldNetwork(own: number, length = 24) {
  const subnet = subnetOf(own, length);
  return {
    name: 'first',
    subnet,
    ranges: [{ first: subnet.network, last: subnet.network + 2 ** (32 - length) - 1 }],
    excluded: [],
    routers: [own],
    dns: [],
    leaseSeconds: 3600,
    minLeaseSeconds: 120,
    maxLeaseSeconds: 3600,
    nextServer: 'auto' as const,
    matchClientId: false,
    options: [],
  };
}
