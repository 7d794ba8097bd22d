import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { errnoName } from '../../src/net/linux/ffi.ts';

test.each([
  // A full send buffer is known by this name, and its alias must not take its place.
  ['EAGAIN', constants.errno.EAGAIN],
  ['EOPNOTSUPP', constants.errno.EOPNOTSUPP],
  ['ENOBUFS', constants.errno.ENOBUFS],
  ['EPERM', constants.errno.EPERM],
  ['errno 4095', 4095],
])('errnoName() says %s', (name, errno) => {
  expect(errnoName(errno)).toBe(name);
});
