import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { portOwner, socketOwner, tcpPortOwner } from '../../src/net/port-owner.ts';

const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  121: 00000000:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
  122: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
`;

const PROC = {
  read: (path: string) => {
    if (path === '/proc/self/net/udp') return UDP;
    if (path === '/proc/self/net/tcp6') return UDP.replace(':0045 ', ':0050 ');
    if (path === '/proc/812/comm') return 'dnsmasq\n';
    throw new Error('ENOENT');
  },
  list: (path: string) => {
    if (path === '/proc') return ['1', '812', 'self', 'net'];
    if (path === '/proc/812/fd') return ['0', '4', '5'];
    throw new Error('EACCES');
  },
  link: (path: string) => {
    if (path === '/proc/812/fd/4') return 'socket:[4711]';
    if (path === '/proc/812/fd/5') return 'socket:[1]';
    throw new Error('ENOENT');
  },
};

test.each([
  [69, 'dnsmasq, pid 812'],
  [53, undefined],
  [6969, undefined],
])('portOwner() of port %d is %s', (port, want) => {
  expect(portOwner(port, PROC)).toBe(want);
});

test('tcpPortOwner() looks at the ports of TCP', () => {
  expect(tcpPortOwner(80, PROC)).toBe('dnsmasq, pid 812');
  expect(tcpPortOwner(69, PROC)).toBeUndefined();
});

test('portOwner() finds this process behind its own socket', async ({ skip }) => {
  skip(process.platform !== 'linux', 'needs /proc');
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  expect(portOwner(socket.address().port)).toMatch(new RegExp(`, pid ${process.pid}$`));
  socket.close();
});

const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000003 00000000 00000000 0001 03 1 /run/pxed/pxed.sock
0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/pxed/pxed.sock
0000000000000000: 00000002 00000000 00010000 0001 01 99 /run/a name with spaces
`;

test.each([
  ['/run/pxed/pxed.sock', 'dnsmasq, pid 812'],
  ['/run/pxed/other.sock', undefined],
  ['/run/a name with spaces', undefined],
])('socketOwner() of %s is %s', (path, want) => {
  const read = (name: string) => (name === '/proc/self/net/unix' ? UNIX : PROC.read(name));
  expect(socketOwner(path, { ...PROC, read })).toBe(want);
});
