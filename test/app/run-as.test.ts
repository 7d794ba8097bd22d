import { expect, test } from 'vitest';
import { type Accounts, resolveRunAs } from '../../src/app/run-as.ts';

const BASE: Accounts = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
  group: 'root:x:0:\ntftp:x:112:\nnogroup:x:65534:\n',
};

test('resolveRunAs() is nobody and nogroup by default', () => {
  expect(resolveRunAs({}, BASE)).toEqual({ user: 'nobody', uid: 65_534, group: 'nogroup', gid: 65_534 });
});

test('resolveRunAs() prefers an account called pxed', () => {
  const passwd = `${BASE.passwd}pxed:x:990:112::/:/bin/false\n`;
  expect(resolveRunAs({}, { ...BASE, passwd })).toEqual({ user: 'pxed', uid: 990, group: 'tftp', gid: 112 });
});

test('resolveRunAs() takes names and numbers', () => {
  const root = { user: 'root', uid: 0, group: 'tftp', gid: 112 };
  expect(resolveRunAs({ user: 'root', group: 'tftp' }, BASE)).toEqual(root);
  expect(resolveRunAs({ user: '0', group: '112' }, BASE)).toEqual(root);
});

test('resolveRunAs() refuses accounts that do not exist', () => {
  expect(() => resolveRunAs({ user: 'nosuch' }, BASE)).toThrow('Cannot run as user nosuch: there is none');
  expect(() => resolveRunAs({ group: 'nosuch' }, BASE)).toThrow('Cannot run as group nosuch: there is none');
});
