import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { golden } from '../golden/load.ts';
import { describeOptions, mustDecode } from './describe.ts';
import { offer } from './readme-example.ts';

const README = readFileSync(join(import.meta.dirname, '../../src/dhcp-packet/README.md'), 'utf8');
const EXAMPLE = readFileSync(join(import.meta.dirname, 'readme-example.ts'), 'utf8');

test('README.md shows the example that these tests run', () => {
  expect(README).toContain(EXAMPLE.slice(EXAMPLE.indexOf('/**')).trim());
});

test.each([
  ['01', 'pxelinux.0'],
  ['17', 'snponly.efi'],
])('the example of README.md answers vector %s with %s', (name, file) => {
  const { packet } = mustDecode(offer(golden(name).bytes)!);
  expect(packet).toMatchObject({ op: 2, yiaddr: 0x0a000082, xid: mustDecode(golden(name).bytes).packet.xid });
  expect(describeOptions(packet.options)).toEqual({
    'message-type': 2,
    'server-id': 0x0a000001,
    'lease-time': 3600,
    'bootfile-name': file,
  });
});

test('the example of README.md gives nothing for octets that are no message', () => {
  expect(offer(golden('29').bytes)).toBeUndefined();
});
