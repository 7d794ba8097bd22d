import { describe, expect, test } from 'vitest';
import type { BootpSettings } from '../../src/dhcp/settings.ts';
import { decode, readOption } from '../../src/dhcp-packet/index.ts';
import { golden } from '../golden/load.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  ETH0,
  type Fields,
  type How,
  ip,
  MAC,
  message,
  received,
  SERVER,
  selecting,
  type WorldOptions,
  whyIgnored,
  wireBytes,
} from './world.ts';

const BOOTP: BootpSettings = { enabled: true, ranges: 'network', serverName: 'boot1' };
const OPEN: WorldOptions = { settings: { bootp: BOOTP } };

function bootRequest(fields: Fields = {}) {
  return message({ vend: 'none', ...fields });
}

describe('which address', () => {
  test('handleBootp() gives a stable address for ever, and remembers it before the reply', () => {
    const world = createWorld(OPEN);
    const decision = world.send(bootRequest());
    const first = received(decision);
    expect(decision.mutations).toMatchObject([
      {
        kind: 'put',
        volatile: false,
        lease: { state: 'bound', kind: 'bootp', expiresAt: Number.POSITIVE_INFINITY },
      },
      { kind: 'machine' },
    ]);
    world.later(1e9);
    expect(received(world.send(bootRequest({ xid: 99 }))).yiaddr).toBe(first.yiaddr);
    expect(decision.events).toMatchObject([
      { type: 'bootp.reply', ip: first.yiaddr, file: 'pxelinux.0', mac: MAC },
    ]);
  });

  test('handleBootp() unknown clients are not answered unless addresses are set aside for them (RFC 1534 §2)', () => {
    expect(whyIgnored(createWorld().send(bootRequest()))).toBe('unknown-client');
  });

  test('handleBootp() takes addresses from the BOOTP ranges alone', () => {
    const bootp = { ...BOOTP, ranges: [{ first: ip('10.0.0.240'), last: ip('10.0.0.241') }] };
    const world = createWorld({ settings: { bootp } });
    const addresses = [1, 2, 3].map(
      (n) => world.send(bootRequest({ mac: `52:54:00:00:00:0${n}` })).reply?.packet.yiaddr,
    );
    expect(addresses.toSorted()).toEqual([ip('10.0.0.240'), ip('10.0.0.241'), undefined]);
    expect(world.send(bootRequest({ mac: '52:54:00:00:00:04' })).events).toMatchObject([
      { type: 'dhcp.pool-exhausted' },
    ]);
  });

  test('handleBootp() reservations are served without any range', () => {
    const world = createWorld({
      settings: { reservations: [{ mac: MAC, ip: ip('10.0.0.9'), file: 'special.0' }] },
    });
    expect(received(world.send(bootRequest()))).toMatchObject({ yiaddr: ip('10.0.0.9'), file: 'special.0' });
  });

  test('handleBootp() a machine that booted by DHCP keeps its address (Linux ip=bootp after PXE)', () => {
    const world = createWorld();
    const address = bind(world);
    expect(received(world.send(bootRequest())).yiaddr).toBe(address);
    expect(world.leases.byIp(address)?.expiresAt).toBe(Number.POSITIVE_INFINITY);
    bind(world);
    expect(world.leases.byIp(address)?.expiresAt).toBe(world.now() + 43_200_000);
  });

  test('handleBootp() its OS is answered by DHCP afterwards, with the same address', () => {
    const world = createWorld(OPEN);
    const { yiaddr } = received(world.send(bootRequest()));
    expect(received(world.send(bareDiscover())).yiaddr).toBe(yiaddr);
    expect(received(world.send(selecting(yiaddr))).yiaddr).toBe(yiaddr);
  });

  test('handleBootp() asks the network before it gives an address for ever', () => {
    const world = createWorld({ settings: { bootp: BOOTP, probe: { enabled: true, timeoutMs: 400 } } });
    const asked = world.send(bootRequest());
    expect(asked.reply).toBeUndefined();
    const next = world.answerProbe({ ip: asked.probe!.ip, inUse: true, owner: '02:aa:aa:aa:aa:aa' });
    expect(next.events).toMatchObject([{ type: 'dhcp.conflict', ip: asked.probe!.ip }]);
    const reply = received(world.answerProbe({ ip: next.probe!.ip, inUse: false }));
    expect(reply.yiaddr).toBe(next.probe!.ip);
    expect(received(world.send(bootRequest())).yiaddr).toBe(reply.yiaddr);
  });

  test.each([
    { name: 'its own lease', ciaddr: 'own', want: 'answered' },
    { name: 'another’s', ciaddr: 'other', want: 'unknown-address' },
    { name: 'one nobody has', ciaddr: '10.0.0.77', want: 'unknown-address' },
    { name: 'one of an unrelated net', ciaddr: '172.16.0.1', want: 'unknown-address' },
  ])('handleBootp() with ciaddr $name: $want', ({ ciaddr, want }) => {
    const world = createWorld(OPEN);
    const own = received(world.send(bootRequest())).yiaddr;
    const other = received(world.send(bootRequest({ mac: '52:54:00:00:00:02' }))).yiaddr;
    const address = ciaddr === 'own' ? own : ciaddr === 'other' ? other : ip(ciaddr);
    const decision = world.send(bootRequest({ ciaddr: address }));
    expect(whyIgnored(decision)).toBe(want);
    if (!decision.reply) return;
    expect(received(decision)).toMatchObject({ ciaddr: own, yiaddr: 0 });
    expect(decision.reply.destination).toMatchObject({ kind: 'unicast', ip: own, port: 68 });
  });
});

describe('which server and file', () => {
  test.each([
    { name: 'no server', sname: '', want: 'answered' },
    { name: 'us by name', sname: 'BOOT1', want: 'answered' },
    { name: 'us by address', sname: '10.0.0.1', want: 'answered' },
    { name: 'another server', sname: 'boot2', want: 'other-server' },
  ])('handleBootp() sname asks for $name: $want', ({ sname, want }) => {
    const decision = createWorld(OPEN).send(bootRequest({ sname }));
    expect(whyIgnored(decision)).toBe(want);
    if (decision.reply) expect(received(decision).sname).toBe('boot1');
  });

  test('handleBootp() sname may be our name without its domain', () => {
    const named = createWorld({ settings: { bootp: { ...BOOTP, serverName: 'Boot1.lab.example' } } });
    expect(received(named.send(bootRequest({ sname: 'boot1' }))).sname).toBe('Boot1.lab.example');
    expect(whyIgnored(named.send(bootRequest({ sname: 'boot1.lab' })))).toBe('other-server');
  });

  test.each([
    { file: '', want: 'pxelinux.0' },
    { file: 'pxelinux.0', want: 'pxelinux.0' },
    { file: '/pxelinux.0', want: 'pxelinux.0' },
    { file: 'pxelinux', want: 'pxelinux.0' },
    { file: 'boot/unix', want: 'boot/unix' },
    { file: '/boot/unix', want: 'boot/unix' },
    { file: 'missing', want: 'file-not-found' },
    { file: '../pxelinux.0', want: 'file-not-found' },
    { file: '/../etc/passwd', want: 'file-not-found' },
  ])('handleBootp() file "$file" gets $want (RFC 951 §7.3)', ({ file, want }) => {
    const world = createWorld({
      ...OPEN,
      files: ['pxelinux.0', 'boot/unix', '../pxelinux.0', '../etc/passwd'],
    });
    const decision = world.send(bootRequest({ file }));
    expect(decision.reply ? received(decision).file : whyIgnored(decision)).toBe(want);
  });

  test('handleBootp() tells what it asked for in letters a terminal does not obey', () => {
    const { events } = createWorld(OPEN).send(bootRequest({ file: 'x\u001b[2J\u0085' }));
    expect(events).toMatchObject([{ type: 'bootp.ignored', why: 'file-not-found', detail: 'x?[2J?' }]);
  });

  test('handleBootp() a request that is refused leaves no lease behind', () => {
    const world = createWorld(OPEN);
    world.send(bootRequest({ file: 'missing' }));
    expect([...world.leases.all()]).toEqual([]);
  });
});

describe('the reply', () => {
  test('handleBootp() is the request, modified: hops, xid, secs, flags and giaddr stay', () => {
    const fields = { hops: 3, xid: 77, secs: 12, flags: 0x8000, giaddr: ip('10.0.0.2') };
    const decision = createWorld(OPEN).send(bootRequest(fields));
    expect(received(decision)).toMatchObject({ op: 2, ...fields, siaddr: SERVER, ciaddr: 0 });
    expect(decision.reply?.destination).toMatchObject({ kind: 'unicast', ip: ip('10.0.0.2'), port: 67 });
  });

  test.each([
    { name: 'no cookie: no tags', fields: { vend: 'none' as const }, sizeBytes: 300, tags: false, size: 300 },
    {
      name: '236 octets (klibc): 300',
      fields: { vend: 'none' as const },
      sizeBytes: 236,
      tags: false,
      size: 300,
    },
    {
      name: 'an unknown cookie: no tags',
      fields: { vend: 'unknown' as const, vendBytes: new Uint8Array(64) },
      sizeBytes: 300,
      tags: false,
      size: 300,
    },
    {
      name: 'RFC 1497 cookie: tags in 64 octets',
      fields: { vend: 'options' as const },
      sizeBytes: 300,
      tags: true,
      size: 300,
    },
    {
      name: '548 octets (Linux): as long',
      fields: { vend: 'options' as const },
      sizeBytes: 548,
      tags: true,
      size: 548,
    },
  ])('handleBootp() $name', ({ fields, sizeBytes, tags, size }) => {
    const decision = createWorld(OPEN).send(bootRequest(fields), { sizeBytes });
    expect(wireBytes(decision)).toHaveLength(size);
    const reply = received(decision);
    expect(reply.vend).toBe(tags ? 'options' : 'none');
    expect(readOption(reply.options, 'subnet-mask')).toBe(tags ? 0xffff_ff00 : undefined);
    expect(readOption(reply.options, 'routers')).toEqual(tags ? [SERVER] : undefined);
    expect([51, 53, 54, 58, 59].filter((code) => reply.options.has(code))).toEqual([]);
  });

  test('handleBootp() what does not fit into 64 octets is left out, the mask and router never', () => {
    const options = [{ code: 17, body: new Uint8Array(60).fill(97) }];
    const decision = createWorld({ ...OPEN, network: { options, domain: 'lab.example' } }).send(
      bootRequest({ vend: 'options' }),
    );
    expect(wireBytes(decision)).toHaveLength(300);
    expect([...received(decision).options.keys()].toSorted((a, b) => a - b)).toEqual([1, 3, 15]);
  });

  test('handleBootp() option 57 lets the reply be longer', () => {
    const options = [{ code: 17, body: new Uint8Array(60).fill(97) }];
    const request = bootRequest({ vend: 'options', with: { 'max-message-size': 1500 } });
    const decision = createWorld({ ...OPEN, network: { options } }).send(request);
    expect(received(decision).options.has(17)).toBe(true);
  });

  test.each<{ name: string; fields: Fields; want: object }>([
    { name: 'flag clear', fields: {}, want: { kind: 'hardware', mac: MAC, port: 68 } },
    { name: 'flag set', fields: { flags: 0x8000 }, want: { kind: 'broadcast', port: 68 } },
    {
      name: 'a relay',
      fields: { giaddr: ip('10.0.0.2'), flags: 0x8000 },
      want: { kind: 'unicast', ip: ip('10.0.0.2'), port: 67 },
    },
  ])('handleBootp() delivery, RFC 1542 §5.4: $name', ({ fields, want }) => {
    const how: How = { source: { ip: ip('10.0.0.200'), port: 68 } };
    expect(createWorld(OPEN).send(bootRequest(fields), how).reply?.destination).toMatchObject(want);
  });
});

test('handleBootp() can be switched off, and so can DHCP', () => {
  const off = createWorld({ settings: { bootp: { ...BOOTP, enabled: false } } });
  expect(whyIgnored(off.send(bootRequest()))).toBe('bootp-off');
  const bootpd = createWorld({ settings: { bootp: BOOTP, dhcp: false } });
  expect(whyIgnored(bootpd.send(discover()))).toBe('dhcp-off');
  expect(received(bootpd.send(bootRequest())).yiaddr).not.toBe(0);
});

describe('golden requests', () => {
  const links = [{ ...ETH0, addresses: [{ ip: SERVER, length: 24 }] }];

  test.each([
    { name: '40', vend: 'none', file: 'unix' },
    { name: '41', vend: 'options', file: 'pxelinux.0' },
    { name: '43', vend: 'unknown', file: 'pxelinux.0' }, // CMU's, as it asks
    { name: '44', vend: 'options', file: 'pxelinux.0' },
  ])('handleBootp() answers vector $name with 300 octets', ({ name, vend, file }) => {
    const { bytes } = golden(name);
    const decoded = decode(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    const world = createWorld({ ...OPEN, links, files: ['pxelinux.0', 'unix'] });
    const decision = world.send(decoded.value.packet, { sizeBytes: bytes.length });
    expect(wireBytes(decision)).toHaveLength(300);
    const reply = received(decision);
    expect(reply).toMatchObject({
      op: 2,
      vend,
      file,
      siaddr: SERVER,
      sname: 'boot1',
      xid: decoded.value.packet.xid,
    });
    expect(reply.yiaddr >>> 8).toBe(SERVER >>> 8);
  });
});
