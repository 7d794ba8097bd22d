import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clientUuidFromSmbios,
  DiscoveryControl,
  type IpxeOptions,
  type PxeOptions,
  readOption,
  readPxe,
  relayAgentInfo,
  writeOption,
  writePxe,
} from '../../src/dhcp-packet/index.ts';
import { fromHex, toHex } from '../../src/lib/bytes.ts';

function pxe(hex: string): PxeOptions | undefined {
  return readPxe(new Map([[43, fromHex(hex)]]));
}

/** Every sub-option of PXE 2.1 Table 2-1, octets by hand. */
const PXE_ROWS: readonly (readonly [string, PxeOptions['values']])[] = [
  ['01 04 e0000102', { mtftpIp: 0xe0000102 }],
  ['02 02 d206', { mtftpClientPort: 1746 }], // little-endian
  ['03 02 d306', { mtftpServerPort: 1747 }],
  ['04 01 05', { mtftpTimeout: 5 }],
  ['05 01 06', { mtftpDelay: 6 }],
  ['06 01 08', { discoveryControl: DiscoveryControl.useBootFile }],
  ['07 04 e0000182', { discoveryMulticast: 0xe0000182 }],
  [
    '08 0a 8000 01 0a000001 0001 00',
    {
      bootServers: [
        { type: 0x8000, servers: [0x0a000001] },
        { type: 1, servers: [] },
      ],
    },
  ],
  ['09 04 0000 01 4c', { bootMenu: [{ type: 0, text: 'L' }] }],
  ['0a 02 ff 50', { menuPrompt: { timeout: 255, text: 'P' } }],
  ['0b 08 e0000100 0010 0100', { multicastAllocation: { base: 0xe0000100, block: 16, range: 256 } }],
  ['0c 08 00000001 80000000', { credentialTypes: [1, 0x80000000] }],
  ['47 04 8000 8001', { bootItem: { type: 0x8000, layer: 0x8001 } }],
];

test.each(PXE_ROWS)('readPxe() and writePxe() agree on %s', (hex, values) => {
  expect(pxe(`${hex} ff`)).toEqual({ values, others: [], problems: [] });
  const options = new Map<number, Uint8Array>();
  writePxe(options, { values });
  expect(toHex(options.get(43)!)).toBe(toHex(fromHex(`${hex} ff`)));
});

test('readPxe() keeps sub-options of loaders and vendors, and repetitions', () => {
  expect(pxe('40 01 aa 06 01 08 06 01 03 fe 00 ff 06')).toEqual({
    values: { discoveryControl: 8 },
    others: [
      { code: 0x40, body: fromHex('aa') },
      { code: 6, body: fromHex('03') },
      { code: 0xfe, body: fromHex('') },
    ],
    problems: [],
  });
});

test.each([
  ['06 02 0808 47 04 80000000', { bootItem: { type: 0x8000, layer: 0 } }, 6, 'u8-length'],
  ['06 01 08 08 04 80000101', { discoveryControl: 8 }, 8, 'pxe-boot-servers-truncated'],
  ['06 01 08 09 04 80000561', { discoveryControl: 8 }, 9, 'pxe-menu-truncated'],
  ['06 01 08 0a 00', { discoveryControl: 8 }, 10, 'pxe-prompt-length'],
  ['06 01 08 0b 01 00', { discoveryControl: 8 }, 11, 'pxe-multicast-length'],
  ['06 01 08 47 02 8000', { discoveryControl: 8 }, 71, 'pxe-boot-item-length'],
  ['06 01 08 47 04 80', { discoveryControl: 8 }, 71, 'suboption-overrun'],
  ['06 01 08 47', { discoveryControl: 8 }, 71, 'suboption-overrun'],
])('readPxe() of %s keeps what is sound', (hex, values, code, reason) => {
  expect(pxe(hex)).toEqual({ values, others: [], problems: [{ code, reason }] });
});

test('readPxe() never throws, and gives undefined for an absent option alone', () => {
  expect(readPxe(new Map())).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array(), (body) => {
      expect(readPxe(new Map([[43, body]]))).toBeDefined();
    }),
  );
});

test('writePxe() throws RangeError for what does not fit a sub-option', () => {
  const long = Array.from({ length: 5 }, () => ({ type: 0, text: 'x'.repeat(60) }));
  expect(() => writePxe(new Map(), { values: { bootMenu: long } })).toThrow(RangeError);
  expect(() => writePxe(new Map(), { values: { bootMenu: [{ type: 0, text: '' }] } })).toThrow(RangeError);
  expect(() => writePxe(new Map(), { values: {}, others: [{ code: 255, body: new Uint8Array() }] })).toThrow(
    RangeError,
  );
});

test('writeOption() of 175 saves iPXE the wait for a proxy: b0 01 01 ff', () => {
  const options = new Map<number, Uint8Array>();
  writeOption(options, 'ipxe-encap', { values: { noPxeDhcp: 1 } });
  expect(toHex(options.get(175)!)).toBe('b00101ff');
});

/** Sub-options of 175 with a layout of their own. */
const IPXE_ROWS: readonly (readonly [string, IpxeOptions['values']])[] = [
  ['01 01 ff', { priority: -1 }],
  ['13 01 01 24 01 01', { http: 1, efi: 1 }],
  ['51 04 65786974', { scriptlet: 'exit' }],
  ['b1 05 01 8086 100e', { busId: { type: 1, vendor: 0x8086, device: 0x100e } }],
  ['be 01 75 c2 04 000003e8', { username: 'u', uid: 1000 }],
  ['eb 03 011501', { version: { major: 1, minor: 21, patch: 1 } }],
];

test.each(IPXE_ROWS)('readOption() and writeOption() of 175 agree on %s', (hex, values) => {
  const options = new Map([[175, fromHex(`${hex} ff`)]]);
  expect(readOption(options, 'ipxe-encap')).toEqual({ values, others: [], problems: [] });
  writeOption(options, 'ipxe-encap', { values });
  expect(toHex(options.get(175)!)).toBe(toHex(fromHex(`${hex} ff`)));
});

test('relayAgentInfo() makes what a relay sends, without an end mark', () => {
  const info = relayAgentInfo(
    {
      circuitId: fromHex('0007'),
      docsisDeviceClass: 1,
      linkSelection: 0x0a090000,
      subscriberId: 'room 7',
      flags: { unicast: true },
      serverIdOverride: 0x0a090001,
      sourcePort: true,
    },
    [{ code: 255, body: fromHex('aa') }],
  );
  expect(toHex(info.raw)).toBe(
    '01020007' +
      '040400000001' +
      '05040a090000' +
      '0606726f6f6d2037' +
      '0a0180' +
      '0b040a090001' +
      '1300' +
      'ff01aa',
  );
  const options = new Map<number, Uint8Array>();
  writeOption(options, 'relay-agent-info', info);
  expect(readOption(options, 'relay-agent-info')).toEqual(info);
});

test('readOption() of 82 ignores further octets of the flags (RFC 5010 §3) and drops a malformed link', () => {
  const options = new Map([[82, fromHex('0a 02 80ff 05 03 0a0900 01 00')]]);
  expect(readOption(options, 'relay-agent-info')).toMatchObject({
    values: { flags: { unicast: true }, circuitId: fromHex('') },
    problems: [{ code: 5, reason: 'address-length' }],
  });
});

test('clientUuidFromSmbios() swaps the first three fields, both ways', () => {
  const uuid = clientUuidFromSmbios('7726A678-7fc0-4853-a4f6-c85ac36a120a');
  expect(uuid).toEqual({
    type: 0,
    bytes: fromHex('78a62677c07f5348a4f6c85ac36a120a'),
    smbios: '7726a678-7fc0-4853-a4f6-c85ac36a120a',
    wire: '78a62677-c07f-5348-a4f6-c85ac36a120a',
  });
  expect(() => clientUuidFromSmbios('7726a678')).toThrow(TypeError);
});

test('readOption() of 97 does not write into a Buffer, whose slice() is a view', () => {
  const body = Buffer.from('0078a62677c07f5348a4f6c85ac36a120a', 'hex');
  expect(readOption(new Map([[97, body]]), 'client-uuid')?.smbios).toBe(
    '7726a678-7fc0-4853-a4f6-c85ac36a120a',
  );
  expect(body.toString('hex')).toBe('0078a62677c07f5348a4f6c85ac36a120a');
});
