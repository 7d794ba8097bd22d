import { expect, test } from 'vitest';
import { planDhcp } from '../../src/dhcp/plan.ts';
import type { Match, Rule } from '../../src/dhcp/rule.ts';
import { explainRules, MATCHED } from '../../src/dhcp/rules.ts';
import { DEFAULT_SETTINGS, type DhcpSettings } from '../../src/dhcp/settings.ts';
import {
  clientUuidFromSmbios,
  type DhcpPacket,
  readOption,
  relayAgentInfo,
} from '../../src/dhcp-packet/index.ts';
import { fromHex } from '../../src/lib/bytes.ts';
import { parseSubnet } from '../../src/lib/ipv4.ts';
import {
  bareDiscover,
  bind,
  createWorld,
  discover,
  ETH0,
  type Fields,
  IPXE,
  ip,
  MAC,
  message,
  PXE_UEFI,
  received,
  request,
  selecting,
  type World,
  whyIgnored,
} from './world.ts';

const FILES = ['pxelinux.0', 'boot.ipxe', 'undionly.kpxe'];

function worldOf(rules: readonly Rule[], settings: Partial<DhcpSettings> = {}): World {
  return createWorld({ files: FILES, settings: { rules, answerAll: true, ...settings } });
}

function fileFor(match: Match, packet: DhcpPacket): string {
  return received(worldOf([{ match, says: { file: 'ruled.0' } }]).send(packet)).file;
}

const SEAT: Fields = {
  giaddr: ip('10.0.0.2'),
  with: { 'relay-agent-info': relayAgentInfo({ circuitId: fromHex('0107'), remoteId: fromHex('aabb') }) },
};
const UUID = '564d8a10-97c2-4f05-9d3a-0123456789ab';
const WIRE_UUID = '108a4d56-c297-054f-9d3a-0123456789ab';

test.each<[match: Match, fields: Fields, holds: boolean]>([
  [{}, {}, true],
  [{ arch: [0] }, {}, true],
  [{ arch: [7] }, {}, false],
  [{ arch: [9] }, { with: PXE_UEFI }, true],
  [{ stage: ['rom'] }, {}, true],
  [{ stage: ['ipxe', 'loader'] }, {}, false],
  [{ vendorClass: ['HTTPClient', 'PXEClient:Arch:00000'] }, {}, true],
  [{ vendorClass: ['pxeclient'] }, {}, false],
  [{ userClass: ['lab'] }, { with: { 'user-class': ['a', 'lab'] } }, true],
  [{ userClass: ['la'] }, { with: { 'user-class': ['a', 'lab'] } }, false],
  [{ mac: ['52:54:00'] }, {}, true],
  [{ mac: [MAC] }, {}, true],
  [{ mac: ['00:0c:29', '52:54:01'] }, {}, false],
  [{ clientId: ['0011'] }, { with: { 'client-id': fromHex('0011') } }, true],
  [{ clientId: ['0011'] }, {}, false],
  [{ uuid: [UUID] }, { with: { 'client-uuid': clientUuidFromSmbios(UUID) } }, true],
  [{ uuid: [WIRE_UUID] }, { with: { 'client-uuid': clientUuidFromSmbios(UUID) } }, true],
  [{ uuid: [UUID] }, {}, false],
  [{ hostname: ['Node1'] }, { with: { 'host-name': 'node1.lab' } }, true],
  [{ hostname: ['node'] }, { with: { 'host-name': 'node1' } }, false],
  [{ subnet: [parseSubnet('10.0.0.0/8')!] }, {}, true],
  [{ subnet: [parseSubnet('10.0.0.0/25')!] }, {}, false],
  [{ interface: ['eth1', 'eth0'] }, {}, true],
  [{ interface: ['eth1'] }, {}, false],
  [{ relay: [ip('10.0.0.2')] }, SEAT, true],
  [{ relay: [ip('10.0.0.2')] }, {}, false],
  [{ circuitId: ['0107'] }, SEAT, true],
  [{ remoteId: ['aabb'], circuitId: ['0107'] }, SEAT, true],
  [{ remoteId: ['aabb'], circuitId: ['0108'] }, SEAT, false],
  [{ circuitId: ['0107'] }, {}, false],
  [{ tag: ['unknown'] }, {}, true],
  [{ tag: ['known', 'bootp'] }, {}, false],
  [{ mac: ['52:54:00'], arch: [7] }, {}, false],
  [{ mac: [] }, {}, false],
])('handle() with a rule for %j', (match, fields, holds) => {
  expect(fileFor(match, discover(fields))).toBe(holds ? 'ruled.0' : 'pxelinux.0');
});

test('handle() lets the first rule that matches hold, and later ones only when it says to go on', () => {
  const rules: Rule[] = [
    { match: { mac: ['aa'] }, says: { file: 'never.0' } },
    { match: {}, says: { file: 'first.0', terms: { leaseSeconds: 600 }, goOn: true } },
    { match: {}, says: { file: 'second.0', terms: { leaseSeconds: 700, domain: 'second' } } },
    { match: {}, says: { terms: { domain: 'third', dns: [ip('10.0.0.9')] } } },
  ];
  const decision = worldOf(rules).send(discover());
  const offer = received(decision);
  expect(offer.file).toBe('first.0');
  expect(readOption(offer.options, 'lease-time')).toBe(600);
  expect(readOption(offer.options, 'domain-name')).toBe('second');
  expect(readOption(offer.options, 'dns-servers')).toBeUndefined();
  expect(decision.rules).toEqual([0, MATCHED, MATCHED]);
});

test('handle() lets a rule match by a tag of a rule above, of the host and of the network', () => {
  const rules: Rule[] = [
    { match: { mac: ['52:54:00'] }, says: { tags: ['virtual'], goOn: true } },
    { match: { tag: ['virtual'] }, says: { terms: { domain: 'virtual' }, goOn: true } },
    { match: { tag: ['special'] }, says: { file: 'special.0', goOn: true } },
    { match: { tag: ['hall'] }, says: { terms: { dns: [ip('10.0.0.9')] } } },
  ];
  const world = createWorld({
    files: FILES,
    network: { tags: ['hall'] },
    settings: { rules, reservations: [{ mac: MAC, tags: ['special'] }] },
  });
  const offer = received(world.send(discover()));
  expect(offer.file).toBe('special.0');
  expect(readOption(offer.options, 'domain-name')).toBe('virtual');
  expect(readOption(offer.options, 'dns-servers')).toEqual([ip('10.0.0.9')]);
});

test('handle() ignores whom a rule says to ignore, whatever they ask, but takes back what they return', () => {
  const world = worldOf([]);
  const address = bind(world);
  world.reconfigure({
    settings: { answerAll: true, rules: [{ match: { mac: [MAC] }, says: { ignore: true } }] },
  });
  const here = { destination: ip('10.0.0.1') };
  const ignored = [
    world.send(discover()),
    world.send(selecting(address)),
    world.send(request({ ciaddr: address }), here),
    world.send(message({ ciaddr: address, with: { 'message-type': 8 } }), here),
    world.send(message({})),
  ];
  expect(ignored.map(whyIgnored)).toEqual(Array(5).fill('rule-ignores'));
  expect(ignored.map(({ rules }) => rules)).toEqual(Array(5).fill([MATCHED]));
  const release = message({ ciaddr: address, with: { 'message-type': 7, 'server-id': ip('10.0.0.1') } });
  expect(world.send(release, here).events[0]?.type).toBe('dhcp.release');
  expect(whyIgnored(world.send(discover({ mac: '52:54:00:00:00:07' })))).toBe('answered');
});

test('handle() tells the trace of rules with the ACK, and none when there are no rules', () => {
  const rules: Rule[] = [
    { match: { stage: ['rom'], arch: [7] }, says: { file: 'a' } },
    { match: { stage: ['ipxe'] }, says: { file: 'b' } },
  ];
  const world = worldOf(rules);
  const offer = received(world.send(discover()));
  const ack = world.send(selecting(offer.yiaddr));
  expect(ack.rules).toEqual([1, 0]);
  const { rules: compiled } = planDhcp({ ...DEFAULT_SETTINGS, rules }, [ETH0]);
  expect(explainRules(compiled, ack.rules!)).toEqual([
    'rules[0]: arch does not fit',
    'rules[1]: stage does not fit',
  ]);
  expect(explainRules(compiled, [MATCHED])).toEqual(['rules[0]: matches']);
  expect(worldOf([]).send(discover()).rules).toBeUndefined();
});

test('handle() never sends iPXE to iPXE by a rule, nor an HTTP client to a path', () => {
  const ipxe: Rule[] = [{ match: {}, says: { file: 'undionly.kpxe' } }];
  expect(received(worldOf(ipxe).send(discover({ with: IPXE }))).file).toBe('boot.ipxe');
  expect(received(worldOf(ipxe).send(discover())).file).toBe('undionly.kpxe');
  const http = { 'vendor-class-id': 'HTTPClient:Arch:00016:UNDI:003001', 'client-arch': [16] } as const;
  const decision = worldOf([{ match: {}, says: { file: 'a.efi' } }]).send(discover({ with: http }));
  expect(decision.boot?.file).toBeUndefined();
  expect(decision.boot?.trace[0]).toContain('rules[0]: a.efi is no URL');
  const url = worldOf([{ match: {}, says: { file: 'http://10.0.0.1/a.efi' } }]).send(
    discover({ with: http }),
  );
  expect(url.boot?.file).toBe('http://10.0.0.1/a.efi');
});

test('handle() gives BOOTP clients the file of their rule, although they ask for another', () => {
  const world = createWorld({
    files: FILES,
    settings: {
      reservations: [{ mac: MAC, ip: ip('10.0.0.9') }],
      rules: [{ match: { tag: ['bootp'] }, says: { file: 'old.0', terms: { nextServer: ip('10.0.0.5') } } }],
    },
  });
  const reply = received(world.send(message({ file: 'unix' })));
  expect(reply.file).toBe('old.0');
  expect(reply.siaddr).toBe(ip('10.0.0.5'));
});

test('handle() matches GRUB and other loaders by their stage', () => {
  const rules: Rule[] = [{ match: { stage: ['loader'] }, says: { terms: { domain: 'loader' } } }];
  const offer = received(worldOf(rules).send(bareDiscover()));
  expect(readOption(offer.options, 'domain-name')).toBe('loader');
});
