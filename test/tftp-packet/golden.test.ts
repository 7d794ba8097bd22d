import { expect, test } from 'vitest';
import { latin1Encode } from '../../src/lib/bytes.ts';
import { decode, encode } from '../../src/tftp-packet/index.ts';
import { golden, goldensOf } from '../golden/load.ts';

const DATA = latin1Encode('0123456789abcdef');

/** Every vector that is a packet; `same`: encoding the value gives the octets of the vector again. */
test.each([
  {
    vector: '50-tftp-rrq',
    same: true,
    value: { opcode: 'rrq', filename: 'pxelinux.0', mode: 'octet', options: [] },
  },
  {
    vector: '51-tftp-rrq-six-options',
    same: false, // the mode's case
    value: {
      opcode: 'rrq',
      filename: '/boot/Vmlinuz',
      mode: 'octet',
      options: [
        ['BlkSize', '1468'],
        ['TSIZE', '0'],
        ['timeout', '3'],
        ['WindowSize', '16'],
        ['multicast', ''],
        ['ROLLOVER', '0'],
      ],
    },
  },
  {
    vector: '52-tftp-wrq-netascii',
    same: true,
    value: { opcode: 'wrq', filename: 'upload/log.txt', mode: 'netascii', options: [['tsize', '673312']] },
  },
  {
    vector: '53-tftp-oack',
    same: true,
    value: {
      opcode: 'oack',
      options: [
        ['blksize', '1468'],
        ['tsize', '11534336'],
        ['timeout', '3'],
        ['windowsize', '16'],
      ],
    },
  },
  { vector: '54-tftp-data', same: true, value: { opcode: 'data', block: 1, data: DATA } },
  { vector: '55-tftp-data-empty', same: true, value: { opcode: 'data', block: 2, data: new Uint8Array(0) } },
  {
    vector: '56-tftp-data-rollover',
    same: true,
    value: { opcode: 'data', block: 0, data: new Uint8Array(8).fill(0xaa) },
  },
  { vector: '57-tftp-ack0', same: true, value: { opcode: 'ack', block: 0 } },
  { vector: '58-tftp-ack-msft', same: false, value: { opcode: 'ack', block: 16 } },
  {
    vector: '59-tftp-error-8',
    same: true,
    value: { opcode: 'error', code: 8, message: 'User aborted the transfer' },
  },
  { vector: '60-tftp-error-1', same: true, value: { opcode: 'error', code: 1, message: 'File not found' } },
  {
    vector: '61-tftp-rrq-wds',
    same: true,
    value: {
      opcode: 'rrq',
      filename: '\\Boot\\BCD',
      mode: 'octet',
      options: [
        ['tsize', '0'],
        ['blksize', '1456'],
        ['windowsize', '4'],
        ['msftwindow', '31416'],
      ],
    },
  },
  {
    vector: '62-tftp-rrq-trailing-ff',
    same: true,
    value: {
      opcode: 'rrq',
      filename: 'ipxe.efi\xff',
      mode: 'octet',
      options: [
        ['tsize', '0'],
        ['blksize', '1468'],
      ],
    },
  },
  {
    vector: '63-bad-tftp-rrq-no-nul', // lenient: the mode is complete
    same: false,
    value: { opcode: 'rrq', filename: 'pxelinux.0', mode: 'octet', options: [] },
  },
  {
    vector: '64-bad-tftp-rrq-odd-options',
    same: false,
    value: { opcode: 'rrq', filename: 'a', mode: 'octet', options: [['blksize', '1024']], oddOptions: true },
  },
  {
    vector: '69-tftp-error-no-nul',
    same: false,
    value: { opcode: 'error', code: 2, message: 'Access denied' },
  },
  {
    vector: '70-tftp-rrq-duplicate-option',
    same: true,
    value: {
      opcode: 'rrq',
      filename: 'a',
      mode: 'octet',
      options: [
        ['blksize', '512'],
        ['blksize', '1468'],
      ],
    },
  },
  {
    vector: '71-tftp-oack-multicast',
    same: true,
    value: { opcode: 'oack', options: [['multicast', '239.255.1.1,1758,1']] },
  },
] as const)('decode() reads $vector', ({ vector, value, same }) => {
  const bytes = golden(vector).bytes;
  expect(decode(bytes)).toEqual({ ok: true, value });
  if (same) expect(encode(value)).toEqual(bytes);
});

test.each([
  { vector: '63-bad-tftp-rrq-no-nul', strict: true, reason: 'rrq-unterminated' },
  { vector: '64-bad-tftp-rrq-odd-options', strict: true, reason: 'rrq-option-without-value' },
  { vector: '65-bad-tftp-rrq-empty-name', strict: false, reason: 'empty-filename' },
  { vector: '66-bad-tftp-mode', strict: false, reason: 'unsupported-mode' },
  { vector: '67-bad-tftp-opcode', strict: false, reason: 'illegal-opcode' },
  { vector: '68-bad-tftp-short-data', strict: false, reason: 'short-packet' },
])('decode() refuses $vector: $reason (strict: $strict)', ({ vector, strict, reason }) => {
  expect(decode(golden(vector).bytes, { strict })).toEqual({ ok: false, reason });
});

test('decode() agrees with what every TFTP vector says of itself', () => {
  const said = goldensOf('tftp').map(({ name, expect: words }) => ({ name, reason: words.split(/[ ,]/)[1] }));
  const found = goldensOf('tftp').map(({ name, bytes }) => {
    const decoded = decode(bytes, { strict: true });
    return { name, reason: decoded.ok ? undefined : decoded.reason };
  });
  expect(said).toHaveLength(22);
  expect(found).toEqual(said);
});
