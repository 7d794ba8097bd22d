import { expect, test } from 'vitest';
import { describe } from '../../src/events/describe.ts';
import type { BootEvent } from '../../src/events/event.ts';
import { levelOf } from '../../src/events/level.ts';

const CLIENT = { mac: '52:54:00:ec:33:81', arch: 'x86PC', stage: 'rom' } as const;
const WHO = '52:54:00:ec:33:81 (x86PC rom)';

test.each<[BootEvent, string, string]>([
  [
    { type: 'dhcp.proxy-offer', file: 'pxelinux.0', reason: 'the named boot file', ...CLIENT },
    'info',
    `${WHO} told what to boot, boots pxelinux.0 (the named boot file)`,
  ],
  [
    { type: 'dhcp.proxy-offer', menu: 3, quirk: 'broadcast', ...CLIENT },
    'info',
    `${WHO} told what to boot, shows a menu of 3; quirk broadcast`,
  ],
  [
    { type: 'dhcp.quirk', why: 'no-boot', quirk: 'with-4011', before: 'default', ...CLIENT },
    'warn',
    `${WHO} does not boot with quirk default; trying with-4011`,
  ],
  [
    { type: 'dhcp.quirk', why: 'worked', quirk: 'with-4011', before: 'default', mac: CLIENT.mac },
    'info',
    '52:54:00:ec:33:81 boots with quirk with-4011, which is remembered',
  ],
  [
    { type: 'dhcp.ignored', messageType: 'REQUEST', why: 'address-server', ...CLIENT },
    'debug',
    `${WHO} REQUEST ignored: another server gives the addresses here (mode proxy)`,
  ],
])('%j is told at level %s', (event, level, line) => {
  expect(levelOf(event)).toBe(level);
  expect(describe(event)).toBe(line);
});
