import { expect, test } from 'vitest';
import { processName } from '../../src/lib/process-name.ts';

test.each([
  ['dnsmasq\n', 'dnsmasq\0-k\0', 'dnsmasq'],
  ['node-MainThread\n', 'node\0/usr/local/bin/pxed\0eth0\0', 'pxed'],
  ['node\n', '/usr/bin/node\0--no-warnings\0/srv/pxed/bin/pxed.ts\0', 'pxed'],
  ['node\n', 'node\0', 'node'],
  ['node\n', '', 'node'],
])('processName() of %j, started as %j, is %s', (comm, cmdline, want) => {
  expect(processName(comm, cmdline)).toBe(want);
});
