import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeHeader, describeOptions } from '../../src/app/describe-packet.ts';
import {
  createPacket,
  type DhcpPacket,
  decode,
  encode,
  Op,
  relayAgentInfo,
  writeOption,
  writePxe,
} from '../../src/dhcp-packet/index.ts';

function packetOf(fill: (packet: DhcpPacket) => void): DhcpPacket {
  const packet = createPacket({ op: Op.REPLY, xid: 0xabc, yiaddr: 0x0a000032, file: 'a\x1b[2Jb' });
  fill(packet);
  const decoded = decode(encode(packet));
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value.packet;
}

function wordsFor(code: number, fill: (options: DhcpPacket['options']) => void): string | undefined {
  return describeOptions(packetOf(({ options }) => fill(options))).find((one) => one.code === code)?.value;
}

test('describeHeader() names the fields that say something, and obeys no terminal', () => {
  expect(describeHeader(packetOf(() => {}))).toEqual({
    ...{ type: 'BOOTP', xid: '0x00000abc', yiaddr: '10.0.0.50', chaddr: '00:00:00:00:00:00' },
    file: 'a\\x1b[2Jb',
  });
});

test.each<[code: number, fill: (options: DhcpPacket['options']) => void, value: string]>([
  [53, (options) => writeOption(options, 'message-type', 2), 'OFFER'],
  [1, (options) => writeOption(options, 'subnet-mask', 0xffffff00), '255.255.255.0'],
  [54, (options) => writeOption(options, 'server-id', 0x0a000001), '10.0.0.1'],
  [6, (options) => writeOption(options, 'dns-servers', [0x0a000001, 0x0a000002]), '10.0.0.1, 10.0.0.2'],
  [
    33,
    (options) => writeOption(options, 'static-routes', [[0x0a000001, 0x0a000002]]),
    '[["10.0.0.1","10.0.0.2"]]',
  ],
  [
    121,
    (options) =>
      writeOption(options, 'classless-routes', [{ network: 0x0a000000, length: 8, router: 0x0a000001 }]),
    '[{"network":"10.0.0.0","length":8,"router":"10.0.0.1"}]',
  ],
  [51, (options) => writeOption(options, 'lease-time', 3600), '3600'],
  [93, (options) => writeOption(options, 'client-arch', [7, 9]), '7, 9'],
  [12, (options) => void options.set(12, Uint8Array.of(0x61, 0x07, 0x9b)), 'a\\x07\\x9b'],
  [77, (options) => writeOption(options, 'user-class', ['a', '\x1b']), 'a, \\x1b'],
  [224, (options) => void options.set(224, Uint8Array.of(1, 255)), '01 ff'],
  [
    175,
    (options) => writeOption(options, 'ipxe-encap', { values: { noPxeDhcp: 1 }, others: [], problems: [] }),
    '{"noPxeDhcp":1}',
  ],
  [43, (options) => void options.set(43, Uint8Array.of(6, 1, 8, 255)), '060108ff'],
])('describeOptions() %i', (code, fill, value) => {
  expect(wordsFor(code, fill)).toBe(value);
});

test('describeOptions() has addresses inside of options dotted, and lengths as they are', () => {
  const servers = [{ type: 0x8000, servers: [0x0a000007] }];
  const pxe = wordsFor(43, (options) => {
    writeOption(options, 'vendor-class-id', 'PXEClient');
    writePxe(options, { values: { discoveryControl: 3, bootServers: servers } });
  });
  expect(JSON.parse(pxe!)).toEqual({
    ...{ discoveryControl: 3, bootServers: [{ type: 0x8000, servers: ['10.0.0.7'] }] },
  });
  const relay = relayAgentInfo({ circuitId: Uint8Array.of(1, 7), linkSelection: 0x0a000000 });
  expect(wordsFor(82, (options) => writeOption(options, 'relay-agent-info', relay))).toContain(
    '{"circuitId":"0107","linkSelection":"10.0.0.0"}',
  );
});

test('describeOptions() has words for any options, in their order', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 240, maxLength: 400 }), (bytes) => {
      bytes.set([1, 1, 6]);
      bytes.set([0x63, 0x82, 0x53, 0x63], 236);
      const decoded = decode(bytes, { tolerance: 'lenient' });
      if (!decoded.ok) return;
      const { packet } = decoded.value;
      const told = describeOptions(packet);
      expect(told.map(({ code }) => code)).toEqual([...packet.options.keys()]);
      for (const { value } of told) expect(value).toMatch(/^[\x20-\x7e\xa0-\xff]*$/);
    }),
  );
});
