import { expect, test } from 'vitest';
import { EVENT_FAMILIES, EVENT_TYPES, unknownType } from '../../src/events/type-table.ts';

test('unknownType() has nothing to say of types and of families', () => {
  expect(EVENT_TYPES.length).toBeGreaterThan(40);
  expect([...EVENT_TYPES, ...EVENT_FAMILIES].filter((word) => unknownType(word) !== undefined)).toEqual([]);
});

test.each([
  ['dhcp.akc', 'there is no event dhcp.akc; did you mean dhcp.ack'],
  ['tfpt', 'did you mean tftp'],
  ['nonsense', 'there is no event nonsense; there is boot, bootp, dhcp, files, http, lease, service, tftp'],
  ['lease.whatsoever', 'there is lease.released'],
  ['', 'there is no event '],
  ['constructor', 'there is no event constructor'],
])('unknownType() of %s names what was meant', (word, says) => {
  expect(unknownType(word)).toContain(says);
});
