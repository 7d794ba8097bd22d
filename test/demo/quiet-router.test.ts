import { expect, test } from 'vitest';
import { advertiseNothing, isSolicitation } from '../../src/demo/quiet-router.ts';
import { internetChecksum } from '../../src/frame/checksum.ts';
import { fromHex } from '../../src/lib/bytes.ts';

test('advertiseNothing() is a router advertisement that a host accepts (RFC 4861 §6.1.2)', () => {
  const frame = advertiseNothing('52:54:00:aa:bb:cc');
  expect(frame.subarray(0, 14)).toEqual(fromHex('333300000001 525400aabbcc 86dd'));
  const packet = frame.subarray(14);
  expect(packet[7]).toBe(255); // hop limit
  expect(packet.subarray(8, 10)).toEqual(fromHex('fe80')); // link-local source
  expect(packet.subarray(40, 42)).toEqual(fromHex('8600')); // type and code
  expect(packet.subarray(46, 48)).toEqual(fromHex('0000')); // router lifetime: not a default router
  expect(internetChecksum(packet.subarray(8), 16 + 58)).toBe(0);
});

test('isSolicitation() tells a router solicitation from other IPv6', () => {
  const header = '333300000002 525400770001 86dd 60000000 0010 3a ff'.concat('00'.repeat(32));
  expect(isSolicitation(fromHex(`${header}85000000 00000000`))).toBe(true);
  expect(isSolicitation(fromHex(`${header}87000000 00000000`))).toBe(false);
  expect(isSolicitation(new Uint8Array(20))).toBe(false);
});
